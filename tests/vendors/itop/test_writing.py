"""Writing: tickets, stimuli, log entries. Each write is sent once, with a comment, and judged by what iTop stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    NotFoundError,
    RejectedError,
)
from integrations.vendors.itop import lifecycle, logs
from integrations.vendors.itop.answers import Crashed, MissingFields, NotAllowed, NotDone, WrongState
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.simulator import ItopSimulator
from integrations.vendors.itop.simulator.world import AGENT, ORG, OTHER_ORG, SERVICE, STRANGER, TEAM

from .conftest import OpenApi, Wire, only, sent

NEW: dict[str, Any] = {"org_id": ORG, "title": "No power", "description": "<p>Dead since noon</p>"}
FIELDS: dict[str, Any] = {
    "team_id": TEAM,
    "agent_id": AGENT,
    "pending_reason": "A part",
    "solution": "Restarted",
    "resolution_code": "assistance",
    "service_id": SERVICE,
}


def walk(api: ItopApi, class_name: str, number: int, target: str) -> str:
    """As the bridge does: read the state, and send each step what it needs."""
    for step in lifecycle.path(class_name, api.ticket(number).status, target):
        api.apply_stimulus(class_name, number, step.stimulus, {name: FIELDS[name] for name in step.required})
    return api.ticket(number).status


def test_a_ticket_is_made_and_shown_as_itop_stored_it(itop: ItopSimulator, api: ItopApi) -> None:
    html = '<p onclick="x()">Hi <script>alert(1)</script><b>there</b></p>'
    ticket = api.create_ticket("UserRequest", NEW | {"description": html, "impact": "2", "urgency": "2"})
    assert (ticket.ref, ticket.status, ticket.priority, ticket.org_name) == ("R-000001", "new", "2", "Demo")
    assert ticket.description == "<p>Hi <b>there</b></p>"
    assert sent(itop) == ["core/create UserRequest"]


def test_every_write_carries_a_comment_that_administrators_find_in_the_history(
    itop: ItopSimulator, api: ItopApi, wire: Wire
) -> None:
    ticket = api.create_ticket("UserRequest", NEW, comment="bridge: external R-000012")
    api.update_ticket("UserRequest", ticket.id, {"title": "x"})
    api.append_log("UserRequest", ticket.id, "<p>x</p>", comment="")
    api.apply_stimulus("UserRequest", ticket.id, "ev_assign", {"team_id": TEAM, "agent_id": AGENT})
    api.delete_attachment(77)
    history = wire.get("CMDBChangeOp", "SELECT CMDBChangeOp", "userinfo")["objects"]
    assert [one["fields"]["userinfo"] for one in history.values()] == [
        "bridge: external R-000012",
        *["Integration portal"] * 3,
    ]
    assert all('"comment"' in call.body for call in itop.calls if "core/get" not in call.path)


def test_fields_are_set_and_what_is_as_it_was_is_no_news(itop: ItopSimulator, api: ItopApi) -> None:
    ticket = api.create_ticket("UserRequest", NEW)
    itop.do("pass_minutes", {"minutes": 5})
    changed = api.update_ticket("UserRequest", ticket.id, {"title": "Still no power", "urgency": "1"})
    assert (changed.title, changed.priority) == ("Still no power", "1")
    assert changed.last_update > ticket.last_update
    itop.do("pass_minutes", {"minutes": 5})
    assert api.update_ticket("UserRequest", ticket.id, {"title": "Still no power"}).last_update == changed.last_update


def test_a_status_is_never_written_and_a_log_never_replaced(itop: ItopSimulator, api: ItopApi) -> None:
    entries = {"private_log": {"items": []}}
    for fields in ({"status": "closed"}, entries):
        for write in (
            lambda fields=fields: api.create_ticket("UserRequest", NEW | fields),
            lambda fields=fields: api.update_ticket("UserRequest", 1, fields),
            lambda fields=fields: api.apply_stimulus("UserRequest", 1, "ev_close", fields),
        ):
            with pytest.raises(ValueError, match=r"stimulus|append"):
                write()
    assert itop.calls == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"impact": "9"}, "Value not allowed"),
        ({"title": ""}, "Null not allowed"),
        ({"title": "x" * 256}, "String too long"),
        ({"org_id": 0}, "Null not allowed"),
        ({"org_id": 99}, "org_id: Invalid object Organization::99"),
        ({"caller_id": {"name": "Nobody"}}, "No item found"),
        ({"caller_id": "SELECT Person"}, "Several items found"),
        ({"nope": 1}, "nope: Unknown attribute"),
    ],
)
def test_a_refused_field_is_told_in_itops_words_and_nothing_is_made(
    itop: ItopSimulator, api: ItopApi, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RejectedError, match=sentence):
        api.create_ticket("UserRequest", NEW | fields)
    assert not itop.data.objects.get("Ticket")


def test_an_account_of_one_organisation_may_not_name_another_and_finds_no_foreign_ticket(
    itop: ItopSimulator, open_api: OpenApi
) -> None:
    limited = open_api(username="limited")
    for fields in ({"org_id": OTHER_ORG}, {"caller_id": STRANGER}):
        with pytest.raises(RejectedError, match="Invalid object"):
            limited.create_ticket("UserRequest", NEW | fields)
    foreign = itop.do("new_ticket", {"title": "x", "org_id": OTHER_ORG})
    with pytest.raises(NotFoundError):
        limited.update_ticket("UserRequest", foreign, {"title": "y"})


def test_the_caller_may_be_of_another_organisation_and_missing(itop: ItopSimulator, api: ItopApi, wire: Wire) -> None:
    """REST enforces less than the forms: nothing of it may be taken for granted."""
    assert api.create_ticket("UserRequest", NEW | {"caller_id": STRANGER}).caller == "Emma Elsewhere"
    assert api.create_ticket("UserRequest", NEW).caller_id == 0
    assert only(wire.get("Ticket", 2, "caller_id"))["caller_id"] == "0"


def test_a_log_of_a_create_is_stored_with_it(itop: ItopSimulator, api: ItopApi) -> None:
    ticket = api.create_ticket("UserRequest", NEW | {"private_log": "<p>first</p>"})
    assert [one.text for one in ticket.private_log] == ["first"]


def test_a_zone_that_does_not_exist_is_found_out_before_anything_is_written(
    itop: ItopSimulator, open_api: OpenApi
) -> None:
    api = open_api(time_zone="Mars/Phobos")
    for write in (
        lambda: api.create_ticket("UserRequest", NEW),
        lambda: api.update_ticket("UserRequest", 1, {"title": "x"}),
        lambda: api.append_log("UserRequest", 1, "<p>x</p>"),
    ):
        with pytest.raises(ConfigurationError, match="Mars/Phobos"):
            write()
    assert itop.calls == []


# --- stimuli ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("class_name", ["UserRequest", "Incident"])
def test_every_state_that_a_way_leads_to_is_reached_with_the_fields_it_needs(
    itop: ItopSimulator, api: ItopApi, class_name: str
) -> None:
    itop.php = 7  # which insists on every field
    for target in lifecycle.states(class_name):
        number = itop.do("new_ticket", {"title": target, "class_name": class_name})
        try:
            lifecycle.path(class_name, "new", target)
        except lifecycle.NoPath:
            continue
        assert walk(api, class_name, number, target) == target


def test_a_ticket_walks_on_from_wherever_an_agent_left_it(itop: ItopSimulator, api: ItopApi) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    for stimulus in ("ev_assign", "ev_pending"):
        itop.do("stimulate", {"ticket": number, "stimulus": stimulus})
    assert walk(api, "UserRequest", number, "closed") == "closed"


def test_a_stimulus_that_does_not_fit_the_state_says_so_and_stores_nothing(itop: ItopSimulator, api: ItopApi) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    with pytest.raises(WrongState, match="in state 'new'"):
        api.apply_stimulus("UserRequest", number, "ev_resolve", {"solution": "none"})
    assert api.ticket(number).fields["solution"] == ""


def test_missing_fields_are_named(itop: ItopSimulator, api: ItopApi) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    itop.do("stimulate", {"ticket": number, "stimulus": "ev_assign"})
    with pytest.raises(MissingFields) as raised:
        api.apply_stimulus("UserRequest", number, "ev_resolve", {"service_id": 0})
    assert raised.value.fields == ("solution",)
    itop.php = 7
    with pytest.raises(MissingFields) as raised:
        api.apply_stimulus("UserRequest", number, "ev_resolve", {})
    assert raised.value.fields == ("solution", "service_id")


def test_a_veto_is_not_taken_for_a_success(itop: ItopSimulator, api: ItopApi) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    itop.vetoes = 1
    with pytest.raises(NotDone, match="was not done"):
        api.apply_stimulus("UserRequest", number, "ev_assign", {"team_id": TEAM, "agent_id": AGENT})
    assert api.ticket(number).status == "new"


def test_the_bug_that_answers_500_for_ever_is_told_from_a_refusal_and_sent_once(
    itop: ItopSimulator, api: ItopApi
) -> None:
    number = itop.do("new_ticket", {"title": "x", "class_name": "Incident"})
    itop.do("escalate", {"ticket": number})
    itop.calls.clear()
    for _ in range(2):
        with pytest.raises(Crashed, match="died over this write"):
            api.apply_stimulus("Incident", number, "ev_assign", {"team_id": TEAM, "agent_id": AGENT})
    assert (sent(itop), api.ticket(number).status) == ([f"core/apply_stimulus Incident::{number}"] * 2, "escalated_tto")


# --- logs -------------------------------------------------------------------------------------------------------------


def test_an_entry_is_appended_under_the_bridges_name_or_by_an_administrator_under_anothers(
    itop: ItopSimulator, api: ItopApi
) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    api.append_log("UserRequest", number, "<p>one</p>")
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    entries = api.append_log("UserRequest", number, "<p>two</p>", author="Jane (external)", at=at)
    assert [(one.author, one.user_id, one.text) for one in entries] == [
        ("Bridge Robot", 2, "one"),
        ("Jane (external)", 0, "two"),
    ]
    assert (entries[1].at, entries[1].stamp) == (at, "2026-01-05 13:00:00")
    public = api.append_log("UserRequest", number, "<p>three</p>", log="public_log")
    assert [one.text for one in public] == ["three"]


def test_nobody_but_an_administrator_writes_in_anothers_name(itop: ItopSimulator, open_api: OpenApi) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    agent = open_api(username="bridge-agent")
    with pytest.raises(NotAllowed, match="Only administrators"):
        agent.append_log("UserRequest", number, "<p>x</p>", author="Jane")
    (entry,) = agent.append_log("UserRequest", number, "<p><b>Jane:</b> x</p>")
    assert entry.author == "Bridge Helper"


def test_an_empty_entry_is_never_sent(itop: ItopSimulator, api: ItopApi) -> None:
    for html, log in (("", "private_log"), (" \n", "private_log"), ("<p>x</p>", "work_log")):
        with pytest.raises(ValueError, match="something to say"):
            api.append_log("UserRequest", 1, html, log=log)
    assert itop.calls == []


def test_an_entry_that_was_swallowed_is_in_the_answer_and_gone_from_the_next_read(
    itop: ItopSimulator, api: ItopApi
) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    api.append_log("UserRequest", number, "<p>kept</p>")
    itop.lost_appends = 1
    after = api.append_log("UserRequest", number, "<p>swallowed</p>")
    assert [one.text for one in after] == ["kept", "swallowed"]
    difference = logs.compared(api.ticket(number).private_log, logs.fingerprints(after))
    assert (difference.new, len(difference.gone)) == ((), 1)
    api.append_log("UserRequest", number, "<p>swallowed</p>")
    assert [one.text for one in api.ticket(number).private_log] == ["kept", "swallowed"]
