"""What the simulated webhook module puts into a body, and which versions of it lose one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.vendors.itop.simulator import BRIDGE, ItopSimulator
from integrations.vendors.itop.simulator.accounts import Actor
from integrations.vendors.itop.simulator.placeholders import Filling
from integrations.vendors.itop.simulator.sender import WRONG_JSON
from integrations.vendors.itop.simulator.triggers import CREATE, Action, Event, Trigger
from integrations.vendors.itop.simulator.world import Record
from integrations.vendors.itop.webhook_setup import ATTACHMENT, CREATED, EVENTS, LOG, STATE, UPDATED

from .conftest import Wire
from .receiving import Portal, set_up
from .saying import capture
from .test_simulator_captures import the_first_ticket
from .test_simulator_rest import NEW, make


@pytest.mark.parametrize(
    ("name", "kind", "event"),
    [
        ("webhook_ticket_created", "create", CREATED),
        ("webhook_attachment", "create", ATTACHMENT),
        ("webhook_private_log", "update", LOG),
        ("webhook_state_change", "state_enter", STATE),
        ("webhook_ticket_update", "update", UPDATED),
    ],
)
def test_a_body_is_the_recorded_one_to_the_letter(itop: ItopSimulator, name: str, kind: str, event: str) -> None:
    the_first_ticket(itop)
    wanted = capture(name)["request"]["body_raw"]
    number = int(json.loads(wanted).get("id", 1))
    ticket = itop.data.objects["Ticket"][1] | {"id": number}
    file = itop.data.add("Attachment", 1, item_class="UserRequest", item_id="9")
    record = file if event == ATTACHMENT else ticket
    happened = Event(kind, record, Actor(itop.data.accounts[BRIDGE]))
    trigger = Trigger("t", kind, record["class"], (event,))
    action = itop.sender.actions[event]
    assert Filling(itop.data, happened, trigger, action).body(parses_first=True) == wanted


PLACEHOLDERS = {
    "class": "$this->finalclass$", "id": "$this->id$", "actor": "$current_user->login$",
    "actor_id": "$current_user_id$", "contact": "$current_contact->friendlyname$",
    "contact_id": "$current_contact_id$", "status": "$this->status$", "status_label": "$this->label(status)$",
    "prio_label": "$this->label(priority)$", "desc_text": "$this->text(description)$",
    "desc_html": "$this->html(description)$", "caller": "$this->caller_id$",
    "caller_fn": "$this->caller_id->friendlyname$", "caller_email": "$this->caller_id->email$",
    "agent": "$this->agent_id$", "agent_fn": "$this->agent_id_friendlyname$", "agent_name": "$this->agent_name$",
    "log": "$this->private_log$", "head": "$this->head(private_log)$", "head_html": "$this->head_html(private_log)$",
    "url": "$this->url()$", "name": "$this->friendlyname$", "unknown": "$this->nope$", "last": "$this->last_update$",
    "trig": "$trigger->description$", "action": "$action->name$", "app": "$APP_URL$", "prev": "$previous->status$",
    "num": 5, "flag": True, "changes": "$this->changes$",
}  # fmt: skip


def test_every_recorded_placeholder_becomes_what_it_became(itop: ItopSimulator) -> None:
    itop.data.root = "http://external-itop.example.test/"
    stamp = "2026-11-22 03:33:37"
    entry = itop.data.entry("<p>entry <i>one</i>\nsecond line</p>", "Bridge Robot", "2", stamp)
    ticket = itop.data.add(
        "UserRequest",
        10,
        ref="R-000016",
        description="<p>a <b>b</b></p><p>c &amp; d</p>",
        caller_id=15,
        private_log=[entry],
        last_update=stamp,
    )
    itop.do("account", {"login": BRIDGE})
    event = Event("update", ticket, Actor(itop.data.accounts[BRIDGE]))
    trigger = Trigger("ticket update UR", "update", "UserRequest", ())
    action = Action("ext ticket update", "update-ticket", json.dumps(PLACEHOLDERS))
    body = json.loads(Filling(itop.data, event, trigger, action).body(parses_first=True) or "")
    wanted = capture("webhook_placeholders")["request"]["body"]
    wanted.pop("hyper")
    assert body == wanted | {"actor": BRIDGE}


def filled(itop: ItopSimulator, record: Record, template: str, **how: bool) -> str | None:
    event = Event(CREATE, record, Actor(itop.data.accounts[BRIDGE]))
    action = Action("a", "p", json.dumps({"x": template}))
    return Filling(itop.data, event, Trigger("t", CREATE, "UserRequest", ()), action).body(
        **{"parses_first": True} | how
    )


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$this->agent_id->name$", "undefined"),
        ("$this->agent_name$", ""),
        ("$this->agent_id$", "0"),
        ("$this->head(private_log)$", ""),
        ("$this->title->name$", "$this->title->name$"),
        ("$this->org_id->nope$", "$this->org_id->nope$"),
        ("$this->odd(title)$", "$this->odd(title)$"),
        ("$trigger->finalclass$", "TriggerOnObjectCreate"),
        ("price: 5$ and 6$", "price: 5$ and 6$"),
    ],
)
def test_what_is_unset_is_a_word_and_what_is_unknown_stays(itop: ItopSimulator, template: str, text: str) -> None:
    record = itop.data.add("UserRequest", 1, ref="R-000001", org_id=3)
    assert json.loads(filled(itop, record, template) or "") == {"x": text}


@pytest.fixture
def portal(itop: ItopSimulator) -> Portal:
    running = Portal()
    set_up(itop, running)
    return running


@pytest.mark.parametrize("title", ['a "quoted" one', "two\nlines", "back\\slash"])
def test_some_versions_lose_what_breaks_their_json(itop: ItopSimulator, portal: Portal, title: str) -> None:
    set_up(itop, portal, version="1.4.1")
    itop.do("new_ticket", {"title": title})
    (line,) = itop.sender.sent
    assert (line.error, line.status, portal.received) == (WRONG_JSON, None, [])
    itop.do("new_ticket", {"title": "plain"})
    assert portal.subjects == ["ticket:2"]
    set_up(itop, portal, version="1.4.1", payloads="instructions")
    itop.do("new_ticket", {"title": title})
    assert portal.subjects == ["ticket:2", "ticket:3"]


def test_the_payloads_of_the_instructions_are_understood_for_every_event(itop: ItopSimulator, portal: Portal) -> None:
    set_up(itop, portal, payloads="instructions")
    number = itop.do("new_ticket", {"title": 'a "b"'})
    itop.do("add_log", {"ticket": number, "text": "x"})
    itop.do("stimulate", {"ticket": number, "stimulus": "ev_assign"})
    file = itop.do("attach", {"ticket": number, "name": "a", "text": "x"})
    assert set(portal.events) == {event for event, _ in EVENTS}
    assert set(portal.subjects) == {f"ticket:{number}", f"attachment:{file}"}


def test_what_is_asynchronous_waits_for_the_background_task_with_the_old_values(
    itop: ItopSimulator, wire: Wire, portal: Portal
) -> None:
    set_up(itop, portal, mode="by hand")
    number = make(wire)
    wire.update("UserRequest", number, {"title": "later"})
    assert (portal.received, itop.sender.waiting) == ([], 2)
    assert itop.do("pump", {}) == 2
    assert (portal.events, itop.do("pump", {})) == ([CREATED, UPDATED], 0)
    assert json.loads(portal.received[0].body)["title"] == NEW["title"]


def test_without_an_address_nothing_is_sent_or_written_down(itop: ItopSimulator, wire: Wire) -> None:
    make(wire)
    assert itop.sender.sent == []


@pytest.mark.parametrize("values", [{"colour": 1}, {"timeout": "x"}, {"sent": []}, {"_gate": 1}, {"triggers": []}])
def test_an_unknown_setting_is_refused(wire: Wire, values: dict[str, Any]) -> None:
    assert wire("POST", "/_simulator/do", json.dumps({"action": "webhook", **values}).encode()).status == 400
