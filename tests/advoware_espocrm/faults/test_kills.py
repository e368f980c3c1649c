"""P13, P15: kill -9 anywhere in a run over a pair to which everything happened, and in the runs after it.

Both programs end as they would have without a death. Judged on their ledgers too: nothing new is made twice, and each
other write comes again once for each death at most.
"""

from __future__ import annotations

import random
from functools import cache

import pytest

from tests.seeds import SEED

from .world import End, World

HOW = ("reconcile", "jobs")  # "jobs" are the looks that hints asked for
pytestmark = pytest.mark.django_db  # whose tables the portal begins with
FAULTS = ("answer_lost", "late_commit", "garbage", "committed_500", "not_received")
WRITES = {
    "a new entry": ("POST", "Kommunikationen"),
    "a changed entry": ("PUT", "Kommunikationen"),
    "the record": ("PUT", "CBeteiligte"),
}
LOSSES = [(fault, write) for fault in FAULTS for write in WRITES]
PROOF_KILLS = 40  # each and per seed, in `make proof`


def run(
    world: World,
    how: str,
    *die_at: int,
    markers: bool = True,
    loss: tuple[str, str] | None = None,
    edits: bool = False,
) -> tuple[End, int]:
    """Runs that die one after the other at these lines, then rounds until nothing moves; the lines of the first.

    With `edits` people change in EspoCRM, after the deaths, what was new or changed there already.
    """
    world.begin(markers=markers)
    if loss:
        method, path = WRITES[loss[1]]
        (world.espocrm if path == "CBeteiligte" else world.advoware).fault(loss[0], method=method, path=path)
    if how == "jobs":
        world.portal.do("deliver")
    lines = 0
    for line in die_at:
        lines = lines or world.portal.do("run", how=how, die_at=line).get("lines", 0)
        for vendor in (world.advoware, world.espocrm):
            vendor.commit_pending()
        world.passes(200)
    if edits:
        world.edit_again()
    world.settle()
    return world.end(), int(lines)


@cache
def calm(world: World, how: str, *, markers: bool = True, edits: bool = False) -> tuple[End, int]:
    """The same without a death."""
    return run(world, how, 0, markers=markers, edits=edits)


def scenario(world: World, how: str, *die_at: int, markers: bool = True, loss: tuple[str, str] | None = None) -> None:
    wanted, _ = calm(world, how, markers=markers)
    found, _ = run(world, how, *die_at, markers=markers, loss=loss)
    case = f"{how} killed at {die_at} {loss or ''}"
    assert (found.entries, found.emails, found.phones) == (wanted.entries, wanted.emails, wanted.phones), case
    assert found.writes.keys() == wanted.writes.keys(), case
    more = found.writes - wanted.writes
    assert not [what for what in more if what.startswith("POST")], f"{case}: {more}"
    assert all(count <= len(die_at) for count in more.values()), f"{case}: {more}"


@pytest.mark.parametrize("how", HOW)
def test_a_run_that_dies_anywhere_loses_and_doubles_nothing(world: World, how: str) -> None:
    end, lines = calm(world, how)
    assert lines > 1000, "the run did its work"
    assert len({value for _, value, _, _ in end.entries if value}) == len(end.emails) + len(end.phones) == 8
    scenario(world, how, random.Random(f"kill {how}").randint(lines // 2, lines))


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.proof)])
def test_a_run_and_looks_at_the_same_time_write_everything_once(world: World, times: int) -> None:
    wanted, _ = calm(world, "reconcile")
    for _ in range(times):
        world.begin()
        world.portal.do("deliver")
        said = world.portal.do("together", how=[*HOW, "jobs"])
        world.settle()
        assert world.end() == wanted, said


@pytest.mark.proof
@pytest.mark.parametrize("markers", [True, False], ids=["with markers", "without markers"])
@pytest.mark.parametrize("how", HOW)
def test_a_run_that_dies_at_many_lines_loses_and_doubles_nothing(world: World, how: str, markers: bool) -> None:
    _, lines = calm(world, how, markers=markers)
    for die_at in random.Random(f"many {how} {markers} {SEED}").sample(range(1, lines + 1), PROOF_KILLS):
        scenario(world, how, die_at, markers=markers)


@pytest.mark.proof
@pytest.mark.parametrize("markers", [True, False], ids=["with markers", "without markers"])
def test_what_people_change_again_after_a_death_is_known_as_what_it_was(world: World, markers: bool) -> None:
    """A value that the dead run had written, or not, is changed in EspoCRM: it is the same entry all the same."""
    wanted, lines = calm(world, "reconcile", markers=markers, edits=True)
    for die_at in random.Random(f"edits {markers} {SEED}").sample(range(lines // 2, lines + 1), PROOF_KILLS):
        found, _ = run(world, "reconcile", die_at, markers=markers, edits=True)
        assert shown(found) == shown(wanted), f"killed at {die_at}"


def shown(end: End) -> tuple[list[tuple[int, str]], list[str]]:
    """Kinds and values, and addresses and numbers; which slot a value took may differ, since EspoCRM's order does."""
    there = sorted(str(item[0]) for item in (*end.emails, *end.phones))
    return sorted((kind, value) for kind, value, _, _ in end.entries), there


@pytest.mark.proof
@pytest.mark.parametrize("how", HOW)
def test_runs_that_die_again_and_again_lose_and_double_nothing(world: World, how: str) -> None:
    _, lines = calm(world, how)
    chance = random.Random(f"again {how} {SEED}")
    for _ in range(PROOF_KILLS // 3):
        scenario(world, how, *(chance.randint(1, lines) for _ in range(chance.randint(2, 5))))


@pytest.mark.proof
@pytest.mark.parametrize("loss", LOSSES, ids=" ".join)
def test_a_lost_answer_and_a_kill_double_nothing(world: World, loss: tuple[str, str]) -> None:
    _, lines = calm(world, "reconcile")
    for die_at in random.Random(f"both {loss} {SEED}").sample(range(lines // 4, lines + 1), PROOF_KILLS // 10):
        scenario(world, "reconcile", die_at, loss=loss)
