"""Which runs need attention: one rule, in SQL, used after everything that may change the answer.

A run needs attention when it failed (warning, error, missed) and is neither reviewed, nor ticketed (a live link or a
manual number), nor superseded: a run of the same job that started later succeeded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction
from django.db.models import Case, Exists, Max, OuterRef, Q, Subquery, When

from .models import BackupJob, Run, TicketLink

FAILED = (Run.Status.WARNING, Run.Status.ERROR, Run.Status.MISSED)
CHUNK = 500  # ids per statement


def refresh(runs: Run | Iterable[int]) -> None:
    """Decide again for these runs (ids, or one run) after a review or a change of their ticket links."""
    for ids in _chunks([runs.pk] if isinstance(runs, Run) else runs):
        with transaction.atomic(savepoint=False):
            lock_jobs(ids)
            _mark(Q(pk__in=ids))


def recompute(run_ids: Iterable[int]) -> None:
    """Decide again for runs with a new or changed report, and for those of their jobs that this supersedes or frees."""
    for ids in _chunks(run_ids):
        with transaction.atomic():
            jobs = lock_jobs(ids)
            freed = list(Run.objects.filter(superseded_by__in=ids).values_list("pk", flat=True))
            doubtful = [*ids, *freed]
            Run.objects.filter(pk__in=doubtful).update(superseded_by=None)
            _supersede(Q(pk__in=doubtful))
            newest = dict(
                Run.objects.filter(pk__in=ids, status=Run.Status.SUCCESS)
                .order_by()
                .values_list("job")
                .annotate(newest=Max("started_at"))
            )
            for job, started_at in newest.items():
                _supersede(Q(job=job, started_at__lt=started_at))
            _mark(Q(pk__in=doubtful))
            _mark(Q(job__in=jobs, needs_attention=True))


def lock_jobs(run_ids: Iterable[int]) -> list[int]:
    """Lock the jobs of these runs, always in the same order, so that two writers cannot each miss the other's run."""
    jobs = BackupJob.objects.filter(pk__in=Run.objects.filter(pk__in=run_ids).values("job"))
    return list(jobs.select_for_update().order_by("pk").values_list("pk", flat=True))


def _supersede(which: Q) -> None:
    later = Run.objects.filter(
        job=OuterRef("job"), status=Run.Status.SUCCESS, started_at__gt=OuterRef("started_at")
    ).order_by("started_at")
    open_ones = Run.objects.filter(which, status__in=FAILED, superseded_by=None)
    open_ones.filter(Exists(later)).update(superseded_by=Subquery(later.values("pk")[:1]))


def _mark(which: Q) -> None:
    """Set `needs_attention`; rows that already say the truth are not written."""
    ticketed = Exists(TicketLink.objects.filter(run=OuterRef("pk"), state__in=TicketLink.LIVE))
    needs = Q(status__in=FAILED, reviewed_at=None, superseded_by=None, manual_ticket_number="") & ~Q(ticketed)
    wrong = (needs & Q(needs_attention=False)) | (~needs & Q(needs_attention=True))
    turned = Case(When(needs_attention=True, then=False), default=True)
    Run.objects.filter(which).filter(wrong).update(needs_attention=turned)


def _chunks(run_ids: Iterable[int]) -> Iterator[list[int]]:
    remaining = iter(run_ids)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk
