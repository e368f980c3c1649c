"""“Apply exactly this”: the plan that is approved holds every write that follows from it, and no other one."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from integrations.advoware_espocrm.agreement import is_part_of
from integrations.advoware_espocrm.merge import Choice, Plan, Rules
from tests import seeds

from .people import People
from .two_lists import Advoware, EspoCrm, Portal

HISTORIES = 300


@dataclass
class Remembering(Portal):
    """Keeps the plans of a run."""

    plans: list[Plan] = field(default_factory=list)

    def look(self, advoware: Advoware, espocrm: EspoCrm) -> Plan:
        plan = super().look(advoware, espocrm)
        self.plans.append(plan)
        return plan


def _edited(number: int) -> tuple[Remembering, Advoware, EspoCrm, People]:
    """A pair that was brought to agreement once, and edited since on both sides."""
    chance = random.Random(f"approving {seeds.SEED}/{number}")
    advoware, espocrm, people = Advoware(), EspoCrm(), People(chance)
    policy = chance.choice((Choice.ESPOCRM, Choice.ADVOWARE))
    portal = Remembering(rules=Rules(policy=policy, writes_markers=chance.random() < 0.7))
    for is_before in (True, False):
        for _ in range(chance.randint(1, 6)):
            people.edit(advoware, espocrm)
        if is_before:
            portal.run(advoware, espocrm)
    portal.plans = []
    return portal, advoware, espocrm, people


def _stands_twice(portal: Portal, advoware: Advoware) -> bool:
    """Whether several entries have one value, or had: which of them it is about may turn out after the first write."""
    keys = [row.key for row in portal.base if row.key]
    return max([0, *Counter(keys).values(), *Counter(advoware.values()).values()]) > 1


def _dry_run(portal: Portal, advoware: Advoware, espocrm: EspoCrm) -> Plan:
    """A look of which nothing is kept."""
    base, begun = list(portal.base), list(portal.begun)
    plan = portal.look(advoware, espocrm)
    portal.base, portal.begun = base, begun
    return plan


def test_what_follows_from_a_plan_is_part_of_it() -> None:
    told = 0
    for number in range(HISTORIES):
        portal, advoware, espocrm, _ = _edited(number)
        if _stands_twice(portal, advoware):
            continue
        portal.run(advoware, espocrm)
        first, *later = portal.plans
        assert all(is_part_of(plan, first) for plan in later), f"history {number}"
        told += bool(first.advoware)
    assert told > HISTORIES // 2


def test_a_plan_has_the_same_digest_until_something_moves() -> None:
    told = 0
    for number in range(HISTORIES):
        portal, advoware, espocrm, people = _edited(number)
        first = _dry_run(portal, advoware, espocrm)
        assert _dry_run(portal, advoware, espocrm).digest() == first.digest(), f"history {number}"
        people.edit(advoware, espocrm)
        moved = _dry_run(portal, advoware, espocrm)
        if moved.digest() == first.digest():
            assert is_part_of(moved, first), f"history {number}"
            assert is_part_of(first, moved), f"history {number}"
        else:
            told += 1
    assert told > HISTORIES // 2
