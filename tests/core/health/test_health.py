"""What machines are told about the portal, and what they are not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from integrations.core import jobs
from integrations.core.models import ApiCall, Connection, Heartbeat, Job

pytestmark = pytest.mark.django_db


def beat(*, seconds_ago: float = 0) -> None:
    when = timezone.now() - timedelta(seconds=seconds_ago)
    Heartbeat.objects.update_or_create(host="one", role="queue", defaults={"beat_at": when})


def checks(client: Client) -> tuple[int, dict[str, str]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["checks"]


def test_healthz_asks_nobody(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_when_the_database_is_up_to_date_and_a_queue_lives(client: Client) -> None:
    beat()
    assert checks(client) == (200, {"database": "ok", "migrations": "ok", "queue": "ok", "jobs": "ok"})


def test_not_ready_without_a_living_queue(client: Client) -> None:
    assert checks(client)[1]["queue"] == "no queue has ever run"
    beat(seconds_ago=100)
    assert checks(client) == (
        503,
        {"database": "ok", "migrations": "ok", "queue": "no sign of life for 100 s", "jobs": "ok"},
    )


def test_not_ready_when_a_due_job_is_left_lying(client: Client) -> None:
    beat()
    jobs.enqueue("core.prune", not_before=timezone.now() - timedelta(minutes=6))
    status, found = checks(client)
    assert (status, found["jobs"]) == (503, "the oldest due one has waited for 360 s")


def test_not_ready_when_migrations_are_missing(client: Client) -> None:
    beat()
    MigrationRecorder.Migration.objects.filter(app="core").order_by("-pk")[0].delete()
    status, found = checks(client)
    assert (status, found["migrations"]) == (503, "1 are not applied")


def test_metrics_are_closed_without_a_token_and_to_wrong_ones(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = "right"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wröng"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer right"}).status_code == 200


def test_metrics_say_what_waits_and_what_failed(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "right"
    beat(seconds_ago=7)
    jobs.enqueue("core.prune", not_before=timezone.now() - timedelta(seconds=90))
    Job.objects.create(kind='odd "kind"', key="2", state="dead", finished_at=timezone.now())
    Job.objects.create(kind="old", key="3", state="done", finished_at=timezone.now() - timedelta(hours=2))
    connection = Connection.objects.create(slug="autotask", vendor="autotask", health="ok")
    for status in (200, 200, 500, None):
        ApiCall.objects.create(
            at=timezone.now(), connection=connection, method="GET", host="vendor.example", route="/", status=status
        )
    said = client.get("/metrics", headers={"Authorization": "Bearer right"}).content.decode()
    figures = {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in said.splitlines()) if "#" not in name
    }
    assert figures['portal_jobs{state="queued",kind="core.prune"}'] == 1
    assert figures['portal_jobs{state="dead",kind="odd \\"kind\\""}'] == 1
    assert 'kind="old"' not in said
    assert 90 <= figures["portal_oldest_due_job_seconds"] < 100
    assert 7 <= figures['portal_heartbeat_age_seconds{host="one",role="queue"}'] < 17
    assert figures['portal_vendor_calls{connection="autotask",outcome="ok"}'] == 2
    assert figures['portal_vendor_calls{connection="autotask",outcome="failed"}'] == 2
    assert figures['portal_connection_ok{connection="autotask"}'] == 1
