"""Working off jobs: a woken worker claims what is due, one job after the other, and stores what came of each.

Claiming is one compare-and-set, and the attempt is counted before the work: a job that kills its worker runs out of
attempts like any other. The end of one job and the claim of the next are one transaction.
"""

from __future__ import annotations

import logging
import os
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from integrations.transport.errors import TemporaryError, VendorError

from . import reporting
from .jobs import LEASE, Again, Claim, ClaimLost, function_of, wake
from .models import Job
from .processes import HOST, process_started
from .supervision.signs import must_end

logger = logging.getLogger("portal.jobs")

DRAIN_SECONDS = 40.0  # a worker takes no new job after this, so that it ends well before QUEUE_TIMEOUT
FIRST_PAUSE = timedelta(seconds=15)  # before the second attempt; four times as long before each next one
LONGEST_PAUSE = timedelta(hours=1)
UNKNOWN_PAUSE = timedelta(minutes=10)  # for jobs of another version of the portal
State = Job.State


@dataclass(frozen=True)
class Ending:
    """What came of one attempt: the fields to store on its row."""

    state: str
    outcome: str = ""
    error_class: str = ""
    pause: timedelta | None = None  # before the next attempt
    counts: bool = True  # as an attempt


# --- draining ---------------------------------------------------------------------------------------------------------


def drain(seconds: float = DRAIN_SECONDS) -> int:
    """Work off due jobs, most urgent first, until none is left or the time is over. Return how many were worked on.

    The function that every wake-up calls. When it meets more than one due job, it wakes a second worker.
    """
    ends = time.monotonic() + seconds
    done = 0
    with transaction.atomic():
        claim = _claim_next()
        if claim and due().exists():
            wake()
    while claim:
        ending = _work(claim)
        done += 1
        with _stored_or_gone(), transaction.atomic():
            _store(claim, ending)
            is_over = time.monotonic() >= ends or must_end()
            claim = None if is_over else _claim_next()
            if is_over and due().exists():
                wake()
    return done


def run_due_jobs() -> int:
    """Work off, in this process, everything that is due now (tests, shell). Return how many jobs were worked on."""
    done = 0
    while worked := drain():
        done += worked
    return done


def due() -> QuerySet[Job]:
    """Queued jobs that may start now, most urgent first: due, and no other of their key is at work."""
    running = Job.objects.filter(key=OuterRef("key"), state=State.RUNNING)
    queued = Job.objects.filter(state=State.QUEUED, not_before__lte=timezone.now())
    return queued.filter(~Exists(running)).order_by("priority", "not_before", "pk")


def _claim_next() -> Claim | None:
    """Claim the most urgent due job; jobs whose attempts are spent are given up on the way."""
    while job := due().select_for_update(skip_locked=True).first():
        if job.attempts >= job.max_attempts:
            _bury(job)
            continue
        now = timezone.now()
        mine = Job.objects.filter(pk=job.pk, state=State.QUEUED, fence=job.fence).update(
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
        if mine:
            return Claim(job.pk, job.kind, tuple(job.args), job.attempts + 1, job.max_attempts, job.fence + 1)
    return None


# --- one job ----------------------------------------------------------------------------------------------------------


def _work(claim: Claim) -> Ending | None:
    """Run the job's function; say what came of it. None when the claim was lost: then its row is no longer ours."""
    started = time.monotonic()
    try:
        function = function_of(claim.kind)
    except KeyError:  # asked for by a newer version, or its integration was taken out: not lost while nobody knows it
        waits = f"This version of the portal has no job “{claim.kind}”; waiting for one that has."
        return Ending(State.QUEUED, waits, pause=UNKNOWN_PAUSE, counts=False)
    try:
        outcome = function(claim, *claim.ids)
    except Again as again:
        pause = max(again.at - timezone.now(), timedelta())
        ending = Ending(State.QUEUED, again.outcome, pause=pause, counts=False)
    except ClaimLost as lost:
        logger.warning("%s", lost)
        return None
    except TemporaryError as error:
        ending = _failed(claim, error.message, error, wait=error.retry_after)
    except VendorError as error:
        ending = Ending(State.DEAD, error.message, type(error).__name__)
    except Exception as error:
        logger.exception("%s failed: a bug in the portal", claim)
        reporting.report(error, transaction=claim.kind, tags={"job": str(claim.job_id)})
        ending = Ending(State.DEAD, f"A bug in the portal ({type(error).__name__}); it was reported.", "bug")
    except BaseException as cut:  # the worker's time is up, or it was told to end
        ending = _failed(claim, "It took too long and was cut off.", cut)
        with _stored_or_gone(), transaction.atomic():
            _store(claim, ending)
        _say(claim, ending, time.monotonic() - started)
        raise
    else:
        ending = Ending(State.DONE, outcome or "")
    _say(claim, ending, time.monotonic() - started)
    return ending


def _failed(claim: Claim, why: str, error: BaseException, wait: float | None = None) -> Ending:
    """A failure that may pass: another attempt after a pause, or none if they are spent."""
    name = type(error).__name__
    if claim.attempt >= claim.max_attempts:
        return Ending(State.DEAD, f"Given up after {claim.attempt} attempts: {why}", name)
    pause = max(pause_after(claim.attempt), timedelta(seconds=wait or 0))
    return Ending(State.QUEUED, f"{why} Trying again.", name, pause=pause)


def pause_after(attempt: int) -> timedelta:
    """The pause after that many failed attempts, up to a fifth longer or shorter so that jobs do not march in step."""
    full: timedelta = min(FIRST_PAUSE * 4 ** (attempt - 1), LONGEST_PAUSE)
    return full * random.uniform(0.8, 1.2)  # noqa: S311 — no secret


def _say(claim: Claim, ending: Ending, seconds: float) -> None:
    level = logging.WARNING if ending.error_class else logging.INFO
    logger.log(level, "%s %s after %.1f s: %s", claim, ending.state, seconds, ending.outcome or "nothing to say")


def _store(claim: Claim, ending: Ending | None) -> None:
    """Write what came of the attempt, if the claim is still ours."""
    if ending is None:
        return
    now = timezone.now()
    row = Job.objects.filter(pk=claim.job_id, state=State.RUNNING, fence=claim.fence)
    values: dict[str, Any] = {"outcome": ending.outcome, "error_class": ending.error_class, "lease_until": None}
    if ending.state == State.QUEUED:
        assert ending.pause is not None
        stored = _queue_again(row, claim.job_id, values, ending)
    else:
        stored = row.update(state=ending.state, finished_at=now, **values)
    if not stored:
        logger.warning("%s ended after it was taken over; what it says is not stored", claim)


def _queue_again(row: QuerySet[Job], job_id: int, values: dict[str, Any], ending: Ending) -> int:
    """Back to the queue, or into the job of the same key that came to wait meanwhile."""
    assert ending.pause is not None
    at = timezone.now() + ending.pause
    key = Job.objects.filter(pk=job_id).values("key")
    other = Job.objects.select_for_update().filter(key__in=key, state=State.QUEUED).first()
    if other is None:
        attempts = F("attempts") if ending.counts else F("attempts") - 1
        return row.update(state=State.QUEUED, not_before=at, attempts=attempts, **values)
    values["outcome"] = f"{ending.outcome} Job #{other.pk} goes on with it.".strip()
    return row.update(state=State.DONE, finished_at=timezone.now(), **values)


class _stored_or_gone:  # noqa: N801 — reads as a word of the with statement
    """Around the storing of an outcome: when the database is away, the process ends, so that its claim gets free.

    Otherwise a living worker would hold a job it no longer works on until the lease is over.
    """

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, DatabaseError):
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
        return "Its worker did not end in time."
    if job.owner_host == HOST and (job.owner_pid is None or process_started(job.owner_pid) != job.owner_started):
        return "Its worker died."
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
            _store(claim, Ending(State.DEAD, f"Given up after {job.attempts} attempts: {why}", "WorkerDied"))
        else:
            _store(claim, Ending(State.QUEUED, f"{why} Trying again.", "WorkerDied", pause=pause))
            if not pause:
                wake()
    logger.warning("%s was freed: %s", claim, why)
    return 1


def _bury(job: Job) -> None:
    """Give up a job whose attempts were used up by workers that never came back to say so."""
    Job.objects.filter(pk=job.pk, state=State.QUEUED, fence=job.fence).update(
        state=State.DEAD,
        finished_at=timezone.now(),
        outcome=f"Given up after {job.attempts} attempts.",
        error_class=job.error_class or "WorkerDied",
    )
