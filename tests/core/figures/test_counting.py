"""Figures are counted by a job, once and again: what comes late is found, what was counted before is left alone."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.db import connection as db_connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core import schedule
from integrations.core.figures import counting
from integrations.core.figures.buckets import DAY, HOUR, back_from, next_of, start_of, starts
from integrations.core.figures.reading import Added, counted_at, figures
from integrations.core.models import ApiCall, Client, Connection, Figure, FigureSeries, Job, User, WebhookDelivery
from integrations.core.running import drain, run_due_jobs
from tests.core.world import make_world

NOW = dt.datetime(2026, 11, 26, 10, 20, tzinfo=dt.UTC)
AN_HOUR = dt.timedelta(hours=1)
CALLS, WEBHOOKS = "core.calls", "core.webhooks"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture
def world(db: Any) -> SimpleNamespace:
    return make_world()


def came(connection: Connection, at: dt.datetime, state: str = "done") -> WebhookDelivery:
    made: WebhookDelivery = WebhookDelivery.objects.create(
        connection=connection, event="ticket", subject="ticket:1", received_at=at, body=b"", state=state
    )
    return made


def counted(user: User, series: str = WEBHOOKS, hours: int = 3) -> list[dict[str, tuple[int, int]]]:
    return [{name: tuple(of) for name, of in parts.items()} for parts in figures(user, {series: hours})[series].parts]


def test_each_hour_has_what_fell_into_it(world: SimpleNamespace) -> None:
    for minutes in (0, 19, 21, 80):  # 10:20, 10:01, 9:59, 9:00
        came(world.elite_connection, NOW - dt.timedelta(minutes=minutes))
    came(world.elite_connection, NOW, "failed")
    with time_machine.travel(NOW, tick=False):
        counting.count_all()
        assert counted(world.admin) == [{}, {"done": (2, 0)}, {"done": (2, 0), "failed": (1, 0)}]


def test_a_second_count_writes_nothing_and_what_came_late_is_found(world: SimpleNamespace) -> None:
    came(world.elite_connection, NOW - AN_HOUR)
    waiting = came(world.elite_connection, NOW - AN_HOUR, "waiting")
    with time_machine.travel(NOW, tick=False):
        counting.count_all()
        before = sorted(Figure.objects.values_list("pk", "count"))
        counting.count_all()
        assert sorted(Figure.objects.values_list("pk", "count")) == before
        WebhookDelivery.objects.filter(pk=waiting.pk).update(state="done")
        came(world.elite_connection, NOW - 2 * AN_HOUR)
        counting.count_all()
        assert counted(world.admin) == [{"done": (1, 0)}, {"done": (2, 0)}, {}]


def test_counting_again_reads_a_few_hours_and_writes_one_mark(world: SimpleNamespace) -> None:
    for connection in (world.elite_connection, world.other_connection, world.house_connection):
        came(connection, NOW)
    with time_machine.travel(NOW, tick=False):
        counting.count_all()
        with CaptureQueriesContext(db_connection) as captured:
            counting.count_all()
    statements = [query["sql"].partition(" ")[0] for query in captured]
    # The marks; three hours or days of five series, one of which counts by two statements; what is stored of each.
    assert statements.count("SELECT") == 1 + 3 * 6 + 5
    assert set(statements) - {"SELECT", "BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"} == {"UPDATE"}
    assert statements.count("UPDATE") == 1


def test_hours_that_were_missed_are_made_up(world: SimpleNamespace) -> None:
    with time_machine.travel(NOW, tick=False):
        counting.count_all()
    for hours in range(1, 8):
        came(world.elite_connection, NOW + hours * AN_HOUR)
    with time_machine.travel(NOW + 8 * AN_HOUR, tick=False):
        counting.count_all()
        assert counted(world.admin, hours=9) == [{}, *[{"done": (1, 0)}] * 7, {}]


def test_what_was_counted_outlives_its_rows(world: SimpleNamespace) -> None:
    came(world.elite_connection, NOW)
    with time_machine.travel(NOW, tick=False):
        counting.count_all()
    with time_machine.travel(NOW + 3 * AN_HOUR, tick=False):
        counting.count_all()
    WebhookDelivery.objects.all().delete()
    with time_machine.travel(NOW + 5 * AN_HOUR, tick=False):
        counting.count_all()
        assert counted(world.admin, hours=6)[0] == {"done": (1, 0)}


def test_calls_are_counted_by_vendor_and_outcome_with_their_milliseconds(world: SimpleNamespace) -> None:
    for connection, status, took in (
        (world.elite_connection, 200, 100),
        (world.other_connection, 204, 300),
        (world.house_connection, None, 9000),
    ):
        ApiCall.objects.create(
            at=NOW, connection=connection, status=status, duration_ms=took, method="GET", host="v.example", route="/"
        )
    with time_machine.travel(NOW, tick=False):
        counting.count_all()
        assert counted(world.admin, CALLS, 1) == [{"autotask ok": (2, 400), "autotask failed": (1, 9000)}]
        assert counted(world.limited, CALLS, 1) == [{"autotask ok": (1, 100)}]


def test_a_person_sees_the_sums_of_their_clients_only(world: SimpleNamespace) -> None:
    for connection in (world.elite_connection, world.other_connection, world.other_connection, world.house_connection):
        came(connection, NOW)
    with time_machine.travel(NOW, tick=False):
        counting.count_all()
        assert counted(world.admin, hours=1) == [{"done": (4, 0)}]
        assert counted(world.limited, hours=1) == [{"done": (1, 0)}]
        world.limited.clients.set([])
        assert counted(world.limited, hours=1) == [{}]


def test_the_tick_asks_for_a_count_every_five_minutes_and_says_as_of_when_it_is(world: SimpleNamespace) -> None:
    asked = Job.objects.filter(kind=counting.JOB)
    with time_machine.travel(NOW, tick=False) as clock:
        schedule.tick()
        run_due_jobs()
        assert asked.get().state == Job.State.DONE
        assert counted_at({WEBHOOKS: 1, CALLS: 1}) == NOW
        clock.shift(240)
        schedule.tick()
        assert asked.count() == 1
        clock.shift(90)
        schedule.tick()
        assert asked.count() == 2


def test_a_first_count_goes_on_in_a_next_slice(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SLICE", -1.0)
    counting.ask_for_counting()
    job = Job.objects.get(kind=counting.JOB)
    drain(0)
    job.refresh_from_db()
    assert (job.state, job.outcome) == (Job.State.QUEUED, "The first count is long; it goes on.")
    monkeypatch.undo()
    run_due_jobs()
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert not FigureSeries.objects.filter(counted_at=None).exists()


def test_two_rows_of_one_hour_and_client_cannot_be(world: SimpleNamespace) -> None:
    for client in (world.elite, None):
        Figure.objects.create(series=WEBHOOKS, start=NOW, part="done", client=client, count=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            Figure.objects.create(series=WEBHOOKS, start=NOW, part="done", client=client, count=2)


def test_figures_are_pruned_by_age(world: SimpleNamespace) -> None:
    for days in (89, 91):
        Figure.objects.create(series=WEBHOOKS, start=timezone.now() - dt.timedelta(days=days), part="done", count=1)
    schedule.tick()
    assert Figure.objects.count() == 1


def test_a_client_that_is_deleted_takes_its_figures_along(db: Any) -> None:
    client = Client.objects.create(slug="gone", name="Gone")
    Figure.objects.create(series=WEBHOOKS, start=NOW, part="done", client=client, count=1)
    client.delete()
    assert not Figure.objects.exists()


def test_a_day_of_the_clock_change_has_its_own_length() -> None:
    noon = dt.datetime(2026, 10, 25, 12, tzinfo=AMSTERDAM)
    start = start_of(DAY, noon, AMSTERDAM)
    assert next_of(DAY, start, AMSTERDAM) - start == 25 * AN_HOUR
    assert back_from(DAY, next_of(DAY, start, AMSTERDAM), 1, AMSTERDAM) == start
    first = start_of(HOUR, start, AMSTERDAM)
    assert len(list(starts(HOUR, first, first + 24 * AN_HOUR, AMSTERDAM))) == 25


def test_nothing_asked_is_nothing_read(world: SimpleNamespace, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert figures(world.admin, {}) == {}
    assert Added() == (0, 0)
