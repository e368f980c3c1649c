"""What is kept of a pair: what both agreed on, what waits for a person, whose turn it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from integrations.core.models import Integration, RecordLink
from integrations.core.registry import Tile
from integrations.vendors.advoware.schemas import Party
from integrations.vendors.espocrm import contacts
from integrations.vendors.espocrm.schemas import Party as Contact

from .mapping import KINDS, Channel, normal
from .merge import Agreed, Choice, Plan, Rules
from .models import Conflict, HeldValue, Pair, Slot, TypeChange
from .sides import PARTY, Meeting, Sides

PAIRS = "admin:advoware_espocrm_pair_changelist"
SETTLED_AFTER = timedelta(seconds=2)  # EspoCRM's times are whole seconds: another change may have the same one
_NAMES = ("entry_id", "komm_kz", "key", "value", "type")


# --- what both agreed on ----------------------------------------------------------------------------------------------


def base_of(link: RecordLink | None) -> tuple[list[Agreed], list[Agreed]]:
    """What both sides last had, and what writes to Advoware were about to make of it."""
    stored = link.base if link is not None else {}
    return _rows(stored.get("entries", [])), _rows(stored.get("begun", []))


def _rows(stored: Iterable[list[Any]]) -> list[Agreed]:
    return [Agreed(**dict(zip(_NAMES, row, strict=True))) for row in stored]


def note(sides: Sides, link: RecordLink, meeting: Meeting, plan: Plan) -> Pair:
    """Keep what the plan says is agreed on and what it is about to write, before anything is written."""
    base = {
        "entries": [[getattr(row, name) for name in _NAMES] for row in plan.base],
        "begun": [[getattr(row, name) for name in _NAMES] for row in plan.begun()],
        "noted": timezone.now().isoformat(),  # so that who read it before sees that somebody has been writing
    }
    with transaction.atomic():
        RecordLink.objects.filter(pk=link.pk).update(base=base)
        link.base = base
        pair, _ = Pair.objects.update_or_create(
            link=link,
            defaults={"integration": sides.integration, "betnr": meeting.party.betnr, "values": _count(plan)},
        )
        _keep_conflicts(pair, plan, sides.rules)
        _keep_held(pair, plan, sides.rules)
        _keep_slots(pair, plan)
        TypeChange.objects.bulk_create(
            TypeChange(pair=pair, entry_id=one.entry_id, before=one.old, after=one.new)
            for one in plan.retyped
            if sides.rules.takes
        )
    return pair


def _count(plan: Plan) -> int:
    return sum(1 for row in plan.base if row.key)


def at_rest(sides: Sides, link: RecordLink, meeting: Meeting) -> None:
    """Both were read after the last write, and nothing is left to write: what they are now is known.

    Where a person asked for one direction alone, the other one may still wait: the next run looks at it.
    """
    if sides.rules.direction != sides.options.direction:
        unsettle(Pair.objects.filter(link=link))
        return
    now = timezone.now()
    Pair.objects.filter(link=link).update(
        advoware_seen=advoware_print(meeting.party),
        espocrm_seen=espocrm_print(meeting.contact),
        polled_at=now,
        synced_at=now,
    )
    stamp = modified_print(meeting.contact.modified_at, sides.espocrm.told_at or now)
    RecordLink.objects.filter(pk=link.pk).update(right_fingerprint=stamp, sent_at=None)


def unsettle(pairs: Iterable[Pair]) -> None:
    """These are looked at whole by the next run, whatever was seen of them: a rule or a decision changed."""
    Pair.objects.filter(pk__in=[pair.pk for pair in pairs]).update(advoware_seen="", espocrm_seen="", polled_at=None)


def unsettle_all(integration_id: int) -> None:
    """The same for all pairs of an integration."""
    Pair.objects.filter(integration_id=integration_id).update(advoware_seen="", espocrm_seen="", polled_at=None)


# --- fingerprints -----------------------------------------------------------------------------------------------------


def advoware_print(party: Party) -> str:
    """Changes with each write of an entry. The party's own `rowId` does not move with its contact data, the row ids of
    its entries do (fact sheet, section 4); its own fields tell the kinds."""
    stated = sorted(f"{one.id}:{one.row_id}" for one in party.kommunikation)
    stated += [f"{kind}={value}" for kind, value in sorted(party.mirrors.items())]
    return hashlib.sha256("\n".join(stated).encode()).hexdigest()


def espocrm_print(contact: Contact) -> str:
    """Of both arrays in whatever order."""
    return contacts.fingerprint(contact.emails, contact.phones)


def modified_print(modified_at: datetime, told: datetime) -> str:
    """Of a time of change. While its second may not be over, it fits no list's."""
    stamp = f"{modified_at:%Y%m%d%H%M%S}"
    return stamp if told - modified_at > SETTLED_AFTER else f"{stamp}~"


# --- what waits for a person ------------------------------------------------------------------------------------------


def decided(pair: Pair | None) -> dict[tuple[int, str, str], Choice]:
    """What people chose, for the very values that they saw."""
    rows = Conflict.objects.filter(pair=pair, decided_at__isnull=False) if pair else []
    return {(row.entry_id, row.advoware_key, row.espocrm_key): Choice(row.choice) for row in rows}


def refused(pair: Pair | None) -> dict[tuple[Channel, str], str]:
    """What EspoCRM refused; it is not sent again as it is."""
    rows = HeldValue.objects.filter(pair=pair, is_refused=True) if pair else []
    return {(channel_of(row.komm_kz), row.key): row.why for row in rows}


def channel_of(komm_kz: int) -> Channel:
    return KINDS[komm_kz].channel or Channel.PHONE


def _keep_conflicts(pair: Pair, plan: Plan, rules: Rules) -> None:
    """Each conflict is told once with both values; one that waited and is over goes."""
    waiting = []
    for one in plan.conflicts:
        channel, choice = channel_of(one.komm_kz), "" if one.choice is Choice.ASK else one.choice
        row, _ = Conflict.objects.get_or_create(
            pair=pair,
            entry_id=one.entry_id,
            advoware_key=normal(channel, one.advoware, rules.region)[:500],
            espocrm_key=normal(channel, one.espocrm, rules.region)[:500],
            defaults={
                "komm_kz": one.komm_kz,
                "before": one.before,
                "advoware": one.advoware,
                "espocrm": one.espocrm,
                "choice": choice,
            },
        )
        if choice and not row.choice:  # it waited, until there was a rule
            Conflict.objects.filter(pk=row.pk, choice="").update(choice=choice)
        waiting.append(row.pk)
    Conflict.objects.filter(pair=pair, choice="").exclude(pk__in=waiting).delete()


def _keep_held(pair: Pair, plan: Plan, rules: Rules) -> None:
    """One row per value that is held. What was refused stays so until a person has it tried again."""
    kept = []
    for one in plan.held:
        channel = channel_of(one.komm_kz) if one.komm_kz else Channel.PHONE
        key = normal(channel, one.value, rules.region)
        row, _ = HeldValue.objects.update_or_create(
            pair=pair,
            entry_id=one.entry_id,
            key=key[:500],
            defaults={"komm_kz": one.komm_kz, "value": one.value, "why": one.why},
        )
        kept.append(row.pk)
        if (channel, key) in rules.refused and not row.is_refused:
            HeldValue.objects.filter(pk=row.pk).update(is_refused=True)
    HeldValue.objects.filter(pair=pair).exclude(pk__in=kept).delete()


def _keep_slots(pair: Pair, plan: Plan) -> None:
    there = {row.entry_id: row.komm_kz for row in plan.base if not row.key}
    Slot.objects.filter(pair=pair).exclude(entry_id__in=there).delete()
    known = set(Slot.objects.filter(pair=pair).values_list("entry_id", flat=True))
    Slot.objects.bulk_create(
        Slot(pair=pair, entry_id=number, komm_kz=komm_kz) for number, komm_kz in there.items() if number not in known
    )


# --- turns ------------------------------------------------------------------------------------------------------------


def linked(integration: Integration) -> QuerySet[Any]:
    """The pairs of an integration, without those that people unlinked."""
    return Pair.objects.filter(integration=integration).exclude(link__state=RecordLink.State.REPLACED)


def whose_turn(sides: Sides, began: datetime, most: int) -> list[str]:
    """The pairs whose last look is longest ago, before `began`, by party number: Advoware lists no changes."""
    due = (
        linked(sides.integration)
        .exclude(polled_at__gte=began)
        .order_by(F("polled_at").asc(nulls_first=True), "pk")[:most]
    )
    return [str(betnr) for betnr in due.values_list("betnr", flat=True)]


def had_turn(sides: Sides, betnrs: Iterable[str]) -> None:
    """These were looked at in their turn, or are held and wait for a time of their own."""
    if not sides.is_dry:
        links = RecordLink.objects.filter(integration=sides.integration, object_type=PARTY, left_id__in=list(betnrs))
        Pair.objects.filter(link__in=links).update(polled_at=timezone.now())


def staleness(integration: Integration, *, per_run: int, interval_minutes: int) -> timedelta:
    """How old a change in Advoware may become before it is seen: pairs ÷ rate."""
    count = linked(integration).count()
    runs = -(-count // max(per_run, 1))
    return timedelta(minutes=max(runs, 1) * interval_minutes)


def link_by_hand(integration: Integration, betnr: int, contact_id: str) -> Pair:
    """Make a pair of these two. Raises IntegrityError when one of them is another pair's.

    A link that a run which died left without its other half is taken over.
    """
    links = RecordLink.objects.exclude(state=RecordLink.State.REPLACED)
    with transaction.atomic():
        link, _ = links.update_or_create(
            integration=integration,
            object_type=PARTY,
            left_id=str(betnr),
            right_id="",
            defaults={"right_id": contact_id, "state": RecordLink.State.ACTIVE, "cause": gettext("Linked by hand.")},
        )
        pair: Pair = Pair.objects.create(link=link, integration=integration, betnr=betnr)
        return pair


def unlink(pair: Pair, why: str) -> bool:
    """They are no pair any more, and nothing of it waits for a person; False while a process works on it."""
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    links = RecordLink.objects.filter(free, pk=pair.pk, object_type=PARTY).exclude(state=RecordLink.State.REPLACED)
    with transaction.atomic():
        if not links.update(state=RecordLink.State.REPLACED, cause=why):
            return False
        Conflict.objects.filter(pair=pair, choice="").delete()
        HeldValue.objects.filter(pair=pair).delete()
        Slot.objects.filter(pair=pair).delete()
    return True


def was_unlinked(integration: Integration, betnr: int, contact_id: str) -> bool:
    """Whether a person said that these two are no pair, though their numbers say so."""
    links = RecordLink.objects.filter(integration=integration, object_type=PARTY, state=RecordLink.State.REPLACED)
    found: bool = links.filter(left_id=str(betnr), right_id=contact_id).exists()
    return found


def tiles(user: Any) -> list[Tile]:
    """What waits for a person."""
    if not user.has_perm("advoware_espocrm.view_pair"):
        return []
    waiting = Conflict.objects.visible_to(user).filter(choice="").count()
    url = reverse("admin:advoware_espocrm_conflict_changelist") + "?decided=not"
    return [Tile(gettext("Contact data to decide"), waiting, url, "warning")] if waiting else []
