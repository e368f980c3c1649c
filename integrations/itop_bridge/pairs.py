"""What is kept of a pair beside its link: refs and states for people, whose turn it is, and the brake of a loop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.models import Integration, IntegrationRole, RecordLink
from integrations.core.registry import Tile
from integrations.core.sync.flow import Write
from integrations.transport.errors import RejectedError

from .models import INTERNAL, Pair
from .sides import ENTRY, FILE, TICKET, Meeting, Sides

State = RecordLink.State
PAIRS = "admin:itop_bridge_pair_changelist"
WINDOW = timedelta(minutes=10)  # in which the writes of a pair are counted
REST = timedelta(hours=1)  # after which a pair that nothing announced is looked at all the same
MOST = 20  # of these, in one run
OVER = "closed"  # a pair of two closed tickets is looked at only when something announces it


def note(meeting: Meeting, link: RecordLink) -> None:
    """What both tickets were at this look."""
    inside = meeting.inside
    Pair.objects.update_or_create(
        link=link,
        defaults={
            "integration": meeting.sides.integration,
            "external_ref": meeting.outside.ref[:60],
            "external_state": meeting.outside.status[:60],
            "internal_ref": inside.ref[:60] if inside else "",
            "internal_state": inside.status[:60] if inside else "",
            "looked_at": timezone.now(),
        },
    )


def moved(link: RecordLink, side: str, state: str) -> None:
    """The ticket of that side was led to this state."""
    Pair.objects.filter(link=link).update(**{f"{side}_state": state[:60]})


def twins(integration: Integration, ids: Sequence[str]) -> QuerySet[RecordLink]:
    """The links of those of these internal tickets that are a twin, of whatever bridge into the same internal iTop."""
    inside = IntegrationRole.objects.filter(role=INTERNAL)
    root = inside.filter(integration=integration).values("connection__base_url")
    bridges = inside.filter(connection__base_url__in=root).values("integration")
    links = RecordLink.objects.filter(integration__in=bridges, object_type=TICKET, right_id__in=ids)
    return links.exclude(state=State.REPLACED)


class ParkedError(RejectedError):
    """The pair is parked, so it stays held; `failures.py` tells of it in its own words."""


def parked(link: RecordLink | None) -> str:
    """Why the pair is parked; empty when it is not."""
    pair = Pair.objects.filter(link=link).first() if link else None
    return pair.parked_why if pair and pair.parked_at else ""


def take_turns(sides: Sides) -> list[str]:
    """The open pairs whose last look is longest ago, by the external ticket's id: what no list tells of is seen so,
    an attachment that was deleted and a ticket that is gone. Whatever comes of the look, it was their turn."""
    rows = Pair.objects.filter(integration=sides.integration, parked_at=None).exclude(
        external_state=OVER, internal_state=OVER
    )
    waiting = rows.filter(Q(looked_at=None) | Q(looked_at__lt=timezone.now() - REST))
    whole = waiting.exclude(link__state=State.REPLACED).select_related("link")
    found = list(whole.order_by(F("looked_at").asc(nulls_first=True), "pk")[:MOST])
    if not sides.is_dry:
        Pair.objects.filter(pk__in=[row.pk for row in found]).update(looked_at=timezone.now())
    return [row.link.left_id for row in found]


def park(link: RecordLink, why: str) -> None:
    """Nothing is written to this pair until a person resumes it."""
    values = {"integration": link.integration, "parked_at": timezone.now(), "parked_why": why[:300]}
    Pair.objects.update_or_create(link=link, defaults=values)


def resume(link: RecordLink) -> None:
    """It is looked at again by the next run, and its writes are counted from here."""
    Pair.objects.filter(link=link).update(parked_at=None, parked_why="", wrote=[], looked_at=None)


def anew(link: RecordLink) -> None:
    """A person wants a new twin for one that is gone: the pair is forgotten, and what was brought with it."""
    forget(link, _("A new twin was asked for in the place of {twin}.").format(twin=link.right_id))


def forget(link: RecordLink, why: str) -> None:
    """The pair's link, and those of its entries and files, are replaced: they say no more what is where."""
    rows = RecordLink.objects.filter(integration=link.integration).exclude(state=State.REPLACED)
    entries = Q(object_type=ENTRY, left_id__startswith=f"{link.left_id}:")
    if link.right_id:
        entries |= Q(object_type=ENTRY, right_id__startswith=f"{link.right_id}:")
    files = Q(object_type=FILE, base__pair=link.left_id)
    with transaction.atomic():
        rows.filter(Q(pk=link.pk) | entries | files).update(state=State.REPLACED, cause=why)


def tiles(user: Any) -> list[Tile]:
    """Pairs that wait for a person."""
    if not user.has_perm("itop_bridge.view_pair"):
        return []
    rows = Pair.objects.visible_to(user)
    parked, missing = rows.exclude(parked_at=None).count(), rows.filter(link__state=State.MISSING).count()
    page = reverse(PAIRS)
    found = (
        (_("parked pairs"), parked, "parked", "bad"),
        (_("pairs without a twin"), missing, "missing", "warning"),
    )
    return [Tile(label, count, f"{page}?needs={needs}", tone) for label, count, needs, tone in found if count]


def braked(meeting: Meeting, writes: Sequence[Write]) -> list[Write]:
    """These writes, counted as one look that wrote before the first of them."""
    if not writes:
        return []
    first = writes[0]

    def do(link: RecordLink) -> str:
        _count(meeting.sides, link)
        return first.do(link)

    return [Write(first.sentence, do), *writes[1:]]


def _count(sides: Sides, link: RecordLink) -> None:
    """Raises RejectedError, and parks the pair, where it was written to too often."""
    now = timezone.now()
    pair = Pair.objects.get_or_create(link=link, defaults={"integration": sides.integration})[0]
    recent = [one for one in pair.wrote if datetime.fromisoformat(one) > now - WINDOW]
    if len(recent) >= sides.options.most_looks:
        why = _("It was written to {n} times within ten minutes: it may go in circles.").format(n=len(recent))
        park(link, why)
        raise RejectedError(_("The pair was parked. {why}").format(why=why))
    Pair.objects.filter(pk=pair.pk).update(wrote=[*recent, now.isoformat()])
