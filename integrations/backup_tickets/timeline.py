"""Everything that happened to a run, oldest first: who or what did it, what came of it, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from integrations.core.models import ApiCall, AuditEntry

from .models import Run

TONES = {
    AuditEntry.Outcome.DONE: "good",
    AuditEntry.Outcome.REFUSED: "bad",
    AuditEntry.Outcome.UNKNOWN: "warning",
}
ACTIONS = {
    "backup_tickets.create_ticket": "asked for an Autotask ticket",
    "backup_tickets.adopt_ticket": "found a ticket that came late",
    "backup_tickets.report_extra_ticket": "reported a further ticket",
    "backup_tickets.link_ticket": "linked an existing ticket",
    "backup_tickets.add_note": "wrote an internal note",
    "backup_tickets.resolve_ticket": "asked to resolve the ticket",
    "backup_tickets.notice_deletion": "noticed that the ticket is gone",
    "backup_tickets.enter_number": "changed the ticket number by hand",
}
MOST_CALLS = 100


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline."""

    at: dt.datetime
    who: str
    what: str
    detail: str = ""
    tone: str = "neutral"
    url: str = ""


def timeline(run: Run, *, with_calls: bool) -> list[Event]:
    """The run's events; calls to Autotask only for those who may read the call log."""
    events = [*_run(run), *_audit(run), *(_calls(run) if with_calls else ())]
    return sorted(events, key=lambda event: event.at)


def _run(run: Run) -> Iterator[Event]:
    yield Event(run.received_at, "Reported", f"the run arrived as “{run.get_status_display()}”")
    if run.superseded_by:
        later = run.superseded_by
        yield Event(later.received_at, "Reported", "a later run of this job succeeded", url=page(later))
    for review in run.reviews.select_related("by"):
        yield Event(review.at, str(review.by), review.get_action_display(), review.reason)


def _audit(run: Run) -> Iterator[Event]:
    for entry in AuditEntry.objects.filter(record=f"run:{run.pk}"):
        what = ACTIONS.get(entry.action, entry.action.rpartition(".")[2].replace("_", " "))
        yield Event(entry.at, entry.actor, what, tone="info")
        if entry.outcome != AuditEntry.Outcome.PENDING:
            result = ", ".join(filter(None, [entry.get_outcome_display(), entry.vendor_record]))
            tone = TONES[AuditEntry.Outcome(entry.outcome)]
            yield Event(entry.finished_at or entry.at, "Outcome:", result, entry.detail, tone)


def _calls(run: Run) -> Iterator[Event]:
    for call in ApiCall.objects.filter(record=f"run:{run.pk}").order_by("-id")[:MOST_CALLS]:
        answer = f"answered {call.status}" if call.status else "no answer"
        tone = "neutral" if call.status and call.status < 400 else "warning"
        what = f"{call.method} {call.route}: {answer} after {call.duration_ms:,} ms"
        yield Event(call.at, call.source or "Portal", what, call.error, tone, _call_page(call))


def page(run: Run) -> str:
    return reverse("admin:backup_tickets_run_change", args=[run.pk])


def _call_page(call: ApiCall) -> str:
    return reverse("admin:core_apicall_change", args=[call.pk])
