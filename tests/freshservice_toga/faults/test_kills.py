"""kill -9 anywhere in a catch-up and in a look that a webhook asked for, × answers of TOGA 2 lost, late or spoiled.

Judged by a full compare of both systems: every ticket, note, file, contact and team there once, and as in Freshservice.
"""

from __future__ import annotations

import random

import pytest

from tests.seeds import SEED

from .world import World

HOW = ("catch_up", "jobs")  # "jobs" are the looks that webhooks asked for
FAST_KILLS = 1  # each, in `make test`
PROOF_KILLS = 80  # each and per seed, in `make proof`

WRITES = {
    "a new ticket": ("POST", "/tickets$"),
    "a new note": ("POST", "/ticket-notes$"),
    "a new contact": ("POST", "/contacts$"),
    "a file": ("POST", "/files$"),
    "the hanging of a file": ("POST", "/ticket-note-files$"),
    "a changed ticket": ("PATCH", "/tickets/"),
    "a changed note": ("PATCH", "/ticket-notes/"),
    "the id on a team": ("PATCH", "/ticket-teams/"),
}
FAULTS = ("answer_lost", "late_commit", "garbage", "truncated", "committed_500", "not_received")
LOSSES = [(fault, write) for fault in FAULTS for write in WRITES]
FAST_LOSSES = {("late_commit", "a new contact"), ("truncated", "a new note")}


def scenario(
    world: World,
    how: str,
    *die_at: int,
    loss: tuple[str, str] | None = None,
    late: float = 0,
    inside: str = "",
) -> int:
    """Runs that die one after the other at these lines, then rounds until nothing moves; the lines of the first.

    `late`: what `late_commit` keeps back comes so many seconds after the first run, with another round before it.
    """
    tickets = world.begin()
    if loss:
        method, path = WRITES[loss[1]]
        world.toga.fault(loss[0], method=method, path=path)
    if how == "jobs":
        world.portal.do("deliver", tickets=tickets)
    said = [world.portal.do("run", how=how, die_at=line, inside=inside) for line in die_at[:1]]
    if late:
        world.passes(late)
        world.portal.do("round")
    world.toga.commit_pending()
    for line in die_at[1:]:
        world.passes(200)
        said.append(world.portal.do("run", how=how, die_at=line, inside=inside))
    after = world.settled()
    case = f"{how} killed at {die_at} {inside} {loss or ''}: {said}"
    assert after["held"] == [], f"{case}: {after}"
    assert world.differences() == [], case
    return int(said[0].get("lines", 0))


def drawn(what: str, lines: int, count: int) -> list[int]:
    return random.Random(f"{what} {SEED}").sample(range(1, lines + 1), min(count, lines))


@pytest.mark.parametrize("how", HOW)
def test_a_run_that_dies_anywhere_loses_and_doubles_nothing(world: World, how: str) -> None:
    lines = scenario(world, how, 0)
    assert lines > 1000, "the run did not do its work"
    for die_at in random.Random(f"kills {how}").sample(range(1, lines + 1), FAST_KILLS):
        scenario(world, how, die_at)


def test_a_recovery_that_dies_as_well_loses_and_doubles_nothing(world: World) -> None:
    scenario(world, "jobs", 9000, 4000, 2500)


@pytest.mark.parametrize(
    "loss",
    [pytest.param(loss, marks=() if loss in FAST_LOSSES else pytest.mark.proof, id=" ".join(loss)) for loss in LOSSES],
)
def test_an_answer_that_is_lost_late_or_spoiled_doubles_nothing(world: World, loss: tuple[str, str]) -> None:
    scenario(world, "catch_up", 0, loss=loss)


@pytest.mark.parametrize(
    "write",
    [
        "the hanging of a file",
        *(pytest.param(w, marks=pytest.mark.proof) for w in ("a new ticket", "a new note", "a new contact")),
    ],
)
def test_what_arrives_minutes_late_is_waited_for_and_not_sent_again(world: World, write: str) -> None:
    scenario(world, "jobs", 0, loss=("late_commit", write), late=120)


# --- the long versions ------------------------------------------------------------------------------------------------


@pytest.mark.proof
@pytest.mark.parametrize("how", HOW)
def test_a_run_that_dies_at_many_lines_loses_and_doubles_nothing(world: World, how: str) -> None:
    lines = scenario(world, how, 0)
    for die_at in drawn(f"many {how}", lines, PROOF_KILLS):
        scenario(world, how, die_at)


@pytest.mark.proof
@pytest.mark.parametrize("how", HOW)
def test_recoveries_that_die_at_many_lines_lose_and_double_nothing(world: World, how: str) -> None:
    lines = scenario(world, how, 0)
    chance = random.Random(f"recoveries {how} {SEED}")
    for _ in range(PROOF_KILLS // 2):
        scenario(world, how, *(chance.randint(1, lines) for _ in range(chance.randint(2, 4))))


@pytest.mark.proof
@pytest.mark.parametrize("inside", ["toga/files.py", "transport/exchange.py", "freshservice_toga/notes.py"])
def test_a_kill_in_the_middle_of_a_file_leaves_none_twice_and_none_in_part(world: World, inside: str) -> None:
    lines = scenario(world, "jobs", 0, inside=inside)
    for die_at in drawn(f"files {inside}", lines, PROOF_KILLS // 3):
        scenario(world, "jobs", die_at, inside=inside)


@pytest.mark.proof
@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss[0] in ("answer_lost", "late_commit")], ids=" ".join)
def test_a_lost_answer_and_a_kill_double_nothing(world: World, loss: tuple[str, str]) -> None:
    lines = scenario(world, "catch_up", 0, loss=loss)
    for die_at in drawn(f"both {loss}", max(lines, 5000), PROOF_KILLS // 10):
        scenario(world, "catch_up", die_at, loss=loss)
