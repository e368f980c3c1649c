"""M7: small jobs worked off per second, from the moment they are all asked for until the last one is done.

Both queues have two workers and stand on databases of the same kind and settings. The stock one keeps django-q2's
defaults: a task at a time, its result saved, at most 250 results kept.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks import Figure, machine, queues
from benchmarks.judging import faster, in_turns

JOBS, TASKS, ROUNDS = 2_000, 300, 3


def measure(scale: float, database: str) -> Iterator[Figure]:
    folder = Path(os.environ["BENCHMARK_FOLDER"])
    jobs, tasks = max(20, int(JOBS * scale)), max(10, int(TASKS * scale))
    with machine.beside(database, folder) as url:
        env = machine.environment(folder, url, settings="benchmarks.peer.settings")
        pipe = subprocess.PIPE
        with (
            queues.ours(queues.Signs(folder)),
            queues.stock(env),
            machine.program("-m", "benchmarks.peer.tasks", env=env, stdin=pipe, stdout=pipe) as producer,
        ):

            def stock_rate(count: int = tasks) -> float:
                return count / _stock_work_off(producer, count)

            stock_rate(10)  # both are awake
            queues.work_off(10)
            seen, theirs = in_turns(ROUNDS, lambda: jobs / queues.work_off(jobs), stock_rate)
    yield faster("M7", f"small jobs, {database}", seen, theirs, least=10, unit="per s", than="stock django-q2's")


def _stock_work_off(producer: subprocess.Popen[str], count: int) -> float:
    """The seconds in which the stock queue works that many tasks off."""
    assert producer.stdin is not None
    assert producer.stdout is not None
    producer.stdin.write(f"{count}\n")
    producer.stdin.flush()
    return float(producer.stdout.readline())
