"""A job in this process, at the command line: how far it is, and Ctrl-C asks it to stop.

job = follow(self.stdout, jobs.enqueue(...))
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.core.management.base import OutputWrapper

from integrations.core import long_jobs, running
from integrations.core.models import Job

from .progress import progress

PAUSE = 0.2  # seconds; it was put off: others had their turn, or a quota is spent


def follow(
    out: OutputWrapper,
    job: Job,
    *,
    look: Callable[[], str] | None = None,
    stop: Callable[[], object] | None = None,
) -> Job:
    """Work it off, or wait for the worker that was faster; its row as it ended.

    `look` says how far it is (a long job says so itself), `stop` asks for its end.
    """
    with progress(out, look or (lambda: _told(job)), stop=stop or (lambda: long_jobs.stop(job))):
        while not (job := _goes_on(running.work_off(job))).is_over:
            time.sleep(PAUSE)
    return job


def _goes_on(job: Job) -> Job:
    """Another of its key that came to wait meanwhile goes on with it."""
    found: Job = Job.objects.filter(key=job.key).latest("pk")
    return found


def _told(job: Job) -> str:
    row = Job.objects.get(pk=job.pk)
    of_all = f" ({row.done:,} of {row.total:,})" if row.total else ""
    return f"{row.outcome.rstrip('.')}{of_all}" if row.outcome else ""
