"""One run of a stream, read top to bottom: bury, try what is held, read page after page, deal with each record, commit.

- A page is committed in one transaction: what became of its records, which of them are held, and how far was read. So
  the watermark never passes a record that is neither done nor held.
- A record that fails is held and the next one goes on. Three temporary failures in a row are an outage: the run ends
  where it is. Ten bugs in a row end it too.
- Before a record is written it is noted as in hand; a record that kills its process is held like any other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from integrations.core import correlation, reporting
from integrations.core.jobs import Again, ClaimLost, Stopped
from integrations.core.models import HeldItem, RecordLink, Stream, SyncEntry, SyncRun
from integrations.core.streams import Work
from integrations.transport.errors import (
    ConfigurationError,
    ConflictError,
    NotFoundError,
    QuotaSpent,
    TemporaryError,
    UnknownOutcomeError,
)

from . import holding
from .committing import COUNTED, COUNTED_WORDS, Book, Results
from .flow import Flow, Outcome, Page, Plan, Record
from .linking import (
    BusyError,
    agree,
    attach,
    fingerprints_of,
    in_hand,
    links_of,
    mark_missing,
    may_still_arrive,
    note_sent,
    unanswered,
)
from .patience import Patience

logger = logging.getLogger("portal.sync")

SLICE = 50.0  # seconds of work before other jobs get their turn
LOOK = 0.2  # seconds between two looks at whether the slice is over or somebody asked for the end


def run(work: Work, flow: Flow) -> str:
    """Bring the other side up to what changed on this one; the result in a sentence.

    Raises `StreamProblem` for what ended the run early, `Again` when its slice of time is over, `Stopped`, and
    `QuotaSpent`: the run goes on from there.
    """
    one = _Run(work, flow)
    if not work.run.is_dry:
        one.bury()
        one.adopt()
        one.try_held()
    one.read()
    return one.summary()


def look_at(work: Work, flow: Flow, record_id: str) -> str:
    """Bring the other side up to this one record, because a webhook was about it; what came of it.

    It is read anew whatever its fingerprint says. What fails for good is held like in any run. Raises
    `NotFoundError` when it cannot be read; `TemporaryError`, for the job to try it again; `ConfigurationError`.
    """
    return _Run(work, flow).look_at(record_id)


class _Run:
    def __init__(self, work: Work, flow: Flow) -> None:
        self.work, self.flow, self.run = work, flow, work.run
        self.stream = Stream.objects.select_related("integration__client").get(pk=work.run.stream_id)
        self._learn()
        self.book = Book(self.stream, work.run, flow)
        self.looks_at, self.ends = 0.0, time.monotonic() + SLICE
        self.patience = Patience()
        self.is_going_on = bool(work.run.outcome)  # an earlier slice said how far it is
        self.is_awaited = False  # a record that the other direction made may still appear on this side

    def _learn(self) -> None:
        """The stream says from now on what its records are, so that pages find them."""
        kind, side = self.flow.object_type, self.flow.side.value
        if (self.stream.object_type, self.stream.side) != (kind, side):
            Stream.objects.filter(pk=self.stream.pk).update(object_type=kind, side=side)

    # --- what an earlier process left

    def bury(self) -> None:
        """A process died with a record in hand: it is held, so that it cannot kill every run."""
        if not self.stream.in_hand:
            return
        record_id, fingerprint = self.stream.in_hand["id"], self.stream.in_hand["fingerprint"]
        with transaction.atomic():
            holding.hold(
                self.stream,
                record_id,
                HeldItem.Cause.TEMPORARY,
                str(holding.DIED),
                fingerprint=fingerprint,
                error_class=holding.DIED_CLASS,
            )
            self.book.note_in_hand(None)

    def adopt(self) -> None:
        """What the other direction was making on this side, and got no answer for: it is looked up before anything.

        Else a record of ours would be taken for a new one, and made on the other side once more.
        """
        find = self.flow.find
        if find is None:
            return
        for link in unanswered(self.work.integration, self.flow.object_type, self.flow.side):
            self._go_on()
            found = find(link.key)
            if found is None:
                self.is_awaited = self.is_awaited or may_still_arrive(link)
                continue
            try:
                attach(link, self.flow.side, found)
            except ConflictError as error:  # a person has to look at this pair; the others go on
                mark_missing(link, error.message)

    def try_held(self) -> None:
        """Each held record whose time has come, read anew, one by one."""
        for item in holding.due(self.stream):
            self._go_on()
            results = Results()
            holding.count_try(item)
            record = Record(item.record_id, timezone.now(), item.fingerprint)
            try:
                with correlation.working_on(record_id=item.record_id):
                    record = self.flow.reading.get(item.record_id)
            except (ConfigurationError, QuotaSpent):
                raise
            except NotFoundError:
                results.settled.append(item.record_id)
                results.enter(record, Outcome.SKIPPED, gettext("It is gone at its source."))
            except Exception as error:  # with one record something is wrong; the next ones go on
                self._failed(record, error, results)
            else:
                link = self._links([record]).get(record.id)
                self._one(record, link, results)
            self._commit(results)
            self.patience.end_if_over()

    # --- one record that a webhook was about

    def look_at(self, record_id: str) -> str:
        results = Results()
        results.counts["read"] += 1
        self.run.record_id = record_id  # kept with what comes of the run
        with correlation.working_on(record_id=record_id):
            record = self.flow.reading.get(record_id)
        try:
            self._deal_with(record, self._links([record]).get(record.id), results)
        except (ConfigurationError, ClaimLost, Stopped, TemporaryError):
            raise
        except UnknownOutcomeError as error:
            raise TemporaryError(error.message, retry_after=5, status=error.status) from error
        except Exception as error:  # the guard of DESIGN, never-rule 8
            self._failed(record, error, results)
        else:
            results.settled.append(record.id)
        self._commit(results)
        said = [f"{entry.get_outcome_display()}: {entry.why}".strip(": ") for entry in results.entries]
        return " ".join(said) or gettext("Unchanged.")

    # --- reading

    def read(self) -> None:
        """Page after page, from the watermark less the overlap, or from where the last slice ended."""
        before = self.run.watermark_before
        since = None if before is None else before - self.flow.reading.overlap
        cursor = self.run.cursor
        while True:
            self._go_on()
            page = self.flow.reading.page(since, cursor)
            results = self._page(page)
            cursor = page.next
            self._commit(results, page=page)
            self.patience.end_if_over()
            if not cursor:
                return

    def _page(self, page: Page) -> Results:
        results = Results()
        held = self._held(page.records)
        results.counts["read"] += len(page.records)
        told = self._told(page.records)
        done = self._dealt_with(page.records) - held.keys() | (told if self.run.is_dry else set())
        links = self._links([record for record in page.records if record.id not in done])
        results.counts["unchanged"] += len(done - told)
        for record in page.records if len(done) < len(page.records) else page.records[-1:]:
            link, item = links.get(record.id), held.get(record.id)
            if item is not None and item.fingerprint == record.fingerprint:
                self._decide(record, results)  # as it was when it failed: its own time for a try will come
            elif record.id in done:
                self._decide(record, results)
            else:
                if item is not None:
                    holding.count_try(item)
                self._one(record, link, results)
            if self.patience.is_over:
                break
            self._end_slice_within(results)
        return results

    def _told(self, records: Sequence[Record]) -> set[str]:
        """The ids of those that this run has dealt with already: before it was put off in the middle of their page, or
        on an earlier page of a dry run, which leaves no fingerprints.
        """
        if not (self.is_going_on or self.run.is_dry):
            return set()
        told = SyncEntry.objects.filter(run=self.run, record_id__in=[record.id for record in records])
        return set(told.values_list("record_id", flat=True))

    def _held(self, records: Sequence[Record]) -> dict[str, HeldItem]:
        if self.run.is_dry or not holding.any_held(self.stream):
            return {}
        return holding.held(self.stream, [record.id for record in records])

    def _dealt_with(self, records: Sequence[Record]) -> set[str]:
        """The ids of those that are as they were when they were dealt with last; all others are looked at."""
        ids = [record.id for record in records]
        known = fingerprints_of(self.work.integration, self.flow.object_type, self.flow.side, ids)
        return {record.id for record in records if not record.is_news and known.get(record.id) == record.fingerprint}

    def _links(self, records: Sequence[Record]) -> dict[str, RecordLink]:
        ids = [record.id for record in records]
        return links_of(self.work.integration, self.flow.object_type, self.flow.side, ids)

    # --- one record

    def _one(self, record: Record, link: RecordLink | None, results: Results) -> None:
        """Deal with it; whatever goes wrong with it stays with it."""
        try:
            self._deal_with(record, link, results)
        except (ConfigurationError, ClaimLost, Stopped):
            self._commit(results)
            raise
        except QuotaSpent:
            self._keep(results)
            raise
        except Exception as error:  # the guard of DESIGN, never-rule 8: held, reported where it is a bug, and on
            self._failed(record, error, results)
        else:
            results.hold_waiting()
            results.settled.append(record.id)
            self.patience.worked()
            self._decide(record, results)

    def _deal_with(self, record: Record, link: RecordLink | None, results: Results) -> None:
        with correlation.working_on(record_id=record.id):
            self._brought_in_step(record, link, results)

    def _brought_in_step(self, record: Record, link: RecordLink | None, results: Results) -> None:
        if link is None and self.is_awaited:
            raise BusyError(
                gettext("It may be one that the portal made itself a moment ago; it is looked at again soon.")
            )
        plan = self.flow.plan(record, link)
        if plan.skipped:
            results.enter(record, Outcome.SKIPPED, plan.why)
        elif not plan.writes:
            results.counts["unchanged"] += 1
            if link is not None and not self.run.is_dry:
                self._agree(link, record, plan, "")
        else:
            if not self.run.is_dry:
                self._stop_if_asked()
                plan = self._write(record, link, plan)
            writes = [write.sentence for write in plan.writes]
            results.enter(record, Outcome.CREATED if plan.creates else Outcome.UPDATED, plan.why, writes)

    def _write(self, record: Record, link: RecordLink | None, plan: Plan) -> Plan:
        self.book.note_in_hand(record)
        with in_hand(self.work.integration, self.flow.object_type, self.flow.side, record.id) as mine:
            if _version(mine) != _version(link or RecordLink(**{f"{self.flow.side}_id": record.id})):
                plan = self.flow.plan(record, mine)  # the other direction was at work meanwhile
            sent_at = mine.sent_at
            other = self._do(plan, mine)
            if plan.creates and sent_at is not None and mine.sent_at == sent_at:
                plan = self.flow.plan(record, mine)  # an earlier call had made it; the record may have changed since
                other = self._do(plan, mine) or other
            self._agree(mine, record, plan, other)
        return plan

    def _do(self, plan: Plan, link: RecordLink) -> str:
        """Write; the other record's fingerprint after it, if it is known."""
        if plan.base is not None and not plan.creates:
            note_sent(link, self.flow.side.other, plan.base)
        other = ""
        for write in plan.writes:
            self.work.claim.check()
            other = write.do(link) or other
        return other

    def _agree(self, link: RecordLink, record: Record, plan: Plan, other: str) -> None:
        seen = plan.seen or record.fingerprint
        agree(link, self.flow.side, fingerprint=seen, other_fingerprint=other, base=plan.base)

    def _failed(self, record: Record, error: Exception, results: Results) -> None:
        cause = holding.cause_of(error)
        if cause == HeldItem.Cause.TEMPORARY and not isinstance(error, BusyError):
            results.waiting.append((record, error))
            self.patience.failed_for_now()
            return
        results.hold_waiting()
        results.held.append((record, error))
        self.patience.failed(is_bug=cause == HeldItem.Cause.BUG)
        if cause == HeldItem.Cause.BUG:
            logger.error("%s %s: a bug in the portal", self.stream, record.id, exc_info=error)
            tags = {"client": str(self.stream.integration.client), "stream": self.stream.slug, "record": record.id}
            reporting.report(error, transaction=f"sync {self.stream.slug}", tags=tags)
        self._decide(record, results)

    def _decide(self, record: Record, results: Results) -> None:
        if not results.waiting:
            results.decided = record

    def _commit(self, results: Results, *, page: Page | None = None) -> None:
        if not self.patience.is_out:
            results.hold_waiting()
        self.work.claim.check()
        self.book.commit(results, page=page)

    def _keep(self, results: Results) -> None:
        """What was done of a page that will be read once more: what is counted then is not counted now."""
        self.book.catch_up()
        results.counts["read"] = results.counts["unchanged"] = 0
        results.waiting = []
        self._commit(results)

    # --- when to end

    def _go_on(self) -> None:
        now = time.monotonic()
        if now < self.looks_at:
            return
        self.looks_at = now + LOOK
        if now > self.ends:
            self.book.catch_up()
            raise Again(at=timezone.now(), outcome=self.summary())
        self._stop_if_asked()

    def _end_slice_within(self, results: Results) -> None:
        """Where calls are slow a page takes longer than a slice; one that got on by a record ends in its middle."""
        if time.monotonic() > self.ends and results.counts["created"] + results.counts["updated"]:
            self._keep(results)
            raise Again(at=timezone.now(), outcome=self.summary())

    def _stop_if_asked(self) -> None:
        if SyncRun.objects.filter(pk=self.run.pk, stop_asked=True).exists():
            self.book.catch_up()
            raise Stopped

    def summary(self) -> str:
        """How far the run is, in a sentence."""
        row = SyncRun.objects.get(pk=self.run.pk)
        done = {name: getattr(row, name) for name in COUNTED[1:]}
        told = ", ".join(f"{count:,} {COUNTED_WORDS[name]}" for name, count in done.items() if count)
        said = gettext("{count:,} read; {told}.").format(count=row.read, told=told or gettext("nothing to do"))
        return gettext("Would be: {said}").format(said=said) if row.is_dry else said


def _version(link: RecordLink) -> tuple[str, ...]:
    return (link.state, link.left_id, link.right_id, link.left_fingerprint, link.right_fingerprint)
