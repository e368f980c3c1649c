"""What the vendor asks for (a 429 with Retry-After) stops every process until that second, whatever the limits are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.core.budgets import ConnectionBudget, usage
from integrations.core.models import CallCount, CallSlot, CallStop, Connection
from integrations.transport.answers import Answer
from integrations.transport.errors import TemporaryError
from integrations.vendors import Limits
from tests.core import vendor

NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
KINDS = {
    "slots": Limits(in_flight_per_endpoint=2),
    "an hour": Limits(calls_per_hour=5000),
    "slots and an hour": Limits(2, 5000),
    "a minute": Limits(calls_per_minute={"all": 100}),
    "all three": Limits(2, 5000, {"all": 100, "view": 50}),
    "no limits": Limits(),
}
pytestmark = pytest.mark.django_db(transaction=True)
of_any_kind = pytest.mark.parametrize("limits", KINDS.values(), ids=KINDS)


@pytest.fixture
def connection() -> Connection:
    made: Connection = Connection.objects.create(slug="bird", vendor="parrot")
    return made


def call(of: ConnectionBudget, *, interactive: bool = True, wait: float = 0, answer: Answer | None = None) -> None:
    with of.take("view", interactive=interactive, wait=wait, hold=10):
        if answer is not None:
            of.told("view", answer)


def too_many(retry_after: object) -> Answer:
    return Answer(429, {"Retry-After": str(retry_after)}, b"", "https://v.example/")


@of_any_kind
def test_nobody_calls_before_the_second_the_vendor_named_and_everybody_right_after(
    connection: Connection, limits: Limits
) -> None:
    first, second = (ConnectionBudget(connection.pk, "bird", limits) for _ in range(2))
    with time_machine.travel(NOON, tick=False) as clock:
        call(second, interactive=False)
        call(first, answer=too_many(17))
        for of in (first, second, ConnectionBudget(connection.pk, "bird", limits)):
            with pytest.raises(TemporaryError, match="for another 17 seconds; nothing was sent") as caught:
                call(of, interactive=of is not second)
            assert caught.value.retry_after == 17
        clock.shift(16.5)
        with pytest.raises(TemporaryError) as caught:
            call(second, wait=0.4)
        assert caught.value.retry_after == 1
        clock.shift(0.5)
        for of in (first, second):
            call(of, interactive=False)
        assert not CallSlot.objects.filter(until__gt=datetime.now(UTC)).exists()


@of_any_kind
def test_a_call_waits_for_the_end_of_the_stop_when_there_is_time(connection: Connection, limits: Limits) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            clock.shift(seconds)

        call(ConnectionBudget(connection.pk, "bird", limits), answer=too_many(17))
        clock.shift(10)
        call(ConnectionBudget(connection.pk, "bird", limits, sleep=sleep), wait=8)
        assert waits == [pytest.approx(7)]


def test_another_connection_is_not_stopped(connection: Connection) -> None:
    other = Connection.objects.create(slug="nest", vendor="parrot")
    call(ConnectionBudget(connection.pk, "bird", Limits(2)), answer=too_many(17))
    call(ConnectionBudget(other.pk, "nest", Limits(2)))


def test_a_later_answer_that_asks_for_less_does_not_shorten_the_stop(connection: Connection) -> None:
    of = ConnectionBudget(connection.pk, "bird", Limits(2))
    with time_machine.travel(NOON, tick=False):
        of.told("view", too_many(30))
        of.told("view", too_many(5))
        assert CallStop.objects.get().until == NOON + timedelta(seconds=30)
        of.told("view", too_many(40))
        assert CallStop.objects.get().until == NOON + timedelta(seconds=40)


def test_no_stop_lasts_longer_than_an_hour(connection: Connection) -> None:
    of = ConnectionBudget(connection.pk, "bird", Limits(2))
    with time_machine.travel(NOON, tick=False):
        for far in (999_999_999, "Fri, 31 Dec 9999 23:59:59 GMT"):
            of.told("view", too_many(far))
            assert CallStop.objects.get().until == NOON + timedelta(hours=1)


def test_a_stop_is_told_for_pages(connection: Connection) -> None:
    with vendor.installed(), time_machine.travel(NOON, tick=False) as clock:
        call(ConnectionBudget(connection.pk, "bird", Limits(2)), answer=too_many(17))
        assert usage(connection).stopped_until == NOON + timedelta(seconds=17)
        clock.shift(17)
        assert usage(connection).stopped_until is None


def test_a_refused_call_costs_nothing_of_the_hour(connection: Connection) -> None:
    of = ConnectionBudget(connection.pk, "bird", Limits(2, 100))
    of.told("view", too_many(30))
    with pytest.raises(TemporaryError):
        call(of)
    assert not CallCount.objects.exists()


def test_a_vendor_without_limits_per_minute_pays_no_statement_for_stops(connection: Connection) -> None:
    """Taking a slot and giving it back were two statements, and still are (M3)."""
    of = ConnectionBudget(connection.pk, "bird", Limits(2, 5000))
    for _ in range(2):
        call(of, interactive=False)
    with CaptureQueriesContext(database) as seen:
        call(of, interactive=False)
    statements = [query["sql"].split()[0] for query in seen.captured_queries]
    assert [verb for verb in statements if verb not in ("BEGIN", "COMMIT")] == ["UPDATE", "UPDATE"]
