"""The job that counts: every few minutes the hour or day that is not over, and the ones before it once more.

So what was written late, or changed its state, is counted as it is now, and what a portal that was down has missed is
made up. A count that comes out as before writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import jobs
from integrations.core.jobs import Again, Claim
from integrations.core.models import Figure, FigureSeries, Job
from integrations.core.registry import Counted, FigureKind

from .buckets import DAY, HOUR, back_from, next_of, start_of, starts
from .kinds import series

JOB = "core.count_figures"
EVERY = timedelta(minutes=5)
ONCE_MORE = 2  # hours or days before the present one that are counted again each time
REACH = {HOUR: timedelta(days=3), DAY: timedelta(days=31)}  # back from now, at first and after a pause
TOGETHER = 24  # hours or days that are stored at once
CHECKED_EVERY = 1.0  # seconds between two looks whether the job is still ours
SLICE = 30.0  # seconds of one job; the first count of a large installation goes on in a next one

Check = Callable[[], None]


def ask_for_counting() -> None:
    """Called every minute: ask for a count when one is five minutes old, however many machines tick."""
    names = series()
    fresh = FigureSeries.objects.filter(series__in=names, counted_at__gt=timezone.now() - EVERY)
    if fresh.count() < len(names):
        jobs.enqueue(JOB, key=JOB, priority=Job.Priority.BULK)


def count_figures(claim: Claim) -> str:
    """Job `core.count_figures`. It goes on in slices, so that it never keeps a worker for long."""
    ends, checked = time.monotonic() + SLICE, time.monotonic()

    def check() -> None:
        nonlocal checked
        if time.monotonic() > ends:
            raise Again(at=timezone.now(), outcome=_("The first count is long; it goes on."))
        if time.monotonic() - checked > CHECKED_EVERY:
            claim.check()
            checked = time.monotonic()

    return _("{count} hours and days were counted.").format(count=count_all(check))


def count_all(check: Check = lambda: None) -> int:
    """Count every series up to now; how many hours and days that were. `check` is called before every few of them."""
    now, names = timezone.now(), series()
    marks = {mark.series: mark for mark in FigureSeries.objects.filter(series__in=names)}
    counted = sum(_count(name, kind, marks.get(name), now, check) for name, kind in names.items())
    FigureSeries.objects.filter(series__in=names).update(counted_at=now)
    return counted


def _count(name: str, kind: FigureKind, mark: FigureSeries | None, now: datetime, check: Check) -> int:
    zone = timezone.get_default_timezone()
    present = start_of(kind.every, now, zone)
    left = list(starts(kind.every, _first(mark, kind, now, present), present, zone))
    counted, reached = len(left), mark.counted_to if mark else None
    while left:
        check()
        some, left = left[:TOGETHER], left[TOGETHER:]
        found = {start: _counted(kind, start, next_of(kind.every, start, zone)) for start in some}
        with transaction.atomic():
            _store(name, found)
            if reached is None or some[-1] > reached:
                reached = some[-1]
                FigureSeries.objects.update_or_create(series=name, defaults={"counted_to": reached})
    return counted


def _first(mark: FigureSeries | None, kind: FigureKind, now: datetime, present: datetime) -> datetime:
    """Where counting begins."""
    zone = timezone.get_default_timezone()
    earliest = start_of(kind.every, now - REACH[kind.every], zone)
    if mark is None:
        return earliest
    is_new_day = mark.counted_at is None or mark.counted_at.astimezone(zone).date() < now.astimezone(zone).date()
    if kind.is_kept and is_new_day:
        return earliest
    return max(earliest, back_from(kind.every, min(mark.counted_to, present), ONCE_MORE, zone))


def _counted(kind: FigureKind, begin: datetime, end: datetime) -> set[Counted]:
    return {row for row in kind.count(begin, end) if row.number}


def _store(name: str, found: Mapping[datetime, set[Counted]]) -> None:
    """Have the rows of these hours or days say this, and leave those alone that say it already."""
    rows = Figure.objects.filter(series=name, start__in=found)
    stored: dict[datetime, set[Counted]] = {start: set() for start in found}
    for start, *row in rows.values_list("start", "client", "part", "count", "total"):
        stored[start].add(Counted(*row))
    changed = [start for start in found if found[start] != stored[start]]
    if changed:
        rows.filter(start__in=changed).delete()
        Figure.objects.bulk_create(
            Figure(series=name, start=start, client_id=row.client, part=row.part, count=row.number, total=row.total)
            for start in changed
            for row in found[start]
        )
