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
from django.db.models import TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .jobs import Again, Claim, Stopped
from .models import Job

SLICE = 40.0  # seconds of work before others get their turn
STOPPED = _("Stopped by hand.")


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
        if time.monotonic() > self._ends:
            raise Again(at=timezone.now(), outcome=said)


def stop(job: Job) -> None:
    """Have it end after the page it is at, or at once where it waits for its turn. What was done stays; what is over
    is left as it is."""
    with transaction.atomic():
        row = Job.objects.select_for_update().filter(pk=job.pk)
        state = row.values_list("state", flat=True).first()
        if state == Job.State.QUEUED:
            row.update(
                state=Job.State.DONE,
                finished_at=timezone.now(),
                outcome=Concat(Value(f"{STOPPED} "), "outcome", output_field=TextField()),
                error_class="Stopped",
                stop_asked=True,
            )
        elif state == Job.State.RUNNING:
            row.update(stop_asked=True)


def newest(kinds: tuple[str, ...], *ids: int) -> Job | None:
    """The last job of these kinds about these rows."""
    found: Job | None = Job.objects.filter(kind__in=kinds, args=list(ids)).order_by("-pk").first()
    return found


def at_work(kinds: tuple[str, ...], *ids: int) -> Job | None:
    """The one of them that waits or runs."""
    job = newest(kinds, *ids)
    return None if job is None or job.is_over else job
