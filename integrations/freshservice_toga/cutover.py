"""Cut-over from an earlier program: the ids of Freshservice that it left in TOGA 2 become links, with a report.

First all of them are read, page by page, and Freshservice is asked which it knows: a dry run that can be looked at, and
goes on where it was when it is stopped or its process dies. Only then, and only when a person asks for it, links are
made of what is certain. An id that stands on several records is shown, never guessed; nothing is written to either
system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import jobs, long_jobs
from integrations.core.models import Integration, Job, RecordLink, User
from integrations.texts import Text
from integrations.transport.errors import ConflictError, TemporaryError
from integrations.vendors.toga import dialect
from integrations.vendors.toga.dialect import Resource
from integrations.vendors.toga.schemas import text

from .flow import BEGINNING
from .models import CutOver, FoundId, OpenTicket
from .sides import CATEGORY, CONTACT, KIND, NOTE, TEAM, TICKET, Sides

PAGE, BATCH, EXAMPLES = 200, 500, 10
ADOPTED = _("By the id that an earlier program left.")
READ, LINK = JOBS = ("freshservice_toga.read_ids", "freshservice_toga.make_links")
Verdict = FoundId.Verdict
Store = Callable[[], object]
Told = Callable[[CutOver], object]  # hears of each page that was stored; what it raises ends the work


class Page(NamedTuple):
    """What to store of one page, how many records it has, and where the next begins."""

    store: Store
    records: int
    following: str


Step = Callable[[Sides, CutOver], Page]

KINDS: dict[str, tuple[Resource, str]] = {  # by object type: where in TOGA 2, and which of the client's own members
    TICKET: (KIND.tickets, "TicketId"),
    CONTACT: (dialect.CONTACTS, "UserId"),
    TEAM: (dialect.TEAMS, "GroupId"),
    CATEGORY: (dialect.CATEGORIES, "CategoryId"),
    NOTE: (KIND.notes, "ConversationId"),
}
NAMES: dict[str, Text] = {
    TICKET: _("ticket"),
    CONTACT: _("contact"),
    TEAM: _("team"),
    CATEGORY: _("category"),
    NOTE: _("note"),
}


@dataclass
class Line:
    """What became of the ids of one kind: how many by verdict, and some ids that a person should look at."""

    kind: str
    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(NAMES[self.kind])

    @property
    def said(self) -> str:
        parts = [
            f"{self.counts[verdict]:,} {label}" + self._such_as(verdict)
            for verdict, label in Verdict.choices
            if self.counts.get(verdict)
        ]
        return ", ".join(parts) or gettext("none")

    def __str__(self) -> str:
        return f"{self.name}: {self.said}"

    def _such_as(self, verdict: str) -> str:
        return f" ({', '.join(self.examples[verdict])})" if verdict in self.examples else ""


def ask_to_read(integration: Integration, *, anew: bool = False, user: User | None = None) -> Job:
    """Have a job read the ids: on where an earlier reading did not come to its end, or `anew`; the job that is at work
    already, if one is. None: at the command line."""
    with transaction.atomic():
        if (job := _at_work(integration)) is not None:
            return job
        if anew or unfinished(integration) is None:
            begin(integration)
        return _ask(READ, integration, user)


def why_no_links(integration: Integration) -> str:
    """Why no links can be made, in a sentence; empty when they can."""
    was_read = CutOver.objects.filter(integration=integration, read_at__isnull=False).exists()
    return "" if was_read else gettext("Have the ids read first, and look at what would be linked.")


def ask_for_links(integration: Integration, *, user: User | None = None) -> Job:
    """Have a job make links of what was read; the job that is at work already, if one is."""
    with transaction.atomic():
        return _at_work(integration) or _ask(LINK, integration, user)


def _at_work(integration: Integration) -> Job | None:
    """To be asked before anything is begun, in the same transaction: of two who ask, the second one waits for it."""
    Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
    return long_jobs.at_work(JOBS, integration.pk)


def _ask(kind: str, integration: Integration, user: User | None) -> Job:
    return jobs.enqueue(kind, integration.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)


def begin(integration: Integration) -> CutOver:
    """A new reading, in place of an earlier one."""
    with transaction.atomic():
        CutOver.objects.filter(pk=integration.pk).delete()
        row: CutOver = CutOver.objects.create(integration=integration)
    return row


def unfinished(integration: Integration) -> CutOver | None:
    """The reading that was stopped, or ended with an error, before its end; `read` goes on with it."""
    found: CutOver | None = CutOver.objects.filter(integration=integration, read_at=None).first()
    return found


def read(sides: Sides, row: CutOver, *, told: Told = lambda row: None) -> None:
    """Read on to the end, a page at a time. Raises VendorError, and what `told` raises; what was read until then is
    kept."""
    while row.step < len(STEPS):
        here: dict[str, int | str] = {"step": row.step, "cursor": row.cursor}
        page = STEPS[row.step][1](sides, row)
        row.step, row.cursor = (row.step, page.following) if page.following else (row.step + 1, "")
        row.looked += page.records
        with transaction.atomic():
            _keep(row, here, step=row.step, cursor=row.cursor, looked=row.looked)
            page.store()
        told(row)
    if row.read_at is None:
        judge(row)
        row.read_at = timezone.now()
        _keep(row, read_at=row.read_at)


def _keep(row: CutOver, here: Mapping[str, int | str] = MappingProxyType({}), **values: Any) -> None:
    """Unless it is not `here` any more. Raises ConflictError when another reading took the place of this one,
    TemporaryError when another worker stored this page: one that was believed dead."""
    mine = CutOver.objects.filter(pk=row.pk, begun_at=row.begun_at)
    if not mine.filter(**here).update(**values):
        if mine.exists():
            raise TemporaryError(gettext("Another worker was faster with this page."))
        raise ConflictError(gettext("The ids are being read anew; this reading ends."))


def progress(row: CutOver) -> str:
    """How far the reading is, in a sentence."""
    step = min(row.step, len(STEPS) - 1)
    said = gettext("{looked:,} records looked at, {found:,} ids found; reading {list}.")
    return said.format(looked=row.looked, found=row.found.count(), list=STEPS[step][0])


# --- reading ----------------------------------------------------------------------------------------------------------


def _found_in(kind: str) -> Step:
    """A page of TOGA 2's records of this kind: those that carry an id."""
    resource, own = KINDS[kind]

    def page(sides: Sides, row: CutOver) -> Page:
        member = sides.own(own)
        listed, following = sides.toga.changed(resource, None, row.cursor, limit=PAGE)
        numbers = {one.uuid: _number(one.raw.get(member)) for one in listed}
        found = [
            FoundId(cut_over=row, kind=kind, number=number, left_id=number, right_id=uuid, is_known=kind == NOTE)
            for uuid, number in numbers.items()
            if number
        ]
        return Page(lambda: FoundId.objects.bulk_create(found, ignore_conflicts=True), len(listed), following)

    return page


def _number(value: Any) -> str:
    """What stands in the member, where it can be an id at all."""
    return text(value)[:200] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _known(row: CutOver, kind: str, ids: Iterable[int]) -> Store:
    named = row.found.filter(kind=kind, number__in=[str(one) for one in ids])
    return lambda: named.update(is_known=True)


def _known_tickets(sides: Sides, row: CutOver) -> Page:
    number = int(row.cursor or 1)
    listed, has_next = sides.fresh.tickets_updated_since(BEGINNING, number)
    return Page(_known(row, TICKET, [one.id for one in listed]), len(listed), str(number + 1) if has_next else "")


def _known_in(kind: str, listing: str) -> Step:
    def page(sides: Sides, row: CutOver) -> Page:
        number = int(row.cursor or 1)
        ids, has_next = sides.fresh.ids_of(listing, number)
        return Page(_known(row, kind, ids), len(ids), str(number + 1) if has_next else "")

    return page


def _known_categories(sides: Sides, row: CutOver) -> Page:
    """A ticket names its category by a path, and so do links."""
    paths = {str(number): path[:200] for path, number in sides.categories.items()}
    rows = list(row.found.filter(kind=CATEGORY, number__in=list(paths)))
    for one in rows:
        one.left_id, one.is_known = paths[one.number], True
    return Page(lambda: FoundId.objects.bulk_update(rows, ["left_id", "is_known"]), len(paths), "")


STEPS: tuple[tuple[Text, Step], ...] = (
    *((format_lazy(_("{path} of TOGA 2"), path=KINDS[kind][0].path), _found_in(kind)) for kind in KINDS),
    (_("tickets of Freshservice"), _known_tickets),
    (_("requesters of Freshservice"), _known_in(CONTACT, "requesters")),
    (_("agents of Freshservice"), _known_in(CONTACT, "agents")),
    (_("groups of Freshservice"), _known_in(TEAM, "groups")),
    (_("categories of Freshservice"), _known_categories),
)


# --- judging ----------------------------------------------------------------------------------------------------------


def judge(row: CutOver) -> None:
    """Give every id its verdict, by what was read and by the links there are now. The later ones count."""
    with transaction.atomic():
        _hold(row)
        rows = row.found.exclude(verdict=Verdict.LINKED)
        rows.update(verdict=Verdict.NEW)
        rows.filter(is_known=False).update(verdict=Verdict.UNKNOWN)
        for kind in KINDS:
            of_kind = row.found.filter(kind=kind).order_by().values("number")
            doubled = of_kind.annotate(records=Count("pk")).filter(records__gt=1).values("number")
            rows.filter(kind=kind, number__in=doubled).update(verdict=Verdict.DOUBLED)
        rows.filter(_linked(row, left_id=OuterRef("left_id"))).update(verdict=Verdict.TAKEN)
        rows.filter(_linked(row, right_id=OuterRef("right_id"))).update(verdict=Verdict.TAKEN)
        rows.filter(_as_found(row)).update(verdict=Verdict.KNOWN)


def _hold(row: CutOver) -> None:
    """Nobody else judges or links until the end of the caller's transaction: links are made of whole verdicts alone."""
    _keep(row, begun_at=row.begun_at)


def _linked(row: CutOver, **sides: OuterRef) -> Exists:
    links = RecordLink.objects.filter(integration=row.integration_id, object_type=OuterRef("kind"), **sides)
    return Exists(links.exclude(state=RecordLink.State.REPLACED))


def _as_found(row: CutOver) -> Exists:
    return _linked(row, left_id=OuterRef("left_id"), right_id=OuterRef("right_id"))


def report(row: CutOver) -> list[Line]:
    """What became of the ids, kind by kind."""
    lines = {kind: Line(kind) for kind in KINDS}
    for kind, verdict, count in row.found.order_by().values_list("kind", "verdict").annotate(count=Count("pk")):
        lines[kind].counts[verdict] = count
        if verdict not in (Verdict.NEW, Verdict.LINKED, Verdict.KNOWN):
            numbers = row.found.filter(kind=kind, verdict=verdict).order_by("number").values_list("number", flat=True)
            lines[kind].examples[verdict] = list(numbers.distinct()[:EXAMPLES])
    return list(lines.values())


def told(row: CutOver) -> str:
    return "; ".join(map(str, report(row))) + "."


# --- linking ----------------------------------------------------------------------------------------------------------


def link(row: CutOver, *, told: Callable[[int, int], object] = lambda done, of: None) -> None:
    """Make links of what is certain. Can be repeated, and goes on where it was stopped; what got a link meanwhile is
    left as it is. `told` hears after each batch how many of how many are linked; what it raises ends the work. Raises
    ConflictError when another reading took the place of this one."""
    judge(row)
    linked, waiting = (row.found.filter(verdict=verdict) for verdict in (Verdict.LINKED, Verdict.NEW))
    done = linked.count()
    total = done + waiting.count()
    while some := _link_some(row, waiting):
        done += some
        told(done, total)
    row.linked_at = timezone.now()
    with transaction.atomic():
        _keep(row, linked_at=row.linked_at)
        row.found.filter(~_as_found(row), verdict=Verdict.LINKED).update(verdict=Verdict.TAKEN)  # a webhook was faster


def _link_some(row: CutOver, waiting: QuerySet[FoundId]) -> int:
    with transaction.atomic():
        _hold(row)
        batch = list(waiting.order_by("pk")[:BATCH])
        RecordLink.objects.bulk_create([_link(row, one) for one in batch], ignore_conflicts=True)
        OpenTicket.objects.bulk_create(_to_be_looked_for(row, batch), ignore_conflicts=True)
        row.found.filter(pk__in=[one.pk for one in batch]).update(verdict=Verdict.LINKED)
    return len(batch)


def _link(row: CutOver, one: FoundId) -> RecordLink:
    return RecordLink(
        integration_id=row.integration_id,
        object_type=one.kind,
        left_id=one.left_id,
        right_id=one.right_id,
        state=RecordLink.State.ACTIVE,
        cause=str(ADOPTED),
    )


def _to_be_looked_for(row: CutOver, batch: list[FoundId]) -> list[OpenTicket]:
    """Any of these tickets may be open; the first look at each tells."""
    now = timezone.now()
    return [
        OpenTicket(integration_id=row.integration_id, number=int(one.number), changed_at=now, looked_at=now)
        for one in batch
        if one.kind == TICKET
    ]
