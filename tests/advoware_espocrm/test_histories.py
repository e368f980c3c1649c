"""P13: the merge converges, loses no edit and brings back nothing, whatever people do and wherever a run dies.

Two things are weaker, and each story says so. What was deleted may come back after the portal's database was restored
to an older day, or where people edit between the death of a run and the next one (see `test_limits`).
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from integrations.advoware_espocrm.mapping import KINDS, normal
from integrations.advoware_espocrm.merge import Choice, Conflict, Direction, Plan, Rules, merge
from tests import seeds
from tests.advoware_espocrm.two_lists import REGION
from tests.advoware_espocrm.world import World

DEATHS = (None, 0, 1, 2, 3)


def deaths(world: World) -> None:
    """Runs that die after some write end in the same state as those that do not."""
    world.configure(policy=world.chance.choice((Choice.ESPOCRM, Choice.ADVOWARE, Choice.BOTH)))
    for _ in range(world.chance.randint(1, 6)):
        world.edit()
        world.run_as_without_a_death(world.chance.choice(DEATHS))
        world.check()


def questions(world: World) -> None:
    """Conflicts wait for an answer while people go on; then they are decided, one way or the other or both."""
    world.configure(policy=Choice.ASK)
    for _ in range(world.chance.randint(1, 5)):
        world.edit()
        world.run_as_without_a_death(world.chance.choice(DEATHS))
        world.check()
        asked = world.portal.look(world.advoware, world.espocrm).conflicts
        decided = {_what(one): world.chance.choice(list(Choice)) for one in asked}
        world.configure(decided=decided)
        world.run_as_without_a_death(world.chance.choice(DEATHS))
        world.check()


def directions(world: World) -> None:
    """One side is not written for a while; then both are, and nothing that waited is lost."""
    for _ in range(world.chance.randint(1, 4)):
        for _ in range(world.chance.randint(1, 2)):
            world.configure(direction=world.chance.choice((Direction.TO_ESPOCRM, Direction.TO_ADVOWARE)))
            world.edit(4)
            before = world.values()
            world.run_as_without_a_death(world.chance.choice(DEATHS))
            world.check_one_way(before)
        world.configure(direction=Direction.BOTH)
        world.run_as_without_a_death(world.chance.choice(DEATHS))
        world.check()


def older_days(world: World) -> None:
    """The database is restored to an older day: nothing is lost, but what was deleted since may come back."""
    world.people.enters_again = False
    for _ in range(world.chance.randint(2, 5)):
        world.edit()
        world.run(world.chance.choice(DEATHS))
        if world.chance.random() < 0.5:
            world.restore()
            world.edit(2)
            world.run()
        world.check(brings_back=True)


def edits_after_a_death(world: World) -> None:
    """People do not wait for the next run: nothing they type is lost, but what they delete meanwhile may come back."""
    world.people.enters_again = False
    for _ in range(world.chance.randint(1, 5)):
        world.edit()
        world.run(world.chance.choice((0, 1, 2, 3)), then=lambda: world.edit(2))
        world.check(brings_back=True)


STORIES = (deaths, questions, directions, older_days, edits_after_a_death)
SHORT, LONG, PARTS = 80, 50_000, 2


@pytest.mark.parametrize("story", STORIES)
def test_some_histories(story: Callable[[World], None]) -> None:
    for number in range(SHORT):
        tell(story, number)


@pytest.mark.proof
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("story", STORIES)
def test_fifty_thousand_histories(story: Callable[[World], None], part: int) -> None:
    each = LONG // len(STORIES) // PARTS
    for number in range(part * each, (part + 1) * each):
        tell(story, number)


def tell(story: Callable[[World], None], number: int, merge: Callable[..., Plan] = merge) -> None:
    """Play a history; its number and the seed tell everything that happens."""
    chance = random.Random(f"{seeds.SEED}/{number}")
    world = World(chance, Rules(writes_markers=chance.random() < 0.7), merge)
    if chance.random() < 0.1:
        world.crowd()
    try:
        story(world)
    except AssertionError as error:
        raise AssertionError(f"{story.__name__} {number}: {error}") from error


def _what(one: Conflict) -> tuple[int, str, str]:
    channel = KINDS[one.komm_kz].channel
    assert channel is not None
    return one.entry_id, normal(channel, one.advoware, REGION), normal(channel, one.espocrm, REGION)
