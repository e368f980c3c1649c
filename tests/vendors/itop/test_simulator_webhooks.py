"""The simulated webhook module: what it sends, in which order, to whom, and that nothing is ever sent again."""

from __future__ import annotations

import json

import pytest

from integrations.vendors.itop.simulator import BRIDGE, ItopSimulator
from integrations.vendors.itop.simulator.accounts import CONSOLE, CRON, PORTAL, REST_CONTEXT
from integrations.vendors.itop.simulator.world import AGENT, TEAM
from integrations.vendors.itop.webhook_setup import ATTACHMENT, CREATED, LOG, STATE, UPDATED
from integrations.vendors.webhooks import presented
from tests.vendors.receiving import receiving

from .conftest import Wire, only
from .receiving import SECRET, Portal, set_up
from .saying import both, capture
from .test_simulator_rest import NEW, make


@pytest.fixture
def portal(itop: ItopSimulator) -> Portal:
    running = Portal()
    set_up(itop, running)
    return running


# --- when it is sent --------------------------------------------------------------------------------------------------


def test_every_write_over_rest_fires_like_one_of_the_console_before_it_is_answered(wire: Wire, portal: Portal) -> None:
    number = make(wire)
    assert (portal.events, portal.subjects) == ([CREATED], [f"ticket:{number}"])
    wire.update("UserRequest", number, {"title": "x"})
    wire.update("UserRequest", number, {"private_log": "x"})
    wire.stimulus("UserRequest", number, "ev_assign", {"team_id": TEAM, "agent_id": AGENT})
    wire.delete("UserRequest", number)
    assert portal.events == [CREATED, UPDATED, UPDATED, LOG, UPDATED, STATE]
    assert set(portal.subjects) == {f"ticket:{number}"}


def test_the_secret_is_shown_in_a_header_and_nobody_signs(wire: Wire, portal: Portal) -> None:
    make(wire)
    headers = portal.received[0].headers
    assert (presented(headers), headers["user-agent"]) == (SECRET, "spider")
    assert not [name for name in headers if "sign" in name or "delivery" in name]


def test_a_stimulus_that_also_says_something_fires_the_log_before_the_state(wire: Wire, portal: Portal) -> None:
    number = make(wire)
    portal.received.clear()
    wire.stimulus("UserRequest", number, "ev_assign", {"team_id": TEAM, "agent_id": AGENT, "private_log": "go"})
    assert portal.events == [UPDATED, LOG, STATE]


def test_silence_where_nothing_changes(wire: Wire, portal: Portal) -> None:
    number = make(wire, private_log="said in the create")
    assert portal.events == [CREATED]
    wire.update("UserRequest", number, {"title": NEW["title"]})
    wire.update("UserRequest", number, {"private_log": ""})
    wire.stimulus("UserRequest", number, "ev_close", {})
    assert portal.events == [CREATED]
    wire.stimulus("UserRequest", number, "ev_assign", {"team_id": TEAM, "agent_id": AGENT})
    wire.stimulus("UserRequest", number, "ev_reassign", {"team_id": TEAM, "agent_id": AGENT + 1})
    assert portal.events == [CREATED, UPDATED, STATE, UPDATED]


def test_a_status_that_is_written_fires_as_if_it_were_entered(wire: Wire, portal: Portal) -> None:
    number = make(wire)
    wire.update("UserRequest", number, {"status": "closed"})
    make(wire, status="pending")
    assert portal.events == [CREATED, UPDATED, STATE, CREATED, STATE]


def test_attachments_fire_for_themselves_and_never_for_their_ticket(wire: Wire, portal: Portal) -> None:
    number = make(wire)
    portal.received.clear()
    file = wire.create("Attachment", {"item_class": "UserRequest", "item_id": number, "contents": {"data": "aGk="}})
    key = int(next(iter(file["objects"].values()))["key"])
    wire.update("Attachment", key, {"contents": {"data": "aGkh"}})
    wire.delete("Attachment", key)
    assert portal.events == [ATTACHMENT] * 3
    assert portal.subjects == [f"attachment:{key}"] * 3


def test_an_upload_in_the_console_is_two_events_of_which_the_first_is_a_draft(
    itop: ItopSimulator, portal: Portal
) -> None:
    number = itop.do("new_ticket", {"title": "x", "files": [{"name": "a.txt", "text": "hello"}]})
    assert portal.events == [ATTACHMENT, CREATED, ATTACHMENT]
    assert [json.loads(one.body).get("item_id") for one in portal.received] == ["0", None, str(number)]
    assert portal.subjects == [f"ticket:{number}", "attachment:1"]


def test_drafts_are_removed_by_hand_or_by_the_background_task(itop: ItopSimulator, portal: Portal) -> None:
    first, second = (itop.do("upload", {"name": name, "text": "x"}) for name in "ab")
    itop.do("delete_attachment", {"attachment": first})
    assert itop.do("purge_drafts", {}) == 1
    assert (portal.events, portal.subjects) == ([ATTACHMENT] * 4, [])
    assert not itop.data.objects["Attachment"]
    assert second


def test_whoever_is_called_sees_the_new_values_already(wire: Wire, portal: Portal) -> None:
    number = make(wire)
    seen: list[str] = []
    portal.meanwhile = lambda: seen.append(only(wire.get("UserRequest", number, "title"))["title"])
    wire.update("UserRequest", number, {"title": "new"})
    assert seen == ["new"]


def test_of_a_deletion_whoever_is_called_still_sees_the_object(wire: Wire, portal: Portal) -> None:
    file = wire.create("Attachment", {"item_class": "UserRequest", "item_id": 9})
    key = int(next(iter(file["objects"].values()))["key"])
    seen: list[str] = []
    portal.meanwhile = lambda: seen.append(wire.get("Attachment", key, "id")["message"])
    wire.delete("Attachment", key)
    assert seen == ["Found: 1"]
    assert wire.get("Attachment", key, "id")["message"] == "Found: 0"


def test_a_deleted_ticket_sends_its_attachments_deletions(itop: ItopSimulator, wire: Wire, portal: Portal) -> None:
    number = make(wire)
    file = itop.do("attach", {"ticket": number, "name": "a", "text": "x"})
    portal.received.clear()
    itop.do("delete_ticket", {"ticket": number})
    assert (portal.events, portal.subjects) == ([ATTACHMENT], [f"attachment:{file}"])


def test_nothing_is_sent_again_and_the_answer_is_not_looked_at(itop: ItopSimulator, wire: Wire, portal: Portal) -> None:
    portal.status = "500 Internal Server Error"
    assert wire.create("UserRequest", NEW)["code"] == 0
    itop.do("pump", {})
    assert (len(portal.received), [line.status for line in itop.sender.sent]) == (1, [500])


def test_calls_get_lost_and_come_twice_if_so_set(itop: ItopSimulator, wire: Wire, portal: Portal) -> None:
    set_up(itop, portal, copies=2)
    make(wire)
    assert portal.events == [CREATED] * 2
    set_up(itop, portal, copies=1, drop_rate=1.0)
    make(wire)
    assert (len(portal.received), [line.dropped for line in itop.sender.sent]) == (2, [False, False, True])


def test_each_waits_for_its_own_calls_although_somebody_else_is_still_waiting(wire: Wire, portal: Portal) -> None:
    """What the receiver does while it is called is sent before it is answered, inside the first call."""
    number, depth = make(wire), []

    def answer_back() -> None:
        if not depth:
            depth.append(number)
            wire.update("UserRequest", number, {"private_log": "back"})
            depth.append(len(portal.received))

    portal.received.clear()
    portal.meanwhile = answer_back
    wire.update("UserRequest", number, {"title": "x"})
    assert (depth[1], portal.events) == (3, [UPDATED, UPDATED, LOG])


def test_a_receiver_that_is_away_is_written_down_and_the_save_succeeds(itop: ItopSimulator, wire: Wire) -> None:
    wire.do("webhook", url="http://127.0.0.1:1/hooks", timeout=0.5)
    assert wire.create("UserRequest", NEW)["code"] == 0
    (line,) = itop.sender.sent
    assert (line.status, line.error) == (None, "ConnectionRefusedError")


# --- who and where from -----------------------------------------------------------------------------------------------


def test_a_filter_silences_the_bridge_and_nobody_else(itop: ItopSimulator, wire: Wire, portal: Portal) -> None:
    set_up(itop, portal, own_login=BRIDGE)
    number = make(wire)
    wire.update("UserRequest", number, {"private_log": "by the bridge"})
    wire.create("Attachment", {"item_class": "UserRequest", "item_id": number})
    assert portal.received == []
    wire.update("UserRequest", number, {"title": "by another program"}, user="bridge-agent")
    itop.do("add_log", {"ticket": number, "text": "by a person"})
    assert portal.events == [UPDATED, UPDATED, LOG]


@pytest.mark.parametrize(
    ("context", "events"), [(CONSOLE, [UPDATED]), (PORTAL, [UPDATED]), (CRON, [UPDATED]), (REST_CONTEXT, [])]
)
def test_a_context_lets_only_some_ways_of_changing_through(
    itop: ItopSimulator, wire: Wire, portal: Portal, context: str, events: list[str]
) -> None:
    set_up(itop, portal, contexts=[CONSOLE, PORTAL, CRON])
    number = make(wire)
    assert portal.received == []
    itop.do("edit_ticket", {"ticket": number, "title": "x", "context": context})
    assert portal.events == events


def test_an_escalation_comes_from_the_background_task(itop: ItopSimulator, wire: Wire, portal: Portal) -> None:
    number = make(wire)
    portal.received.clear()
    assert itop.do("escalate", {"ticket": number}) == "escalated_tto"
    assert portal.events == [UPDATED, STATE]


def test_two_instances_send_each_with_its_own_secret(portal: Portal) -> None:
    external, internal = both()
    other = Portal()
    set_up(external, portal)
    set_up(internal, other, secret="another-made-up-secret", payloads="instructions")
    external.do("new_ticket", {"title": "x"})
    internal.do("new_ticket", {"title": "x"})
    assert ([one.subjects for one in (portal, other)]) == [["ticket:1"], ["ticket:5001"]]
    assert presented(other.received[0].headers) == "another-made-up-secret"


# --- over a socket ----------------------------------------------------------------------------------------------------


def test_a_call_over_http_looks_as_the_recorded_one(itop: ItopSimulator, wire: Wire) -> None:
    with receiving() as portal:
        wire.do("webhook", url=portal.url, secret=SECRET)
        make(wire)
    (received,) = portal.received
    wanted = {name.lower() for name in capture("webhook_ticket_created")["request"]["headers"]}
    assert set(received.headers) == wanted - {"x-bridge-token"} | {"x-webhook-secret"}
    assert (received.event, received.json()["event"]) == (CREATED, "ticket.create")
    assert [line.status for line in itop.sender.sent] == [202]


def test_the_ledger_of_webhooks_is_there_for_other_processes(wire: Wire, portal: Portal) -> None:
    make(wire)
    (line,) = wire("GET", "/_simulator/world").json["webhooks"]
    assert (line["ticket"], line["event"], line["status"], line["attempt"]) == (1, CREATED, 202, 1)
    assert SECRET not in str(wire("GET", "/_simulator/world").json)
