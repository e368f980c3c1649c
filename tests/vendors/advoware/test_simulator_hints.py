"""What sends hints at the firm, simulated: a party's number for each change, once, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.vendors.advoware.simulator import CLIENT, OPPONENT
from integrations.vendors.advoware.webhooks import WEBHOOKS
from integrations.vendors.webhooks import presented
from tests.vendors.receiving import Portal, receiving

from .conftest import ENTRIES, Wire
from .saying import SayingAdvoware

SECRET = "made-up-secret-of-the-webhook"


@pytest.fixture
def portal(wire: Wire) -> Iterator[Portal]:
    with receiving() as running:
        wire.do("webhook", url=f"{running.url}party", secret=SECRET, mode="at once")
        yield running


def subjects(portal: Portal) -> list[str]:
    return [hint.subject for received in portal.received for hint in WEBHOOKS.parse(received)]


def test_every_change_is_hinted_at_whoever_made_it(wire: Wire, portal: Portal) -> None:
    entry = wire.do("new_entry", betnr=CLIENT, tlf="1", komm_kz=1)
    wire.do("edit_entry", entry=entry, tlf="2")
    wire.do("delete_entry", entry=entry)
    wire.do("edit_party", betnr=OPPONENT, name="x")
    wire.api("PUT", f"{ENTRIES}/88003", {"tlf": "x"})
    assert subjects(portal) == [f"party:{CLIENT}"] * 3 + [f"party:{OPPONENT}", f"party:{CLIENT}"]
    assert {received.body for received in portal.received} == {b'{"betnr": 104860}', b'{"betnr": 104861}'}
    assert {presented(received.headers) for received in portal.received} == {SECRET}


def test_reads_and_refused_writes_are_no_changes(wire: Wire, portal: Portal) -> None:
    wire.api("GET", f"/Beteiligte/{CLIENT}")
    wire.api("DELETE", f"{ENTRIES}/88003")
    wire.api("POST", ENTRIES, {"tlf": "x", "kommKz": 0})
    assert portal.received == []


def test_what_came_over_the_api_can_be_left_out(wire: Wire, portal: Portal) -> None:
    wire.do("webhook", leaves_out_own=True, as_text=True)
    wire.api("PUT", f"{ENTRIES}/88003", {"tlf": "x"})
    wire.do("edit_entry", entry=88003, tlf="y")
    assert [received.body for received in portal.received] == [b'{"betnr": "104860"}']


def test_nothing_is_sent_again_whatever_was_answered(advoware: SayingAdvoware, wire: Wire, portal: Portal) -> None:
    portal.statuses = [503]
    wire.do("edit_entry", entry=88003, tlf="y")
    assert wire.do("pump", all=True) == 0
    assert [(line.status, line.attempt) for line in advoware.sender.sent] == [(503, 1)]


@pytest.mark.parametrize(("settings", "arrived"), [({"copies": 3}, 3), ({"drop_rate": 1.0}, 0)])
def test_hints_may_double_or_get_lost(wire: Wire, portal: Portal, settings: dict[str, Any], arrived: int) -> None:
    wire.do("webhook", **settings)
    wire.do("edit_entry", entry=88003, tlf="y")
    assert len(portal.received) == arrived


def test_hints_wait_for_a_hand_where_that_is_chosen(wire: Wire, portal: Portal) -> None:
    wire.do("webhook", mode="by hand")
    wire.do("edit_entry", entry=88003, tlf="y")
    assert portal.received == []
    assert wire.do("pump") == 1
    assert subjects(portal) == [f"party:{CLIENT}"]
