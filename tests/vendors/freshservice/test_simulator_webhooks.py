"""The simulated Workflow Automator: what it sends, when it sends it again, and what its ledger tells."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.vendors.freshservice.simulator import FreshserviceSimulator
from integrations.vendors.freshservice.simulator.world import OTHER_REQUESTER, PRIMARY, REQUESTER, SECOND
from integrations.vendors.freshservice.webhooks import WEBHOOKS
from integrations.vendors.webhooks import presented
from tests.vendors.receiving import Portal, receiving

from .conftest import Wire, wait_for

SECRET = "made-up-secret-of-the-webhook"


@pytest.fixture
def portal() -> Iterator[Portal]:
    with receiving() as running:
        yield running


def subjects(portal: Portal) -> list[str]:
    return [WEBHOOKS.parse(received)[0].subject for received in portal.received]


@pytest.fixture
def automator(wire: Wire, portal: Portal) -> Wire:
    """The account with an automator that sends to the portal at once."""
    wire.do("webhook", url=f"{portal.url}ticket", secret=SECRET, mode="at once")
    return wire


def events(freshservice: FreshserviceSimulator) -> list[str]:
    return [line.event for line in freshservice.sender.sent]


def test_every_act_that_changes_a_ticket_is_sent(
    freshservice: FreshserviceSimulator, automator: Wire, portal: Portal
) -> None:
    ticket = automator.do("new_ticket", subject="x")
    note = automator.do("note", ticket=ticket, text="x")
    automator.do("reply", ticket=ticket, text="x")
    automator.do("answer", ticket=ticket, text="x")
    automator.do("edit_note", conversation=note, text="y")
    automator.do("delete_conversation", conversation=note)
    automator.do("set_status", ticket=ticket, status=6)
    automator.do("edit_ticket", ticket=ticket, priority=4)
    file = automator.do("attach", ticket=ticket, name="a", text="1")
    automator.do("rename_file", file=file, name="b")
    automator.do("mark_spam", ticket=ticket)
    automator.do("restore_ticket", ticket=ticket)
    automator.do("delete_ticket", ticket=ticket)
    automator.do("merge_user", user=REQUESTER, into=OTHER_REQUESTER)
    assert events(freshservice) == [
        *("ticket_raised", "note_added", "reply_sent", "ticket_updated", "note_edited", "conversation_deleted"),
        *("status_changed", "ticket_updated", "attachment_added", "attachment_renamed", "ticket_spam"),
        *("ticket_restored", "ticket_deleted", "user_merged"),
    ]
    assert subjects(portal) == [f"ticket:{ticket}"] * 14
    assert {line.status for line in freshservice.sender.sent} == {202}


@pytest.mark.parametrize("auth", ["header", "basic", "bearer"])
def test_the_secret_is_shown_in_any_of_three_ways(automator: Wire, portal: Portal, auth: str) -> None:
    automator.do("webhook", auth=auth)
    automator.do("new_ticket", subject="x")
    assert presented(portal.received[0].headers) == SECRET


def test_without_authentication_no_secret_is_shown(automator: Wire, portal: Portal) -> None:
    automator.do("webhook", auth="none")
    automator.do("new_ticket", subject="x")
    assert presented(portal.received[0].headers) == ""
    assert base64.b64encode(SECRET.encode()) not in portal.received[0].body


@pytest.mark.parametrize(
    ("ids", "kind", "shown"),
    [
        ("numeric", "Incident", "101"),
        ("number", "Incident", 101),
        ("display", "Incident", "INC-101"),
        ("display", "Service Request", "SR-101"),
        ("hash", "Incident", "#101"),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_the_id_is_spelt_as_set_wrapped_or_bare(
    automator: Wire, portal: Portal, ids: str, kind: str, shown: Any, wrapped: bool
) -> None:
    automator.do("webhook", ids=ids, wrapped=wrapped)
    automator.do("new_ticket", subject="x", type=kind)
    body = json.loads(portal.received[0].body)
    assert (body["freshservice_webhook"] if wrapped else body)["ticket_id"] == shown
    assert subjects(portal) == ["ticket:101"]


def test_a_quote_in_a_subject_breaks_the_body_where_the_subject_is_sent(automator: Wire, portal: Portal) -> None:
    automator.do("webhook", with_subject=True)
    automator.do("new_ticket", subject='the "new" printer')
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(portal.received[0].body)
    assert subjects(portal) == ["ticket:101"]


def test_a_failed_call_comes_again_after_3_5_9_and_17_minutes_and_then_no_more(
    freshservice: FreshserviceSimulator, automator: Wire, portal: Portal
) -> None:
    portal.statuses = [500]
    automator.do("new_ticket", subject="x")
    for minutes in (3, 5, 9, 17):
        automator.do("pass_minutes", minutes=minutes - 0.5)
        assert automator.do("pump") == 0
        automator.do("webhook", mode="by hand")
        automator.do("pass_minutes", minutes=0.5)
        assert automator.do("pump") == 1
    automator.do("pass_minutes", minutes=60)
    assert (automator.do("pump"), freshservice.sender.waiting) == (0, 0)
    assert [(line.attempt, line.status) for line in freshservice.sender.sent] == [(n, 500) for n in range(1, 6)]


def test_a_call_that_is_accepted_does_not_come_again(
    freshservice: FreshserviceSimulator, automator: Wire, portal: Portal
) -> None:
    portal.statuses = [503, 202]
    automator.do("new_ticket", subject="x")
    assert automator.do("pump", all=True) == 1
    assert (automator.do("pump", all=True), freshservice.sender.waiting) == (0, 0)
    assert [line.status for line in freshservice.sender.sent] == [503, 202]


def test_a_portal_that_is_away_is_in_the_ledger(
    freshservice: FreshserviceSimulator, automator: Wire, portal: Portal
) -> None:
    portal.listener.socket.close()
    automator.do("webhook", timeout=0.5)
    automator.do("new_ticket", subject="x")
    (line,) = freshservice.sender.sent
    assert (line.status, bool(line.error), freshservice.sender.waiting) == (None, True, 1)


def test_a_secret_that_no_header_can_hold_is_in_the_ledger_and_ends_nothing(
    freshservice: FreshserviceSimulator, automator: Wire, portal: Portal
) -> None:
    automator.do("webhook", secret="…")
    automator.do("new_ticket", subject="x")
    (line,) = freshservice.sender.sent
    assert (line.status, line.error, freshservice.sender.waiting) == (None, "UnicodeEncodeError", 1)


def test_calls_come_more_than_once_in_another_order_or_not_at_all_by_seed(
    freshservice: FreshserviceSimulator, automator: Wire, portal: Portal
) -> None:
    automator.do("webhook", mode="by hand", copies=2, shuffled=True, drop_rate=0.25, seed=7)
    made = [automator.do("new_ticket", subject=str(place)) for place in range(20)]
    automator.do("pump")
    first = subjects(portal)
    dropped = [line for line in freshservice.sender.sent if line.dropped]
    assert len(first) + len(dropped) == 40
    assert 2 < len(dropped) < 20
    assert first != sorted(first)
    assert set(first) <= {f"ticket:{number}" for number in made}
    freshservice.reset()
    portal.received.clear()
    automator.do("webhook", url=f"{portal.url}ticket", copies=2, shuffled=True, drop_rate=0.25, seed=7)
    for place in range(20):
        automator.do("new_ticket", subject=str(place))
    automator.do("pump")
    assert subjects(portal) == first


def test_what_the_portals_own_agent_does_fires_nothing_unless_the_condition_is_missing(
    freshservice: FreshserviceSimulator, automator: Wire
) -> None:
    ticket = automator.do("new_ticket", subject="x")
    automator("POST", f"tickets/{ticket}/notes", {"body": "x"})
    assert events(freshservice) == ["ticket_raised"]
    automator.do("webhook", leaves_out_own=False)
    automator("POST", f"tickets/{ticket}/notes", {"body": "x"})
    assert events(freshservice) == ["ticket_raised", "note_added"]


def test_only_workspaces_and_events_with_an_automator_fire(
    freshservice: FreshserviceSimulator, automator: Wire
) -> None:
    automator.do("webhook", workspaces=[PRIMARY], silent=["note_added"])
    automator.do("new_ticket", subject="x", workspace_id=SECOND)
    automator.do("note", ticket=automator.do("new_ticket", subject="x"), text="x")
    assert events(freshservice) == ["ticket_raised"]


def test_beyond_the_calls_of_an_hour_nothing_is_sent(
    freshservice: FreshserviceSimulator, automator: Wire, portal: Portal
) -> None:
    automator.do("webhook", calls_per_hour=2)
    for _ in range(3):
        automator.do("new_ticket", subject="x")
    assert [line.dropped for line in freshservice.sender.sent] == [False, False, True]
    assert len(portal.received) == 2


def test_calls_go_out_by_themselves_if_so_set(
    freshservice: FreshserviceSimulator, automator: Wire, portal: Portal
) -> None:
    portal.statuses = [500, 202]
    automator.do("webhook", mode="by itself", scale=0.0)
    automator.do("new_ticket", subject="x")
    wait_for(lambda: [line.status for line in freshservice.sender.sent] == [500, 202])
    assert len(portal.received) == 2


def test_without_an_address_nothing_is_sent_or_kept(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    wire.do("new_ticket", subject="x")
    assert (freshservice.sender.sent, freshservice.sender.waiting) == ([], 0)


@pytest.mark.parametrize("values", [{"colour": 1}, {"timeout": "x"}, {"mode": "now"}, {"sent": []}, {"_gate": 1}])
def test_an_unknown_setting_is_refused(wire: Wire, values: dict[str, Any]) -> None:
    assert wire("POST", "/_simulator/do", {"action": "webhook", **values}).status == 400


def test_over_several_threads_calls_are_under_way_at_the_same_time(
    freshservice: FreshserviceSimulator, automator: Wire, portal: Portal
) -> None:
    portal.together = threading.Barrier(4)
    automator.do("webhook", mode="by hand", copies=8, threads=4)
    automator.do("new_ticket", subject="x")
    assert automator.do("pump") == 8
    assert [line.status for line in freshservice.sender.sent] == [202] * 8


def test_the_ledger_of_webhooks_is_there_for_other_processes(automator: Wire) -> None:
    automator.do("new_ticket", subject="x")
    (line,) = automator.get("/_simulator/world")["webhooks"]
    assert (line["event"], line["ticket"], line["attempt"], line["status"]) == ("ticket_raised", 101, 1, 202)
    assert SECRET not in str(automator.get("/_simulator/world"))
