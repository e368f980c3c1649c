"""A pair as the last look at it left it, for people. No vendor is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import HeldItem, RecordLink
from integrations.texts import Text
from integrations.vendors.espocrm.api import ENTITY

from . import pairs
from .mapping import KINDS, Channel
from .merge import Agreed
from .models import ESPOCRM, Conflict, HeldValue, Pair, Slot

# The states of a pair, in the order in which they matter, with the tone of each.
MISSING, TO_DECIDE, HELD, WAITS, AT_REST = "missing", "to decide", "held", "waits", "at rest"
LABELS: dict[str, Text] = {
    MISSING: _("missing"),
    TO_DECIDE: _("to decide"),
    HELD: _("held"),
    WAITS: _("waits"),
    AT_REST: _("at rest"),
}
TONES = {MISSING: "bad", TO_DECIDE: "warning", HELD: "warning", WAITS: "info", AT_REST: "good"}
UNSETTLED = Q(advoware_seen="") | Q(espocrm_seen="")


def counted(rows: QuerySet[Pair]) -> QuerySet[Pair]:
    """These pairs with what waits at each: `undecided`, `held_count`, `slot_count`, and `is_held` as a whole."""
    failed = HeldItem.objects.filter(
        stream__integration=OuterRef("integration"), record_id=OuterRef("link__left_id"), state=HeldItem.State.HELD
    )
    return rows.annotate(
        undecided=_count(Conflict.objects.filter(choice="")),
        held_count=_count(HeldValue.objects.all()),
        slot_count=_count(Slot.objects.all()),
        is_held=Exists(failed),
    )


def _count(rows: QuerySet[Any]) -> Coalesce:
    """How many of these rows are a pair's."""
    of_pair = rows.filter(pair=OuterRef("pk")).order_by().values("pair").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(of_pair, output_field=IntegerField()), 0)


def failure_of(row: Pair) -> HeldItem | None:
    """Why the last look at it failed; None when it did not."""
    items = HeldItem.objects.filter(stream__integration=row.integration_id, state=HeldItem.State.HELD)
    found: HeldItem | None = items.filter(record_id=row.link.left_id).first()
    return found


def state_of(row: Any) -> str:
    """The state of one of the pairs of `counted`."""
    if row.link.state == RecordLink.State.MISSING:
        return MISSING
    if row.undecided:
        return TO_DECIDE
    if row.is_held or row.held_count:
        return HELD
    return AT_REST if row.advoware_seen and row.espocrm_seen else WAITS


# --- entry by entry ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as both sides have it. `what` says how it stands, `why` the reason; empty values are none."""

    kind: str
    entry_id: int
    advoware: str
    espocrm: str
    what: Text
    tone: str
    why: str = ""
    conflict: Conflict | None = None
    held: HeldValue | None = None


def lines_of(pair: Pair) -> list[Line]:
    """Each entry that both agreed on, each slot, and what waits."""
    agreed, begun = pairs.base_of(pair.link)
    waiting = {row.entry_id: row for row in pair.conflicts.filter(choice="")}
    slots = {row.entry_id: row for row in pair.slots.all()}
    held = list(pair.held_values.all())
    kept = {row.entry_id: row for row in held if row.entry_id}
    found = [
        _line(row, waiting.get(row.entry_id), slots.get(row.entry_id), kept.get(row.entry_id))
        for row in sorted(agreed, key=lambda row: (row.komm_kz, row.entry_id))
    ]
    shown = {line.held for line in found}
    return [*found, *(_held(row) for row in held if row not in shown), *_begun(begun, agreed)]


def _line(row: Agreed, waiting: Conflict | None, slot: Slot | None, kept: HeldValue | None) -> Line:
    kind, theirs = KINDS[row.komm_kz].name, _in_espocrm(row)
    if not row.key:
        since = gettext("Since {date}.").format(date=date_format(slot.since, "j M Y")) if slot else ""
        return Line(kind, row.entry_id, "", "", gettext("empty slot"), "neutral", since)
    if waiting is not None:
        why = gettext("Both had {value}.").format(value=waiting.before or "–")
        said = LABELS[TO_DECIDE]
        return Line(kind, row.entry_id, waiting.advoware, waiting.espocrm, said, "warning", why, waiting)
    if kept is not None:
        return Line(kind, row.entry_id, kept.value, theirs, LABELS[HELD], "warning", kept.why, held=kept)
    return Line(kind, row.entry_id, row.value, theirs, gettext("agreed"), "good")


def _in_espocrm(row: Agreed) -> str:
    """EspoCRM has numbers in their normal form."""
    value = row.key if KINDS[row.komm_kz].channel is Channel.PHONE else row.value
    return f"{value} ({row.type})" if row.type else value


def _held(row: HeldValue) -> Line:
    kind = KINDS[row.komm_kz].name if row.komm_kz else "–"
    ours, theirs = (row.value, "") if row.entry_id else ("", row.value)
    return Line(kind, row.entry_id, ours, theirs, LABELS[HELD], "warning", row.why, held=row)


def _begun(begun: list[Agreed], agreed: list[Agreed]) -> Iterator[Line]:
    """What was about to be written when the last look ended early."""
    known = {(row.entry_id, row.key) for row in agreed}
    for row in begun:
        if (row.entry_id, row.key) not in known:
            why, said = gettext("The next look finds out whether it arrived."), gettext("being written")
            yield Line(KINDS[row.komm_kz].name, row.entry_id, row.value, "", said, "info", why)


def espocrm_address(pair: Pair) -> str:
    """Where people open EspoCRM's record; empty when no connection is chosen."""
    played = pair.integration.roles.filter(role=ESPOCRM).select_related("connection").first()
    if played is None or not pair.link.right_id:
        return ""
    entity = played.connection.settings.get("entity") or ENTITY
    return f"{played.connection.base_url.rstrip('/')}/#{entity}/view/{pair.link.right_id}"
