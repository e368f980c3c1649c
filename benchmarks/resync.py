"""M2, M11: a first sync of a large TOGA 2, killed in its middle and resumed; then a run that finds nothing new."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks import Figure, machine
from benchmarks.judging import bounded

TICKETS, NOTES_EACH = 100_000, 10
KILL_AT = 0.5  # of the tickets


def measure(scale: float, database: str) -> Iterator[Figure]:
    tickets = max(200, int(TICKETS * scale))
    folder = Path(os.environ["BENCHMARK_FOLDER"])
    yield from _first_sync(tickets, folder, database)


def _first_sync(tickets: int, folder: Path, database: str) -> Iterator[Figure]:
    from integrations.core.models import ApiCall, RecordLink, SyncRun
    from integrations.core.running import sweep
    from integrations.vendors.togadesk.simulator import TogadeskSimulator
    from tests.toga_togadesk.scene import set_scene

    desk = TogadeskSimulator.at(folder / "desk")
    pipe = subprocess.PIPE
    arguments = ("-m", "benchmarks.large_toga", str(tickets), str(NOTES_EACH))
    with machine.program(*arguments, env=dict(os.environ), stdin=pipe, stdout=pipe) as toga:
        assert toga.stdout is not None
        set_scene(toga.stdout.readline().strip(), desk.url, str(desk.uploads))
        began = time.monotonic()
        first = _worker(until=lambda: RecordLink.objects.count() >= tickets * KILL_AT)
        made = RecordLink.objects.count()
        sweep()
        second = _worker(until=lambda: False)
        seconds = time.monotonic() - began
        rows = {name: desk.database.one(f"SELECT COUNT(*) AS n FROM {name}") or {} for name in ("tickets", "comments")}  # noqa: S608
        before = ApiCall.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        again = _worker(until=lambda: False)
        calls = ApiCall.objects.filter(pk__gt=before).count()
    notes = (desk.database.one("SELECT COUNT(*) AS n FROM tickets_replies") or {})["n"] + rows["comments"]["n"]
    whole = rows["tickets"]["n"] == tickets and notes == tickets * NOTES_EACH
    what = f"first sync of {tickets:,} tickets with {notes:,} notes, {database}, {seconds:,.0f} s"
    peak = max(first, second, again) / 1e6
    yield bounded("M11", f"{what}: memory at most", peak, most=250, unit="MB")
    yield bounded("M2", f"a run that finds nothing new among {tickets:,} tickets", calls, most=3, unit="calls")
    runs = SyncRun.objects.order_by("pk")
    read = sum(run.read for run in runs[: len(runs) - 1])
    seen = f"killed with {made:,} tickets done, resumed: {rows['tickets']['n']:,} tickets, {read:,} records read"
    yield Figure("M11", seen, "all once, none read from the beginning", bool(whole and read < tickets * 1.02))


def _worker(*, until: Any) -> int:
    """Work the stream off in a process of its own, killed when `until` says so; its largest memory in bytes."""
    child = subprocess.Popen([sys.executable, "-m", "benchmarks.one_stream"], cwd=machine.ROOT, env=dict(os.environ))
    watched, peak = psutil.Process(child.pid), 0
    while child.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.Error:
            break
        if until():
            child.send_signal(signal.SIGKILL)
        time.sleep(0.2)
    child.wait()
    return peak
