"""The lives of tickets: the table of the fact sheet, and the way between every two states."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.vendors.itop import lifecycle
from integrations.vendors.itop.lifecycle import CLASSES, DECISIONS, INTERNAL, NoPath, path, states, step

TABLE = Path(__file__).parent / "paths.txt"
NONE = "–"


def way(class_name: str, source: str, target: str, *, decide: bool) -> str:
    try:
        return " ".join(one.stimulus for one in path(class_name, source, target, decide=decide)) or "(there)"
    except NoPath:
        return NONE


def rows() -> list[str]:
    """`UserRequest new -> closed: ev_assign ev_resolve ev_close`; after a stroke the way where somebody decides."""
    found = []
    for name in CLASSES:
        for source in states(name):
            for target in states(name):
                without, deciding = (way(name, source, target, decide=decide) for decide in (False, True))
                told = without if without == deciding else f"{without} | {deciding}"
                found.append(f"{name} {source} -> {target}: {told}")
    return found


def test_the_way_between_every_two_states_is_the_committed_one() -> None:
    assert TABLE.read_text(encoding="utf-8").splitlines() == rows()


def test_there_are_as_many_states_as_the_fact_sheet_counts() -> None:
    assert [len(states(name)) for name in ("UserRequest", "Incident", "NormalChange")] == [10, 7, 10]
    assert {len(lifecycle.TRANSITIONS[name]) for name in ("UserRequest",)} == {25}


@pytest.mark.parametrize("name", CLASSES)
def test_every_way_is_walked_step_by_step_and_ends_where_it_should(name: str) -> None:
    for source in states(name):
        for target in states(name):
            state = source
            try:
                steps = path(name, source, target, decide=True)
            except NoPath:
                continue
            for one in steps:
                assert (one.source, step(name, state, one.stimulus)) == (state, one)
                state = one.target
            assert state == target
            assert len({one.source for one in steps}) == len(steps), "it goes in circles"


@pytest.mark.parametrize("name", CLASSES)
def test_nothing_is_decided_in_somebodys_place_unless_asked(name: str) -> None:
    for source in states(name):
        for target in states(name):
            if way(name, source, target, decide=False) != NONE:
                assert not {one.stimulus for one in path(name, source, target)} & DECISIONS


@pytest.mark.parametrize("name", ["UserRequest", "Incident"])
def test_internal_stimuli_are_used_only_to_reach_an_escalated_state(name: str) -> None:
    for source in states(name):
        for target in states(name):
            if way(name, source, target, decide=True) == NONE:
                continue
            internal = [one for one in path(name, source, target, decide=True) if one.stimulus in INTERNAL]
            assert bool(internal) == (target.startswith("escalated") and source != target)
            assert len(internal) <= 1


def test_a_step_tells_what_it_needs() -> None:
    pending = step("UserRequest", "assigned", "ev_pending")
    resolve = step("Incident", "escalated_ttr", "ev_resolve")
    assert pending is not None
    assert resolve is not None
    assert (pending.target, pending.required) == ("pending", ("pending_reason",))
    assert resolve.required == ("solution", "resolution_code", "service_id")
    assert step("UserRequest", "closed", "ev_reopen") is None
    assert step("UserRequest", "pending", "ev_resolve") is None


@pytest.mark.parametrize(
    ("class_name", "source", "target", "sentence"),
    [
        ("UserRequest", "closed", "assigned", "from closed to assigned.$"),
        ("UserRequest", "waiting_for_approval", "assigned", "unless somebody decides"),
        ("UserRequest", "new", "validated", "has no state 'validated'"),
        ("Incident", "rejected", "new", "has no state 'rejected'"),
        ("Problem", "new", "assigned", "not known"),
    ],
)
def test_where_no_way_leads_a_sentence_says_why(class_name: str, source: str, target: str, sentence: str) -> None:
    with pytest.raises(NoPath, match=sentence):
        path(class_name, source, target)
