"""M16: what a queue costs while there is nothing to do: CPU seconds and database statements in a minute.

The portal's first scheduled work (the day's pruning, the first count of the figures) is waited for. Then both stand
idle in the same minute, each with two workers on a SQLite database of its own; ours with its supervisor.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import Figure, machine, queues
from benchmarks.judging import compared
from integrations.core.models import Job

SECONDS = 60
FIRST = ("core.prune", "core.count_figures")
STOCK = "stock django-q2's"


def measure(scale: float, database: str) -> Iterator[Figure]:
    folder = Path(os.environ["BENCHMARK_FOLDER"])
    seconds = max(2, SECONDS * scale)
    own_count, stock_count = folder / "statements-own", folder / "statements-stock"
    with machine.beside(database, folder) as url:
        env = machine.environment(folder, url, settings="benchmarks.peer.settings")
        with (
            queues.ours(queues.Signs(folder), counted_in=own_count) as own,
            queues.stock(env, counted_in=stock_count) as stock,
        ):
            machine.wait_for(stock_count.exists, "the stock queue's first statement", seconds=queues.READY_WITHIN)
            first = Job.objects.filter(kind__in=FIRST, state=Job.State.DONE)
            machine.wait_for(
                lambda: first.count() == len(FIRST), "the end of the first scheduled work", seconds=90, every=0.5
            )
            looks = [_look(own, own_count), _look(stock, stock_count)]
            before = [look() for look in looks]
            time.sleep(seconds)  # the minute that is measured
            after = [look() for look in looks]
    (cpu, statements), (stock_cpu, stock_statements) = (
        [(late - early) * 60 / seconds for late, early in zip(*pair, strict=True)]
        for pair in zip(after, before, strict=True)
    )
    yield compared("M16", "CPU of an idle minute", [cpu], [stock_cpu], most=0.5, unit="s", than=STOCK)
    what = "statements of an idle minute"
    yield compared("M16", what, [statements], [stock_statements], most=0.5, unit="", than=STOCK)


def _look(pid: int, counted_in: Path) -> Callable[[], tuple[float, float]]:
    """CPU seconds and statements so far."""
    return lambda: (machine.cpu_seconds(pid), counted_in.stat().st_size)
