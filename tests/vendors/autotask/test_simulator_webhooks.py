"""The simulated webhook of tickets: what it sends, when it sends it again, and when it is switched off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.vendors.autotask.simulator import AutotaskSimulator
from integrations.vendors.autotask.webhooks import SWITCHED_OFF, WEBHOOKS, is_signed
from tests.vendors.receiving import Portal, receiving

from .conftest import TICKET, Wire

SECRET = "made-up-secret-of-the-webhook"
Do = Callable[..., Any]


@pytest.fixture
def portal() -> Iterator[Portal]:
    with receiving() as running:
        yield running


@pytest.fixture
def do(wire: Wire, portal: Portal) -> Do:
    """The tenant with a webhook that sends to the portal at once; does something there."""

    def done(action: str, **arguments: Any) -> Any:
        seen = wire("POST", "/_simulator/do", {"action": action, **arguments})
        assert seen.status == 200, seen.body
        return seen.json["done"]

    urls = {"url": f"{portal.url}ticket", "deactivation_url": f"{portal.url}deactivated"}
    done("webhook", **urls, secret=SECRET, mode="at once")
    return done


@pytest.fixture
def ticket(wire: Wire) -> int:
    return wire.create()


def subjects(portal: Portal) -> list[str]:
    return [hint.subject for received in portal.received for hint in WEBHOOKS.parse(received)]


def events(autotask: AutotaskSimulator) -> list[str]:
    return [line.event for line in autotask.sender.sent]


def test_changes_and_deletions_by_people_are_sent_signed(
    autotask: AutotaskSimulator, do: Do, portal: Portal, ticket: int
) -> None:
    do("set_ticket", id=ticket, status=5)
    do("delete_ticket", id=ticket)
    assert events(autotask) == ["Update", "Delete"]
    assert subjects(portal) == [f"ticket:{ticket}"] * 2
    assert all(is_signed(received, SECRET) for received in portal.received)
    said = json.loads(portal.received[0].body)
    assert (said["Action"], said["EntityType"], said["Id"], said["Fields"]["status"]) == ("Update", "Ticket", ticket, 5)
    assert [json.loads(one.body)["SequenceNumber"] for one in portal.received] == [1, 2]
    assert json.loads(portal.received[1].body)["Guid"] == said["Guid"], "of the webhook, not of the call"


def test_the_signature_holds_for_the_bytes_and_not_for_the_same_json_written_anew(
    do: Do, portal: Portal, ticket: int
) -> None:
    do("set_ticket", id=ticket, title="Backup <of> O'Neill & Sons")
    (received,) = portal.received
    assert b"\\u0026" in received.body
    again = json.dumps(json.loads(received.body), separators=(",", ":")).encode()
    assert again != received.body
    assert not is_signed(type(received)(received.event, received.headers, again), SECRET)


def test_what_the_portal_does_sets_nothing_off_unless_its_exclusion_is_missing(
    autotask: AutotaskSimulator, do: Do, wire: Wire, ticket: int
) -> None:
    wire("PATCH", "Tickets", {"id": ticket, "status": 8})
    assert events(autotask) == []
    do("webhook", leaves_out_own=False, actions=["Create", "Update", "Delete"])
    wire("PATCH", "Tickets", {"id": ticket, "status": 5})
    wire("POST", "Tickets", TICKET)
    assert events(autotask) == ["Update", "Create"]


def test_only_what_is_subscribed_is_sent_and_nothing_without_a_field(
    autotask: AutotaskSimulator, do: Do, ticket: int
) -> None:
    do("set_ticket", id=ticket, priority=1)
    do("webhook", actions=["Update"], fields=["priority"])
    do("set_ticket", id=ticket, status=8)
    do("webhook", fields=[])
    do("set_ticket", id=ticket, priority=2)
    assert events(autotask) == []


def test_a_failed_call_comes_again_every_half_minute_five_times_in_all(
    autotask: AutotaskSimulator, do: Do, portal: Portal, ticket: int
) -> None:
    portal.statuses = [503]
    do("set_ticket", id=ticket, status=5)
    do("webhook", mode="by hand")
    for _ in range(4):
        assert do("pump") == 0
        do("pass_minutes", minutes=0.51)
        assert do("pump") == 1
    do("pass_minutes", minutes=60)
    assert (do("pump"), autotask.sender.waiting) == (0, 0)
    assert [(line.attempt, line.status) for line in autotask.sender.sent] == [(n, 503) for n in range(1, 6)]
    assert len({received.body for received in portal.received}) == 1, "the same call, byte by byte"


def test_after_25_failed_calls_in_a_row_it_is_off_and_says_so_at_the_other_address(
    autotask: AutotaskSimulator, do: Do, portal: Portal, ticket: int
) -> None:
    def fail(times: int) -> None:
        for place in range(times):
            do("set_ticket", id=ticket, title=f"Change {place}")
            while autotask.sender.waiting:
                do("pump", all=True)

    do("webhook", mode="by hand")
    portal.statuses = [503]
    fail(24)
    portal.statuses = [202]
    fail(1)
    assert autotask.sender.is_active, "not in a row"
    portal.statuses = [503] * (25 * 5) + [202]
    fail(25)
    assert not autotask.sender.is_active
    last = portal.received[-1]
    assert (last.event, is_signed(last, SECRET)) == ("deactivated", True)
    assert WEBHOOKS.parse(last)[0].trouble == SWITCHED_OFF
    assert {"EntityType", "Id"}.isdisjoint(json.loads(last.body))
    portal.received.clear()
    fail(1)
    assert portal.received == []
    do("webhook", is_active=True)
    fail(1)
    assert subjects(portal) == [f"ticket:{ticket}"]


def test_a_person_may_switch_it_off_and_what_waited_is_lost(
    autotask: AutotaskSimulator, do: Do, portal: Portal, ticket: int
) -> None:
    do("webhook", mode="by hand", deactivation_signed=False)
    do("set_ticket", id=ticket, status=5)
    do("switch_webhook_off")
    do("pump")
    assert [received.event for received in portal.received] == ["deactivated"]
    assert not is_signed(portal.received[0], SECRET)


def test_calls_come_more_than_once_in_another_order_or_not_at_all_by_seed(
    autotask: AutotaskSimulator, do: Do, portal: Portal, wire: Wire
) -> None:
    do("webhook", mode="by hand", copies=2, shuffled=True, drop_rate=0.25, seed=7)
    made = [wire.create() for _ in range(20)]
    for number in made:
        do("set_ticket", id=number, status=5)
    do("pump")
    dropped = [line for line in autotask.sender.sent if line.dropped]
    assert len(portal.received) + len(dropped) == 40
    assert 2 < len(dropped) < 20
    assert subjects(portal) != sorted(subjects(portal))
    assert set(subjects(portal)) <= {f"ticket:{number}" for number in made}


def test_the_ledger_is_there_for_other_processes_and_a_reset_ends_everything(
    autotask: AutotaskSimulator, do: Do, wire: Wire, ticket: int
) -> None:
    do("set_ticket", id=ticket, status=5)
    (line,) = wire("GET", "/_simulator/world").json["webhooks"]
    assert (line["event"], line["ticket"], line["attempt"], line["status"]) == ("Update", ticket, 1, 202)
    assert b"Update" in wire("GET", "/", headers={}).body
    wire("POST", "/_simulator/reset", {})
    assert (autotask.sender.url, autotask.sender.sent, autotask.sender.is_active) == ("", [], True)


@pytest.mark.parametrize("values", [{"nonsense": 1}, {"mode": "sometimes"}, {"copies": "two"}, {"settings": 1}])
def test_an_unknown_setting_or_value_is_refused(wire: Wire, values: dict[str, Any]) -> None:
    assert wire("POST", "/_simulator/do", {"action": "webhook", **values}).status == 400
