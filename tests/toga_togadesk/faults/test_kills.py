"""P8–P10 for this pair: kill -9 anywhere in a run of either direction, answers lost on the way.

Judged by a full compare of both systems: nothing lost, nothing there twice, no row without its file, no file without
its row.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from integrations.vendors.toga.simulator import TogaSimulator
from tests.seeds import SEED

from .portal import BOTH
from .world import World

FAST_KILLS = 2  # per direction, in `make test`
PROOF_KILLS = 120  # per direction and seed, in `make proof`

LOSSES: dict[str, Callable[[TogaSimulator], None]] = {
    "the answer to a new ticket is lost": lambda toga: toga.fault("answer_lost", method="POST", path="/tickets$"),
    "the answer to a note is lost": lambda toga: toga.fault("answer_lost", method="POST", path="/ticket-notes$"),
    "the answers to two notes are lost": lambda toga: toga.fault(
        "answer_lost", method="POST", path="/ticket-notes$", times=2
    ),
    "a note never arrives": lambda toga: toga.fault("not_received", method="POST", path="/ticket-notes$"),
    "a note arrives late": lambda toga: toga.fault("late_commit", method="POST", path="/ticket-notes$"),
    "a note is answered with 500": lambda toga: toga.fault("committed_500", method="POST", path="/ticket-notes$"),
    "the answer to a file is lost": lambda toga: toga.fault("answer_lost", method="POST", path="/ticket-note-files$"),
    "the answer to a change is lost": lambda toga: toga.fault("answer_lost", method="PATCH", path="/tickets/"),
    "the answer to a new ticket is garbage": lambda toga: toga.fault("garbage", method="POST", path="/tickets$"),
}


def scenario(world: World, stream: str, die_at: int, loss: str = "") -> int:
    """One run that dies at that line, then both directions until nothing moves; the lines the run has."""
    world.begin()
    if loss:
        LOSSES[loss](world.toga)
    said = world.portal.do("run", stream=stream, die_at=die_at)
    case = f"{stream} killed at line {die_at} {loss}: {said}"
    world.toga.commit_pending()
    after = world.settled()
    assert after["held"] == [], f"{case}: {after}"
    assert world.differences() == [], case
    return int(said.get("lines", 0))


@pytest.mark.parametrize("stream", BOTH)
def test_a_run_that_dies_anywhere_loses_and_doubles_nothing(world: World, stream: str) -> None:
    lines = scenario(world, stream, 0)
    assert lines > 500, "the run did not do its work"
    for die_at in random.Random(f"P8 {stream}").sample(range(1, lines + 1), FAST_KILLS):
        scenario(world, stream, die_at)


@pytest.mark.proof
@pytest.mark.parametrize("stream", BOTH)
def test_a_run_that_dies_at_many_lines_loses_and_doubles_nothing(world: World, stream: str) -> None:
    lines = scenario(world, stream, 0)
    for die_at in random.Random(f"P8 many {stream} {SEED}").sample(range(1, lines + 1), PROOF_KILLS):
        scenario(world, stream, die_at)


FAST = {"the answer to a new ticket is lost", "a note arrives late", "the answer to a file is lost"}


@pytest.mark.parametrize(
    "loss", [pytest.param(loss, marks=() if loss in FAST else pytest.mark.proof) for loss in LOSSES]
)
def test_an_answer_that_is_lost_doubles_nothing(world: World, loss: str) -> None:
    scenario(world, "tickets_to_toga", 0, loss)


@pytest.mark.proof
@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_answer_and_a_kill_double_nothing(world: World, loss: str) -> None:
    lines = scenario(world, "tickets_to_toga", 0, loss)
    for die_at in random.Random(f"P8 {loss} {SEED}").sample(range(1, max(lines, 2000)), PROOF_KILLS // 6):
        scenario(world, "tickets_to_toga", die_at, loss)


@pytest.mark.parametrize(
    "streams",
    [
        pytest.param([*BOTH], id="both directions"),
        pytest.param([*BOTH, *BOTH], id="each direction twice", marks=pytest.mark.proof),
    ],
)
def test_runs_at_the_same_time_make_nothing_twice(world: World, streams: list[str]) -> None:
    world.begin()
    said = world.portal.do("together", streams=streams)
    after = world.settled()
    assert after["held"] == [], f"{said}: {after}"
    assert world.differences() == [], said
