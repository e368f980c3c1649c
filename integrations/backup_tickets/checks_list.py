"""The runs to look at: filtered, searched and paged so that a million runs cost what a hundred cost.

Pages are keyed by (started at, id): no page counts rows or skips over them. Names are looked up in the small tables of
customers and jobs first, ticket numbers in the table of tickets.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Case, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import JSONObject, Left
from django.db.models.lookups import In
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import User
from integrations.texts import Text

from .intake import zone_named
from .models import BackupJob, Run, Ticket, TicketLink

PAGE = 50
COUNTED = 1_000  # beyond it the page says "more than"
NAMED = 200  # jobs looked up one by one; a wider search reads the newest runs and compares
REMARK_SHOWN = 200
STATES: dict[str, Text] = dict(TicketLink.State.choices)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

# A status within a line, where its label would begin with a capital.
STATUSES: dict[str, Text] = {
    Run.Status.SUCCESS: _("success"),
    Run.Status.WARNING: _("warning"),
    Run.Status.ERROR: _("error"),
    Run.Status.MISSED: _("missed"),
}
SHOW: dict[str, Text] = {
    "attention": _("Needs attention"),
    "reviewed": _("Reviewed"),
    "superseded": _("Superseded"),
    "all": _("All runs"),
}
TICKET: dict[str, Text] = {
    "needed": _("Needs ticket"),
    "open": _("Open"),
    "resolved": _("Resolved"),
    "deleted": _("Deleted in Autotask"),
    "checking": _("Checking"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is limited to; every field is one parameter of the address, empty when not used."""

    show: str = ""
    status: str = ""
    client: int | None = None
    customer: str = ""
    job: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    ticket: str = ""
    q: str = ""

    @property
    def shown(self) -> str:
        """Which runs: as chosen, else as implied."""
        return self.show or implied(ticket=self.ticket, q=self.q)

    def query(self, **more: str) -> str:
        """The address's query for these filters and more."""
        values = {name: str(getattr(self, name) or "") for name in self.__slots__} | more
        return urlencode({name: value for name, value in values.items() if value})


class ShownLink(NamedTuple):
    """What a row says about the run's ticket; `label` is the link's state in words."""

    state: str
    label: Text
    number: str
    url: str


class Row(NamedTuple):
    """One run as the list shows it: what `COLUMNS` reads, with its live link, else its last one."""

    pk: int
    status: str
    started_at: dt.datetime
    remark: str  # its beginning
    manual_ticket_number: str
    reviewed_at: dt.datetime | None
    reviewed_by: str
    review_reason: str
    superseded_by: int | None
    job: str
    backup_type: str
    customer: str
    zone: ZoneInfo
    link: ShownLink | None


# Read as they are: making four records of every row takes longer than the statement itself (M9).
COLUMNS = (
    *("pk", "status", "started_at", "remark_start", "manual_ticket_number"),
    *("reviewed_at", "reviewed_by__username", "review_reason", "superseded_by"),
    *("job__name", "job__backup_type", "job__customer__name", "client__time_zone", "shown_link"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list; `newer` and `older` are the cursors beyond its ends, empty where there is nothing."""

    rows: list[Row] = field(default_factory=list)
    newer: str = ""
    older: str = ""


def implied(*, ticket: str, q: str) -> str:
    """Which runs are shown unless chosen: a search or a ticket's state reaches beyond what needs attention."""
    return "all" if ticket or q else "attention"


def runs(user: User, filters: Filters) -> QuerySet[Run]:
    """The runs this person may see and asked for, newest first."""
    found: QuerySet[Run] = Run.objects.visible_to(user).order_by("-started_at", "-id")
    found = found.filter(_shown(filters.shown))
    if filters.status:
        found = found.filter(status=filters.status)
    if filters.client:
        found = found.filter(client=filters.client)
    if filters.customer or filters.job:
        jobs = BackupJob.objects.filter(customer__name__icontains=filters.customer, name__icontains=filters.job)
        found = found.filter(runs_of_jobs(jobs.visible_to(user)))
    if filters.since:
        found = found.filter(started_at__gte=_midnight(filters.since))
    if filters.until:
        found = found.filter(started_at__lt=_midnight(filters.until + dt.timedelta(days=1)))
    if filters.ticket:
        found = found.filter(runs_with_ticket(filters.ticket))
    return found.filter(_search(user, filters.q)) if filters.q else found


def page(user: User, filters: Filters, *, older_than: str = "", newer_than: str = "") -> Page:
    """The page that follows (or precedes) a cursor; without one, or with an unreadable one, the first."""
    found = _columns(runs(user, filters))
    backwards = (cursor := read_cursor(newer_than)) is not None
    if cursor is not None:
        at, pk = cursor
        found = found.filter(Q(started_at__gt=at) | Q(id__gt=pk), started_at__gte=at).order_by("started_at", "id")
    elif (cursor := read_cursor(older_than)) is not None:
        at, pk = cursor
        found = found.filter(Q(started_at__lt=at) | Q(id__lt=pk), started_at__lte=at)
    rows = [_row(*values) for values in found[: PAGE + 1]]
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if backwards:
        rows.reverse()
    if not rows:
        return Page()
    newer = more if backwards else cursor is not None
    older = backwards or more
    return Page(rows, cursor_of(rows[0]) if newer else "", cursor_of(rows[-1]) if older else "")


def _columns(found: QuerySet[Run]) -> QuerySet[Run, Any]:
    """`COLUMNS` of these runs in one statement."""
    found = found.annotate(remark_start=Left(F("remark"), REMARK_SHOWN), shown_link=_shown_link())
    return found.values_list(*COLUMNS)


@cache
def _shown_link() -> Subquery:
    """Of a run its live link, else its last one."""
    is_over = Case(When(state__in=TicketLink.LIVE, then=0), default=1)
    links = TicketLink.objects.filter(run=OuterRef("pk")).order_by(is_over, "-id")
    shown = JSONObject(state=F("state"), id=F("ticket__ticket_id"), number=F("ticket__number"), url=F("ticket__url"))
    return Subquery(links.values(shown=shown)[:1])


def _row(*values: Any) -> Row:
    *plain, zone, link = values
    return Row._make((*plain, zone_named(zone), _link(link)))


def _link(shown: dict[str, Any] | None) -> ShownLink | None:
    if shown is None:
        return None
    number = shown["number"] or (gettext("ticket {id}").format(id=shown["id"]) if shown["id"] is not None else "")
    return ShownLink(shown["state"], STATES[shown["state"]], number, shown["url"] or "")


def _shown(show: str) -> Q:
    return {
        "attention": Q(needs_attention=True),
        "reviewed": Q(reviewed_at__isnull=False),
        "superseded": Q(superseded_by__isnull=False),
    }.get(show, Q())


def runs_with_ticket(state: str) -> Q:
    """The runs whose ticket is in this state, one of `TICKET`."""
    if state == "needed":
        return Q(needs_attention=True)
    State, Known = TicketLink.State, Ticket.State  # noqa: N806 — short names of classes
    links = {
        "open": Q(state=State.ACTIVE) & ~Q(ticket__state__in=(Known.RESOLVED, Known.DELETED)),
        "resolved": Q(state=State.RESOLVED) | Q(state=State.ACTIVE, ticket__state=Known.RESOLVED),
        "deleted": Q(state=State.DELETED),
        "checking": Q(state__in=(State.CREATING, State.UNKNOWN)),
    }[state]
    return Q(pk__in=TicketLink.objects.filter(links).values("run"))


def _search(user: User, text: str) -> Q | In:
    """An external id or ticket number (from its beginning) is meant alone; else names of customers and jobs."""
    visible = Run.objects.visible_to(user).order_by()
    exact = set(visible.filter(external_id=text).values_list("pk", flat=True)[:NAMED])
    # By the number alone first: with clients beside it, SQLite would rather read all runs.
    if by_hand := list(Run.objects.filter(manual_ticket_number=text).order_by().values_list("pk", flat=True)[:NAMED]):
        exact.update(visible.filter(pk__in=by_hand).values_list("pk", flat=True))
    if tickets := list(Ticket.objects.filter(number__startswith=text).values_list("pk", flat=True)[:NAMED]):
        exact.update(visible.filter(links__ticket__in=tickets).values_list("pk", flat=True))
    if exact:
        return Q(pk__in=exact)
    named = Q(name__icontains=text) | Q(customer__name__icontains=text)
    return runs_of_jobs(BackupJob.objects.filter(named).visible_to(user))


def runs_of_jobs(jobs: QuerySet[BackupJob]) -> Q | In:
    """The runs of these jobs: of few ones by their index, of many by reading the newest runs and comparing.

    Left to itself the database would fetch and sort all runs of many jobs; adding nothing hides the column's index.
    """
    ids = list(jobs.order_by().values_list("pk", flat=True))
    if len(ids) <= NAMED:
        return Q(job__in=ids)
    return In(ExpressionWrapper(F("job_id") + 0, BigIntegerField()), ids)


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def cursor_of(run: Run | Row) -> str:
    """Where a page that ends (or begins) with this run is cut."""
    return f"{(run.started_at - EPOCH) // dt.timedelta(microseconds=1)}-{run.pk}"


def read_cursor(text: str) -> tuple[dt.datetime, int] | None:
    """The cursor in an address; None for anything that is none."""
    micros, _, pk = text.partition("-")
    if not (micros.isdecimal() and pk.isdecimal() and micros.isascii() and pk.isascii() and len(micros + pk) < 36):
        return None
    try:
        at = EPOCH + dt.timedelta(microseconds=int(micros))
    except OverflowError:
        return None
    return at, min(int(pk), 2**63 - 1)


def choices(table: dict[str, Text], empty: Text) -> list[tuple[str, Any]]:
    """A table of values as choices of a form."""
    return [("", empty), *table.items()]
