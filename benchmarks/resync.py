"""M2, M11, M12: a first sync of a large TOGA 2, killed in its middle and resumed; then all of it read again, unchanged.

The peer is DiffSync, which loads both sides into memory and compares them there: equal records, equal fingerprints.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import structlog
from diffsync import Adapter, DiffSyncModel

from benchmarks import Figure, machine
from benchmarks.judging import bounded, faster, in_turns

TICKETS, NOTES_EACH = 100_000, 10
PAGE, RECORDS, ROUNDS = 200, 20_000, 3
KILL_AT = 0.5  # of the tickets


class Item(DiffSyncModel):
    _modelname = "item"
    _identifiers = ("uuid",)
    _attributes = ("fingerprint",)
    uuid: str
    fingerprint: str


class Side(Adapter):
    item = Item
    top_level = ("item",)


def measure(scale: float, database: str) -> Iterator[Figure]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # DiffSync tells much
    tickets = max(200, int(TICKETS * scale))
    folder = Path(os.environ["BENCHMARK_FOLDER"])
    yield from _first_sync(tickets, folder, database)
    yield from _unchanged(max(1000, int(RECORDS * scale)))


# --- M11 --------------------------------------------------------------------------------------------------------------


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


# --- M12 --------------------------------------------------------------------------------------------------------------


def _unchanged(records: int) -> Iterator[Figure]:
    from integrations.core.models import Client, Integration, RecordLink, Stream, SyncRun

    client = Client.objects.create(slug="unchanged", name="Unchanged")
    integration = Integration.objects.create(client=client, slug="pair", kind="none")
    stream = Stream.objects.create(integration=integration, slug="one_way", interval_minutes=5)
    pairs = [(f"{number:032x}", f"{number:016x}") for number in range(records)]
    RecordLink.objects.bulk_create(
        [
            RecordLink(
                integration=integration,
                object_type="thing",
                left_id=key,
                right_id=key,
                left_fingerprint=mark,
                state="active",
            )
            for key, mark in pairs
        ],
        batch_size=1000,
    )
    ours = [_engine(integration, stream, SyncRun, pairs) for _ in range(1)]  # everything is warm
    ours, theirs = in_turns(ROUNDS, lambda: _engine(integration, stream, SyncRun, pairs), lambda: _diffsync(pairs))
    each = [one / records * 1e6 for one in ours]
    yield bounded("M12", f"{records:,} unchanged records, each", sorted(each)[len(each) // 2], most=10, unit="µs")
    speeds = [records / one for one in ours], [records / one for one in theirs]
    yield faster("M12", f"{records:,} unchanged records", *speeds, least=10, unit="per s", than="DiffSync's")


def _engine(integration: Any, stream: Any, runs: Any, pairs: list[tuple[str, str]]) -> float:
    """The seconds a run takes over records that are already there, page by page."""
    from django.utils import timezone

    from integrations.core.streams import Work
    from integrations.core.sync import engine
    from integrations.core.sync.flow import Flow, Page, Reading, Record
    from integrations.core.sync.flow import Side as Of

    now = timezone.now()
    pages = [[Record(key, now, mark) for key, mark in pairs[at : at + PAGE]] for at in range(0, len(pairs), PAGE)]

    def page(since: Any, cursor: str) -> Page:
        number = int(cursor or 0)
        return Page(pages[number], str(number + 1) if number + 1 < len(pages) else "")

    def never(*_: Any) -> Any:
        raise AssertionError("nothing has changed")

    class Held:
        def check(self) -> None:
            """Nothing took it."""

    run = runs.objects.create(stream=stream)
    began = time.perf_counter()
    engine.run(Work(integration, run, Held()), Flow("thing", Of.LEFT, Reading(page, never), never))  # type: ignore[arg-type]
    seconds = time.perf_counter() - began
    runs.objects.filter(pk=run.pk).update(state="done")
    return seconds


def _diffsync(pairs: list[tuple[str, str]]) -> float:
    """The seconds DiffSync takes to load the same records on both sides and to find no difference."""
    began = time.perf_counter()
    left, right = Side(), Side()
    for side in (left, right):
        for key, mark in pairs:
            side.add(Item(uuid=key, fingerprint=mark))
    assert not left.diff_to(right).has_diffs()
    return time.perf_counter() - began
