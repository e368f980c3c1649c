"""Streams: what an integration does by itself, every so often or when asked, and what came of each time.

The minute tick asks for the streams that are due; an admin's button and a command ask for one at once. All of them
write a job, and the job writes a `SyncRun`. A switched-off integration, an inactive client and a paused connection mean
that nothing is asked for and no call goes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.transport.errors import QuotaSpent, VendorError

from . import audit, correlation, jobs, registry, running, write_hold
from .jobs import Again, Claim, Stopped
from .models import AuditEntry, Connection, Integration, IntegrationRole, Job, Stream, SyncRun, User
from .registry import IntegrationKind, StreamKind

RUN = "core.run_stream"
DRY_RUN = "core.dry_run_stream"
UNAPPROVED = _("Its first run waits for an admin to approve what a dry run shows.")
INTERRUPTED = _("The process that ran it ended before it did.")


class StreamProblem(Exception):
    """Raised by a stream that could not do its work; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a stream gets: its integration, the connections by role, and the guard for its vendor calls.

    `role` is the role of the connection whose webhook it was, where it was one.
    """

    integration: Integration
    run: SyncRun
    claim: Claim
    role: str = ""

    def connection(self, role: str) -> Connection:
        """The connection of that role. Raises `Connection.DoesNotExist`."""
        return self.integration.connection(role)


def streams_of(integration: Integration) -> list[Stream]:
    """The rows of the integration's declared streams, made where they are missing, in declared order."""
    return [row if row.pk else _made(row) for row in declared_streams(integration)]


def declared_streams(integration: Integration) -> list[Stream]:
    """The same without writing: a row that is missing is one with the declared values, not saved."""
    declared = {stream.slug: stream for stream in _declared(integration)}
    rows = {row.slug: row for row in integration.streams.filter(slug__in=declared)}
    return [
        rows.get(slug)
        or Stream(integration=integration, slug=slug, is_enabled=kind.enabled, interval_minutes=kind.interval_minutes)
        for slug, kind in declared.items()
    ]


def _made(row: Stream) -> Stream:
    values = {"is_enabled": row.is_enabled, "interval_minutes": row.interval_minutes}
    made: Stream = Stream.objects.get_or_create(integration=row.integration, slug=row.slug, defaults=values)[0]
    return made


def kind_of(stream: Stream) -> StreamKind | None:
    """How the stream is declared; None when its kind is not installed or has it no longer."""
    return next((one for one in _declared(stream.integration) if one.slug == stream.slug), None)


def why_not(integration: Integration) -> str:
    """Why its streams do not run, in a sentence; empty when they do."""
    return why_not_with(integration, integration.roles.select_related("connection"))


def why_not_with(integration: Integration, roles: Iterable[IntegrationRole]) -> str:
    """The same, for a page that has read the roles of many integrations, with their connections, at once."""
    if not integration.is_enabled:
        return gettext("The integration is switched off.")
    if not integration.client.is_active:
        return gettext("{client} is not active.").format(client=integration.client)
    played = {role.role: role.connection for role in roles}
    kind = _kind(integration)
    for role in kind.roles if kind else ():
        if role.name not in played:
            return gettext("No connection is chosen for {role}.").format(role=role.label)
        if played[role.name].is_paused:
            return gettext("The connection {connection} is paused.").format(connection=played[role.name])
    return ""


def ask_for_due() -> None:
    """Called every minute: queue each enabled stream whose interval is over. One that waits already is not doubled."""
    now = timezone.now()
    on = Integration.objects.filter(is_enabled=True, client__is_active=True).select_related("client")
    for integration in on:
        for stream in streams_of(integration):
            due = stream.started_at is None or stream.started_at + timedelta(minutes=stream.interval_minutes) <= now
            if stream.is_enabled and due and not waits_for_approval(stream) and not why_not(integration):
                jobs.enqueue(RUN, stream.pk, priority=Job.Priority.BULK)


def ask_for(stream: Stream, *, user: User | None) -> Job:
    """Queue this stream now, because a person asked; None: at the command line."""
    return jobs.enqueue(RUN, stream.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)


def ask_for_dry_run(stream: Stream, *, user: User | None) -> SyncRun:
    """Have this stream say what it would write, because a person asked (or a restore); its run, to be looked at."""
    return _asked_dry(stream, user, stream.watermark)[0]


def ask_for_preview(stream: Stream, since: datetime | None, *, user: User) -> SyncRun:
    """What reading again from that moment (None: the beginning) would read and write; a dry run, to be looked at."""
    return _asked_dry(stream, user, since)[0]


def _asked_dry(stream: Stream, user: User | None, since: datetime | None) -> tuple[SyncRun, Job]:
    with transaction.atomic():
        run: SyncRun = SyncRun.objects.create(
            stream=stream,
            is_dry=True,
            trigger=Job.Trigger.MANUAL,
            requested_by=user,
            watermark_before=since,
        )
        job = jobs.enqueue(DRY_RUN, run.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)
        run.job_id = job.pk
        run.save(update_fields=["job_id"])
    return run, job


def run_now(stream: Stream, *, is_dry: bool = False, user: User | None = None) -> SyncRun:
    """Carry out this stream in this process, as a worker would, to its end; its run, with the result.

    When a worker was faster, its end is waited for. Raises `StreamProblem` when nothing could run, with the reason.
    """
    declared = kind_of(stream)
    held = str(write_hold.SENTENCE) if declared and declared.is_sync and not is_dry and write_hold.is_on() else ""
    if problem := why_not(stream.integration) or (
        str(UNAPPROVED) if not is_dry and waits_for_approval(stream) else held
    ):
        raise StreamProblem(problem)
    with transaction.atomic():
        job = _asked_dry(stream, user, stream.watermark)[1] if is_dry else ask_for(stream, user=user)
    job = running.work_off(job)
    made: SyncRun | None = SyncRun.objects.filter(stream=stream, job_id=job.pk).order_by("-pk").first()
    if made is None or job.state == Job.State.DEAD:
        raise StreamProblem(job.outcome)
    return made


def approve(stream: Stream, *, user: User | None = None, actor: str = "") -> None:
    """A person has seen what the first run would write, and lets it; `actor` names who says so without signing in."""
    _note_approval(stream, "stream.approve", timezone.now(), user, actor)


def withdraw_approval(stream: Stream, *, user: User | None = None, actor: str = "") -> None:
    """It writes nothing more before it is approved again."""
    _note_approval(stream, "stream.withdraw_approval", None, user, actor)


def _note_approval(stream: Stream, action: str, at: datetime | None, user: User | None, actor: str) -> None:
    with transaction.atomic():
        entry = audit.begin(
            action, user=user, actor=actor, client=stream.integration.client, record=f"stream:{stream.pk}"
        )
        stream.approved_at, stream.approved_by = at, user
        stream.save(update_fields=["approved_at", "approved_by"])
        audit.finish(entry, AuditEntry.Outcome.DONE)


def waits_for_approval(stream: Stream) -> bool:
    """Whether this stream may not write before a person has seen its dry run."""
    declared = kind_of(stream)
    return declared is not None and declared.needs_approval and stream.approved_at is None


def wait_while_held(declared: StreamKind) -> None:
    """A stream that writes does not even begin while writes are paused: it would read the same again and again."""
    if declared.is_sync and write_hold.is_on():
        raise Again(at=timezone.now() + write_hold.PAUSE, outcome=str(write_hold.SENTENCE))


def ask_to_stop(run: SyncRun) -> None:
    """The run ends after the record it is at."""
    SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.RUNNING).update(stop_asked=True)


def resync_from(stream: Stream, moment: datetime | None, *, user: User) -> None:
    """Have everything that changed since then read again, or everything at all; what is unchanged is passed over.

    Raises `ValueError` for a moment after the watermark: what lies between them would never be read.
    """
    with transaction.atomic():
        row = Stream.objects.select_for_update().get(pk=stream.pk)
        if row.watermark is None or (moment is not None and moment > row.watermark):
            reached = (
                gettext("nothing was read yet")
                if row.watermark is None
                else gettext("it was read up to {moment:%Y-%m-%d %H:%M}").format(moment=row.watermark)
            )
            raise ValueError(gettext("Choose an earlier moment: {reached}.").format(reached=reached))
        said = gettext("the beginning") if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
        entry = audit.begin(
            "stream.resync",
            user=user,
            client=stream.integration.client,
            record=f"stream:{stream.pk}",
            detail=gettext("Set back from {begin:%Y-%m-%d %H:%M:%S} to {end}.").format(begin=row.watermark, end=said),
        )
        Stream.objects.filter(pk=row.pk).update(watermark=moment)
        audit.finish(entry, AuditEntry.Outcome.DONE)


def run_stream(claim: Claim, stream_id: int) -> str:
    """Job `core.run_stream`: one execution, kept as a `SyncRun`. After trouble the next interval tries again."""
    stream = Stream.objects.select_related("integration__client").get(pk=stream_id)
    declared = kind_of(stream)
    if declared is None:
        return gettext("The kind {kind} has no stream {stream}.").format(
            kind=stream.integration.kind, stream=stream.slug
        )
    if problem := why_not(stream.integration):
        return gettext("Not run: {problem}").format(problem=problem)
    if waits_for_approval(stream):
        return gettext("Not run: {problem}").format(problem=UNAPPROVED)
    wait_while_held(declared)
    return _carry_out(_begin(stream, claim), declared, stream, claim)


def dry_run_stream(claim: Claim, run_id: int) -> str:
    """Job `core.dry_run_stream`: the same without a write; what it would do is kept with the run."""
    run = SyncRun.objects.select_related("stream__integration__client").get(pk=run_id)
    declared = kind_of(run.stream)
    if declared is None or (problem := why_not(run.stream.integration)):
        outcome = (
            gettext("Not run: {problem}").format(problem=problem) if declared else gettext("Its kind is not installed.")
        )
        SyncRun.objects.filter(pk=run.pk).update(
            state=SyncRun.State.FAILED, outcome=outcome, finished_at=timezone.now()
        )
        return outcome
    return _carry_out(run, declared, run.stream, claim)


def run_for_hint(stream: Stream, declared: StreamKind, claim: Claim, subject: str, role: str) -> str:
    """Have the stream look at one record, which a webhook of that role was about, as a run of its own; what came of it.

    Runs of hints stand beside the stream's own run and beside each other: what keeps two of them off one record is the
    record's link. Raises `Again`, and what `run_hint` raises; the run says so.
    """
    assert declared.run_hint is not None
    job = Job.objects.get(pk=claim.job_id)
    going_on = SyncRun.objects.filter(stream=stream, job_id=job.pk, subject=subject, state=SyncRun.State.RUNNING)
    run = going_on.first() or SyncRun.objects.create(
        stream=stream, subject=subject, trigger=job.trigger, requested_by=job.requested_by, job_id=job.pk
    )
    state, outcome = SyncRun.State.FAILED, gettext("It ended with an error of the portal; see the job.")
    try:
        with correlation.working_on(run_id=run.pk):
            outcome = declared.run_hint(Work(stream.integration, run, claim, role), subject) or gettext("Done.")
        state = SyncRun.State.DONE
    except QuotaSpent as spent:
        state, outcome = SyncRun.State.RUNNING, spent.message
        raise
    except (VendorError, StreamProblem) as error:
        outcome = str(error)
        raise
    except Again as again:
        state, outcome = SyncRun.State.RUNNING, again.outcome
        raise
    finally:
        over = None if state == SyncRun.State.RUNNING else timezone.now()
        row = SyncRun.objects.filter(pk=run.pk)
        row.update(state=state, outcome=outcome, finished_at=over, record_id=run.record_id)
    return outcome


def _carry_out(run: SyncRun, declared: StreamKind, stream: Stream, claim: Claim) -> str:
    state, outcome = SyncRun.State.FAILED, gettext("It ended with an error of the portal; see the job.")
    try:
        guard = claim if declared.is_sync else _Stoppable.of(claim, run)
        with correlation.working_on(run_id=run.pk):
            outcome = declared.run(Work(stream.integration, run, guard)) or gettext("Done.")
        state = SyncRun.State.DONE
    except QuotaSpent as spent:
        state, outcome = SyncRun.State.RUNNING, spent.message
        raise
    except (VendorError, StreamProblem) as error:
        outcome = str(error)
    except Stopped:
        state, outcome = SyncRun.State.STOPPED, gettext("Stopped by hand; the next run goes on from there.")
    except Again as again:
        state, outcome = SyncRun.State.RUNNING, again.outcome
        raise
    finally:
        over = None if state == SyncRun.State.RUNNING else timezone.now()
        SyncRun.objects.filter(pk=run.pk).update(state=state, outcome=outcome, finished_at=over)
        if state == SyncRun.State.DONE and not run.is_dry:
            Stream.objects.filter(pk=stream.pk).update(last_ok_at=over)
    return (
        outcome
        if state in (SyncRun.State.DONE, SyncRun.State.STOPPED)
        else gettext("Failed: {outcome}").format(outcome=outcome)
    )


@dataclass(frozen=True)
class _Stoppable(Claim):
    """For streams that only read: asked to stop, they end before their next call. The sync engine ends by itself, after
    the record it is at."""

    run_id: int = 0

    @classmethod
    def of(cls, claim: Claim, run: SyncRun) -> _Stoppable:
        return cls(**{one.name: getattr(claim, one.name) for one in fields(Claim)}, run_id=run.pk)

    def check(self) -> None:
        if SyncRun.objects.filter(pk=self.run_id, stop_asked=True).exists():
            raise Stopped
        super().check()


def _begin(stream: Stream, claim: Claim) -> SyncRun:
    """This job's run: the one it goes on with, or a new one. Another job's that still looks alive has died."""
    now = timezone.now()
    job = Job.objects.get(pk=claim.job_id)
    with transaction.atomic():
        alive = SyncRun.objects.filter(stream=stream, state=SyncRun.State.RUNNING, is_dry=False, subject="")
        going_on: SyncRun | None = alive.filter(job_id=job.pk).first()
        if going_on is not None:
            return going_on
        alive.update(state=SyncRun.State.INTERRUPTED, outcome=str(INTERRUPTED), finished_at=now)
        Stream.objects.filter(pk=stream.pk).update(started_at=now)
        made: SyncRun = SyncRun.objects.create(
            stream=stream,
            trigger=job.trigger,
            requested_by=job.requested_by,
            started_at=now,
            job_id=job.pk,
            watermark_before=stream.watermark,
        )
        return made


def last_runs(streams: list[Stream]) -> dict[int, SyncRun]:
    """The newest run of each stream, by the stream's id."""
    own = SyncRun.objects.filter(stream=OuterRef("pk"), subject="").order_by("-pk").values("pk")[:1]
    newest = Stream.objects.filter(pk__in=[row.pk for row in streams]).values(newest=Subquery(own))
    return {run.stream_id: run for run in SyncRun.objects.filter(pk__in=newest)}


def _kind(integration: Integration) -> IntegrationKind | None:
    return next((kind for kind in registry.kinds() if kind.slug == integration.kind), None)


def _declared(integration: Integration) -> Iterator[StreamKind]:
    kind = _kind(integration)
    yield from kind.streams if kind else ()
