"""P17 as a property: whenever calls come and however long they take, no sixty seconds at the vendor hold too many."""

from __future__ import annotations

import heapq
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from integrations.core.budgets import ConnectionBudget
from integrations.core.models import CallSecond, Connection
from integrations.transport.errors import TemporaryError
from integrations.vendors import Limits
from tests.seeds import SEED

LIMITS = {"all": 8, "list": 3, "view": 6}
START = datetime(2026, 11, 23, 12, 0, 57, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Arrival:
    """A call that somebody wants to make, so long after the one before; and what becomes of it when it may."""

    after: float
    endpoint: str
    interactive: bool
    takes: float  # seconds
    seen_at: float  # when the vendor counts it, as a part of that


GAPS = st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 70))
ARRIVALS = st.builds(
    Arrival,
    after=GAPS,
    endpoint=st.sampled_from(["list", "view", "create"]),
    interactive=st.booleans(),
    takes=st.one_of(st.floats(0, 2), st.floats(0, 60)),
    seen_at=st.floats(0, 1),
)


def seen_by_the_vendor(arrivals: list[Arrival]) -> list[tuple[float, str]]:
    """When which bucket was called, in seconds; three processes take turns."""
    CallSecond.objects.all().delete()
    connection, _ = Connection.objects.get_or_create(slug="bird", vendor="parrot")
    budgets = [ConnectionBudget(connection.pk, "bird", Limits(calls_per_minute=LIMITS)) for _ in range(3)]
    under_way: list[tuple[float, int, AbstractContextManager[None]]] = []
    seen: list[tuple[float, str]] = []
    with time_machine.travel(START, tick=False) as clock:

        def move_to(then: float) -> None:
            clock.move_to(START.timestamp() + then)

        def end_all_until(then: float) -> None:
            while under_way and under_way[0][0] <= then:
                ends, _, running = heapq.heappop(under_way)
                move_to(ends)
                running.__exit__(None, None, None)

        now = 0.0
        for number, arrival in enumerate(arrivals):
            now += arrival.after
            end_all_until(now)
            move_to(now)
            going = budgets[number % 3].take(arrival.endpoint, interactive=arrival.interactive, wait=0, hold=60)
            try:
                going.__enter__()
            except TemporaryError:
                continue
            seen.append((now + arrival.takes * arrival.seen_at, arrival.endpoint))
            heapq.heappush(under_way, (now + arrival.takes, number, going))
        end_all_until(float("inf"))
    return sorted(seen)


def most_in_a_minute(times: list[float]) -> int:
    """The largest number of these that any sixty seconds hold, wherever they begin."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= 60:
            first += 1
        most = max(most, last - first + 1)
    return most


def holds(arrivals: list[Arrival]) -> None:
    seen = seen_by_the_vendor(arrivals)
    for limit, allowed in LIMITS.items():
        assert most_in_a_minute([at for at, endpoint in seen if limit in ("all", endpoint)]) <= allowed


FREELY = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@settings(max_examples=15, derandomize=True, database=None, **FREELY)
@given(st.lists(ARRIVALS, min_size=15, max_size=50))
def test_no_sixty_seconds_hold_more_calls_than_the_limits(arrivals: list[Arrival]) -> None:
    holds(arrivals)


@pytest.mark.proof
@seed(17 + SEED)
@settings(max_examples=400, database=None, **FREELY)
@given(st.lists(ARRIVALS, min_size=30, max_size=150))
def test_no_sixty_seconds_of_long_histories_hold_more_calls_than_the_limits(arrivals: list[Arrival]) -> None:
    holds(arrivals)


def test_the_counting_of_this_test_finds_what_is_too_much() -> None:
    assert most_in_a_minute([0, 59.9, 60, 119, 119.8, 180]) == 4
    assert most_in_a_minute([0, 60, 120]) == 1


def test_calls_that_come_evenly_get_nearly_the_whole_limit() -> None:
    """The other side of the property: caution costs a few seconds in the minute, not more."""
    evenly = [Arrival(1, "create", True, 0.1, 0.5) for _ in range(300)]
    assert len(seen_by_the_vendor(evenly)) >= 5 * LIMITS["all"] * 60 / 64
