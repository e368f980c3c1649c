"""P1 and P2 for creating a ticket, judged on the simulated Autotask's ledger.

P1: kill -9 anywhere between click and stored answer: one ticket, a visible "checking", or a visible "not created, try
again"; never two, never silence. P2: clicks at the same moment make one ticket.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.backup_tickets.autotask import Autotask
from tests.faults.driver import Driver
from tests.seeds import SEED

BEHAVIOURS: dict[str, Callable[[Autotask], object]] = {
    "works": lambda autotask: None,
    "never received": Autotask.lose_the_call,
    "committed, answer lost": Autotask.lose_the_answer,
    "committed, answer truncated": Autotask.truncate_the_answer,
    "committed, then 500 without errors": Autotask.fail_after_commit,
    "429 before commit": Autotask.throttle,
    "500 with errors": lambda autotask: autotask.refuse("Picklist value [3] does not exist for priority"),
    "index lags": Autotask.lag,
    "late commit": Autotask.commit_late,
}
FAST_KILLS = 2  # per behaviour, in `make test`
PROOF_KILLS = 30  # per behaviour and seed, in `make proof`


def scenario(portal: Driver, autotask: Autotask, behaviour: str, die_at: int) -> None:
    """One click that dies at that line, recovery, and a second click; asserted after each."""
    autotask.reset()
    run = portal.do("new_run")["run"]
    BEHAVIOURS[behaviour](autotask)
    said = portal.do("click", run=run, die_at=die_at)
    case = f"{behaviour}, killed at line {die_at}: {said}"
    assert_never_silent(portal.do("state", run=run), autotask, case, settled=False)

    autotask.mend()
    portal.do("recover", run=run, seconds=400)
    autotask.finish_late_commits()
    portal.do("recover", run=run, seconds=3600)
    after = portal.do("state", run=run)
    assert_never_silent(after, autotask, case, settled=True)

    again = portal.do("click", run=run)
    portal.do("recover", run=run, seconds=2 * 86400)
    final = portal.do("state", run=run)
    made = [ticket["id"] for ticket in autotask.tickets()]
    assert len(made) == 1, f"{case}; second click {again}: {len(made)} tickets, {final}"
    assert [link["ticket"] for link in final["links"] if link["state"] == "active"] == made, case
    assert not final["needs_attention"], case


def assert_never_silent(state: dict[str, Any], autotask: Autotask, case: str, *, settled: bool) -> None:
    """What the run's page shows is true, and it never shows nothing where something may have happened."""
    made = [ticket["id"] for ticket in autotask.tickets()]
    states = [link["state"] for link in state["links"]]
    assert len(made) <= 1, case
    if not states:
        assert made == [], f"{case}: a ticket without an intent"
        return
    if settled:
        assert states[-1] in ("active", "abandoned"), f"{case}: {state}"
        assert (states[-1] == "active") == (len(made) == 1), f"{case}: {made} {state}"
        assert state["links"][-1]["ticket"] == (made[0] if made else None), case
        assert "pending" not in state["audit"], case
    else:
        assert states[-1] != "abandoned" or made == [], f"{case}: called not created, but it was: {state}"
    assert states[-1] != "abandoned" or state["links"][-1]["cause"], f"{case}: no reason given"


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_click_that_dies_anywhere_ends_with_one_ticket(portal: Driver, autotask: Autotask, behaviour: str) -> None:
    lines = lines_of(portal, autotask, behaviour)
    chosen = random.Random(f"P1 {behaviour}").sample(range(1, lines + 1), FAST_KILLS)
    for die_at in (0, *chosen):
        scenario(portal, autotask, behaviour, die_at)


@pytest.mark.proof
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_click_that_dies_at_many_lines_ends_with_one_ticket(
    portal: Driver, autotask: Autotask, behaviour: str
) -> None:
    lines = lines_of(portal, autotask, behaviour)
    for die_at in drawn(f"click {behaviour}", lines):
        scenario(portal, autotask, behaviour, die_at)


def drawn(what: str, lines: int) -> list[int]:
    """The lines to die at, drawn by the seed; another seed draws others."""
    return random.Random(f"{what} {SEED}").sample(range(1, lines + 1), PROOF_KILLS)


RECOVERED = ("committed, answer lost", "committed, then 500 without errors", "never received")


def recovery(portal: Driver, autotask: Autotask, behaviour: str, die_at: int) -> int:
    """A click without an answer, and a recovery whose first worker dies at that line; the lines it has."""
    autotask.reset()
    run = portal.do("new_run")["run"]
    BEHAVIOURS[behaviour](autotask)
    portal.do("click", run=run)
    lines = int(portal.do("recover", run=run, seconds=60, die_at=die_at)["lines"])
    autotask.mend()
    portal.do("recover", run=run, seconds=400)
    autotask.finish_late_commits()
    portal.do("recover", run=run, seconds=2 * 86400)
    case = f"{behaviour}, recovery killed at line {die_at}"
    assert_never_silent(portal.do("state", run=run), autotask, case, settled=True)
    return lines


def test_a_recovery_that_dies_is_taken_up_again(portal: Driver, autotask: Autotask) -> None:
    behaviour = RECOVERED[0]  # the others wait for real seconds between their attempts; `make proof` has them all
    lines = recovery(portal, autotask, behaviour, 0)
    assert lines > 100, "the recovery did not even begin"
    recovery(portal, autotask, behaviour, random.Random(f"P1 recovery {behaviour}").randint(1, lines))


@pytest.mark.proof
@pytest.mark.parametrize("behaviour", RECOVERED)
def test_a_recovery_that_dies_at_many_lines_is_taken_up_again(
    portal: Driver, autotask: Autotask, behaviour: str
) -> None:
    for die_at in drawn(f"recovery {behaviour}", recovery(portal, autotask, behaviour, 0)):
        recovery(portal, autotask, behaviour, die_at)


def lines_of(portal: Driver, autotask: Autotask, behaviour: str) -> int:
    """How many lines of our code a whole click executes when Autotask behaves like that."""
    autotask.reset()
    run = portal.do("new_run")["run"]
    BEHAVIOURS[behaviour](autotask)
    lines = int(portal.do("click", run=run)["lines"])
    assert lines > 100, "the click did not even begin"
    return lines


def rounds_of_clicks(portal: Driver, autotask: Autotask, *, rounds: int, times: int) -> None:
    for _ in range(rounds):
        autotask.reset()
        run = portal.do("new_run")["run"]
        answers = portal.do("clicks", run=run, times=times)["answers"]
        assert [answer["status"] for answer in answers] == [302] * times
        (made,) = autotask.tickets()
        state = portal.do("state", run=run)
        assert [link["ticket"] for link in state["links"]] == [made["id"]]


def test_clicks_at_the_same_moment_make_one_ticket(portal: Driver, autotask: Autotask) -> None:
    rounds_of_clicks(portal, autotask, rounds=3, times=6)


@pytest.mark.proof
def test_fifty_clicks_at_the_same_moment_make_one_ticket_every_time(portal: Driver, autotask: Autotask) -> None:
    rounds_of_clicks(portal, autotask, rounds=40, times=50)
