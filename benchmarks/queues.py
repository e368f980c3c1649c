"""The two queues that are compared: the portal's under its supervisor, and a stock django-q2 cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from benchmarks import machine
from benchmarks.machine import wait_for
from integrations.core import jobs
from integrations.core.models import Job

READY_WITHIN = 30.0  # seconds


class Signs:
    """What the jobs said when they began, by number."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begun(self, number: int) -> list[tuple[float, int]]:
        """The moments (of the monotonic clock) and pids of its starts so far."""
        try:
            lines = (self._folder / f"began-{number}").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [(float(at), int(pid)) for at, pid in (line.split() for line in lines)]

    def wait(self, number: int, *, times: int = 1, seconds: float = READY_WITHIN) -> tuple[float, int]:
        """The start of that count, once it came. Raises `TimeoutError`."""
        what = f"start {times} of job {number}"
        return wait_for(lambda: self.begun(number)[times - 1 :], what, seconds=seconds, every=0.005)[0]


@contextmanager
def ours(signs: Signs, *, counted_in: Path | None = None) -> Iterator[int]:
    """The portal's queue, at work; the pid of its supervisor."""
    env = dict(os.environ) | ({"BENCHMARK_STATEMENTS": str(counted_in)} if counted_in else {})
    with machine.program("manage.py", "portal", "--only", "queue", env=env) as supervisor:
        signs.wait(ask("sign"))
        yield supervisor.pid


@contextmanager
def stock(env: Mapping[str, str], *, counted_in: Path | None = None) -> Iterator[int]:
    """A stock cluster on a database of its own, at work; its pid."""
    machine.manage(env, "migrate", "--verbosity=0")
    env = dict(env) | ({"BENCHMARK_STATEMENTS": str(counted_in)} if counted_in else {})
    with machine.program("-m", "django", "qcluster", env=env) as cluster:
        yield cluster.pid


_number = iter(range(1, 1_000_000))


def ask(name: str) -> int:
    """Ask for one of the rig's jobs; its number."""
    number = next(_number)
    jobs.enqueue(f"benchmark.{name}", number)
    return number


def work_off(count: int) -> float:
    """Ask for that many small jobs at once; the seconds from then until all are done."""
    with transaction.atomic():
        for _ in range(count):
            ask("nothing")
    began = time.monotonic()
    unfinished = Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING], not_before__lte=timezone.now())
    wait_for(lambda: not unfinished.exists(), f"the end of {count} jobs", seconds=300, every=0.05)
    return time.monotonic() - began
