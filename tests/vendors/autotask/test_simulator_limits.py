"""The simulator's limits: calls at once per entity, calls in any hour, and how it slows down before it refuses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from integrations.vendors.autotask.simulator import AutotaskSimulator

from .conftest import HEADERS, Seen, Wire

BOUND = 20  # seconds until a condition counts as never met


def wait_for(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < ends, "it never came about"
        threading.Event().wait(0.005)


@contextmanager
def held(autotask: AutotaskSimulator, wire: Wire, count: int) -> Iterator[list[Future[Seen]]]:
    """So many slow calls to Companies are at work; they are let go at the end."""
    autotask.fault("slow", path="Companies/0", times=count, value=BOUND)
    with ThreadPoolExecutor(count) as pool:
        calls = [pool.submit(wire, "GET", "Companies/0") for _ in range(count)]
        try:
            wait_for(lambda: autotask.peak["companies"] == count)
            yield calls
        finally:
            autotask.stopping.set()


def test_the_fourth_call_at_once_to_an_entity_is_429(autotask: AutotaskSimulator, wire: Wire) -> None:
    with held(autotask, wire, 3) as calls:
        refused = wire("GET", "Companies/101")
        assert (refused.status, "thread threshold" in refused.sentence) == (429, True)
    assert [call.result().status for call in calls] == [200, 200, 200]


def test_the_limit_is_per_entity_and_not_for_the_zone_lookup(autotask: AutotaskSimulator, wire: Wire) -> None:
    with held(autotask, wire, 3):
        assert wire("GET", "Tickets/1").status == 200
        assert wire("GET", "zoneInformation?user=portal@example-msp.com").status == 200


def test_a_thread_is_free_again_after_its_answer(autotask: AutotaskSimulator, wire: Wire) -> None:
    assert [wire("GET", "Companies/101").status for _ in range(10)] == [200] * 10
    assert autotask.peak["companies"] == 1


def test_three_of_many_calls_at_once_are_let_in(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.fault("slow", path="Companies/101", times=8, value=1)
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: wire("GET", "Companies/101").status, range(8)))
    assert seen.count(200) >= 3
    assert set(seen) == {200, 429}
    assert autotask.peak["companies"] == 4


def test_the_thread_refusal_may_have_another_status(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.thread_refusal_status, autotask.most_parallel = 500, 0
    refused = wire("GET", "Companies/101")
    assert (refused.status, "thread threshold" in refused.sentence) == (500, True)


# --- the rolling hour -------------------------------------------------------------------------------------------


def test_threshold_information_counts_itself(wire: Wire) -> None:
    wire("GET", "Companies/101")
    assert wire("GET", "ThresholdInformation").json == {
        "externalRequestThreshold": 10_000,
        "requestThresholdTimeframe": 60,
        "currentTimeframeRequestCount": 2,
    }


def test_beyond_the_threshold_calls_are_refused_until_the_hour_has_rolled_on(
    autotask: AutotaskSimulator, wire: Wire
) -> None:
    autotask.threshold = 4
    autotask.stopping.set()  # nothing is held back here
    for _ in range(2):
        wire("GET", "Companies/101")
    autotask.pass_minutes(30)
    seen = [wire("GET", "Companies/101") for _ in range(3)]
    assert [one.status for one in seen] == [200, 200, 500]
    assert "threshold has been exceeded" in seen[-1].sentence
    wire("POST", "/_simulator/do", {"action": "pass_minutes", "minutes": 31})
    assert [wire("GET", "Companies/101").status for _ in range(3)] == [200, 200, 500]


def test_refused_strangers_and_zone_lookups_use_nothing_up(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.threshold = 1
    wire("GET", "zoneInformation?user=portal@example-msp.com", headers={})
    wire("GET", "Companies/101", headers=HEADERS | {"Secret": "wrong"})
    assert [wire("GET", "Companies/101").status for _ in range(2)] == [200, 500]


def test_from_half_of_the_threshold_calls_are_held_back_and_from_three_quarters_longer(
    autotask: AutotaskSimulator, wire: Wire
) -> None:
    autotask.threshold = 4
    took = []
    for _ in range(4):
        started = time.monotonic()
        wire("GET", "Companies/101")
        took.append(time.monotonic() - started)
    assert [call.delay for call in autotask.calls] == [0, 0, 0.5, 1]
    assert [took[2] >= 0.5, took[3] >= 1] == [True, True]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_suspended_tenant_refuses_everything_with_a_status_of_choice(
    autotask: AutotaskSimulator, wire: Wire, status: int
) -> None:
    autotask.suspended, autotask.quota_refusal_status = True, status
    assert {wire("GET", path).status for path in ("Companies/101", "ThresholdInformation")} == {status}
