"""A long job works in pages: its row says how far it is, others have their turn, and a person may stop it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management.base import OutputWrapper
from django.utils import timezone

from integrations.core import jobs, labels, long_jobs
from integrations.core.jobs import Claim
from integrations.core.long_jobs import Slice
from integrations.core.management.following import follow
from integrations.core.models import Job
from integrations.core.running import drain, run_due_jobs
from integrations.transport.errors import TemporaryError
from tests.translation import bracketed

from .conftest import Workshop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages(workshop: Workshop) -> list[int]:
    """Job 1 makes five pages; those that are made."""
    made: list[int] = []

    def make(claim: Claim) -> str:
        share = Slice(claim)
        while len(made) < 5:
            made.append(len(made) + 1)
            share.tell(f"{len(made)} pages made.", done=len(made), total=5)
        return "All made."

    workshop.orders[1] = make
    return made


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others have their turn after each page."""
    monkeypatch.setattr(long_jobs, "SLICE", 0.0)


@pytest.mark.usefixtures("short")
def test_it_says_how_far_it_is_and_others_have_their_turn(workshop: Workshop, pages: list[int]) -> None:
    job = jobs.enqueue("workshop.make", 1)
    drain(0)
    job.refresh_from_db()
    assert (job.state, job.outcome, job.done, job.total) == ("queued", "1 pages made.", 1, 5)
    jobs.enqueue("workshop.make", 2, priority=Job.Priority.CLICK)
    run_due_jobs()
    assert workshop.done == [1, 2, 1, 1, 1, 1, 1]
    job.refresh_from_db()
    assert (job.state, job.outcome, job.attempts) == ("done", "All made.", 1)


@pytest.mark.usefixtures("short")
def test_one_that_was_clicked_lets_what_came_before_its_next_slice_go_first(
    workshop: Workshop, pages: list[int]
) -> None:
    jobs.enqueue("workshop.make", 1, priority=Job.Priority.CLICK)
    jobs.enqueue("workshop.make", 2)
    run_due_jobs()
    assert workshop.done == [1, 2, 1, 1, 1, 1, 1]


@pytest.mark.usefixtures("short")
def test_one_that_gets_on_between_troubles_does_not_run_out_of_attempts(workshop: Workshop) -> None:
    made: list[int] = []

    def make(claim: Claim) -> str:
        made.append(claim.attempt)
        if len(made) % 2:
            raise TemporaryError("It is away.")
        if len(made) < 16:
            Slice(claim).tell(f"{len(made)} pages made.")
        return "All made."

    workshop.orders[1] = make
    job = jobs.enqueue("workshop.make", 1)
    while not job.is_over:
        Job.objects.update(not_before=timezone.now())
        drain(0)
        job.refresh_from_db()
    assert (job.state, job.outcome) == ("done", "All made.")
    assert made == [1, 2] * 8


def test_within_a_slice_the_row_says_it_too(workshop: Workshop) -> None:
    said: list[str] = []

    def make(claim: Claim) -> str:
        Slice(claim).tell("Half is made.", done=1, total=2)
        said.append(Job.objects.get().outcome)
        return "All made."

    workshop.orders[1] = make
    jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    assert said == ["Half is made."]


@pytest.mark.usefixtures("short")
def test_stopped_while_it_waits_for_its_turn_it_ends_at_once(workshop: Workshop, pages: list[int]) -> None:
    job = jobs.enqueue("workshop.make", 1)
    drain(0)
    long_jobs.stop(job)
    run_due_jobs()
    job.refresh_from_db()
    assert pages == [1]
    assert (job.state, job.outcome, job.was_stopped) == ("done", "Stopped by hand. 1 pages made.", True)
    with bracketed():
        assert "⟦stopped⟧" in labels.job_state(job)


def test_stopped_while_it_is_at_work_it_ends_after_the_page(workshop: Workshop) -> None:
    made: list[int] = []

    def make(claim: Claim) -> str:
        share = Slice(claim)
        for page in (1, 2, 3):
            made.append(page)
            if page == 2:
                long_jobs.stop(Job.objects.get(pk=claim.job_id))  # somebody at another screen
            share.tell(f"{page} pages made.")
        return "All made."

    workshop.orders[1] = make
    job = jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    job.refresh_from_db()
    assert made == [1, 2]
    assert (job.state, job.outcome, job.was_stopped) == ("done", "Stopped by hand. 2 pages made.", True)


def test_a_stop_outlives_the_worker_that_did_not_come_to_it(workshop: Workshop, pages: list[int]) -> None:
    job = jobs.enqueue("workshop.make", 1)
    Job.objects.update(state=Job.State.RUNNING)
    long_jobs.stop(job)
    Job.objects.update(state=Job.State.QUEUED)  # its worker died, and its claim was freed
    run_due_jobs()
    job.refresh_from_db()
    assert pages == []
    assert job.was_stopped


def test_one_that_fails_for_now_after_the_stop_is_not_tried_again(workshop: Workshop) -> None:
    def fail(claim: Claim) -> str:
        long_jobs.stop(Job.objects.get(pk=claim.job_id))  # somebody at another screen
        raise TemporaryError("It is away for an hour.", retry_after=3600)

    workshop.orders[1] = fail
    job = jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    job.refresh_from_db()
    assert (job.outcome, job.was_stopped) == ("Stopped by hand.", True)


def test_one_that_is_stopped_while_it_waits_after_a_failure_does_not_say_that_it_is_tried_again(
    workshop: Workshop,
) -> None:
    def fail(claim: Claim) -> str:
        raise TemporaryError("It is away.")

    workshop.orders[1] = fail
    job = jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    long_jobs.stop(job)
    job.refresh_from_db()
    assert (job.outcome, job.was_stopped) == ("Stopped by hand.", True)


def test_a_stop_ends_the_one_that_runs_and_the_one_of_its_key_that_waits(workshop: Workshop, pages: list[int]) -> None:
    running = jobs.enqueue("workshop.make", 1)
    Job.objects.update(state=Job.State.RUNNING)
    waiting = jobs.enqueue("workshop.make", 1)
    found = long_jobs.at_work(("workshop.make",), 1)
    assert found == running
    long_jobs.stop(running)
    for job in (running, waiting):
        job.refresh_from_db()
    assert running.stop_asked
    assert waiting.was_stopped


def test_an_old_one_that_is_tried_again_is_at_work(workshop: Workshop, pages: list[int]) -> None:
    old = jobs.enqueue("workshop.make", 1)
    Job.objects.update(state=Job.State.DEAD)
    jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    assert jobs.retry(old)
    kinds = ("workshop.make",)
    assert long_jobs.at_work(kinds, 1) == long_jobs.newest(kinds, 1) == old


def test_what_is_over_is_not_stopped(workshop: Workshop, pages: list[int]) -> None:
    job = jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    long_jobs.stop(job)
    job.refresh_from_db()
    assert (job.outcome, job.was_stopped) == ("All made.", False)


def test_asked_for_again_it_goes_on(workshop: Workshop, pages: list[int]) -> None:
    long_jobs.stop(jobs.enqueue("workshop.make", 1))
    jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    assert pages == [1, 2, 3, 4, 5]


def test_a_dead_job_that_is_tried_again_has_forgotten_the_stop(workshop: Workshop, pages: list[int]) -> None:
    job = jobs.enqueue("workshop.make", 1)
    Job.objects.update(state=Job.State.DEAD, stop_asked=True)
    assert jobs.retry(job)
    run_due_jobs()
    assert pages == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("short")
def test_a_command_works_it_off_slice_after_slice(workshop: Workshop, pages: list[int]) -> None:
    ended = follow(OutputWrapper(StringIO()), jobs.enqueue("workshop.make", 1))
    assert (ended.state, ended.outcome) == ("done", "All made.")
    assert pages == [1, 2, 3, 4, 5]
