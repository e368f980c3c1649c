"""The simulator's limits: calls of one minute, of all kinds and of some, in credits; a refused call counts."""

from __future__ import annotations

import pytest

from integrations.vendors.freshservice.plans import ALL, PER_MINUTE
from integrations.vendors.freshservice.simulator import FreshserviceSimulator

from .conftest import TICKET, Seen, Wire, stop_the_clock


@pytest.fixture(autouse=True)
def _still(freshservice: FreshserviceSimulator) -> None:
    stop_the_clock(freshservice)


def used(seen: Seen) -> tuple[int, int, int]:
    names = ("total", "remaining", "used-currentrequest")
    total, left, cost = (int(seen.headers[f"x-ratelimit-{name}"]) for name in names)
    return total, left, cost


def test_every_answer_tells_total_remaining_and_its_own_cost(wire: Wire) -> None:
    assert used(wire("GET", "groups")) == (100, 99, 1)
    assert used(wire("GET", "groups/1")) == (100, 98, 1)
    assert used(wire("GET", "tickets?page=x")) == (100, 97, 1)


def test_a_list_pays_two_for_each_include_and_a_ticket_one(wire: Wire) -> None:
    number = wire.do("new_ticket", subject="x")
    assert used(wire("GET", "tickets?include=stats"))[1:] == (97, 3)
    assert used(wire("GET", f"tickets/{number}?include=stats,tags"))[1:] == (94, 3)


@pytest.mark.parametrize("plan", PER_MINUTE)
def test_the_call_beyond_the_limit_of_the_plan_is_429_until_the_minute_is_over(
    freshservice: FreshserviceSimulator, wire: Wire, plan: str
) -> None:
    freshservice.plan = plan
    freshservice.data.clock.pass_seconds(17)
    number = wire.do("new_ticket", subject="x")
    most = PER_MINUTE[plan]["view ticket"]
    path = f"tickets/{number}?include=stats,tags,requester,department"  # five credits each
    statuses = [wire("GET", path).status for _ in range(most // 5 + 1)]
    assert statuses == [200] * (most // 5) + [429]
    refused = wire("GET", f"tickets/{number}")
    assert (refused.status, refused.headers["retry-after"]) == (429, "43")
    assert wire("GET", f"tickets/{number}/conversations").status == 200  # no limit of its own
    freshservice.data.clock.pass_seconds(43)
    assert wire("GET", f"tickets/{number}").status == 200


def test_all_calls_together_have_a_limit_too(wire: Wire) -> None:
    statuses = [wire("GET", "groups").status for _ in range(PER_MINUTE["starter"][ALL] + 1)]
    assert statuses == [200] * 100 + [429]


def test_refused_and_invalid_calls_count(wire: Wire) -> None:
    for _ in range(25):
        wire("GET", "tickets/999")
        wire("POST", "tickets", {})
    assert used(wire("GET", "groups"))[1] == 49


def test_creating_and_updating_have_limits_apart(wire: Wire) -> None:
    created = [wire("POST", "tickets", TICKET) for _ in range(51)]
    assert [seen.status for seen in created] == [201] * 50 + [429]
    number = created[0].json["ticket"]["id"]
    assert wire("PUT", f"tickets/{number}", {"status": 3}).status == 200


def test_a_wrong_key_is_not_counted_against_the_account(wire: Wire) -> None:
    wire("GET", "groups", headers={})
    assert used(wire("GET", "groups"))[1] == 99


def test_the_limits_can_be_switched_off(wire: Wire) -> None:
    wire.do("switch", name="limited", value=False)
    assert {wire("GET", "groups").status for _ in range(120)} == {200}
