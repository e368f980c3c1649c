"""What came in from outside, and what waits to be worked off."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from integrations.core.models import Job, User, WebhookDelivery

COUNTED = 10_000  # beyond it the page says "more than"
LATE = dt.timedelta(minutes=5)  # for the oldest job that is due
State = Job.State


@dataclass(frozen=True, slots=True)
class Inbox:
    """Webhooks of the last hour, and those that nothing has come of yet."""

    last_hour: str
    waiting: str
    oldest: dt.datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs that could begin now, that wait for their time, that are at work, and that were given up."""

    due: int
    later: int
    running: int
    dead: int
    oldest_due: dt.datetime | None
    is_late: bool


def inbox(user: User | AnonymousUser) -> Inbox:
    """Three statements, none of which counts further than `COUNTED`."""
    now, visible = timezone.now(), WebhookDelivery.objects.visible_to(user).order_by()
    waiting = visible.filter(state=WebhookDelivery.State.WAITING)
    oldest = waiting.order_by("pk").values_list("received_at", flat=True).first()
    return Inbox(
        _counted(visible.filter(received_at__gte=now - dt.timedelta(hours=1))),
        _counted(waiting),
        oldest,
        oldest is not None and now - oldest > LATE,
    )


def _counted(rows: QuerySet[Any]) -> str:
    found = rows[: COUNTED + 1].count()
    return f"{COUNTED:,}+" if found > COUNTED else f"{found:,}"


def jobs() -> Jobs:
    """One statement over the jobs that are not done."""
    now = timezone.now()
    due = Q(state=State.QUEUED, not_before__lte=now)
    found = Job.objects.filter(state__in=(State.QUEUED, State.RUNNING, State.DEAD)).aggregate(
        due=Count("pk", filter=due),
        later=Count("pk", filter=Q(state=State.QUEUED, not_before__gt=now)),
        running=Count("pk", filter=Q(state=State.RUNNING)),
        dead=Count("pk", filter=Q(state=State.DEAD)),
        oldest_due=Min("not_before", filter=due),
    )
    oldest = found["oldest_due"]
    return Jobs(**found, is_late=oldest is not None and now - oldest > LATE)
