"""What is being worked on just now: the job, the run of a stream, the record in hand. Each API call is stored with it.

with working_on(run_id=run.pk):
    ...  # whatever calls a vendor in here is the run's
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Concern:
    """The rows by their ids; the record by its id on the stream's own side, as in `SyncEntry`."""

    job_id: int | None = None
    run_id: int | None = None
    record_id: str = ""


NOTHING = Concern()
_now: ContextVar[Concern] = ContextVar("concern", default=NOTHING)


def now() -> Concern:
    """What this thread works on."""
    return _now.get()


@contextmanager
def working_on(*, job_id: int | None = None, run_id: int | None = None, record_id: str = "") -> Iterator[None]:
    """Until the end of the block this too, beside what was known before."""
    before = _now.get()
    known = {"job_id": job_id or before.job_id, "run_id": run_id or before.run_id}
    token = _now.set(replace(before, **known, record_id=record_id or before.record_id))
    try:
        yield
    finally:
        _now.reset(token)
