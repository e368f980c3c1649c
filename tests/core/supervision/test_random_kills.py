"""A long seeded run: processes of two queues are killed at random while jobs keep coming in."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from integrations.core.processes import process_started
from tests.faults.database import OwnDatabase
from tests.seeds import SEED

from .stage import Stage, Supervised, setting, wait_until

ROUNDS = 25


@pytest.mark.proof
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whoever_is_killed_every_job_is_done_and_none_twice(
    tmp_path: Path, own_database: OwnDatabase, seed: int
) -> None:
    chance = random.Random(100 * SEED + seed)
    with own_database(tmp_path) as url, setting(tmp_path, url) as stage:
        queues = [stage.queue(), stage.queue()]
        asked = 0
        for _ in range(ROUNDS):
            more = chance.randint(1, 40)
            stage.do("enqueue", "careful", *range(asked, asked + more))
            asked += more
            time.sleep(chance.uniform(0, 1.5))  # the moment of the kill, drawn by the seed
            _kill_somebody(stage, queues, chance)
        wait_until(lambda: _is_done(stage, asked), f"seed {seed}: all {asked} jobs", seconds=240)
        assert stage.made() == Counter(dict.fromkeys(range(asked), 1))


def _kill_somebody(stage: Stage, queues: list[Supervised], chance: random.Random) -> None:
    which = chance.randrange(len(queues))
    living = [pid for pid in queues[which].everybody() if pid and process_started(pid) is not None]
    victim = chance.choice(living)
    os.kill(victim, signal.SIGKILL)
    if victim == queues[which].process.pid:
        queues[which].process.wait()
        queues[which] = stage.queue()


def _is_done(stage: Stage, asked: int) -> bool:
    stage.do("hurry")
    return {state for state, *_ in stage.do("states")} == {"done"} and len(stage.made()) == asked
