"""P13: the merge converges, loses no edit and brings back nothing, whatever people do and wherever a run dies."""

from __future__ import annotations

import copy
import random

import pytest

from integrations.advoware_espocrm.mapping import Channel, read_remark
from integrations.advoware_espocrm.merge import Choice, Rules
from tests import seeds
from tests.advoware_espocrm.two_lists import Advoware, Died, EspoCrm, People, Portal

SHORT, LONG = 400, 50_000
POLICIES = (Choice.ESPOCRM, Choice.ADVOWARE)


def test_a_short_run_of_histories() -> None:
    for number in range(SHORT):
        _history(number)


@pytest.mark.proof
@pytest.mark.parametrize("part", range(10))
def test_fifty_thousand_histories(part: int) -> None:
    for number in range(part * LONG // 10, (part + 1) * LONG // 10):
        _history(number)


def _history(number: int) -> None:
    chance = random.Random(f"{seeds.SEED}/{number}")
    advoware, espocrm, people = Advoware(), EspoCrm(), People(chance)
    rules = Rules(policy=chance.choice(POLICIES), writes_markers=chance.random() < 0.7)
    portal = Portal(rules=rules)
    for _ in range(chance.randint(1, 6)):
        for _ in range(chance.randint(0, 6)):
            people.edit(advoware, espocrm)
        portal.conflicts = []
        _run(portal, advoware, espocrm, chance)
        _check(number, portal, advoware, espocrm, people)


def _run(portal: Portal, advoware: Advoware, espocrm: EspoCrm, chance: random.Random) -> None:
    """The same with a death after some write as without one."""
    calm = copy.deepcopy((portal, advoware, espocrm))
    calm[0].run(calm[1], calm[2])
    portal.dies_after = chance.choice((None, 0, 1, 2, 3))
    while True:
        try:
            portal.run(advoware, espocrm)
            break
        except Died:
            portal.dies_after = chance.choice((None, 0, 1))
    portal.dies_after = None
    assert [item.value.lower() for item in espocrm.items] == [item.value.lower() for item in calm[2].items]
    assert _shown(advoware) == _shown(calm[1])


def _shown(advoware: Advoware) -> list[tuple[object, ...]]:
    return sorted((advoware.kinds[entry.id], entry.value, entry.note) for entry in advoware.entries.values())


def _check(number: int, portal: Portal, advoware: Advoware, espocrm: EspoCrm, people: People) -> None:
    about = f"history {number}"
    inside, outside = set(advoware.values()), set(espocrm.values())
    surplus = inside - outside
    assert outside <= inside, about
    for channel in Channel:
        over = [value for value in surplus if value[0] is channel]
        assert not over or sum(value[0] is channel for value in outside) == 10, about
    lost = {value for one in portal.conflicts for value in _loser(one)}
    people.alive = {value for value in people.alive if value[1] not in lost}
    assert people.alive <= inside, about
    people.dead -= people.twice  # who enters again what another one deletes may have it
    people.twice = set()
    assert not people.dead & (inside | outside), about
    for entry_id, text in people.texts.items():
        assert read_remark(advoware.entries[entry_id].note).text == text, about
    assert portal.run(advoware, espocrm) == 0, about


def _loser(one: object) -> list[str]:
    from integrations.advoware_espocrm.mapping import normal
    from integrations.advoware_espocrm.merge import Conflict

    assert isinstance(one, Conflict)
    value = one.advoware if one.choice is Choice.ESPOCRM else one.espocrm
    return [normal(channel, value, "DE") for channel in Channel]
