"""What the first page shows of backup runs and tickets besides its tiles: lists of a few rows, and charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.core.addresses import address_of
from integrations.core.figures.buckets import DAY
from integrations.core.models import User
from integrations.core.registry import ChartKind, ChartPart, Counted, FigureKind, Line, Panel

from . import permissions
from .attention import FAILED
from .checks_list import COUNTED, STATUSES
from .intake import zone_named
from .models import Run, Ticket, TicketLink
from .work_lists import counts_for, shown

LISTED, LOOKED_AT = 8, 100  # runs shown; of so many of the newest the worst
SEVERITY = {Run.Status.ERROR: 0, Run.Status.MISSED: 1, Run.Status.WARNING: 2}
TONES = {Run.Status.ERROR: "bad", Run.Status.MISSED: "bad", Run.Status.WARNING: "warning"}
LATELY = dt.timedelta(days=1)


def panels(request: HttpRequest) -> Iterator[Panel]:
    """Runs that want attention now, and what changed since yesterday."""
    user = request.user
    if not user.has_perm(permissions.VIEW_RUN):
        return
    assert isinstance(user, User)
    yield _attention(request, user)
    yield _since_yesterday(user)


def _attention(request: HttpRequest, user: User) -> Panel:
    """The worst of the newest; Run Checks has them all."""
    page = address_of("admin:backup_tickets_run_changelist")
    waiting = Run.objects.visible_to(user).filter(needs_attention=True).order_by("-started_at", "-pk")
    newest = waiting.values_list("pk", "status", "started_at", "job__name", "job__customer__name", "client__time_zone")[
        :LOOKED_AT
    ]
    worst = sorted(newest, key=lambda row: SEVERITY.get(row[1], 3))[:LISTED]
    lines = tuple(
        Line(
            str(STATUSES[status]),
            TONES.get(status, "neutral"),
            f"{customer} · {job}",
            f"{page}{pk}/change/",
            _time(started, zone),
        )
        for pk, status, started, job, customer, zone in worst
    )
    needed = counts_for(request).needed
    more = gettext("All {count}").format(count=shown(needed)) if needed > len(lines) else ""
    none = gettext("None: every failed run has been dealt with.")
    return Panel(gettext("Runs that want attention now"), lines, none, page, more)


def _time(started: dt.datetime, zone: str) -> str:
    return date_format(started.astimezone(zone_named(zone)), "j M H:i")


def _since_yesterday(user: User) -> Panel:
    then = timezone.now() - LATELY
    page = address_of("admin:backup_tickets_run_changelist")
    since = {"since": f"{timezone.localtime(then):%Y-%m-%d}", "show": "all"}
    failed, opened = _failed(user, then), _opened(user, then)
    resolved, deleted = (_tickets(user, state, then) for state in (Ticket.State.RESOLVED, Ticket.State.DELETED))
    found = (
        (failed, ngettext("run failed", "runs failed", failed), "bad", since),
        (opened, ngettext("ticket opened", "tickets opened", opened), "info", {"ticket": "open"}),
        (resolved, ngettext("ticket resolved", "tickets resolved", resolved), "good", {"ticket": "resolved"}),
        (
            deleted,
            ngettext("ticket deleted in Autotask", "tickets deleted in Autotask", deleted),
            "warning",
            {"ticket": "deleted"},
        ),
    )
    lines = tuple(
        Line(shown(count), tone if count else "neutral", said, f"{page}?{urlencode(query)}")
        for count, said, tone, query in found
    )
    title = gettext("Since yesterday, {time}").format(time=f"{timezone.localtime(then):%H:%M}")
    return Panel(title, lines, "")


def _failed(user: User, then: dt.datetime) -> int:
    return _bounded(Run.objects.visible_to(user).filter(status__in=FAILED, started_at__gte=then))


def _opened(user: User, then: dt.datetime) -> int:
    return _bounded(_created(TicketLink.objects.visible_to(user)).filter(created_at__gte=then))


def _tickets(user: User, state: str, then: dt.datetime) -> int:
    """A ticket of several runs counts once."""
    return _bounded(Ticket.objects.visible_to(user).filter(state=state, state_since__gte=then).distinct())


def _bounded(rows: QuerySet[Any]) -> int:
    return rows.order_by().values("pk")[: COUNTED + 1].count()


# --- what charts are drawn from ---------------------------------------------------------------------------------------


def count_runs(begin: dt.datetime, end: dt.datetime) -> Iterator[Counted]:
    """Runs that started then, by result."""
    runs = Run.objects.filter(started_at__gte=begin, started_at__lt=end).order_by()
    return (Counted(*row) for row in runs.values_list("client", "status").annotate(n=Count("pk")))


def count_tickets(begin: dt.datetime, end: dt.datetime) -> Iterator[Counted]:
    """Tickets that were made then, and those that were seen closed then and are closed still."""
    opened = _created(TicketLink.objects.filter(created_at__gte=begin, created_at__lt=end))
    for client, count in opened.order_by().values_list("run__client").annotate(n=Count("pk")):
        yield Counted(client, "opened", count)
    closed = Ticket.objects.filter(state=Ticket.State.RESOLVED, state_since__gte=begin, state_since__lt=end).order_by()
    for client, count in closed.values_list("links__run__client").annotate(n=Count("pk", distinct=True)):
        if client is not None:
            yield Counted(client, "resolved", count)


def _created(links: QuerySet[TicketLink]) -> QuerySet[TicketLink]:
    """Those whose ticket was made by the portal, one link for each."""
    return links.filter(origin=TicketLink.Origin.CREATED, ticket__isnull=False)


FIGURES = {
    "runs": FigureKind(DAY, count_runs, is_kept=True),
    "tickets": FigureKind(DAY, count_tickets, is_kept=True),
}
CHARTS = (
    ChartKind(
        _("Backup runs by day"),
        "runs",
        (
            ChartPart(Run.Status.ERROR, _("Error"), "bad"),
            ChartPart(Run.Status.MISSED, _("Missed"), "neutral"),
            ChartPart(Run.Status.WARNING, _("Warning"), "warning"),
            ChartPart(Run.Status.SUCCESS, _("Success"), "good"),
        ),
        permissions.VIEW_RUN,
        "admin:backup_tickets_run_changelist",
        query="?show=all",
    ),
    ChartKind(
        _("Tickets by day"),
        "tickets",
        (ChartPart("opened", _("Opened"), "info"), ChartPart("resolved", _("Resolved"), "good")),
        permissions.VIEW_RUN,
        "admin:backup_tickets_run_changelist",
        query="?ticket=open",
        is_stacked=False,
    ),
)
