"""What is kept of one record, gathered: the newest of each kind, merged, a page at a time.

Each statement is limited and goes by an index, however long the record's life was: a page asks each kind for one more
than a page's worth, older than where the last page ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext

from integrations.core.models import ApiCall, AuditEntry, HeldItem, Job, SyncEntry, SyncRun, User, WebhookDelivery

from . import telling
from .about import About
from .addresses import CALL, DELIVERY, JOB, Doors, doors_of
from .telling import Chain, OfRun

PAGE = 25  # chains on one page
CALLS = 20  # of one run that are told, the last ones
HINTS_OF_RUNS = 200  # webhooks asked for beside those that are about the record itself
_SHORT = ("request_headers", "request_body", "response_headers", "response_body", "query")  # what is not told


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of a timeline: chains, newest first; `before` is where the next page goes on, None at the end."""

    chains: list[Chain]
    before: dt.datetime | None


def timeline(about: About, user: User, *, before: dt.datetime | None = None, extra: Iterable[Chain] = ()) -> Shown:
    """The page that ends before that moment. `extra` are chains that the caller knows of, of the record's whole life.

    Calls and webhooks are told to those who may see them; the record itself is the caller's to guard.
    """
    doors = doors_of(user)
    found = _Found(about, user, doors, before)
    chains = [*found.runs(), *found.hints(), *found.audits(), *found.calls(), *found.held(), *found.begun()]
    chains += [chain for chain in extra if before is None or chain.at < before]
    chains.sort(key=lambda chain: chain.at, reverse=True)
    shown, rest = _cut(chains)
    return Shown(telling.joined(shown), shown[-1].at if rest else None)


def _cut(chains: list[Chain]) -> tuple[list[Chain], list[Chain]]:
    """A page and the rest. Chains of one moment stay together, so that the next page can go on by the moment."""
    at = PAGE
    if len(chains) > PAGE and chains[PAGE - 1].at == chains[PAGE].at:
        moment = chains[PAGE].at
        newer = sum(chain.at > moment for chain in chains)
        at = newer or sum(chain.at >= moment for chain in chains)
    return chains[:at], chains[at:]


class _Found:
    """The rows of one page."""

    def __init__(self, about: About, user: User, doors: Doors, before: dt.datetime | None) -> None:
        self.about, self.user, self.doors, self.before = about, user, doors, before
        self.alone = self._own_hints()
        self.by_run = self._runs()

    def _older(self, rows: QuerySet[Any], moment: str) -> Any:
        """The newest rows of those before where the last page ended."""
        older = rows if self.before is None else rows.filter(**{f"{moment}__lt": self.before})
        return older.order_by(f"-{moment}", "-pk")[: PAGE + 1]

    # --- runs, with all that belongs to each

    def runs(self) -> list[Chain]:
        jobs = self._jobs()
        return [telling.of_run(known, jobs, self.doors) for known in self.by_run.values()]

    def _runs(self) -> dict[int, OfRun]:
        entries = self._entries()
        known = {entry.run_id: OfRun(entry.run) for entry in entries}
        for entry in sorted(entries, key=lambda one: one.pk):
            known[entry.run_id].entries.append(entry)
        newer: set[int] = set()
        for run in self._looks():
            if self.before is not None and run.started_at >= self.before:
                newer.add(run.job_id or 0)  # told on a page before this one, with its webhooks
            else:
                known.setdefault(run.pk, OfRun(run))
        self.alone = [hint for hint in self.alone if hint.job_id not in newer]
        self._give_hints(known)
        self._give_calls(known)
        return known

    def _entries(self) -> list[SyncEntry]:
        if not self.about.records:
            return []
        ids = {record for _, record in self.about.records}  # by the ids first: that is what the index knows
        rows = SyncEntry.objects.filter(_any(self.about.records, "run__stream", "record_id"), record_id__in=ids)
        return list(self._older(rows.select_related("run__stream", "run__requested_by"), "run__started_at"))

    def _looks(self) -> list[SyncRun]:
        """The runs of single looks: by the record they looked at, and by the jobs of the webhooks about it."""
        jobs = {hint.job_id: hint.subject for hint in self.alone if hint.job_id}
        rows = SyncRun.objects.select_related("stream", "requested_by")
        found: list[SyncRun] = []
        if self.about.records:
            found += self._older(rows.filter(_any(self.about.records, "stream", "record_id")), "started_at")
        if jobs and self.about.integration_id:
            of_jobs = rows.filter(job_id__in=jobs, stream__integration=self.about.integration_id)
            found += [run for run in of_jobs.exclude(subject="") if run.subject == jobs.get(run.job_id)]
        return found

    def _jobs(self) -> dict[int, Job]:
        wanted = {known.run.job_id for known in self.by_run.values() if known.run.job_id}
        if JOB not in self.doors.may or not wanted:
            return {}
        return Job.objects.in_bulk(wanted)

    # --- webhooks

    def hints(self) -> list[Chain]:
        return [telling.of_hint(hint, self.doors) for hint in self.alone]

    def _own_hints(self) -> list[WebhookDelivery]:
        if DELIVERY not in self.doors.may or not self.about.hints:
            return []
        return list(self._older(self._deliveries(_any(self.about.hints, "connection", "subject")), "received_at"))

    def _deliveries(self, which: Q) -> QuerySet[WebhookDelivery]:
        rows = WebhookDelivery.objects.visible_to(self.user).filter(which)
        return rows.select_related("connection__client").defer("body", "headers")

    def _give_hints(self, known: dict[int, OfRun]) -> None:
        """Each run its webhooks; what is left stands alone."""
        looks = {(one.run.job_id, one.run.subject): one for one in known.values() if one.run.subject and one.run.job_id}
        told = {hint.pk: hint for hint in self.alone}
        if looks and DELIVERY in self.doors.may and self.about.connections:
            which = Q(
                connection__in=list(self.about.connections),
                subject__in={subject for _, subject in looks},
                job_id__in={job for job, _ in looks},
            )
            told |= {hint.pk: hint for hint in self._deliveries(which).order_by("-pk")[:HINTS_OF_RUNS]}
        self.alone = []
        for hint in sorted(told.values(), key=lambda one: (one.received_at, one.pk)):
            run = looks.get((hint.job_id or 0, hint.subject))
            if run is not None:
                run.hints.append(hint)
            elif self.before is None or hint.received_at < self.before:
                self.alone.append(hint)

    # --- calls

    def _give_calls(self, known: dict[int, OfRun]) -> None:
        """Each run its last calls about this record, and how many there were."""
        if CALL not in self.doors.may or not known:
            return
        looks = [pk for pk, one in known.items() if one.run.subject]
        runs = [pk for pk, one in known.items() if not one.run.subject]
        ids = list({record for _, record in self.about.records})
        rows = ApiCall.objects.visible_to(self.user).filter(Q(run_id__in=looks) | Q(run_id__in=runs, in_hand__in=ids))
        partition = [F("run_id")]
        numbered = rows.annotate(
            nth=Window(RowNumber(), partition_by=partition, order_by=F("id").desc()),
            of=Window(Count("id"), partition_by=partition),
        )
        for call in numbered.filter(nth__lte=CALLS).select_related("connection").defer(*_SHORT).order_by("pk"):
            known[call.run_id].calls.append(call)
            known[call.run_id].all_calls = call.of

    def calls(self) -> list[Chain]:
        """Those of no run: of clicks and jobs about this record."""
        if CALL not in self.doors.may or not self.about.names:
            return []
        rows = ApiCall.objects.visible_to(self.user).filter(record__in=self.about.names, run_id=None)
        rows = rows.select_related("connection").defer(*_SHORT)
        return [telling.of_call(call, self.doors) for call in self._older(rows, "at")]

    # --- what people did, what is held, and how it began

    def audits(self) -> list[Chain]:
        if not self.about.names:
            return []
        found: list[AuditEntry] = self._older(AuditEntry.objects.filter(record__in=self.about.names), "at")
        words = self.about.words
        return [
            telling.of_audit(
                one, str(words.get(one.action) or "") or one.action.rpartition(".")[2].replace("_", " "), self.doors
            )
            for one in found
        ]

    def held(self) -> list[Chain]:
        """How it stands with it in each stream; that it failed is told with the run, while that is kept."""
        if not self.about.records:
            return []
        rows = HeldItem.objects.filter(_any(self.about.records, "stream", "record_id"))
        told = {entry.why for one in self.by_run.values() for entry in one.entries if entry.outcome == "held"}
        found: list[HeldItem] = self._older(rows.select_related("stream", "dismissed_by"), "held_at")
        return [telling.of_held(item) for item in found if item.state != "held" or item.sentence not in told]

    def begun(self) -> list[Chain]:
        link = self.about.link
        if link is None or (self.before is not None and link.created_at >= self.before):
            return []
        cause = link.cause if link.state == link.State.ACTIVE else ""
        return [Chain(link.created_at, (telling.Step(link.created_at, gettext("Pair"), gettext("linked"), cause),))]


def _any(pairs: Sequence[tuple[int, str]], first: str, second: str) -> Q:
    """Any of these pairs of values."""
    which = Q()
    for one, other in pairs:
        which |= Q(**{first: one, second: other})
    return which
