"""Streams run by the clock and by hand, each with its result; never while the integration is off."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from integrations.backup_tickets.tickets import create_ticket
from integrations.core import roles
from integrations.core.models import Connection, Integration, Job, Stream, SyncRun
from integrations.core.running import run_due_jobs
from integrations.core.streams import ask_for, ask_for_due, ask_to_stop, streams_of
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.people import browser, person
from tests.backup_tickets.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def results() -> dict[str, str]:
    return {run.stream.slug: f"{run.state}: {run.outcome}" for run in SyncRun.objects.select_related("stream")}


def test_what_is_due_runs_once_and_says_what_it_found(scene: Scene, autotask: Autotask) -> None:
    ask_for_due()
    ask_for_due()
    assert Job.objects.filter(kind="core.run_stream").count() == 3
    run_due_jobs()
    assert results() == {
        "mapping_check": "done: Read 1 mapped companies.",
        "link_validation": "done: Read 0 open tickets, 0 of them were closed meanwhile.",
        "reference_data": "done: Read 4 queues, 5 sources, 5 statuses, 5 priorities.",
    }


def test_it_runs_again_when_its_interval_is_over_and_not_before(scene: Scene, autotask: Autotask) -> None:
    ask_for_due()
    run_due_jobs()
    for minutes, times in ((59, 0), (61, 1)):
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes), tick=True):
            ask_for_due()
            assert Job.objects.filter(kind="core.run_stream", state=Job.State.QUEUED).count() == times


@pytest.mark.parametrize(
    "way", ["integration off", "client inactive", "connection paused", "stream off", "no connection"]
)
def test_what_is_switched_off_makes_no_call(scene: Scene, autotask: Autotask, way: str) -> None:
    streams = streams_of(scene.integration)
    ask_for_due()  # queued before it is switched off
    if way == "integration off":
        Integration.objects.update(is_enabled=False)
    if way == "client inactive":
        scene.client.is_active = False
        scene.client.save()
    if way == "connection paused":
        Connection.objects.update(is_paused=True)
    if way == "no connection":
        scene.integration.roles.all().delete()
    if way == "stream off":
        Job.objects.all().delete()
        Stream.objects.filter(pk__in=[stream.pk for stream in streams]).update(is_enabled=False)
        ask_for_due()
    run_due_jobs()
    assert autotask.calls() == []
    assert not SyncRun.objects.exists()


def test_trouble_is_the_runs_result_and_leaves_no_dead_job(scene: Scene, autotask: Autotask) -> None:
    create_ticket(scene.run, user=scene.operator)
    autotask.simulator.fault("html_503", times=1000)
    ask_for_due()
    run_due_jobs()
    assert {run.state for run in SyncRun.objects.all()} == {"failed"}
    assert all(run.outcome for run in SyncRun.objects.all())
    assert not Job.objects.filter(state=Job.State.DEAD).exists()


def test_a_run_whose_process_died_is_closed_as_interrupted(scene: Scene, autotask: Autotask) -> None:
    stream = streams_of(scene.integration)[0]
    left = SyncRun.objects.create(stream=stream)
    ask_for_due()
    run_due_jobs()
    left.refresh_from_db()
    assert left.state == SyncRun.State.INTERRUPTED
    assert stream.runs.filter(state=SyncRun.State.DONE).count() == 1


def test_an_admin_runs_and_changes_a_stream_and_an_operator_only_looks(scene: Scene, autotask: Autotask) -> None:
    page = reverse("admin:core_integration_change", args=[scene.integration.pk])
    door = reverse("admin:core_integration_stream", args=[scene.integration.pk, "mapping_check"])
    admin = browser(person("ada", roles.ADMIN))
    assert "Validation of the open tickets" in admin.get(page).content.decode()
    assert "runs as soon as" in admin.post(door, {"run": "1"}, follow=True).content.decode()
    run_due_jobs()
    assert "Read 1 mapped companies." in admin.get(page).content.decode()
    assert SyncRun.objects.get().trigger == "manual"
    admin.post(door, {"minutes": "30"})
    changed = Stream.objects.get(slug="mapping_check")
    assert (changed.is_enabled, changed.interval_minutes) == (False, 30)
    assert "a number from 1" in admin.post(door, {"minutes": "0"}, follow=True).content.decode()
    operator = browser(scene.operator)
    assert "Run now" not in operator.get(page).content.decode()
    assert operator.post(door, {"run": "1"}).status_code == 403


def test_a_run_that_is_asked_to_stop_ends_before_its_next_call(scene: Scene, autotask: Autotask) -> None:
    stream = next(row for row in streams_of(scene.integration) if row.slug == "mapping_check")
    job = ask_for(stream, user=scene.operator)
    run = SyncRun.objects.create(stream=stream, job_id=job.pk)
    ask_to_stop(run)
    run_due_jobs()
    run.refresh_from_db()
    assert (run.state, run.outcome.partition(";")[0]) == ("stopped", "Stopped by hand")
    assert [call for call in autotask.calls() if "/query" in call.path] == []
