"""M12: what an unchanged record costs the engine: its fingerprint is compared with its link's, in the database.

The peer is DiffSync, which loads both sides into memory and compares them there: equal records, equal fingerprints.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import structlog
from diffsync import Adapter, DiffSyncModel

from benchmarks import Figure
from benchmarks.judging import bounded, faster, in_turns

LINKS, RECORDS, PAGE, ROUNDS = 100_000, 20_000, 200, 5


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
    yield from _unchanged(max(1000, int(LINKS * scale)), max(1000, int(RECORDS * scale)))


def _unchanged(links: int, records: int) -> Iterator[Figure]:
    from integrations.core.models import Client, Integration, RecordLink, Stream, SyncRun

    client = Client.objects.create(slug="unchanged", name="Unchanged")
    integration = Integration.objects.create(client=client, slug="pair", kind="none")
    stream = Stream.objects.create(integration=integration, slug="one_way", interval_minutes=5)
    pairs = [(f"{number:032x}", f"{number:016x}") for number in range(links)]
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
    pairs = pairs[:records]
    _engine(integration, stream, SyncRun, pairs)  # everything is warm
    ours, theirs = in_turns(ROUNDS, lambda: _engine(integration, stream, SyncRun, pairs), lambda: _diffsync(pairs))
    each = [one / records * 1e6 for one in ours]
    yield bounded(
        "M12", f"{records:,} unchanged records of {links:,}, each", sorted(each)[len(each) // 2], most=10, unit="µs"
    )
    speeds = [records / one for one in ours], [records / one for one in theirs]
    yield faster(
        "M12", f"{records:,} unchanged records of {links:,}", *speeds, least=10, unit="per s", than="DiffSync's"
    )


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
