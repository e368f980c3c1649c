"""Both programs, the people and the portal of one party, and what must be true after a run, whatever happened."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import replace

from integrations.advoware_espocrm.mapping import Channel, normal, read_remark
from integrations.advoware_espocrm.merge import Agreed, Choice, Conflict, Direction, Plan, Rules, merge
from tests.advoware_espocrm.people import People
from tests.advoware_espocrm.two_lists import REGION, Advoware, Died, EspoCrm, Portal, Value


class World:
    """One party. `merge` is the function that is looked at."""

    def __init__(self, chance: random.Random, rules: Rules, merge: Callable[..., Plan] = merge) -> None:
        self.chance = chance
        self.advoware, self.espocrm, self.people = Advoware(), EspoCrm(), People(chance)
        self.portal = Portal(rules=rules, merge=merge)
        self.older: list[list[Agreed]] = []
        self.kinds: dict[int, int] = {}  # what the portal ever took each entry for

    def edit(self, most: int = 6) -> None:
        for _ in range(self.chance.randint(0, most)):
            self.people.edit(self.advoware, self.espocrm)

    def crowd(self) -> None:
        """Nearly as many addresses as an array takes."""
        for _ in range(9):
            self.people.enter_an_address(self.advoware)

    def configure(self, **rules: object) -> None:
        self.portal.rules = replace(self.portal.rules, **rules)  # type: ignore[arg-type]

    # --- runs ---------------------------------------------------------------------------------------------------------

    def run(self, dies_after: int | None = None, then: Callable[[], None] = lambda: None) -> None:
        """Until nothing is left to write. The first run dies after so many writes; `then` happens before the next."""
        self.older.append(self.portal.base)
        self.portal.dies_after = dies_after
        while True:
            try:
                self.portal.run(self.advoware, self.espocrm)
                break
            except Died:
                then()
                self.portal.dies_after = self.chance.choice((None, 0, 1))
        self.portal.dies_after = None

    def run_as_without_a_death(self, dies_after: int | None) -> None:
        """It ends in the same state as a run that does not die."""
        portal, advoware, espocrm = copy.deepcopy((self.portal, self.advoware, self.espocrm))
        there = set(self.advoware.entries)
        portal.run(advoware, espocrm)
        self.run(dies_after)
        assert self.espocrm.values() == espocrm.values(), "other items"
        assert _shown(self.advoware) == _shown(advoware), "other entries"
        self.kinds |= {row.entry_id: row.komm_kz for row in self.portal.base}
        both = self.portal.rules.direction is Direction.BOTH
        empty = {self.kinds.get(entry.id) for entry in advoware.entries.values() if not entry.value}
        assert not both or not empty & {self.kinds[number] for number in self.advoware.entries.keys() - there}, (
            "a slot is left"
        )

    def restore(self) -> None:
        """The database of an older day."""
        self.portal.base, self.portal.begun = self.chance.choice(self.older), []

    # --- what is true after a run -------------------------------------------------------------------------------------

    def check(self, *, brings_back: bool = False) -> None:
        """Both have the same, but for what is held or asked about; nothing typed is lost, nothing deleted is back."""
        inside, outside = set(self.advoware.values()), set(self.espocrm.values())
        plan = self.portal.look(self.advoware, self.espocrm)
        held = {value for one in plan.held for value in _values(one.value)}
        asked = [one for one in plan.conflicts if one.choice is Choice.ASK]
        assert inside - outside <= held | {value for one in asked for value in _values(one.advoware)}, "not given"
        assert outside - inside <= held | {value for one in asked for value in _values(one.espocrm)}, "not taken"
        self._check_people(inside | outside, brings_back=brings_back)

    def check_one_way(self, before: tuple[list[Value], list[Value]]) -> None:
        """The other side has the values it had."""
        inside, outside = self.values()
        if self.portal.rules.direction is Direction.TO_ESPOCRM:
            assert inside == before[0]
        else:
            assert outside == before[1]
        self._check_people({*inside, *outside}, brings_back=True)

    def values(self) -> tuple[list[Value], list[Value]]:
        return self.advoware.values(), self.espocrm.values()

    def _check_people(self, there: set[Value], *, brings_back: bool) -> None:
        lost = {value for one in self.portal.conflicts for value in _loser(one)}
        self.people.alive -= lost
        self.portal.conflicts = []
        assert self.people.alive <= there, "lost"
        if not brings_back:
            self.people.saw_a_run({value for row in self.portal.base for value in _values(row.value)})
            assert not self.people.dead & there, "brought back"
        for entry_id, text in self.people.texts.items():
            assert read_remark(self.advoware.entries[entry_id].note).text == text, "a text is lost"
        channels = [[item for item in self.espocrm.items if item.channel is channel] for channel in Channel]
        assert all(sum(item.primary for item in items) == bool(items) for items in channels)
        assert self.portal.run(self.advoware, self.espocrm) == 0, "a second run writes"


def _shown(advoware: Advoware) -> list[tuple[object, ...]]:
    return sorted((advoware.kinds[entry.id], entry.value, entry.note) for entry in advoware.entries.values())


def _values(value: str) -> list[Value]:
    return [(channel, normal(channel, value, REGION)) for channel in Channel]


def _loser(one: Conflict) -> list[Value]:
    """A decided conflict has one, and it is told."""
    if one.choice in (Choice.ASK, Choice.BOTH):
        return []
    return _values(one.advoware if one.choice is Choice.ESPOCRM else one.espocrm)
