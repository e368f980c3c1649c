"""What happens by the clock: one schedule row of django-q2, owned by code, ticks every minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_q.models import Schedule

from . import jobs, streams, write_hold
from .alerts.evaluating import ask_for_evaluation
from .figures.counting import ask_for_counting
from .models import Job
from .running import drain, sweep
from .webhooks.watch import ask_for_look
from .webhooks.working import sweep_deliveries

TICK = "integrations.core.schedule.tick"
PRUNE_EVERY = timedelta(days=1)


def tick() -> None:
    """Every minute: ask for what is due by the clock, then work like any other wake-up.

    The supervisors sweep every second or two; this is for the case that one of them hangs.
    """
    write_hold.look()
    _ask_for_pruning()
    ask_for_counting()
    streams.ask_for_due()
    ask_for_look()
    ask_for_evaluation()
    sweep()
    sweep_deliveries()
    drain()


def _ask_for_pruning() -> None:
    """Once a day, however often the minute ticks and on however many machines: the key of the job is the day."""
    key = f"core.prune {timezone.localdate()}"
    if not Job.objects.filter(key=key).exists():
        jobs.enqueue("core.prune", key=key, priority=Job.Priority.BULK)


def after_migrate(**_: Any) -> None:
    """Write the schedule row, and take away rows that an earlier version of the portal owned."""
    Schedule.objects.filter(func__startswith="integrations.").exclude(func=TICK).delete()
    ours = {"name": "portal tick", "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1}
    if Schedule.objects.filter(func=TICK).update(**ours) != 1:
        Schedule.objects.filter(func=TICK).delete()
        Schedule.objects.create(func=TICK, next_run=timezone.now(), **ours)
