"""Asking for work: `enqueue` writes the `Job` row and wakes the queue in one transaction.

    with transaction.atomic():
        link = ...save the intent...
        jobs.enqueue("tickets.recover_creation", link.pk, not_before=deadline)

The row is the truth. The queue (django-q2) holds only wake-ups, which carry nothing: a worker that wakes drains what is
due (running.py). A lost wake-up delays work until the next sweep; a doubled one finds nothing to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.conf import Conf
from django_q.tasks import async_task

from . import registry
from .inserting import insert
from .models import Job, User

LEASE = timedelta(seconds=180)  # of a claim: longer than a worker may take for a wake-up (QUEUE_TIMEOUT), with margin
LONGEST_CALL = timedelta(seconds=80)  # a vendor call's total deadline, with margin
WAKE_UP = "integrations.core.running.drain"

JobFunction = Callable[..., str | None]


class Again(Exception):
    """Raised by a job that has to go on later. `at` is when, `outcome` a sentence that says what it waits for.

    It is no failure and uses up no attempt.
    """

    def __init__(self, *, at: datetime, outcome: str = "") -> None:
        super().__init__(outcome)
        self.at = at
        self.outcome = outcome


class Stopped(Exception):
    """A person asked for the end of the work. What was done stays; the message says how far that is."""


class ClaimLost(Exception):
    """Another worker may have taken this job over; whoever sees this must not write any more."""


@dataclass(frozen=True)
class Claim:
    """One worker's right to work on one job, for as long as its lease lasts."""

    job_id: int
    kind: str
    ids: tuple[int, ...]
    attempt: int
    max_attempts: int
    fence: int
    taken: float = field(default_factory=time.monotonic)  # seconds of this process's clock

    def check(self) -> None:
        """Raise `ClaimLost` unless a vendor call begun now would end before anybody else may take over.

        Give it to `open_connection(guard=…)`: it then runs right before each request leaves.
        """
        left = LEASE.total_seconds() - (time.monotonic() - self.taken)
        if left < LONGEST_CALL.total_seconds():
            raise ClaimLost(f"{self} has been at work for too long to begin another call.")
        if not Job.objects.filter(pk=self.job_id, state=Job.State.RUNNING, fence=self.fence).exists():
            raise ClaimLost(f"{self} was taken over by another worker.")

    def __str__(self) -> str:
        return f"{self.kind} #{self.job_id}"


def enqueue(
    kind: str,
    *ids: int,
    key: str = "",
    not_before: datetime | None = None,
    priority: int = Job.Priority.NORMAL,
    trigger: str = Job.Trigger.SCHEDULE,
    user: User | AnonymousUser | None = None,
    max_attempts: int = 5,
) -> Job:
    """Ask for one unit of work, within the caller's transaction if there is one, and return its row.

    `kind` is `<integration>.<job>`, as declared; `ids` are row ids, never objects or secrets. `key` (`kind:ids` unless
    given) makes it unique: a queued job of that key is brought forward instead of doubled, and while one runs, one
    more can wait. A job without `not_before` is due now. One that was begun and put off is not brought forward by a
    webhook. Raises `KeyError` for an unknown kind.
    """
    wanted = Job(
        kind=kind,
        args=list(ids),
        key=key or f"{kind}:{','.join(map(str, ids))}",
        not_before=not_before or timezone.now(),
        priority=priority,
        trigger=trigger,
        requested_by=user if isinstance(user, User) else None,
        max_attempts=max_attempts,
    )
    return Job.objects.get(pk=ask_for([wanted])[0])


def ask_for(wanted: Sequence[Job]) -> list[int]:
    """The same for jobs that are not saved yet, each of another key: the ids of the rows, which are not read back.

    They are asked for in the order of their keys, so that of two who ask for the same ones one waits, and not both.
    """
    for kind in {job.kind for job in wanted}:
        function_of(kind)
    now = (connection.ops.adapt_datetimefield_value(timezone.now()),)
    with transaction.atomic(savepoint=False):
        in_order: list[Job] = sorted(wanted, key=lambda job: job.key)
        rows = insert(in_order, _OR_BRING_FORWARD, now)
        if any(is_due for _, is_due in rows):
            wake()
    return [pk for pk, _ in rows]


# A queued row is locked and written even when nothing changes: a claim in progress is waited for (then there is a new
# row), and one that comes next sees what the caller's transaction wrote. What was begun and put off waits for its time
# whatever webhooks say: a storm of them would use up its attempts within seconds.
_PUT_OFF = """(waiting."started_at" IS NOT NULL AND excluded."trigger" = 'webhook')"""
_SOONER = '(excluded."not_before" < waiting."not_before" OR excluded."priority" < waiting."priority")'
_OR_BRING_FORWARD = f"""
    ON CONFLICT ("key") WHERE "state" = 'queued' DO UPDATE SET
        "not_before" = CASE WHEN excluded."not_before" < waiting."not_before" AND NOT {_PUT_OFF}
            THEN excluded."not_before" ELSE waiting."not_before" END,
        "priority" = CASE WHEN excluded."priority" < waiting."priority"
            THEN excluded."priority" ELSE waiting."priority" END,
        "trigger" = CASE WHEN {_SOONER} THEN excluded."trigger" ELSE waiting."trigger" END,
        "requested_by_id" = CASE WHEN {_SOONER} THEN COALESCE(excluded."requested_by_id", waiting."requested_by_id")
            ELSE waiting."requested_by_id" END
    RETURNING "id", "not_before" <= %s
"""


def cancel(job: Job) -> bool:
    """Take a queued job back; False when it is running or over already."""
    queued = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
    return bool(
        queued.update(state=Job.State.DONE, finished_at=timezone.now(), outcome=_("Taken back: not needed any more."))
    )


def retry(job: Job, *, user: User | AnonymousUser | None = None) -> bool:
    """Give a dead job all its attempts again, now; False when it is not dead, or another of its key waits already."""
    with transaction.atomic():
        dead = Job.objects.select_for_update().filter(pk=job.pk, state=Job.State.DEAD)
        if not dead.exists() or Job.objects.filter(key=job.key, state=Job.State.QUEUED).exists():
            return False
        dead.update(
            state=Job.State.QUEUED,
            attempts=0,
            not_before=timezone.now(),
            trigger=Job.Trigger.REPLAY,
            requested_by=user if isinstance(user, User) else None,
            finished_at=None,
            error_class="",
            stop_asked=False,
        )
        wake()
    return True


def dismiss(job: Job, *, user: User, reason: str) -> bool:
    """A person decides that a dead job needs no more tries; False when it is not dead. What it died of stays there."""
    said = _("Dismissed by {person}: {reason}").format(person=user.get_username(), reason=reason)[:500]
    dead = Job.objects.filter(pk=job.pk, state=Job.State.DEAD)
    return bool(
        dead.update(
            state=Job.State.DONE, outcome=_("{said} It had ended so: {before}").format(said=said, before=job.outcome)
        )
    )


def wake() -> None:
    """Make sure that a worker looks for due jobs after the caller's transaction is committed; call it inside one.

    One waiting wake-up serves any number of jobs. It is locked here, so that its taker comes after our commit; one
    that somebody else holds may be taken before it, and does not count.
    """
    mine = 'SELECT 1 FROM django_q_ormq WHERE "key" = %s AND "lock" <= %s LIMIT 1'
    locked = " FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        cursor.execute(mine + locked, [Conf.CLUSTER_NAME, now])
        is_waiting = cursor.fetchone() is not None
    if not is_waiting:
        async_task(WAKE_UP, task_name="wake-up", save=False)


def function_of(kind: str) -> JobFunction:
    """The function of that kind. Raises `KeyError` with the known kinds."""
    # They ask for work themselves, or import what they prune.
    from . import password_links, pruning, readopting, streams, write_hold
    from .alerts import evaluating, notices, sending
    from .failures import acting
    from .figures import counting
    from .webhooks import receiving, replaying, watch, working

    known: dict[str, JobFunction] = {
        "core.prune": pruning.prune,
        counting.JOB: counting.count_figures,
        streams.RUN: streams.run_stream,
        streams.DRY_RUN: streams.dry_run_stream,
        write_hold.READOPT: readopting.readopt,
        receiving.WORK: working.work_delivery,
        password_links.MAIL: password_links.mail_link,
        password_links.ANSWER: password_links.answer_reset_request,
        watch.WATCH: watch.watch_senders,
        evaluating.EVALUATE: evaluating.evaluate_alerts,
        notices.SEND: sending.send_alerts,
        acting.CARRY_OUT: acting.carry_out,
        replaying.KIND: replaying.carry_out,
    }
    for declared in registry.kinds():
        known |= {f"{declared.slug}.{name}": function for name, function in declared.jobs.items()}
    if kind not in known:
        raise KeyError(f"unknown job kind {kind!r}; known: {', '.join(sorted(known))}")
    return known[kind]
