"""Faults on order: what was carried out, and what of the answer arrived."""

from __future__ import annotations

import http.client
import time
from typing import Any

import pytest

from integrations.vendors.autotask.simulator import AutotaskSimulator
from integrations.vendors.simulation import FAULTS

from .conftest import HEADERS, TICKET, Wire
from .test_simulator_limits import wait_for

CREATE: dict[str, Any] = {"method": "POST", "path": "Tickets$"}
#: fault → answer's status (None: no whole answer), and the tickets that exist afterwards
EFFECTS = {
    "answer_lost": (None, 1),
    "not_received": (None, 0),
    "late_commit": (None, 0),
    "truncated": (None, 1),
    "committed_500": (500, 1),
    "committed_429": (429, 1),
    "429": (429, 0),
    "500_errors": (500, 0),
    "html_503": (503, 0),
    "html_500": (500, 1),
    "garbage": (200, 1),
    "meanwhile": (200, 1),
    "slow": (200, 1),
}
VALUES = {"meanwhile": {"action": "delete_company", "id": 107}}


def status_of(wire: Wire) -> int | None:
    try:
        return wire("POST", "Tickets", TICKET).status
    except (http.client.HTTPException, ConnectionError):
        return None


def test_every_fault_is_in_the_table() -> None:
    assert set(EFFECTS) == set(FAULTS)


@pytest.mark.parametrize("name", EFFECTS)
def test_a_fault_answers_and_commits_as_it_says_once(autotask: AutotaskSimulator, wire: Wire, name: str) -> None:
    status, tickets = EFFECTS[name]
    autotask.fault(name, **CREATE, value=VALUES.get(name))
    assert (status_of(wire), len(autotask.tickets)) == (status, tickets)
    assert (autotask.calls[-1].fault, autotask.calls[-1].committed) == (name, bool(tickets))
    assert status_of(wire) == 200


def test_somebody_does_something_meanwhile(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.fault("meanwhile", **CREATE, value=VALUES["meanwhile"])
    assert status_of(wire) == 200
    assert 107 not in autotask.data.companies


def test_a_fault_is_ordered_over_http_for_so_many_calls(wire: Wire) -> None:
    order = {"name": "500_errors", "method": "GET", "path": "Companies/\\d+", "times": 2, "value": "Broken."}
    assert wire("POST", "/_simulator/faults", order).status == 200
    seen = [wire("GET", "Companies/101") for _ in range(3)]
    assert [one.status for one in seen] == [500, 500, 200]
    assert seen[0].json == {"errors": ["Broken."]}


def test_an_unknown_fault_is_refused(wire: Wire) -> None:
    assert wire("POST", "/_simulator/faults", {"name": "meteor"}).status == 400


def test_a_503_is_a_page_and_garbage_is_no_json(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.fault("html_503")
    page = wire("GET", "Companies/101")
    assert (page.headers["content-type"].split(";")[0], b"<html>" in page.body) == ("text/html", True)
    autotask.fault("garbage")
    with pytest.raises(ValueError, match=r"Expecting"):
        _ = wire("GET", "Companies/101").json


def test_a_late_commit_happens_on_order(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.fault("late_commit", **CREATE)
    status_of(wire)
    assert not autotask.tickets
    assert wire("POST", "/_simulator/commit", {}).json == {"done": 1}
    assert (len(autotask.tickets), autotask.calls[0].committed) == (1, True)


def test_a_late_commit_happens_by_itself_after_its_time(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.fault("late_commit", **CREATE, value=0.2)
    started = time.monotonic()
    status_of(wire)
    wait_for(lambda: len(autotask.tickets) == 1)
    assert time.monotonic() - started >= 0.2


def test_a_late_commit_of_a_stranger_never_happens(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.fault("late_commit", **CREATE)
    assert wire("POST", "Tickets", TICKET, headers=HEADERS | {"Secret": "wrong"}).status == 401
    assert wire("POST", "/_simulator/commit", {}).json == {"done": 0}


def test_the_ledger_keeps_every_call_and_no_credential(autotask: AutotaskSimulator, wire: Wire) -> None:
    wire.create()
    ledger = wire("GET", "/_simulator/ledger")
    (call,) = ledger.json["calls"]
    assert (call["method"], call["status"], call["committed"], TICKET["title"] in call["body"]) == (
        "POST",
        200,
        True,
        True,
    )
    assert not any(secret.encode() in ledger.body for secret in HEADERS.values() if "/" not in secret)
