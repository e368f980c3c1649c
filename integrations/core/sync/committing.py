"""What became of some records, and the one transaction that keeps it: entries, held records, and how far was read."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Stream, SyncEntry, SyncRun
from integrations.core.streams import StreamProblem
from integrations.transport.errors import TemporaryError, VendorError, class_of

from . import holding
from .flow import Flow, Outcome, Page, Record

CHECKPOINT = 1.0  # seconds: so far back at most a run begins again after its process died
COUNTED = ("read", "created", "updated", "unchanged", "skipped", "held")
COUNTED_WORDS = {
    "created": _("created"),
    "updated": _("updated"),
    "unchanged": _("unchanged"),
    "skipped": _("skipped"),
    "held": _("held"),
}


@dataclass(slots=True)
class Results:
    """What became of some records, not committed yet."""

    counts: Counter[str] = field(default_factory=Counter)
    entries: list[SyncEntry] = field(default_factory=list)
    held: list[tuple[Record, Exception]] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    waiting: list[tuple[Record, Exception]] = field(default_factory=list)  # temporary failures in a row
    decided: Record | None = None  # it, and all before it, are done or held

    @property
    def is_uneventful(self) -> bool:
        return not (self.entries or self.held or self.settled or self.waiting)

    def add(self, before: tuple[Results, Page] | None) -> None:
        """Pages that were put off come before this one."""
        if before is not None:
            self.counts += before[0].counts
            self.decided = self.decided or before[0].decided

    def hold_waiting(self) -> None:
        """The other side answers after all: those failures were the records' own."""
        self.held += self.waiting
        self.waiting = []

    def enter(self, record: Record, outcome: Outcome, why: str, writes: list[str] | None = None) -> None:
        self.counts[outcome.value] += 1
        self.entries.append(SyncEntry(record_id=record.id, outcome=outcome, why=why, writes=writes or []))


class Book:
    """What is stored about one run of a stream. Pages on which nothing happened are stored together, now and then."""

    def __init__(self, stream: Stream, run: SyncRun, flow: Flow) -> None:
        self.stream, self.run, self.flow = stream, run, flow
        self.put_off: tuple[Results, Page] | None = None
        self.stored_at = time.monotonic()

    def commit(self, results: Results, *, page: Page | None = None) -> None:
        """Everything of these records in one transaction; then, and only then, how far was read."""
        if page is not None and page.next and results.is_uneventful and time.monotonic() < self.stored_at + CHECKPOINT:
            results.add(self.put_off)
            self.put_off = (results, page)
            return
        results.add(self.put_off)
        self.put_off = None
        told = self._told_as_held(results)
        for record, error in results.held:
            if record.id not in told:
                results.enter(record, Outcome.HELD, holding.sentence_of(error))
        for entry in results.entries:
            entry.run = self.run
        with transaction.atomic():
            if not self.run.is_dry:
                self._store_held(results)
                if page is not None:
                    self._move_watermark(page, results)
                self.note_in_hand(None)
            SyncEntry.objects.bulk_create(results.entries)
            counted = {name: F(name) + results.counts[name] for name in COUNTED if results.counts[name]}
            if page is not None and not results.waiting:
                counted["cursor"] = page.next  # type: ignore[assignment]  # a text, not an expression
            if counted:
                SyncRun.objects.filter(pk=self.run.pk).update(**counted)
        self.stored_at = time.monotonic()

    def catch_up(self) -> None:
        """Store what was put off."""
        if self.put_off is not None:
            results, page = self.put_off
            self.put_off, self.stored_at = None, -CHECKPOINT
            self.commit(results, page=page)

    def note_in_hand(self, record: Record | None) -> None:
        """Before a record is written: who finds it noted knows that a process died with it.

        One that a webhook was about is not noted: the tries of its job are counted.
        """
        noted = {} if record is None else {"id": record.id, "fingerprint": record.fingerprint}
        if noted != self.stream.in_hand and not self.run.subject:
            Stream.objects.filter(pk=self.stream.pk).update(in_hand=noted)
            self.stream.in_hand = noted

    def _told_as_held(self, results: Results) -> set[str]:
        """Those that this run has told of before: one that lasts long tries them again, and counts them once."""
        if not results.held:
            return set()
        ids = [record.id for record, _ in results.held]
        told = SyncEntry.objects.filter(run=self.run, outcome=Outcome.HELD, record_id__in=ids)
        return set(told.values_list("record_id", flat=True))

    def _store_held(self, results: Results) -> None:
        holding.settle(self.stream, results.settled)
        for record, error in results.held:
            holding.hold(
                self.stream,
                record.id,
                holding.cause_of(error),
                holding.sentence_of(error),
                fingerprint=record.fingerprint,
                error_class=class_of(error) if isinstance(error, VendorError) else "bug",
                after=error.retry_after if isinstance(error, TemporaryError) else None,
            )

    def _move_watermark(self, page: Page, results: Results) -> None:
        """Ordered: to the last decided record. Otherwise: once all was read, to the moment reading began,
        by the earlier of both clocks."""
        reached: dt.datetime | None = None
        if self.flow.reading.ordered:
            reached = results.decided.changed_at if results.decided else None
        elif not page.next and not results.waiting:
            reached = page.began or self.run.started_at
        if reached is None:
            return
        reached = min(reached, self.run.started_at)  # a vendor's clock that is ahead must not hide what comes
        row = Stream.objects.select_for_update().get(pk=self.stream.pk)
        if row.watermark != self.stream.watermark:
            raise StreamProblem(
                gettext("Somebody else moved the watermark meanwhile; this run ends, the next one goes on from it.")
            )
        if row.watermark is not None and reached <= row.watermark:
            return
        Stream.objects.filter(pk=row.pk).update(watermark=reached)
        SyncRun.objects.filter(pk=self.run.pk).update(watermark_after=reached)
        self.stream.watermark = reached
