"""How a customer stands, at a glance: its jobs with their last runs, what needs attention, its open tickets."""

from __future__ import annotations

from dataclasses import dataclass

from .customers_list import open_tickets_of
from .job_history import History, history_of
from .models import BackupJob, Customer, Run

JOBS_SHOWN = 30
MARKS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class JobState:
    """A job and its last runs as marks, oldest first."""

    job: BackupJob
    history: History

    @property
    def is_failing(self) -> bool:
        """Whether its newest run failed."""
        marks = self.history.marks
        return bool(marks) and marks[-1].run.status != Run.Status.SUCCESS


@dataclass(frozen=True, slots=True)
class Glance:
    """The customer's figures, and its jobs: those whose newest run failed come first."""

    jobs: tuple[JobState, ...]
    job_count: int
    attention: int
    open_tickets: int


def glance(customer: Customer) -> Glance:
    """Two statements for each job shown and three more, whatever the number of runs."""
    jobs = list(BackupJob.objects.filter(customer=customer).order_by("name"))
    states = [JobState(job, history_of(job, runs=MARKS_SHOWN)) for job in jobs[:JOBS_SHOWN]]
    states.sort(key=lambda state: not state.is_failing)
    return Glance(
        tuple(states),
        len(jobs),
        Run.objects.filter(job__customer=customer, needs_attention=True).count(),
        open_tickets_of([customer.pk]).get(customer.pk, 0),
    )
