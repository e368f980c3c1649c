"""The lives of tickets in the simulated iTop: every row of the table, what steps leave behind, and its bugs."""

from __future__ import annotations

import pytest

from integrations.vendors.itop import lifecycle
from integrations.vendors.itop.simulator import ItopSimulator
from integrations.vendors.itop.simulator.world import AGENT, OTHER_AGENT, SERVICE, TEAM

from .conftest import Wire, only
from .test_simulator_rest import make

ASSIGN = {"team_id": TEAM, "agent_id": AGENT}
SOLVE = {"solution": "Restarted", "service_id": SERVICE}


def test_states_leave_their_dates(wire: Wire) -> None:
    number = make(wire)
    for stimulus, fields in (
        ("ev_assign", ASSIGN),
        ("ev_pending", {"pending_reason": "A part"}),
        ("ev_assign", {}),
        ("ev_resolve", SOLVE),
        ("ev_close", {}),
    ):
        assert wire.stimulus("UserRequest", number, stimulus, fields)["code"] == 0
    found = only(wire.get("UserRequest", number))
    dates = ("assignment_date", "last_pending_date", "resolution_date", "close_date")
    assert all(found[name] for name in dates)
    assert (found["status"], found["operational_status"]) == ("closed", "closed")


def test_a_refused_stimulus_shows_null_and_stores_none_of_its_fields(wire: Wire) -> None:
    number = make(wire)
    answer = wire.stimulus("UserRequest", number, "ev_close", {"solution": "x"})
    assert answer == {
        "code": 100,
        "message": "Invalid stimulus: 'ev_close' on the object R-000001 in state 'new'",
        "objects": None,
    }
    assert only(wire.get("UserRequest", number))["solution"] == ""


@pytest.mark.parametrize(("php", "code"), [(8, 0), (7, 100)])
def test_an_unset_reference_passes_under_php_8_and_not_under_php_7(
    itop: ItopSimulator, wire: Wire, php: int, code: int
) -> None:
    itop.php = php
    number = make(wire)
    assert wire.stimulus("UserRequest", number, "ev_assign", {})["code"] == code
    assert wire.stimulus("UserRequest", number, "ev_assign", ASSIGN | {"x": 1})["code"] == 100


@pytest.mark.parametrize("class_name", lifecycle.CLASSES)
def test_every_row_of_the_table_is_taken_and_nothing_else_is(itop: ItopSimulator, wire: Wire, class_name: str) -> None:
    itop.incident_dies = False
    values = {
        "pending_reason": "x",
        "solution": "x",
        "fallback": "x",
        "acceptance_comment": "x",
        "reason": "x",
    } | dict.fromkeys(("acceptance_date", "approval_date", "start_date", "end_date"), "2026-01-05 09:00:00")
    values |= {"approval_comment": "x", "impact": "1"}
    stimuli = {row.stimulus for row in lifecycle.TRANSITIONS[class_name]}
    number = make(wire, class_name)
    record = itop.data.objects["Ticket"][number]
    for state in lifecycle.states(class_name):
        for stimulus in sorted(stimuli):
            record["status"] = state
            step = lifecycle.step(class_name, state, stimulus)
            fields = {name: values[name] for name in (step.required if step else ()) if name in values}
            answer = wire.stimulus(class_name, number, stimulus, fields)
            assert (answer["code"], record["status"]) == ((0, step.target) if step else (100, state)), (state, stimulus)


def test_the_bug_of_incidents_can_be_switched_off(itop: ItopSimulator, wire: Wire) -> None:
    number = make(wire, "Incident")
    wire.stimulus("Incident", number, "ev_timeout", {})
    wire.do("switch", name="incident_dies", value=False)
    assert wire.stimulus("Incident", number, "ev_assign", ASSIGN)["code"] == 0


def test_resolving_a_parent_resolves_its_children(wire: Wire) -> None:
    parent, child = make(wire), make(wire)
    wire.update("UserRequest", child, {"parent_request_id": parent})
    for stimulus, fields in (("ev_assign", ASSIGN), ("ev_resolve", SOLVE)):
        wire.stimulus("UserRequest", parent, stimulus, fields)
    found = only(wire.get("UserRequest", child))
    assert (found["status"], found["solution"]) == ("resolved", "Restarted")


def test_of_two_assignments_the_last_one_remains(wire: Wire) -> None:
    number = make(wire)
    assert wire.stimulus("UserRequest", number, "ev_assign", ASSIGN)["code"] == 0
    again = ASSIGN | {"agent_id": OTHER_AGENT}
    assert only(wire.stimulus("UserRequest", number, "ev_reassign", again))["agent_id"] == str(OTHER_AGENT)


def test_a_veto_is_code_0_without_an_object_and_a_refusal_on_order_is_its_sentence(
    itop: ItopSimulator, wire: Wire
) -> None:
    number = make(wire)
    itop.vetoes = 1
    assert wire.stimulus("UserRequest", number, "ev_assign", ASSIGN) == {"code": 0, "message": None, "objects": None}
    wire.do("switch", name="refusal", value="Something broke")
    assert wire.update("UserRequest", number, {"title": "x"}) == {"code": 100, "message": "Error: Something broke"}


def test_the_history_of_changes_holds_the_comments(wire: Wire) -> None:
    make(wire)
    wire.rest("core/update", **{"class": "UserRequest"}, key=1, fields={"title": "x"}, comment="bridge 12")
    found = wire.get("CMDBChangeOp", "SELECT CMDBChangeOp WHERE userinfo = 'bridge 12'", "objclass,objkey,operation")
    assert only(found) == {"objclass": "UserRequest", "objkey": "1", "operation": "core/update"}
