"""Streams: what an integration does by itself, every so often or when asked, and what came of each time.

The minute tick asks for the streams that are due; an admin's button and a command ask for one at once. All of them
write a job, and the job writes a `SyncRun`. A switched-off integration, an inactive client and a paused connection mean
that nothing is asked for and no call goes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations.transport.errors import VendorError

from . import jobs, registry
from .jobs import Claim
from .models import Connection, Integration, Job, Stream, SyncRun, User
from .registry import IntegrationKind, StreamKind

RUN = "core.run_stream"
INTERRUPTED = "The process that ran it ended before it did."


class StreamProblem(Exception):
    """Raised by a stream that could not do its work; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a stream gets: its integration, the connections by role, and the guard for its vendor calls."""

    integration: Integration
    run: SyncRun
    claim: Claim

    def connection(self, role: str) -> Connection:
        """The connection of that role. Raises `Connection.DoesNotExist`."""
        return self.integration.connection(role)


def streams_of(integration: Integration) -> list[Stream]:
    """The rows of the integration's declared streams, made where they are missing, in declared order."""
    declared = {stream.slug: stream for stream in _declared(integration)}
    rows = {row.slug: row for row in integration.streams.filter(slug__in=declared)}
    for slug, stream in declared.items():
        if slug not in rows:
            rows[slug], _ = Stream.objects.get_or_create(
                integration=integration,
                slug=slug,
                defaults={"is_enabled": stream.enabled, "interval_minutes": stream.interval_minutes},
            )
    return [rows[slug] for slug in declared]


def kind_of(stream: Stream) -> StreamKind | None:
    """How the stream is declared; None when its kind is not installed or has it no longer."""
    return next((one for one in _declared(stream.integration) if one.slug == stream.slug), None)


def why_not(integration: Integration) -> str:
    """Why its streams do not run, in a sentence; empty when they do."""
    if not integration.is_enabled:
        return "The integration is switched off."
    if not integration.client.is_active:
        return f"{integration.client} is not active."
    played = {role.role: role.connection for role in integration.roles.select_related("connection")}
    for role in kind.roles if (kind := _kind(integration)) else ():
        if role.name not in played:
            return f"No connection is chosen for {role.label}."
        if played[role.name].is_paused:
            return f"The connection {played[role.name]} is paused."
    return ""


def ask_for_due() -> None:
    """Called every minute: queue each enabled stream whose interval is over. One that waits already is not doubled."""
    now = timezone.now()
    on = Integration.objects.filter(is_enabled=True, client__is_active=True).select_related("client")
    for integration in on:
        for stream in streams_of(integration):
            due = stream.started_at is None or stream.started_at + timedelta(minutes=stream.interval_minutes) <= now
            if stream.is_enabled and due and not why_not(integration):
                jobs.enqueue(RUN, stream.pk, priority=Job.Priority.BULK)


def ask_for(stream: Stream, *, user: User) -> Job:
    """Queue this stream now, because a person asked."""
    return jobs.enqueue(RUN, stream.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)


def run_stream(claim: Claim, stream_id: int) -> str:
    """Job `core.run_stream`: one execution, kept as a `SyncRun`. After trouble the next interval tries again."""
    stream = Stream.objects.select_related("integration__client").get(pk=stream_id)
    declared = kind_of(stream)
    if declared is None:
        return f"The kind {stream.integration.kind} has no stream {stream.slug}."
    if problem := why_not(stream.integration):
        return f"Not run: {problem}"
    run = _begin(stream, claim)
    state, outcome = SyncRun.State.FAILED, "It ended with an error of the portal; see the job."
    try:
        outcome = declared.run(Work(stream.integration, run, claim)) or "Done."
        state = SyncRun.State.DONE
    except (VendorError, StreamProblem) as error:
        outcome = str(error)
    finally:
        SyncRun.objects.filter(pk=run.pk).update(state=state, outcome=outcome, finished_at=timezone.now())
    return outcome if state == SyncRun.State.DONE else f"Failed: {outcome}"


def _begin(stream: Stream, claim: Claim) -> SyncRun:
    """This job is the only one of the stream: a run that still looks as if it were going on has died."""
    now = timezone.now()
    job = Job.objects.get(pk=claim.job_id)
    with transaction.atomic():
        SyncRun.objects.filter(stream=stream, state=SyncRun.State.RUNNING).update(
            state=SyncRun.State.INTERRUPTED, outcome=INTERRUPTED, finished_at=now
        )
        Stream.objects.filter(pk=stream.pk).update(started_at=now)
        return SyncRun.objects.create(stream=stream, trigger=job.trigger, requested_by=job.requested_by, started_at=now)


def last_runs(streams: list[Stream]) -> dict[int, SyncRun]:
    """The newest run of each stream, by the stream's id."""
    newest = SyncRun.objects.filter(stream__in=streams).order_by(F("stream"), "pk")
    return {run.stream_id: run for run in newest}


def _kind(integration: Integration) -> IntegrationKind | None:
    return next((kind for kind in registry.kinds() if kind.slug == integration.kind), None)


def _declared(integration: Integration) -> Iterator[StreamKind]:
    kind = _kind(integration)
    yield from kind.streams if kind else ()
