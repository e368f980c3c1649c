"""P3 for resolving, judged on the simulated Autotask's ledger: kill -9 at any line, with every answer Autotask may give
to the note and to the closing, and time booked in every gap.

The internal note is written once, never visible to customers, and before the closing; a ticket on which time was booked
is not left closed; and the run's page never shows nothing where something may have happened.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from integrations.backup_tickets.mapping import RESOLVED_NOTE, STAYS_OPEN_NOTE
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.resolving.acts import CLOSE, NOTE
from tests.faults.driver import Driver
from tests.faults.test_creation import drawn

COMPLETE = 5
READ = {"method": "GET", "path": r"/Tickets/\d+$"}
COUNT = {"method": "POST", "path": r"/TimeEntries/query/count$"}
LOST = ("not_received", "answer_lost", "truncated", "committed_500", "late_commit")
FAULTS = (*LOST, "committed_429", "429", "html_503")
ENDED = {"resolved", "stays_open", "already_closed", "failed"}

Trouble = Callable[[Autotask, int], object]


def _fault(name: str, call: dict[str, str]) -> Trouble:
    return lambda autotask, ticket: autotask.simulator.fault(name, **call)


def _booked(call: dict[str, str], skip: int = 0) -> Trouble:
    """Time is booked right after such a call; `skip` lets that many of them pass first."""

    def order(autotask: Autotask, ticket: int) -> None:
        for _ in range(skip):
            autotask.simulator.fault("slow", **call, value=0)
        autotask.simulator.fault("meanwhile", **call, value={"action": "add_time_entry", "ticket": ticket})

    return order


BEHAVIOURS: dict[str, Trouble] = {
    "works": lambda autotask, ticket: None,
    **{f"note: {name}": _fault(name, NOTE) for name in FAULTS},
    **{f"closing: {name}": _fault(name, CLOSE) for name in FAULTS},
    "closing does not stick": lambda autotask, ticket: setattr(autotask.simulator, "sticky_failures", 1),
    "time booked before": lambda autotask, ticket: autotask.book_time(ticket),
    "time booked after the reading": _booked(READ),
    "time booked after the first count": _booked(COUNT),
    "time booked after the note": _booked(NOTE),
    "time booked after the second count": _booked(COUNT, skip=1),
    "time booked after the closing": _booked(CLOSE),
    "time booked after the reading back": _booked(READ, skip=1),
}
BEHAVIOURS["closing arrives late, and time was booked meanwhile"] = lambda autotask, ticket: (
    BEHAVIOURS["time booked after the second count"](autotask, ticket),
    BEHAVIOURS["closing: late_commit"](autotask, ticket),
)
FAST_KILLS = 1  # per behaviour, in `make test`
FAST = frozenset(list(BEHAVIOURS)[::3])  # every third behaviour; `make proof` has all of them, killed at many lines


def open_ticket(portal: Driver, autotask: Autotask) -> tuple[int, int]:
    """A run with an open ticket, and the ticket's id; the ledger begins after it."""
    autotask.reset()
    run = portal.do("new_run")["run"]
    portal.do("click", run=run)
    (ticket,) = autotask.tickets()
    autotask.simulator.calls.clear()
    return run, ticket["id"]


def scenario(portal: Driver, autotask: Autotask, behaviour: str, die_at: int) -> int:
    """One click that dies at that line, recovery, and a second click; returns the lines a whole click has."""
    run, ticket = open_ticket(portal, autotask)
    BEHAVIOURS[behaviour](autotask, ticket)
    said = portal.do("click", run=run, act="resolve", die_at=die_at)
    case = f"{behaviour}, killed at line {die_at}: {said}"
    portal.do("recover", run=run, seconds=100)
    autotask.finish_late_commits()
    autotask.mend()
    portal.do("recover", run=run, seconds=2 * 86400)
    assert_promises(portal.do("state", run=run), autotask, ticket, case)
    if not autotask.simulator.data.time_entries and status(autotask, ticket) != COMPLETE:
        again = portal.do("click", run=run, act="resolve")
        portal.do("recover", run=run, seconds=2 * 86400)
        assert status(autotask, ticket) == COMPLETE, f"{case}; second click {again}"
        assert_promises(portal.do("state", run=run), autotask, ticket, case)
    return int(said.get("lines", 0))


def assert_promises(state: dict[str, Any], autotask: Autotask, ticket: int, case: str) -> None:
    texts = [note["description"] for note in autotask.simulator.data.notes.values()]
    assert len(texts) == len(set(texts)), f"{case}: a note was written twice: {texts}, {state}"
    assert set(texts) <= {RESOLVED_NOTE, STAYS_OPEN_NOTE}, case
    assert {note["publish"] for note in autotask.simulator.data.notes.values()} <= {2}, f"{case}: customers can see it"
    if autotask.simulator.data.time_entries:
        assert status(autotask, ticket) != COMPLETE, f"{case}: left closed with time entries: {state}"
    if status(autotask, ticket) == COMPLETE:
        assert RESOLVED_NOTE in texts, f"{case}: closed without a note"
        assert first_closing(autotask) > first_note(autotask), f"{case}: closed before the note"
    for one in state["resolutions"]:
        assert one["state"] in ENDED, f"{case}: {state}"
        assert one["state"] == "resolved" or one["cause"], f"{case}: no reason given"
    assert "pending" not in state["audit"], case
    shown = {link["state"] for link in state["links"]}
    assert shown == {"resolved" if status(autotask, ticket) == COMPLETE else "active"}, f"{case}: {state}"


def status(autotask: Autotask, ticket: int) -> int:
    found: int = autotask.simulator.tickets[ticket]["status"]
    return found


def first_closing(autotask: Autotask) -> int:
    return min(call.number for call in autotask.calls() if call.method == "PATCH" and call.committed)


def first_note(autotask: Autotask) -> int:
    return min(call.number for call in autotask.calls() if call.path.endswith("/Notes") and call.committed)


@pytest.mark.parametrize(
    "behaviour", [pytest.param(one, marks=() if one in FAST else pytest.mark.proof) for one in BEHAVIOURS]
)
def test_a_resolving_that_dies_anywhere_keeps_the_promises(portal: Driver, autotask: Autotask, behaviour: str) -> None:
    lines = scenario(portal, autotask, behaviour, 0)
    for die_at in random.Random(f"P3 {behaviour}").sample(range(1, lines + 1), FAST_KILLS):
        scenario(portal, autotask, behaviour, die_at)


@pytest.mark.proof
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_resolving_that_dies_at_many_lines_keeps_the_promises(
    portal: Driver, autotask: Autotask, behaviour: str
) -> None:
    for die_at in drawn(f"resolve {behaviour}", scenario(portal, autotask, behaviour, 0)):
        scenario(portal, autotask, behaviour, die_at)


def test_operators_who_resolve_one_ticket_through_two_runs_at_the_same_moment_write_one_note(
    portal: Driver, autotask: Autotask
) -> None:
    first, ticket = open_ticket(portal, autotask)
    runs = [first, *(portal.do("new_run")["run"] for _ in range(3))]
    for run in runs[1:]:
        assert portal.do("click", run=run, act="join")["state"] == "active"
    portal.do("together", runs=runs * 2, act="resolve")
    for run in runs:
        portal.do("recover", run=run)
    assert len(autotask.simulator.data.notes) == 1
    assert status(autotask, ticket) == COMPLETE
    for run in runs:
        assert [link["state"] for link in portal.do("state", run=run)["links"]] == ["resolved"]


NOTE_FAULTS = ["", *LOST, "429", "500_errors"]


def note_scenario(portal: Driver, autotask: Autotask, fault: str, die_at: int) -> int:
    run, _ = open_ticket(portal, autotask)
    if fault:
        autotask.simulator.fault(fault, **NOTE)
    said = portal.do("click", run=run, act="note", die_at=die_at)
    portal.do("recover", run=run, seconds=100)
    autotask.finish_late_commits()
    autotask.mend()
    portal.do("recover", run=run, seconds=86400)
    notes = list(autotask.simulator.data.notes.values())
    state = portal.do("state", run=run)
    case = f"{fault or 'works'}, killed at line {die_at}: {state}"
    assert len(notes) <= 1, case
    assert [one["state"] for one in state["notes"]] in ([], ["sent"] if notes else ["not_sent"]), case
    assert all(one["cause"] for one in state["notes"] if one["state"] == "not_sent"), case
    assert {note["publish"] for note in notes} <= {2}, case
    assert "pending" not in state["audit"], case
    return int(said.get("lines", 0))


@pytest.mark.parametrize("fault", NOTE_FAULTS)
def test_a_note_whose_click_dies_anywhere_is_written_at_most_once(
    portal: Driver, autotask: Autotask, fault: str
) -> None:
    lines = note_scenario(portal, autotask, fault, 0)
    note_scenario(portal, autotask, fault, random.Random(f"note {fault}").randint(1, lines))


@pytest.mark.proof
@pytest.mark.parametrize("fault", NOTE_FAULTS)
def test_a_note_whose_click_dies_at_many_lines_is_written_at_most_once(
    portal: Driver, autotask: Autotask, fault: str
) -> None:
    for die_at in drawn(f"note {fault}", note_scenario(portal, autotask, fault, 0)):
        note_scenario(portal, autotask, fault, die_at)
