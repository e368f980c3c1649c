"""The lists that are an operator's work, how long each is, and how far the day has come: one statement for all.

No list is counted to its end: counting stops after a thousand and one rows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.addresses import address_of
from integrations.core.models import User

from . import permissions
from .checks_list import COUNTED
from .models import Customer, Resolution, Run, RunReview, Ticket, TicketLink

Link = TicketLink.State
CHECKING = Q(state__in=(Link.CREATING, Link.UNKNOWN))
OPEN = Q(state=Link.ACTIVE) & ~Q(ticket__state__in=(Ticket.State.RESOLVED, Ticket.State.DELETED))
LOST = Q(state=Link.DELETED, run__needs_attention=True)
ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class Counts:
    """Lengths of the lists (`COUNTED` + 1 stands for more), and what was done since midnight."""

    attention: Counter[str]  # by the runs' status
    checking: int = 0
    open: int = 0
    deleted: int = 0
    unmapped: int = 0
    reviewed: int = 0
    ticketed: int = 0
    resolved: int = 0

    @property
    def needed(self) -> int:
        return self.attention.total()


@dataclass(frozen=True, slots=True)
class WorkList:
    """One list: its name, how long it is (`1,000+` beyond what is counted), and where it is."""

    label: str
    count: int
    url: str
    tone: str

    @property
    def length(self) -> str:
        return shown(self.count)


def shown(count: int) -> str:
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"


def counts(user: User) -> Counts:
    """All figures of what this person may see, in one statement."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(*_statement(user.pk, user.all_clients, midnight))
        found: list[tuple[str, str, int]] = cursor.fetchall()
    attention = Counter({status: count for what, status, count in found if what == ATTENTION})
    rest = {what: count for what, _, count in found if what != ATTENTION}
    return Counts(attention, **rest)


@lru_cache(maxsize=256)
def _statement(user_id: int, all_clients: bool, midnight: dt.datetime) -> tuple[str, tuple[Any, ...]]:
    """The SQL and its parameters. Kept, because the ORM takes longer to write it than the database to answer (M9).

    Nothing in it comes from the database: what this person may see is asked anew by every execution.
    """
    parts = [_counted(what, rows) for what, rows in _lists(User(pk=user_id, all_clients=all_clients), midnight)]
    return " UNION ALL ".join(sql for sql, _ in parts), tuple(value for _, values in parts for value in values)


def _counted(what: str, rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """(what, status, how many) of the first thousand and one rows; by status for the runs, else with an empty one."""
    of_runs = what == ATTENTION
    first = rows.order_by().values_list("status" if of_runs else "pk")[: COUNTED + 1]
    sql, values = first.query.sql_with_params()
    shown, grouped = ("status", "GROUP BY status") if of_runs else ("''", "")
    # Only words of ours and the ORM's own SQL; whatever is a value is a parameter.
    return f"SELECT '{what}', {shown}, COUNT(*) FROM ({sql}) AS listed {grouped}", values  # noqa: S608


def _lists(user: User, midnight: dt.datetime) -> Iterator[tuple[str, QuerySet[Any]]]:
    """The rows behind each figure of `Counts`, by its name."""
    links = TicketLink.objects.visible_to(user)
    reviews = RunReview.objects.visible_to(user).filter(action=RunReview.Action.REVIEWED, at__gte=midnight)
    done = Resolution.objects.visible_to(user).filter(
        state__in=(Resolution.State.RESOLVED, Resolution.State.STAYS_OPEN), at__gte=midnight
    )
    yield ATTENTION, Run.objects.visible_to(user).filter(needs_attention=True)
    yield "checking", links.filter(CHECKING)
    yield "open", links.filter(OPEN)
    yield "deleted", links.filter(LOST)
    yield "unmapped", Customer.objects.visible_to(user).filter(mapping__isnull=True)
    yield "reviewed", reviews
    yield "ticketed", links.filter(created_at__gte=midnight, state__in=TicketLink.LIVE)
    yield "resolved", done


def counts_for(request: HttpRequest) -> Counts:
    """The same for a page, asked once however often it is shown there: in the sidebar and above the list."""
    if not hasattr(request, "_work_counts"):
        request._work_counts = counts(request.user)  # type: ignore[attr-defined, arg-type]  # signed in
    found: Counts = request._work_counts  # type: ignore[attr-defined]
    return found


def work_lists(user: User, found: Counts) -> list[WorkList]:
    """The lists this person may open, in the order of the work."""
    page = address_of("admin:backup_tickets_run_changelist")
    lists = [
        WorkList(_("Needs ticket"), found.needed, page, "warning"),
        WorkList(_("Checking"), found.checking, f"{page}?ticket=checking", "warning"),
        WorkList(_("Open"), found.open, f"{page}?ticket=open", "info"),
        WorkList(_("Deleted in Autotask"), found.deleted, f"{page}?ticket=deleted&show=attention", "bad"),
    ]
    if user.has_perm(permissions.VIEW_CUSTOMER):
        customers = address_of("admin:backup_tickets_customer_changelist")
        lists.append(WorkList(_("Unmapped customers"), found.unmapped, f"{customers}?mapping=none", "warning"))
    return lists


def runs_badge(request: HttpRequest) -> str:
    """For the sidebar: how many runs need attention."""
    return _badge(counts_for(request).needed)


def customers_badge(request: HttpRequest) -> str:
    """For the sidebar: how many customers are not mapped."""
    return _badge(counts_for(request).unmapped)


def _badge(count: int) -> str:
    return shown(count) if count else ""
