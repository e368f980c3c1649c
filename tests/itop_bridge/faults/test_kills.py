"""kill -9 before and after every write, and at any line, of a reconcile and of looks that webhooks asked for.

Judged by a full compare of both iTops: nothing lost, nothing there twice.
"""

from __future__ import annotations

import random

import pytest

from tests.seeds import SEED

from .world import World

pytestmark = pytest.mark.django_db  # the portal's database is a copy of the one that is made for these
HOW = ("reconcile", "jobs")  # "jobs" are the looks that webhooks asked for
MOMENTS = ("before", "after")
WRITES = 13  # of the first run in this scene; what waits for a second look comes with the second
PROOF_KILLS = 60  # at lines, each and per seed, in `make proof`


def scenario(world: World, how: str, *die_at: int, moment: str = "line") -> int:
    """Runs that die one after the other at these moments, then rounds until nothing moves; the moments of the last."""
    hints = world.begin()
    if how == "jobs":
        world.portal.do("deliver", hints=hints)
    said = []
    for one in die_at:
        said.append(world.portal.do("run", how=how, die_at=one, moment=moment))
        world.passes(200)
    if how == "reconcile":
        world.portal.do("deliver", hints=hints)
    after = world.settled()
    case = f"{how} killed at {die_at} ({moment}): {said}"
    assert after["held"] == [], f"{case}: {after}"
    assert world.differences() == [], case
    return int(said[-1].get("moments", 0))


@pytest.mark.parametrize(
    ("how", "moment", "die_at"), [("jobs", "before", 9), pytest.param("reconcile", "after", 3, marks=pytest.mark.proof)]
)
def test_a_run_that_dies_at_a_write_loses_and_doubles_nothing(world: World, how: str, moment: str, die_at: int) -> None:
    scenario(world, how, die_at, moment=moment)


@pytest.mark.parametrize("at", [2, *(pytest.param(at, marks=pytest.mark.proof) for at in (1, 4, 7, 10, 13))])
def test_a_worker_that_was_frozen_before_a_write_writes_nothing_when_it_wakes(world: World, at: int) -> None:
    """P15: others took its work over meanwhile."""
    hints = world.begin()
    world.portal.do("freeze", at=at)
    world.passes(600)
    world.portal.do("round")
    before = len(world.external.calls) + len(world.internal.calls)
    woken = world.portal.do("thaw")
    assert len(world.external.calls) + len(world.internal.calls) == before, woken
    world.portal.do("deliver", hints=hints)
    assert world.settled()["held"] == []
    assert world.differences() == []


# --- the long versions ------------------------------------------------------------------------------------------------


@pytest.mark.proof
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("how", HOW)
def test_a_run_that_dies_at_any_write_loses_and_doubles_nothing(world: World, how: str, moment: str) -> None:
    writes = scenario(world, how, 0, moment=moment)
    assert writes >= WRITES, "the run did not do its work"
    for die_at in range(1, writes + 1):
        scenario(world, how, die_at, moment=moment)
    for die_at in range(1, scenario(world, how, 0, 0, moment=moment) + 1):  # a deletion, the ref of the new twin
        scenario(world, how, 0, die_at, moment=moment)


@pytest.mark.proof
@pytest.mark.parametrize("how", HOW)
def test_a_run_that_dies_at_many_lines_loses_and_doubles_nothing(world: World, how: str) -> None:
    lines = scenario(world, how, 0)
    assert lines > 1000, "the run did not do its work"
    for die_at in random.Random(f"many {how} {SEED}").sample(range(1, lines + 1), PROOF_KILLS):
        scenario(world, how, die_at)


@pytest.mark.proof
@pytest.mark.parametrize("how", HOW)
def test_recoveries_that_die_as_well_lose_and_double_nothing(world: World, how: str) -> None:
    lines = scenario(world, how, 0)
    chance = random.Random(f"recoveries {how} {SEED}")
    for _ in range(PROOF_KILLS // 3):
        scenario(world, how, *(chance.randint(1, lines) for _ in range(chance.randint(2, 3))))
