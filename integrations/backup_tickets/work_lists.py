"""The lists that are an operator's work, how long each is, and how far the day has come: one statement for all.

No list is counted to its end: counting stops after a thousand and one rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from integrations.core.models import User

from . import permissions
from .checks_list import COUNTED
from .models import Customer, Resolution, Run, RunReview, Ticket, TicketLink

Link = TicketLink.State
CHECKING = Q(state__in=(Link.CREATING, Link.UNKNOWN))
OPEN = Q(state=Link.ACTIVE) & ~Q(ticket__state__in=(Ticket.State.RESOLVED, Ticket.State.DELETED))
LOST = Q(state=Link.DELETED, run__needs_attention=True)


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
    links = TicketLink.objects.visible_to(user)
    reviews = RunReview.objects.visible_to(user).filter(action=RunReview.Action.REVIEWED, at__gte=midnight)
    done = Resolution.objects.visible_to(user).filter(
        state__in=(Resolution.State.RESOLVED, Resolution.State.STAYS_OPEN), at__gte=midnight
    )
    made = links.filter(created_at__gte=midnight, state__in=TicketLink.LIVE)
    parts = [
        _some("run", Run.objects.visible_to(user).filter(needs_attention=True), "status"),
        _some("checking", links.filter(CHECKING)),
        _some("open", links.filter(OPEN)),
        _some("deleted", links.filter(LOST)),
        _some("unmapped", Customer.objects.visible_to(user).filter(mapping__isnull=True)),
        _some("reviewed", reviews),
        _some("ticketed", made),
        _some("resolved", done),
    ]
    found = list(parts[0].union(*parts[1:], all=True))
    attention = Counter({status: count for what, status, count in found if what == "run"})
    rest = {what: count for what, _, count in found if what != "run"}
    return Counts(attention, **rest)


def _some(what: str, rows: QuerySet[Any], status: str = "") -> QuerySet[Any, Any]:
    """(what, status, how many) of the first thousand and one rows, made so that it can be joined with others."""
    first = rows.order_by().values("pk")[: COUNTED + 1]
    named = F(status) if status else Value("")
    found: QuerySet[Any] = rows.model._default_manager.filter(pk__in=first).order_by()
    named_rows = found.annotate(what=Value(what), shown=named).values("what", "shown")
    counted: QuerySet[Any, Any] = named_rows.annotate(how_many=Count("pk")).values_list("what", "shown", "how_many")
    return counted


def counts_for(request: HttpRequest) -> Counts:
    """The same for a page, asked once however often it is shown there: in the sidebar and above the list."""
    if not hasattr(request, "_work_counts"):
        request._work_counts = counts(request.user)  # type: ignore[attr-defined, arg-type]  # signed in
    found: Counts = request._work_counts  # type: ignore[attr-defined]
    return found


def work_lists(user: User, found: Counts) -> list[WorkList]:
    """The lists this person may open, in the order of the work."""
    page = reverse("admin:backup_tickets_run_changelist")
    lists = [
        WorkList("Needs ticket", found.needed, page, "warning"),
        WorkList("Checking", found.checking, f"{page}?ticket=checking", "warning"),
        WorkList("Open", found.open, f"{page}?ticket=open", "info"),
        WorkList("Deleted in Autotask", found.deleted, f"{page}?ticket=deleted&show=attention", "bad"),
    ]
    if user.has_perm(permissions.VIEW_CUSTOMER):
        customers = reverse("admin:backup_tickets_customer_changelist")
        lists.append(WorkList("Unmapped customers", found.unmapped, f"{customers}?mapping=none", "warning"))
    return lists


def runs_badge(request: HttpRequest) -> str:
    """For the sidebar: how many runs need attention."""
    return _badge(counts_for(request).needed)


def customers_badge(request: HttpRequest) -> str:
    """For the sidebar: how many customers are not mapped."""
    return _badge(counts_for(request).unmapped)


def _badge(count: int) -> str:
    return shown(count) if count else ""
