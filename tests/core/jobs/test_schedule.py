"""The clock: one schedule row owned by code; pruning by age, once a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Schedule

from integrations.core import jobs, schedule
from integrations.core.models import ApiCall, AuditEntry, Job
from integrations.core.running import run_due_jobs

from .conftest import Workshop

pytestmark = pytest.mark.django_db(transaction=True)


def test_migrating_leaves_exactly_one_tick_and_removes_rows_of_earlier_versions() -> None:
    Schedule.objects.create(func="integrations.core.old.tick", schedule_type=Schedule.MINUTES, minutes=1)
    Schedule.objects.create(func=schedule.TICK, schedule_type=Schedule.HOURLY)
    Schedule.objects.create(func="somebody.elses.task", schedule_type=Schedule.DAILY)
    call_command("migrate", verbosity=0)
    assert sorted(Schedule.objects.values_list("func", "minutes")) == [
        (schedule.TICK, 1),
        ("somebody.elses.task", None),
    ]


def test_a_tick_works_off_what_is_due(workshop: Workshop) -> None:
    jobs.enqueue("workshop.make", 1)
    schedule.tick()
    assert workshop.done == [1]


def test_old_rows_are_pruned_once_a_day_and_the_audit_trail_never() -> None:
    old, new = timezone.now() - timedelta(days=31), timezone.now() - timedelta(days=29)
    for at in (old, new):
        ApiCall.objects.create(at=at, method="GET", host="vendor.example", route="/")
        Job.objects.create(kind="core.prune", key=f"{at}", state="done", finished_at=at)
        AuditEntry.objects.create(action="core.test", at=at)
    Job.objects.create(kind="core.prune", key="still waiting", not_before=timezone.now() + timedelta(days=900))
    schedule.tick()
    assert ApiCall.objects.get().at == new
    assert AuditEntry.objects.count() == 2
    assert set(Job.objects.filter(kind="core.prune").values_list("state", "outcome")) == {
        ("done", ""),
        ("queued", ""),
        ("done", "Deleted: 1 API calls, 1 jobs."),
    }
    schedule.tick()
    assert Job.objects.filter(key__startswith="core.prune").count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        schedule.tick()
    assert Job.objects.filter(key__startswith="core.prune", state="done").count() == 2
    assert run_due_jobs() == 0
