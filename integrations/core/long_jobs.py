"""Long jobs: work in pages, a slice of time for each claim. How far it is stands on the job, and a person may stop it.

    share = Slice(claim)
    while page := ...read the next one...:
        ...store it, and where the next begins, in one transaction...
        share.tell(f"{found:,} ids found.", done=found)

Where it goes on is kept by the work itself, in a row of its own: the end of a slice, a stop and a death are all the
same to it. A page shows it with `admin/portal/job_progress.html`, a command with `management/following.py`.
"""

from __future__ import annotations

import time

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.transport.errors import class_of

from .jobs import Again, Claim, Stopped
from .models import Job
from .supervision.signs import must_end

SLICE = 40.0  # seconds of work before others get their turn
STOPPED = _("Stopped by hand.")
AT_WORK = (Job.State.RUNNING, Job.State.QUEUED)


class Slice:
    """The work of one claim. Raises `Stopped` where a person asked for the end before it began."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._ends = time.monotonic() + SLICE
        if (asked := Job.objects.filter(pk=claim.job_id, stop_asked=True).first()) is not None:
            raise Stopped("" if asked.error_class else asked.outcome)  # not that it is tried again

    def tell(self, said: str, *, done: int = 0, total: int = 0) -> None:
        """Between two pages, what was done stored: say how far it is, `done` of `total` where there are such numbers.

        Raises `Stopped` when a person asked for the end, `Again` when others should have their turn, and `ClaimLost`.
        """
        self._claim.check()
        row = Job.objects.filter(pk=self._claim.job_id, fence=self._claim.fence)
        row.update(outcome=said, done=done, total=total)
        if row.filter(stop_asked=True).exists():
            raise Stopped(said)
        if time.monotonic() > self._ends or must_end():
            row.update(attempts=1)  # it got on: else hours of work would die of five short troubles
            raise Again(at=timezone.now(), outcome=said)


def stop(job: Job) -> None:
    """Have it end after the page it is at, or at once where it waits for its turn, and with it the other one of its
    key. What was done stays; what is over is left as it is."""
    for pk in Job.objects.filter(key=job.key, state__in=AT_WORK).values_list("pk", flat=True):
        _stop(pk)  # each by itself: a worker that stores the end of one may look at the other


def _stop(pk: int) -> None:
    with transaction.atomic():
        row = Job.objects.select_for_update().filter(pk=pk)
        job = row.first()
        if job is not None and job.state == Job.State.QUEUED:
            row.update(
                state=Job.State.DONE,
                finished_at=timezone.now(),
                outcome=told("" if job.error_class else job.outcome),  # not that it is tried again
                error_class=class_of(Stopped()),
                stop_asked=True,
            )
        elif job is not None and job.state == Job.State.RUNNING:
            row.update(stop_asked=True)


def told(far: str) -> str:
    """That a person stopped it, and how far it was then."""
    return f"{STOPPED} {far}".strip()


def newest(kinds: tuple[str, ...], *ids: int) -> Job | None:
    """The job of these kinds about these rows that is at work, or else the last one."""
    found: Job | None = at_work(kinds, *ids) or _of(kinds, ids).order_by("-pk").first()
    return found


def at_work(kinds: tuple[str, ...], *ids: int) -> Job | None:
    """The one of them that runs, or else waits; an old one, too, that was given up and is tried again."""
    running_first = _of(kinds, ids).filter(state__in=AT_WORK).order_by("-state", "-pk")
    found: Job | None = running_first.first()
    return found


def _of(kinds: tuple[str, ...], ids: tuple[int, ...]) -> QuerySet[Job]:
    found: QuerySet[Job] = Job.objects.filter(kind__in=kinds, args=list(ids))
    return found
