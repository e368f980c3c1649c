"""P6, P8, P11, P13, P14: both sides talk at once for hours; once they stop, both are equal and nothing is written."""

from __future__ import annotations

from random import Random

import pytest

from tests.seeds import SEED

from .chatter import Chatter
from .scene import Scene

FAST_EDITS = 40
PARTS, PROOF_EDITS = 10, 1_000  # of each part: 10,000 in all


def talk(scene: Scene, seed: str, edits: int, *, loses: float) -> None:
    chatter = Chatter(scene, Random(seed), loses)
    chatter.begin()
    chatter.happens(edits)
    chatter.silence()


def test_after_some_chatter_on_both_sides_there_is_silence_and_nothing_is_lost(scene: Scene) -> None:
    talk(scene, "fast", FAST_EDITS, loses=0.5)


@pytest.mark.proof
@pytest.mark.parametrize("part", range(PARTS))
def test_after_hours_of_chatter_on_both_sides_there_is_silence_and_nothing_is_lost(scene: Scene, part: int) -> None:
    talk(scene, f"chatter {SEED} {part}", PROOF_EDITS, loses=0.8 if part % 2 else 0.4)
