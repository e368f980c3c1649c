"""P17: calls per minute, with sub-limits, by a clock that the test moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from integrations.core.budgets import ConnectionBudget, usage
from integrations.core.models import CallSecond, CallSlot, Connection
from integrations.transport.answers import Answer
from integrations.transport.errors import TemporaryError
from integrations.vendors import Limits
from tests.core import vendor

NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
LIMITS = {"all": 20, "list": 10, "view": 15}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection() -> Connection:
    made: Connection = Connection.objects.create(slug="bird", vendor="parrot")
    return made


def budget(
    connection: Connection,
    *,
    sleep: Callable[[float], None] = lambda seconds: pytest.fail(f"waited {seconds} s"),
    slots: int | None = None,
    hour: int | None = None,
    minute: dict[str, int] = LIMITS,
) -> ConnectionBudget:
    return ConnectionBudget(connection.pk, "bird", Limits(slots, hour, minute), sleep=sleep)


def call(of: ConnectionBudget, endpoint: str = "view", *, interactive: bool = True, wait: float = 0) -> None:
    with of.take(endpoint, interactive=interactive, wait=wait, hold=10):
        pass


def spend(of: ConnectionBudget, endpoint: str = "view", *, interactive: bool = True) -> int:
    """Call until the minute is spent; how many calls that were."""
    for calls in range(100):
        try:
            call(of, endpoint, interactive=interactive)
        except TemporaryError:
            return calls
    raise AssertionError("there was no end to it")


def refusal(of: ConnectionBudget, endpoint: str = "view", *, interactive: bool = True) -> tuple[str, float]:
    with pytest.raises(TemporaryError) as caught:
        call(of, endpoint, interactive=interactive)
    assert caught.value.retry_after is not None
    return caught.value.message, caught.value.retry_after


def test_a_bucket_is_bounded_by_its_own_limit_and_all_by_the_one_of_all(connection: Connection) -> None:
    with time_machine.travel(NOON, tick=False):
        assert spend(budget(connection), "list") == 10
        assert spend(budget(connection), "view") == 10, "fifteen were allowed, but twenty are all"
        assert spend(budget(connection), "create") == 0


def test_a_bucket_without_a_limit_is_bounded_by_the_one_of_all_alone(connection: Connection) -> None:
    with time_machine.travel(NOON, tick=False):
        assert spend(budget(connection), "create") == 20


def test_without_a_limit_of_all_each_bucket_has_only_its_own(connection: Connection) -> None:
    of = budget(connection, minute={"list": 3})
    with time_machine.travel(NOON, tick=False):
        assert spend(of, "list") == 3
        for _ in range(50):
            call(of, "view")


def test_bulk_work_leaves_a_share_of_each_limit_to_people(connection: Connection) -> None:
    with time_machine.travel(NOON, tick=False):
        assert spend(budget(connection), "list", interactive=False) == 8
        assert spend(budget(connection), "list", interactive=True) == 2
        assert spend(budget(connection), "view", interactive=False) == 6
        assert spend(budget(connection), "view", interactive=True) == 4


def test_a_limit_of_one_serves_bulk_work_too(connection: Connection) -> None:
    with time_machine.travel(NOON, tick=False):
        assert spend(budget(connection, minute={"all": 1}), interactive=False) == 1


@pytest.mark.parametrize("second", [0, 1, 30, 58, 59, 59.999])
def test_a_burst_at_the_border_of_a_minute_finds_no_second_share(connection: Connection, second: float) -> None:
    with time_machine.travel(NOON.replace(second=0) + timedelta(seconds=second), tick=False) as clock:
        assert spend(budget(connection), "create") == 20
        for _ in range(30):
            clock.shift(2)
            assert spend(budget(connection), "create") == 0
        clock.shift(3)
        assert spend(budget(connection), "create") == 20


@pytest.mark.parametrize("part", [0, 0.25, 0.999])
def test_the_wait_that_is_named_is_enough_and_not_a_second_too_long(connection: Connection, part: float) -> None:
    of = budget(connection)
    with time_machine.travel(NOON + timedelta(seconds=part), tick=False) as clock:
        spend(of, "list")
        clock.shift(7.3)
        message, seconds = refusal(of, "list")
        assert message == "“bird” has used its 10 calls to list of this minute; nothing was sent."
        assert seconds == int(seconds) == math.ceil(63 - 7.3 - part)
        clock.shift(seconds - 1)
        assert refusal(of, "list")[1] == 1
        clock.shift(1)
        call(of, "list")


def test_the_wait_is_the_longest_of_those_that_are_needed(connection: Connection) -> None:
    of = budget(connection, minute={"all": 12, "list": 10})
    with time_machine.travel(NOON, tick=False) as clock:
        call(of, "view")
        call(of, "view")
        clock.shift(20)
        spend(of, "list")
        message, seconds = refusal(of, "list")
        assert (message, seconds) == ("“bird” has used its 10 calls to list of this minute; nothing was sent.", 63)
        assert refusal(of, "view") == ("“bird” has used its 12 calls of this minute; nothing was sent.", 43)


@pytest.mark.parametrize("interactive", [True, False])
def test_a_call_waits_when_there_is_time_for_it(connection: Connection, interactive: bool) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            clock.shift(seconds)

        of = budget(connection, sleep=sleep, slots=2)
        spend(of, "list", interactive=interactive)
        clock.shift(60)
        call(of, "list", interactive=interactive, wait=10)
        assert waits == [pytest.approx(3)]


def test_who_waits_for_the_minute_holds_no_slot_meanwhile(connection: Connection) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        held: list[bool] = []

        def sleep(seconds: float) -> None:
            held.append(CallSlot.objects.filter(until__gt=datetime.now(UTC)).exists())
            clock.shift(seconds)

        of = budget(connection, sleep=sleep, slots=1)
        spend(of, "list")
        call(of, "list", wait=100)
        assert held == [False]


def test_slots_that_were_not_kept_are_not_mistaken_for_those_of_another_endpoint(connection: Connection) -> None:
    """Rows made in a transaction that is rolled back leave their keys to others."""
    first, second = (budget(connection, slots=1, minute={"list": 1}) for _ in range(2))
    with time_machine.travel(NOON, tick=False) as clock:
        CallSecond.objects.create(connection=connection, second=NOON, bucket="list", calls=1)
        refusal(first, "list")
        call(second, "view")
        clock.shift(90)
        with first.take("list", interactive=True, wait=0, hold=10):
            call(second, "view")


def test_a_click_goes_at_once_where_bulk_work_has_to_wait(connection: Connection) -> None:
    with time_machine.travel(NOON, tick=False):
        spend(budget(connection), "list", interactive=False)
        message, seconds = refusal(budget(connection), "list", interactive=False)
        assert (message, seconds) == ("“bird” has used its 8 calls to list of this minute; nothing was sent.", 63)
        call(budget(connection), "list", interactive=True)


def test_a_call_that_fails_counts(connection: Connection) -> None:
    of = budget(connection, minute={"all": 1})
    with time_machine.travel(NOON, tick=False):
        with pytest.raises(ValueError, match="odd"), of.take("view", interactive=True, wait=0, hold=10):
            raise ValueError("odd")
        refusal(of)


def test_a_slow_call_counts_from_its_end(connection: Connection) -> None:
    """It may have come to the vendor at any time before."""
    of = budget(connection, minute={"all": 2})
    with time_machine.travel(NOON, tick=False) as clock:
        with of.take("view", interactive=True, wait=0, hold=60):
            clock.shift(30)
        call(of)
        clock.shift(40)
        assert refusal(of)[1] == 23
        assert sum(row.calls for row in CallSecond.objects.all()) == 2, "moved, not counted twice"


def test_a_call_that_the_vendor_says_was_worth_three_counts_as_three(connection: Connection) -> None:
    of = budget(connection, minute={"all": 5})
    dear = Answer(200, {"X-RateLimit-Used-CurrentRequest": "3"}, b"", "https://v.example/")
    with time_machine.travel(NOON, tick=False):
        with of.take("view", interactive=True, wait=0, hold=10):
            of.told("view", dear)
        assert spend(of) == 2


def test_what_the_hour_refuses_is_not_counted_in_the_minute(connection: Connection) -> None:
    of = budget(connection, hour=3, minute={"all": 10})
    with time_machine.travel(NOON, tick=False):
        assert spend(of) == 3
        assert sum(row.calls for row in CallSecond.objects.all()) == 3


def test_old_seconds_are_removed(connection: Connection) -> None:
    of = budget(connection)
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(40):
            call(of)
            clock.shift(60)
        assert CallSecond.objects.count() <= 11


def test_a_connection_without_limits_per_minute_has_no_rows_of_seconds(connection: Connection) -> None:
    call(ConnectionBudget(connection.pk, "bird", Limits(2, 100)))
    assert not CallSecond.objects.exists()


def test_usage_tells_each_limit_of_the_minute(connection: Connection) -> None:
    limits = Limits(calls_per_minute=LIMITS)
    with vendor.installed(vendor.aviary_with(limits=limits)), time_machine.travel(NOON, tick=False) as clock:
        of = ConnectionBudget(connection.pk, "bird", limits)
        for endpoint in ("list", "list", "create"):
            call(of, endpoint)
        seen = usage(connection)
        assert [(part.bucket, part.label, part.calls, part.calls_per_minute) for part in seen.minute] == [
            ("all", "All calls", 3, 20),
            ("list", "List", 2, 10),
            ("view", "View", 0, 15),
        ]
        clock.shift(63)
        assert [part.calls for part in usage(connection).minute] == [0, 0, 0]


def test_limits_follow_from_the_settings_of_a_connection(connection: Connection) -> None:
    def of_plan(settings: object) -> Limits:
        assert isinstance(settings, dict)
        return Limits(calls_per_minute={"all": 400 if settings.get("plan") == "pro" else 100})

    with vendor.installed(vendor.aviary_with(limits_for=of_plan)):
        assert [part.calls_per_minute for part in usage(connection).minute] == [100]
        connection.settings = {"plan": "pro"}
        assert [part.calls_per_minute for part in usage(connection).minute] == [400]
