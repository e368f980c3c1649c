"""M17: after a kill -9, the seconds until the work goes on, at worst of several kills.

A busy worker is killed in its job, and the job must begin again. An idle worker is killed (which freezes a bare
django-q2 cluster for good), then a job is asked for. All processes of the queue but its supervisor are killed at once,
in the middle of a job, which must begin again.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks import Figure, machine, queues
from benchmarks.judging import bounded
from benchmarks.queues import Signs, ask

KILLS, MOST = 3, 5  # seconds
LOST_AFTER = 60.0


def measure(scale: float, database: str) -> Iterator[Figure]:
    signs = Signs(Path(os.environ["BENCHMARK_FOLDER"]))
    kills = KILLS if scale == 1 else 1
    for what, kill in (("a busy worker", _busy), ("an idle worker", _idle), ("all of the queue", _all)):
        worst = 0.0
        for _ in range(kills):
            with queues.ours(signs) as supervisor:  # a new one each time: repeated ends make the supervisor wait longer
                worst = max(worst, kill(supervisor, signs))
        yield bounded("M17", f"recovery after kill -9 of {what}, the worst of {kills}", worst, most=MOST, unit="s")


def _busy(supervisor: int, signs: Signs) -> float:
    job = ask("hold")
    _, worker = signs.wait(job)
    return _killed([worker], job, signs, times=2)


def _idle(supervisor: int, signs: Signs) -> float:
    def idle_worker() -> int | None:
        said = machine.titles(machine.tree(supervisor))
        return next((pid for pid, title in said.items() if title.strip().endswith("idle")), None)

    worker = machine.wait_for(idle_worker, "an idle worker", seconds=queues.READY_WITHIN)
    began = time.monotonic()
    os.kill(worker, signal.SIGKILL)
    at, _ = signs.wait(ask("sign"), seconds=LOST_AFTER)
    return at - began


def _all(supervisor: int, signs: Signs) -> float:
    job = ask("hold")
    signs.wait(job)
    return _killed([process.pid for process in machine.tree(supervisor)[1:]], job, signs, times=2)


def _killed(pids: list[int], job: int, signs: Signs, *, times: int) -> float:
    """Seconds from the kill to that start of the job."""
    began = time.monotonic()
    for pid in pids:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)
    at, _ = signs.wait(job, times=times, seconds=LOST_AFTER)
    return at - began
