"""A pair as a state machine: hypothesis chooses the edits, the rules and the write after which a run dies."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from integrations.advoware_espocrm.merge import Choice, Plan, Rules, merge
from tests.advoware_espocrm.world import World

DEATHS = st.none() | st.integers(0, 6)


class PairMachine(RuleBasedStateMachine):
    """One party. After each run both sides have the same; it has no oracle but the promises."""

    merge: Callable[..., Plan] = staticmethod(merge)

    def __init__(self) -> None:
        super().__init__()
        self.world = World(random.Random(0), Rules(), self.merge)

    @rule(chance=st.randoms(use_true_random=False), acts=st.integers(1, 4))
    def people_edit(self, chance: random.Random, acts: int) -> None:
        self.world.chance = self.world.people.chance = chance
        for _ in range(acts):
            self.world.people.edit(self.world.advoware, self.world.espocrm)

    @rule(policy=st.sampled_from(Choice), keeps_markers=st.booleans())
    def somebody_sets_the_rules(self, policy: Choice, *, keeps_markers: bool) -> None:
        """Markers may be switched off; those that stand stay, and grow old."""
        self.world.configure(policy=policy, writes_markers=keeps_markers and self.world.portal.rules.writes_markers)

    @rule(dies_after=DEATHS, again=DEATHS)
    def it_runs(self, dies_after: int | None, again: int | None) -> None:
        self.world.chance = random.Random(f"{dies_after} {again}")
        self.world.run_as_without_a_death(dies_after)
        self.world.check()

    def teardown(self) -> None:
        self.world.run()
        self.world.check()
