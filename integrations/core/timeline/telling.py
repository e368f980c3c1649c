"""From rows to what a person reads: chains of steps, each from what began it to what came of it. No statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.labels import ENTRY_TONES, OUTCOME_TONES, RUN_TONES
from integrations.core.models import ApiCall, AuditEntry, HeldItem, Job, SyncEntry, SyncRun, WebhookDelivery

from .addresses import Doors

ECHO = dt.timedelta(minutes=10)  # so long after a write its webhook may come back
FEW = 3  # calls in a row that are told one by one
HINTS = 5  # webhooks told of one look
NOTHING_TO_WRITE = _("Nothing to write: both sides are in step.")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: what it was, in a word; what was said or done; its page, if the person may open it.

    `parts`: several calls in a row, told as one step. `is_call`: it is one of them.
    """

    at: dt.datetime
    label: str
    what: str
    detail: str = ""
    tone: str = "neutral"
    url: str = ""
    parts: tuple[Step, ...] = ()
    is_call: bool = False

    @property
    def is_open(self) -> bool:
        """Whether its parts are shown at once: there is something among them to look at."""
        return any(part.tone != "neutral" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps that belong together, the first one first; `at` is its place among the chains.

    `writes`: something was written. `is_look`: a webhook had the record looked at, and nothing was to be written.
    `heard` are the connections whose webhooks began it. `ends` is the end of what it spans, `transaction` joins the
    calls of one piece of work.
    """

    at: dt.datetime
    steps: tuple[Step, ...]
    writes: bool = False
    is_look: bool = False
    heard: frozenset[int] = frozenset()
    ends: dt.datetime | None = None
    is_call: bool = False
    transaction: str = ""

    @property
    def last(self) -> dt.datetime:
        """When its last step was."""
        return max([self.ends or self.at, *(step.at for step in self.steps)])


@dataclass(slots=True)
class OfRun:
    """What is known of one run that dealt with the record."""

    run: SyncRun
    entries: list[SyncEntry] = field(default_factory=list)
    hints: list[WebhookDelivery] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)  # the last ones
    all_calls: int = 0


# --- one chain each ---------------------------------------------------------------------------------------------------


def of_run(known: OfRun, jobs: dict[int, Job], doors: Doors) -> Chain:
    """Hint, job, decision, calls with their answers, outcome."""
    run = known.run
    is_idle = bool(run.subject) and run.state == SyncRun.State.DONE and bool(run.unchanged) and not known.entries
    steps = [
        *_beginning(known, doors),
        *_job(run, jobs, doors),
        *(_decision(run, entry, doors) for entry in known.entries),
        *([Step(run.started_at, gettext("Decision"), str(NOTHING_TO_WRITE), url=doors.run(run.pk))] if is_idle else []),
        *_calls(known, doors),
        *([] if is_idle else _ending(run, doors)),
    ]
    return Chain(
        run.started_at,
        tuple(steps),
        writes=not run.is_dry and any(entry.writes for entry in known.entries),
        is_look=is_idle and run.trigger == Job.Trigger.WEBHOOK,
        heard=frozenset(hint.connection_id for hint in known.hints),
        ends=run.finished_at if run.subject else None,
    )


def _beginning(known: OfRun, doors: Doors) -> Iterable[Step]:
    run = known.run
    for hint in known.hints[:HINTS]:
        yield hinted(hint, doors)
    if (more := len(known.hints) - HINTS) > 0:
        said = gettext("and {count} more that said the same").format(count=more)
        yield Step(run.started_at, gettext("Webhook"), said)
    if known.hints:
        return
    if run.requested_by:
        said = gettext("by {person}").format(person=run.requested_by)
        yield Step(run.started_at, gettext("Asked for"), said, url=doors.run(run.pk))
    elif run.subject:
        said = gettext("about {subject}").format(subject=run.subject)
        yield Step(run.started_at, gettext("Webhook"), said, url=doors.run(run.pk))
    else:
        yield Step(
            run.started_at, gettext("Run"), f"{run.stream.slug}, {run.get_trigger_display()}", url=doors.run(run.pk)
        )


def hinted(hint: WebhookDelivery, doors: Doors) -> Step:
    """A webhook came."""
    what = gettext("{connection} says that {record} changed").format(connection=hint.connection, record=hint.subject)
    return Step(hint.received_at, gettext("Webhook"), what, hint.event, "info", doors.delivery(hint.pk))


def _job(run: SyncRun, jobs: dict[int, Job], doors: Doors) -> Iterable[Step]:
    job = jobs.get(run.job_id or 0)
    if job is not None:
        yield Step(run.started_at, gettext("Job"), f"{job}: {job.get_state_display()}", url=doors.job(job.pk))


def _decision(run: SyncRun, entry: SyncEntry, doors: Doors) -> Step:
    said = f"{run.stream.slug}: {entry.get_outcome_display().lower()}"
    said = gettext("{decision} (dry run)").format(decision=said) if run.is_dry else said
    detail = " ".join(filter(None, [entry.why, *(f"{write[:1].upper()}{write[1:]}." for write in entry.writes)]))
    tone = "neutral" if run.is_dry else ENTRY_TONES[SyncEntry.Outcome(entry.outcome)]
    return Step(run.started_at, gettext("Decision"), said, detail, tone, doors.run(run.pk))


def _calls(known: OfRun, doors: Doors) -> Iterable[Step]:
    if (more := known.all_calls - len(known.calls)) > 0:
        record = "" if known.run.subject else known.calls[0].in_hand
        url = doors.calls_of_run(known.run.pk, record)
        said = gettext("{count:,} earlier ones of the same look").format(count=more)
        yield Step(known.calls[0].at, gettext("Calls"), said, url=url)
    for one in known.calls:
        yield called(one, doors)


def called(call: ApiCall, doors: Doors) -> Step:
    """One call and its answer."""
    said = gettext("answered {status} after {ms:,} ms") if call.status else gettext("no answer after {ms:,} ms")
    answer = said.format(status=call.status, ms=call.duration_ms)
    tone = "neutral" if call.status and call.status < 400 else "warning"
    system = call.connection.slug if call.connection else call.host
    what = f"{system}: {call.method} {call.route}"
    about = call.record if call.in_hand else call.source  # in a run every call says the same source
    detail = " · ".join(filter(None, [answer, about, call.error]))
    return Step(call.at, gettext("Call"), what, detail, tone, doors.call(call.pk), is_call=True)


def _ending(run: SyncRun, doors: Doors) -> Iterable[Step]:
    """Of a look at this record alone; what a whole run says is not about it."""
    if run.subject:
        tone = RUN_TONES[SyncRun.State(run.state)]
        at = run.finished_at or run.started_at
        yield Step(at, gettext("Outcome"), run.outcome or run.get_state_display(), tone=tone, url=doors.run(run.pk))


def of_hint(hint: WebhookDelivery, doors: Doors) -> Chain:
    """A webhook that led to no run: it waits, or was ignored, or failed before one began."""
    tone = {"failed": "bad", "waiting": "info"}.get(hint.state, "neutral")
    what = f"{hint.get_state_display()}{': ' if hint.outcome else ''}{hint.outcome}"
    end = Step(hint.over_at or hint.received_at, gettext("Outcome"), what, tone=tone, url=doors.delivery(hint.pk))
    return Chain(hint.received_at, (hinted(hint, doors), end))


def of_audit(entry: AuditEntry, words: str, doors: Doors) -> Chain:
    """A person or a job made us change something."""
    url = doors.audit(entry.pk)
    first = Step(entry.at, entry.actor, words, tone="info", url=url)
    if entry.outcome == AuditEntry.Outcome.PENDING:
        return Chain(entry.at, (first,))
    result = ", ".join(filter(None, [entry.get_outcome_display(), entry.vendor_record]))
    tone = OUTCOME_TONES.get(AuditEntry.Outcome(entry.outcome), "neutral")
    at = entry.finished_at or entry.at
    return Chain(entry.at, (first, Step(at, gettext("Outcome"), result, entry.detail, tone, url)), ends=at)


def of_call(call: ApiCall, doors: Doors) -> Chain:
    return Chain(call.at, (called(call, doors),), is_call=True, transaction=call.transaction_id)


def of_held(item: HeldItem) -> Chain:
    """How it stands with a record that failed."""
    tone = "bad" if item.state == HeldItem.State.HELD else "neutral"
    said = " ".join(filter(None, [item.sentence, item.reason and f"{item.dismissed_by}: {item.reason}"]))
    what = f"{item.stream.slug}: {item.get_state_display().lower()}"
    return Chain(item.held_at, (Step(item.held_at, gettext("Held"), what, said, tone),))


# --- chains that belong together --------------------------------------------------------------------------------------


def joined(chains: Sequence[Chain]) -> list[Chain]:
    """Newest first, with what belongs to one of them told there: an echo with the write that it came of, and the calls
    of a click with the click."""
    told: list[Chain] = []
    for chain in sorted(chains, key=lambda one: one.at):
        at = _echoed(told, chain) if chain.is_look else _clicked(told, chain) if chain.is_call else None
        if at is None:
            told.append(chain)
        elif chain.is_look:
            told[at] = replace(told[at], steps=told[at].steps + _as_echo(chain, told[at]), heard=told[at].heard)
        else:
            steps = sorted((*told[at].steps, *chain.steps), key=lambda step: step.at)
            told[at] = replace(told[at], steps=tuple(steps), transaction=chain.transaction)
    return [replace(chain, steps=tuple(_gathered(chain.steps))) for chain in reversed(told)]


def _gathered(steps: Sequence[Step]) -> Iterator[Step]:
    """Many calls in a row as one step."""
    for are_calls, group in groupby(steps, key=lambda step: step.is_call):
        rows = tuple(group)
        if not are_calls or len(rows) <= FEW:
            yield from rows
            continue
        bad = sum(row.tone != "neutral" for row in rows)
        said = gettext("{bad} of {count} without a good answer") if bad else gettext("{count}, all answered")
        said = said.format(bad=bad, count=len(rows))
        yield Step(rows[0].at, gettext("Calls"), said, tone="warning" if bad else "neutral", parts=rows)


def _echoed(told: list[Chain], look: Chain) -> int | None:
    """The write that this look came back from: the last thing but other looks, not long ago."""
    for at in range(len(told) - 1, -1, -1):
        if told[at].writes:
            return at if look.at - told[at].last <= ECHO else None
        if not told[at].is_look and not told[at].is_call:
            return None
    return None


def _as_echo(look: Chain, write: Chain) -> tuple[Step, ...]:
    """A webhook of another side than the one that began it is the write's echo; one more of that side says the same
    again. So does one where it is not known who spoke.
    """
    is_echo = bool(write.heard) and bool(look.heard - write.heard)
    label = gettext("Echo recognised") if is_echo else gettext("Looked at again")
    return tuple(
        replace(step, label=label, tone="good") if step.what == str(NOTHING_TO_WRITE) else step for step in look.steps
    )


def _clicked(told: list[Chain], call: Chain) -> int | None:
    """The act during which the call was made, or the calls that it goes on with."""
    for at in range(len(told) - 1, -1, -1):
        one = told[at]
        if one.transaction == call.transaction or (one.ends is not None and one.at <= call.at <= one.ends):
            return at
    return None
