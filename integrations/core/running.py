"""Working off jobs: a woken worker claims what is due, one job after the other, and stores what came of each.

Claiming is one compare-and-set, and the attempt is counted before the work: a job that kills its worker runs out of
attempts like any other. The end of one job and the claim of the next are one transaction; small jobs of one kind are
claimed and stored several at a time.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.transport.errors import QuotaSpent, TemporaryError, VendorError, class_of

from . import correlation, long_jobs, reporting
from .jobs import LEASE, Again, Claim, ClaimLost, Stopped, function_of, wake
from .models import Job
from .processes import HOST, process_started
from .supervision.signs import must_end

logger = logging.getLogger("portal.jobs")

DRAIN_SECONDS = 40.0  # a worker takes no new job after this, so that it ends well before QUEUE_TIMEOUT
FIRST_PAUSE = timedelta(seconds=15)  # before the second attempt; four times as long before each next one
LONGEST_PAUSE = timedelta(hours=1)
BATCH = 32  # jobs of one kind that a worker claims and stores together while they are small
SMALL = 0.2  # seconds for all of them; what takes longer is claimed one by one
LOOK_AGAIN = 0.5  # seconds, while another worker has the job that is waited for
UNKNOWN_PAUSE = timedelta(minutes=10)  # for jobs of another version of the portal
State = Job.State


@dataclass(frozen=True)
class Ending:
    """What came of one attempt: the fields to store on its row."""

    state: str
    outcome: str = ""
    error_class: str = ""
    pause: timedelta | None = None  # before the next attempt; None: due as before
    counts: bool = True  # as an attempt


BACK = Ending(State.QUEUED, counts=False)  # of a job that was claimed and not begun: as if nothing had been


# --- draining ---------------------------------------------------------------------------------------------------------


def drain(seconds: float = DRAIN_SECONDS) -> int:
    """Work off due jobs, most urgent first, until none is left or the time is over. Return how many were worked on.

    Every wake-up calls this. When there is more than one due job, it wakes a second worker.
    """
    ends = time.monotonic() + seconds
    done, most = 0, 1
    with transaction.atomic():
        claims = _claim(most)
        if claims and due().exists():
            wake()
    while claims:
        began = time.monotonic()
        endings = _work_through(claims)
        done += len(endings)
        most = min(most * 2, BATCH) if time.monotonic() - began < SMALL else 1
        with _stored_or_gone(), transaction.atomic():
            _store(endings)
            is_over = time.monotonic() >= ends or must_end()
            claims = [] if is_over else _claim(most)
            if is_over and due().exists():
                wake()
    return done


def run_due_jobs() -> int:
    """Work off, in this process, everything that is due now (tests, shell). Return how many jobs were worked on."""
    return sum(iter(drain, 0))


def work_off(job: Job) -> Job:
    """Work off this one job in this process (command line, shell), to its end; the row as it is then.

    When a worker was faster, its end is waited for. Ends early when the job may not start yet: it was put off.
    """
    while True:
        with transaction.atomic():
            claims = _claim(1, due().filter(pk=job.pk))
        if claims:
            endings = _work_through(claims)
            with _stored_or_gone(), transaction.atomic():
                _store(endings)
        job = Job.objects.get(pk=job.pk)
        waits = job.state == State.QUEUED and job.not_before > timezone.now()
        if job.state in (State.DONE, State.DEAD) or waits:
            return job
        if not claims:
            time.sleep(LOOK_AGAIN)


def due() -> QuerySet[Job]:
    """Queued jobs that may start now, most urgent first: due, and no other of their key is at work."""
    running = Job.objects.filter(key=OuterRef("key"), state=State.RUNNING)
    queued = Job.objects.filter(state=State.QUEUED, not_before__lte=timezone.now())
    return queued.filter(~Exists(running)).order_by("priority", "not_before", "pk")


def _claim(most: int, among: QuerySet[Job] | None = None) -> list[Claim]:
    """Claim the most urgent due job (of these), or up to that many of its kind; those out of attempts are given up.

    Several at once only if none was tried before: who kills its worker costs the others of its batch one attempt.
    """
    while True:
        candidates = due() if among is None else among
        jobs = list(candidates.select_for_update(skip_locked=True)[:most])
        if not jobs or jobs[0].attempts < jobs[0].max_attempts:
            break
        _bury(jobs[0])
    if jobs and (jobs[0].attempts or jobs[0].priority == Job.Priority.CLICK):
        jobs = jobs[:1]
    jobs = list(takewhile(lambda job: job.kind == jobs[0].kind and job.attempts == jobs[0].attempts, jobs))
    now = timezone.now()
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(
        state=State.RUNNING,
        attempts=F("attempts") + 1,
        fence=F("fence") + 1,
        lease_until=now + LEASE,
        owner_host=HOST,
        owner_pid=os.getpid(),
        owner_started=process_started(os.getpid()),
        started_at=now,
        finished_at=None,
    )
    return [Claim(job.pk, job.kind, tuple(job.args), job.attempts + 1, job.max_attempts, job.fence + 1) for job in jobs]


# --- the work ---------------------------------------------------------------------------------------------------------


def _work_through(claims: list[Claim]) -> list[tuple[Claim, Ending]]:
    """Work on one after the other; what is not begun when they turn out not to be small goes back to the queue."""
    endings: list[tuple[Claim, Ending]] = []
    began = time.monotonic()
    left = list(claims)
    while left and (not endings or (time.monotonic() - began < SMALL and not must_end())):
        claim, started = left.pop(0), time.monotonic()
        try:
            ending = _work(claim)
        except BaseException as cut:  # the worker's time is up, or it was told to end
            ending = _failed(claim, _("It took too long and was cut off."), cut)
            _say(claim, ending, time.monotonic() - started)
            with _stored_or_gone(), transaction.atomic():
                _store([*endings, (claim, ending), *((unbegun, BACK) for unbegun in left)])
            raise
        if ending is not None:
            _say(claim, ending, time.monotonic() - started)
            endings.append((claim, ending))
    return [*endings, *((unbegun, BACK) for unbegun in left)]


def _work(claim: Claim) -> Ending | None:
    """Run the job's function; say what came of it. None when the claim was lost: then its row is no longer ours."""
    try:
        function = function_of(claim.kind)
    except KeyError:  # asked for by a newer version, or its integration was taken out: not lost while nobody knows it
        waits = _("This version of the portal has no job “{kind}”; waiting for one that has.").format(kind=claim.kind)
        return Ending(State.QUEUED, waits, pause=UNKNOWN_PAUSE, counts=False)
    try:
        with correlation.working_on(job_id=claim.job_id):
            outcome = function(claim, *claim.ids)
    except Again as again:
        pause = max(again.at - timezone.now(), timedelta())
        return Ending(State.QUEUED, again.outcome, pause=pause, counts=False)
    except Stopped as stopped:
        return Ending(State.DONE, long_jobs.told(str(stopped)), class_of(stopped))
    except ClaimLost as lost:
        logger.warning("%s", lost)
        return None
    except QuotaSpent as spent:
        rest = timedelta(seconds=spent.retry_after or 0) * random.uniform(1, 1.2)  # noqa: S311 — not all at once
        return Ending(State.QUEUED, spent.message, pause=rest, counts=False)
    except TemporaryError as error:
        return _failed(claim, error.message, error, wait=error.retry_after)
    except VendorError as error:
        return Ending(State.DEAD, error.message, class_of(error))
    except Exception as error:
        logger.exception("%s failed: a bug in the portal", claim)
        reporting.report(error, transaction=claim.kind, tags={"job": str(claim.job_id)})
        return Ending(
            State.DEAD, _("A bug in the portal ({kind}); it was reported.").format(kind=type(error).__name__), "bug"
        )
    return Ending(State.DONE, outcome or "")


def _failed(claim: Claim, why: str, error: BaseException, wait: float | None = None) -> Ending:
    """A failure that may pass: another attempt after a pause, or none if they are spent."""
    name = class_of(error)
    if claim.attempt >= claim.max_attempts:
        return Ending(
            State.DEAD, _("Given up after {count} attempts: {why}").format(count=claim.attempt, why=why), name
        )
    pause = max(pause_after(claim.attempt), timedelta(seconds=wait or 0))
    return Ending(State.QUEUED, _("{why} Trying again.").format(why=why), name, pause=pause)


def pause_after(attempt: int) -> timedelta:
    """The pause after that many failed attempts, up to a fifth longer or shorter so that jobs do not march in step."""
    full: timedelta = min(FIRST_PAUSE * 4 ** (attempt - 1), LONGEST_PAUSE)
    return full * random.uniform(0.8, 1.2)  # noqa: S311 — no secret


def _say(claim: Claim, ending: Ending, seconds: float) -> None:
    """A line for each attempt; of what nothing came of, only for who looks closely."""
    level = logging.WARNING if ending.error_class else logging.INFO if ending.outcome else logging.DEBUG
    logger.log(level, "%s %s after %.1f s: %s", claim, ending.state, seconds, ending.outcome or "nothing to say")


def _store(endings: list[tuple[Claim, Ending]]) -> None:
    """Write what came of the attempts, as far as the claims are still ours; equal endings in one statement."""
    alike: dict[tuple[Ending, int], list[Claim]] = {}
    for claim, ending in endings:
        alike.setdefault((ending, claim.fence), []).append(claim)
    for (ending, fence), claims in alike.items():
        if ending.state == State.QUEUED:
            stored = sum(_queue_again(claim, ending) for claim in claims)
        else:
            stored = _mine(claims, fence).update(state=ending.state, finished_at=timezone.now(), **_values(ending))
        if stored < len(claims):
            logger.warning("%s: taken over before the end; its outcome is not stored", ", ".join(map(str, claims)))


def _mine(claims: list[Claim], fence: int) -> QuerySet[Job]:
    return Job.objects.filter(pk__in=[claim.job_id for claim in claims], state=State.RUNNING, fence=fence)


def _values(ending: Ending, outcome: str = "") -> dict[str, Any]:
    return {"outcome": outcome or ending.outcome, "error_class": ending.error_class, "lease_until": None}


def _queue_again(claim: Claim, ending: Ending) -> int:
    """Back to the queue, or into the job of the same key that came to wait meanwhile; to its end, if that is wanted."""
    later: dict[str, Any] = {} if ending.pause is None else {"not_before": timezone.now() + ending.pause}
    row = _mine([claim], claim.fence)
    if row.select_for_update().filter(stop_asked=True).exists():  # as `long_jobs.stop` does with one that waits
        said = "" if ending.error_class else ending.outcome
        stopped = Ending(State.DONE, long_jobs.told(said), class_of(Stopped()))
        return row.update(state=State.DONE, finished_at=timezone.now(), **_values(stopped))
    key = Job.objects.filter(pk=claim.job_id).values("key")
    other = Job.objects.select_for_update().filter(key__in=key, state=State.QUEUED).first()
    if other is None:
        attempts = F("attempts") if ending.counts else F("attempts") - 1
        if ending.pause == timedelta() and not ending.counts:  # it gives way: urgent, it would be first again
            later["priority"] = Greatest("priority", Job.Priority.NORMAL.value)
        return row.update(state=State.QUEUED, attempts=attempts, **later, **_values(ending))
    merged = _values(
        ending, _("{said} Job #{number} goes on with it.").format(said=ending.outcome, number=other.pk).strip()
    )
    return row.update(state=State.DONE, finished_at=timezone.now(), **merged)


@contextmanager
def _stored_or_gone() -> Iterator[None]:
    """Around the storing of an outcome: when the database is away, the process ends, so that its claim gets free.

    Otherwise a living worker would hold a job it no longer works on until the lease is over.
    """
    try:
        yield
    except DatabaseError as error:
        logger.error("The database did not take a job's outcome (%s); this worker ends.", type(error).__name__)
        connection.close()
        raise SystemExit(1) from error


# --- mending ----------------------------------------------------------------------------------------------------------


def sweep() -> int:
    """Free claims whose worker is gone or overran its lease; wake a worker for due jobs. Return how many were freed.

    Of dead workers only those of this host are known; claims of other hosts wait for the end of their lease.
    """
    freed = 0
    for job in Job.objects.filter(state=State.RUNNING):
        if why := _why_free(job):
            freed += _free(job, why)
    if due().exists():
        with transaction.atomic():
            wake()
    return freed


def _why_free(job: Job) -> str:
    if job.lease_until is not None and job.lease_until < timezone.now():
        return _("Its worker did not end in time.")
    if job.owner_host == HOST and (job.owner_pid is None or process_started(job.owner_pid) != job.owner_started):
        return _("Its worker died.")
    return ""


def _free(job: Job, why: str) -> int:
    """Queue a job again whose worker will not end it, the second time and later after a pause."""
    claim = Claim(job.pk, job.kind, tuple(job.args), job.attempts, job.max_attempts, job.fence)
    pause = timedelta() if job.attempts == 1 else pause_after(job.attempts - 1)
    spent = job.attempts >= job.max_attempts
    with transaction.atomic():
        row = Job.objects.select_for_update().filter(pk=job.pk, state=State.RUNNING, fence=job.fence)
        if not row.exists():
            return 0
        if spent:
            _store(
                [
                    (
                        claim,
                        Ending(
                            State.DEAD,
                            _("Given up after {count} attempts: {why}").format(count=job.attempts, why=why),
                            "WorkerDied",
                        ),
                    )
                ]
            )
        else:
            _store([(claim, Ending(State.QUEUED, _("{why} Trying again.").format(why=why), "WorkerDied", pause=pause))])
            if not pause:
                wake()
    logger.warning("%s was freed: %s", claim, why)
    return 1


def _bury(job: Job) -> None:
    """Give up a job whose attempts were used up by workers that never came back to say so."""
    Job.objects.filter(pk=job.pk, state=State.QUEUED, fence=job.fence).update(
        state=State.DEAD,
        finished_at=timezone.now(),
        outcome=_("Given up after {count} attempts.").format(count=job.attempts),
        error_class=job.error_class or "WorkerDied",
    )
