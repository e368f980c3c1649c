"""A pair of toy systems, and the flow between them: what the engine is proven on.

A system keeps records with a version each, stamps changes by its own clock, shows some of them late, answers in pages,
and does what it is told to do wrong. Its ledger is every write it accepted.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from integrations.core.models import Integration, RecordLink, Stream, SyncRun
from integrations.core.streams import Work
from integrations.core.sync import linking as real_linking
from integrations.core.sync.flow import Flow, Page, Plan, Reading, Record, Side, Write
from integrations.core.sync.merging import merge
from integrations.transport.errors import NotFoundError, RejectedError

FIELDS = ("title", "state")


class Died(BaseException):
    """The process was killed here."""


@dataclass
class Thing:
    """A record of a toy system."""

    id: str
    fields: dict[str, str]
    changed_at: dt.datetime
    version: int = 1
    marker: str = ""
    visible_at: dt.datetime | None = None


@dataclass
class System:
    """One side. `faults` are what the next calls meet; `poisoned` records are refused whenever they are written."""

    name: str
    page_size: int = 3
    ordered: bool = True
    skew: dt.timedelta = dt.timedelta()
    things: dict[str, Thing] = field(default_factory=dict)
    ledger: list[tuple[str, str]] = field(default_factory=list)
    reads: int = 0
    faults: deque[Callable[[], None]] = field(default_factory=deque)
    poisoned: set[str] = field(default_factory=set)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    # --- people at work

    def now(self) -> dt.datetime:
        """Its own clock, by the second, so that ties are common."""
        return (timezone.now() + self.skew).replace(microsecond=0)

    def insert(self, title: str, *, late: dt.timedelta | None = None) -> Thing:
        """A person makes a record; with `late`, it is stamped now and can be read only after that."""
        visible = None if late is None else timezone.now() + late
        thing = Thing(
            f"{self.name}{next(self._ids):04}", {"title": title, "state": "open"}, self.now(), visible_at=visible
        )
        self.things[thing.id] = thing
        return thing

    def edit(self, thing_id: str, **fields: str) -> None:
        thing = self.things[thing_id]
        thing.fields = thing.fields | fields
        thing.version += 1
        thing.changed_at = self.now()

    # --- the vendor's interface

    def _call(self) -> None:
        if self.faults:
            self.faults.popleft()()

    def _shown(self) -> list[Thing]:
        now = timezone.now()
        return [thing for thing in self.things.values() if thing.visible_at is None or thing.visible_at <= now]

    def record(self, thing: Thing) -> Record:
        return Record(thing.id, thing.changed_at, f"v{thing.version}", dict(thing.fields))

    def page(self, since: dt.datetime | None, cursor: str) -> Page:
        self.reads += 1
        self._call()
        found = [thing for thing in self._shown() if since is None or thing.changed_at >= since]
        if self.ordered:
            found.sort(key=lambda thing: (thing.changed_at, thing.id))
            if cursor:
                found = [thing for thing in found if f"{thing.changed_at.isoformat()} {thing.id}" > cursor]
        else:
            found.sort(key=lambda thing: thing.id, reverse=True)
            if cursor:
                found = [thing for thing in found if thing.id < cursor]
        shown = found[: self.page_size]
        more = len(found) > self.page_size
        last = shown[-1] if more else None
        following = "" if last is None else f"{last.changed_at.isoformat()} {last.id}" if self.ordered else last.id
        return Page([self.record(thing) for thing in shown], following)

    def get(self, thing_id: str) -> Record:
        self._call()
        if thing_id not in self.things:
            raise NotFoundError(f"{self.name} has no {thing_id}.")
        return self.record(self.things[thing_id])

    def find(self, marker: str) -> str | None:
        self._call()
        return next((thing.id for thing in self.things.values() if thing.marker == marker), None)

    def create(self, marker: str, fields: dict[str, str]) -> str:
        after = self._before_write(fields)
        thing = self.insert(fields["title"])
        thing.fields, thing.marker = dict(fields), marker
        self.ledger.append(("create", thing.id))
        after()
        return thing.id

    def update(self, thing_id: str, fields: dict[str, str]) -> None:
        after = self._before_write(self.things[thing_id].fields | fields)
        self.edit(thing_id, **fields)
        self.ledger.append(("update", thing_id))
        after()

    def _before_write(self, fields: dict[str, str]) -> Callable[[], None]:
        """What goes wrong before the write is committed does so here; what goes wrong after it, in the answer."""
        if fields["title"] in self.poisoned:
            raise RejectedError(f"{self.name} refuses {fields['title']}.")
        if not self.faults:
            return lambda: None
        fault = self.faults.popleft()
        if getattr(fault, "after_commit", False):
            return fault
        fault()
        return lambda: None


def raising(error: BaseException, *, after_commit: bool = False) -> Callable[[], None]:
    """A fault: the next call ends with this, a write if need be after it was committed."""

    def fault() -> None:
        raise error

    fault.after_commit = after_commit  # type: ignore[attr-defined]
    return fault


def flow(left: System, right: System, side: Side, *, overlap: dt.timedelta, linking: Any = real_linking) -> Flow:
    """From `side` to the other: fields both ways, the left side wins."""
    source, target = (left, right) if side is Side.LEFT else (right, left)
    other = side.other

    def create(record: Record, mine: RecordLink) -> str:
        def make(key: str) -> str:
            return target.create(key, record.data)

        linking.create_once(mine, other, fields=record.data, find=target.find, create=make)
        return target.get(getattr(mine, f"{other}_id")).fingerprint

    def plan(record: Record, link: RecordLink | None) -> Plan:
        other_id = getattr(link, f"{other}_id") if link else ""
        if not other_id:
            made = Write(f"create “{record.data['title']}”", lambda mine: create(record, mine))
            return Plan("It is new.", [made], creates=True, base=record.data)
        theirs = target.get(other_id)
        sides = (record.data, theirs.data) if side is Side.LEFT else (theirs.data, record.data)
        assert link is not None
        before = linking.base_of(link, *sides)
        merged = merge(before, *sides, fields=FIELDS, winner=Side.LEFT)
        changes = merged.to_right if side is Side.LEFT else merged.to_left
        back = merged.to_left if side is Side.LEFT else merged.to_right
        base = before | {name: value for name, value in merged.agreed.items() if name not in back}
        if not changes:
            return Plan(base=base)

        def write(mine: RecordLink) -> str:
            target.update(getattr(mine, f"{other}_id"), changes)
            return target.get(other_id).fingerprint if not back else ""

        return Plan(f"{', '.join(changes)} changed.", [Write(f"set {changes}", write)], base=base)

    reading = Reading(page=source.page, get=source.get, ordered=source.ordered, overlap=overlap)
    return Flow("thing", side, reading, plan, find=source.find)


class Held:
    """A claim that never gets lost."""

    def check(self) -> None:
        """Nothing took it."""


def one_run(engine: Any, integration: Integration, slug: str, what: Flow, *, is_dry: bool = False) -> SyncRun:
    """One execution as the job does it. Returns the run; raises what the engine raises."""
    stream, _ = Stream.objects.get_or_create(integration=integration, slug=slug, defaults={"interval_minutes": 5})
    run: SyncRun = SyncRun.objects.create(
        stream=stream, watermark_before=stream.watermark, started_at=timezone.now(), is_dry=is_dry
    )
    try:
        engine.run(Work(integration, run, Held()), what)  # type: ignore[arg-type]
    finally:
        SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.State.DONE)
    run.refresh_from_db()
    return run
