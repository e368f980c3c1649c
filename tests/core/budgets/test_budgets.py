from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from integrations.core.budgets import ConnectionBudget, usage
from integrations.core.models import CallCount, CallSlot, Connection
from integrations.transport.errors import TemporaryError
from integrations.vendors import Limits
from tests.core import vendor
from tests.seeds import SEED

NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection() -> Connection:
    made: Connection = Connection.objects.create(slug="bird", vendor="parrot")
    return made


def budget(connection: Connection, *, slots: int | None = None, hour: int | None = None) -> ConnectionBudget:
    limits = Limits(in_flight_per_endpoint=slots, calls_per_hour=hour)
    return ConnectionBudget(connection.pk, str(connection), limits)


def call(of: ConnectionBudget, endpoint: str = "birds", *, interactive: bool = True, wait: float = 0) -> None:
    with of.take(endpoint, interactive=interactive, wait=wait, hold=10):
        pass


def spend(of: ConnectionBudget, *, interactive: bool = True) -> int:
    """Call until the hour is spent; how many calls that were."""
    calls = 0
    while calls < 1000:
        try:
            call(of, interactive=interactive)
        except TemporaryError:
            return calls
        calls += 1
    raise AssertionError("there was no end to it")


def test_no_more_calls_run_at_a_time_than_allowed_per_endpoint(connection: Connection) -> None:
    first, second = budget(connection, slots=2), budget(connection, slots=2)
    with (
        first.take("birds", interactive=True, wait=0, hold=10),
        second.take("birds", interactive=True, wait=0, hold=10),
    ):
        with pytest.raises(TemporaryError, match="at a time") as caught:
            call(first)
        assert caught.value.retry_after
        call(first, "nests")
    call(first)


def test_bulk_work_leaves_one_slot_to_people(connection: Connection) -> None:
    of = budget(connection, slots=2)
    with of.take("birds", interactive=False, wait=0, hold=10):
        with pytest.raises(TemporaryError):
            call(of, interactive=False)
        call(of, interactive=True)


def test_a_single_slot_serves_bulk_work_too(connection: Connection) -> None:
    call(budget(connection, slots=1), interactive=False)


def test_a_slot_of_a_dead_holder_comes_free_by_itself(connection: Connection) -> None:
    of = budget(connection, slots=1)
    with time_machine.travel(NOON, tick=False) as clock:
        left = of.take("birds", interactive=True, wait=0, hold=10)
        left.__enter__()
        with pytest.raises(TemporaryError):
            call(of)
        clock.shift(13)
        with of.take("birds", interactive=True, wait=0, hold=10):
            left.__exit__(None, None, None)  # the late one must not free the slot of its successor
            with pytest.raises(TemporaryError):
                call(of)


def test_the_slot_is_free_again_when_the_call_fails(connection: Connection) -> None:
    of = budget(connection, slots=1)
    with pytest.raises(ValueError, match="odd"), of.take("birds", interactive=True, wait=0, hold=10):
        raise ValueError("odd")
    assert not CallSlot.objects.filter(until__gt=datetime.now(UTC)).exists()
    call(of)


def test_the_hour_is_spent_by_all_together_and_bulk_stops_at_its_share(connection: Connection) -> None:
    with time_machine.travel(NOON, tick=False):
        assert spend(budget(connection, hour=10), interactive=False) == 8
        assert spend(budget(connection, hour=10), interactive=True) == 2


def test_no_sixty_minutes_hold_more_calls_than_the_hour(connection: Connection) -> None:
    of = budget(connection, hour=10)
    with time_machine.travel(NOON, tick=False) as clock:
        assert spend(of) == 10
        clock.shift(timedelta(minutes=59, seconds=59))
        assert spend(of) == 0
        clock.shift(timedelta(seconds=61))
        assert spend(of) == 10


def test_the_wait_that_is_named_is_enough(connection: Connection) -> None:
    of = budget(connection, hour=10)
    with time_machine.travel(NOON, tick=False) as clock:
        spend(of)
        with pytest.raises(TemporaryError, match="10 calls of this hour") as caught:
            call(of)
        assert caught.value.retry_after is not None
        clock.shift(caught.value.retry_after)
        call(of)


def test_usage_is_told_for_pages(connection: Connection) -> None:
    of = budget(connection, slots=2, hour=100)
    with vendor.installed(), of.take("birds", interactive=True, wait=0, hold=10):
        seen = usage(connection)
    assert (seen.calls, seen.calls_per_hour, seen.in_flight, seen.in_flight_per_endpoint) == (1, 100, 1, 2)


@pytest.mark.proof
def test_a_day_of_calls_never_exceeds_the_hour(connection: Connection) -> None:
    """Bursts at seeded times over 24 simulated hours; every rolling hour is counted."""
    import random

    seeded, of, granted = random.Random(1 + SEED), budget(connection, hour=60), []
    with time_machine.travel(NOON, tick=False) as clock:
        ends = NOON + timedelta(hours=24)
        while (now := datetime.now(UTC)) < ends:
            for _ in range(seeded.randint(1, 25)):
                try:
                    call(of, interactive=seeded.random() < 0.3)
                except TemporaryError:
                    break
                granted.append(now)
            clock.shift(seeded.uniform(1, 900))
    first = 0
    for last, at in enumerate(granted):
        while at - granted[first] >= timedelta(hours=1):
            first += 1
        assert last - first + 1 <= 60
    assert len(granted) > 24 * 30


def test_calls_counted_ahead_are_worth_nothing_in_a_later_minute(connection: Connection) -> None:
    of = budget(connection, hour=500)
    with time_machine.travel(NOON, tick=False) as clock:
        call(of, interactive=False)
        call(of, interactive=False)
        assert CallCount.objects.get().calls == 5, "counted five at a time"
        clock.shift(timedelta(minutes=1))
        call(of, interactive=False)
        assert CallCount.objects.order_by("minute").last().calls == 5
