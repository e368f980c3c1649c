"""A job is worked on by one worker at a time, in order of urgency, and its row says what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from integrations.core import jobs, processes, running
from integrations.core.jobs import Again, Claim, ClaimLost
from integrations.core.models import Job
from integrations.core.running import drain, run_due_jobs, sweep
from integrations.transport.errors import QuotaSpent, RejectedError, TemporaryError

from .conftest import Workshop

pytestmark = pytest.mark.django_db(transaction=True)


def raising(error: BaseException) -> Callable[[Claim], str | None]:
    def order(_: Claim) -> str | None:
        raise error

    return order


def only() -> Job:
    return Job.objects.get()


def test_what_is_urgent_comes_first_then_what_is_due_longest(workshop: Workshop) -> None:
    now = timezone.now()
    jobs.enqueue("workshop.make", 1, priority=Job.Priority.BULK)
    jobs.enqueue("workshop.make", 2, not_before=now - timedelta(minutes=1))
    jobs.enqueue("workshop.make", 3, not_before=now - timedelta(minutes=2))
    jobs.enqueue("workshop.make", 4, priority=Job.Priority.CLICK)
    run_due_jobs()
    assert workshop.done == [4, 3, 2, 1]


def test_a_finished_job_says_what_it_did(workshop: Workshop) -> None:
    jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    job = only()
    assert (job.state, job.outcome, job.attempts, job.error_class) == ("done", "Made 1.", 1, "")
    assert job.finished_at is not None
    assert job.lease_until is None


def test_a_temporary_failure_is_tried_again_after_ever_longer_pauses_then_given_up(workshop: Workshop) -> None:
    workshop.orders[1] = raising(TemporaryError("The vendor did not answer."))
    jobs.enqueue("workshop.make", 1)
    pauses = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while True:
            run_due_jobs()
            job = only()
            if job.state == "dead":
                break
            pauses.append((job.not_before - timezone.now()).total_seconds())
            clock.move_to(job.not_before)
    assert len(workshop.done) == 5
    assert [round(pause / 15 / 4**n) for n, pause in enumerate(pauses)] == [1, 1, 1, 1]
    assert job.outcome == "Given up after 5 attempts: The vendor did not answer."
    assert job.error_class == "TemporaryError"


def test_the_pause_a_vendor_asks_for_is_kept(workshop: Workshop) -> None:
    workshop.orders[1] = raising(TemporaryError("Slow down.", retry_after=900))
    jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    assert only().not_before > timezone.now() + timedelta(seconds=890)


def test_waiting_for_the_quota_uses_up_no_attempt(workshop: Workshop) -> None:
    workshop.orders[1] = raising(QuotaSpent("Its 80 calls of this minute are used.", retry_after=40))
    jobs.enqueue("workshop.make", 1)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(20):
            run_due_jobs()
            assert 40 <= (only().not_before - timezone.now()).total_seconds() <= 48
            clock.move_to(only().not_before)
        del workshop.orders[1]
        run_due_jobs()
    assert (only().state, only().attempts, len(workshop.done)) == ("done", 1, 21)


def test_what_the_vendor_refuses_is_not_tried_again(workshop: Workshop) -> None:
    workshop.orders[1] = raising(RejectedError("The queue does not exist."))
    jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    assert (only().state, only().outcome, only().error_class) == ("dead", "The queue does not exist.", "RejectedError")


def test_a_bug_stops_its_own_job_alone_and_keeps_its_text_to_itself(workshop: Workshop) -> None:
    workshop.orders[1] = raising(ValueError("password=hunter2"))
    jobs.enqueue("workshop.make", 1)
    jobs.enqueue("workshop.make", 2)
    run_due_jobs()
    bug = Job.objects.get(error_class="bug")
    assert (bug.state, bug.outcome) == ("dead", "A bug in the portal (ValueError); it was reported.")
    assert Job.objects.get(state="done").outcome == "Made 2."


def test_a_job_that_must_wait_goes_on_later_without_using_up_attempts(workshop: Workshop) -> None:
    def wait(_: Claim) -> str | None:
        if len(workshop.done) < 20:
            raise Again(at=timezone.now() + timedelta(minutes=1), outcome="The click is still at work.")
        return "Found."

    workshop.orders[1] = wait
    jobs.enqueue("workshop.make", 1)
    with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False) as clock:
        run_due_jobs()
        assert (only().state, only().outcome, only().attempts) == ("queued", "The click is still at work.", 0)
        while only().state == "queued":
            clock.move_to(only().not_before)
            run_due_jobs()
    assert (only().state, only().outcome, only().attempts) == ("done", "Found.", 1)
    assert len(workshop.done) == 20


def test_a_job_that_must_wait_leaves_it_to_the_one_that_came_to_wait_meanwhile(workshop: Workshop) -> None:
    def hint_then_wait(_: Claim) -> str | None:
        if workshop.done == [1]:
            jobs.enqueue("workshop.make", 1)
            raise Again(at=timezone.now() + timedelta(hours=1), outcome="Not yet.")
        return "Done now."

    workshop.orders[1] = hint_then_wait
    first = jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    second = Job.objects.exclude(pk=first.pk).get()
    first.refresh_from_db()
    assert (first.state, first.outcome) == ("done", f"Not yet. Job #{second.pk} goes on with it.")
    assert (second.state, second.outcome) == ("done", "Done now.")


def test_a_redelivered_wake_up_finds_nothing_to_do(workshop: Workshop) -> None:
    jobs.enqueue("workshop.make", 1)
    assert drain() == 1
    assert drain() == 0
    assert workshop.done == [1]


def test_a_wake_up_in_the_middle_of_a_job_leaves_that_job_alone(workshop: Workshop) -> None:
    inner: list[int] = []

    def wake_up(_: Claim) -> None:
        inner.append(drain())

    workshop.orders[1] = wake_up
    jobs.enqueue("workshop.make", 1)
    drain()
    assert inner == [0]
    assert workshop.done == [1]


def test_two_jobs_of_one_key_never_run_side_by_side(workshop: Workshop) -> None:
    inner: list[int] = []

    def hint(_: Claim) -> None:
        if workshop.done == [1]:
            jobs.enqueue("workshop.make", 1)
            inner.append(drain())

    workshop.orders[1] = hint
    jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    assert inner == [0]
    assert workshop.done == [1, 1]


def test_a_worker_whose_time_is_over_leaves_the_rest_to_the_next_wake_up(workshop: Workshop) -> None:
    for order in range(3):
        jobs.enqueue("workshop.make", order)
    OrmQ.objects.all().delete()
    assert drain(seconds=0) == 1
    assert OrmQ.objects.count() == 1
    assert run_due_jobs() == 2


def test_a_second_worker_is_woken_when_there_is_more_than_one_job(workshop: Workshop) -> None:
    waiting: list[int] = []

    def look(_: Claim) -> None:
        waiting.append(OrmQ.objects.count())

    workshop.orders[1] = look
    jobs.enqueue("workshop.make", 1)
    jobs.enqueue("workshop.make", 2)
    OrmQ.objects.all().delete()  # taken by this worker
    drain()
    assert waiting == [1]


def test_a_job_that_is_cut_off_is_tried_again_and_the_worker_ends(workshop: Workshop) -> None:
    workshop.orders[1] = raising(SystemExit("the queue's time-out"))
    jobs.enqueue("workshop.make", 1)
    with pytest.raises(SystemExit):
        drain()
    assert (only().state, only().attempts) == ("queued", 1)
    assert only().outcome == "It took too long and was cut off. Trying again."


def test_a_job_of_another_version_waits_for_that_version(workshop: Workshop) -> None:
    job = jobs.enqueue("workshop.make", 1)
    Job.objects.filter(pk=job.pk).update(kind="workshop.mend")
    run_due_jobs()
    assert (only().state, only().attempts) == ("queued", 0)
    assert "no job “workshop.mend”" in only().outcome


# --- claims -----------------------------------------------------------------------------------------------------------


def claimed_elsewhere(job: Job, *, pid: int, started: float | None, attempts: int = 1) -> None:
    Job.objects.filter(pk=job.pk).update(
        state="running",
        attempts=attempts,
        fence=1,
        owner_host=processes.HOST,
        owner_pid=pid,
        owner_started=started,
        lease_until=timezone.now() + jobs.LEASE,
    )


@pytest.fixture
def dead_pid() -> int:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


def test_the_claim_of_a_dead_process_is_free_at_once(workshop: Workshop, dead_pid: int) -> None:
    claimed_elsewhere(jobs.enqueue("workshop.make", 1), pid=dead_pid, started=1.0)
    assert sweep() == 1
    assert only().outcome == "Its worker died. Trying again."
    run_due_jobs()
    assert (only().state, only().attempts) == ("done", 2)


def test_a_process_id_that_was_given_to_another_process_counts_as_dead(workshop: Workshop) -> None:
    claimed_elsewhere(jobs.enqueue("workshop.make", 1), pid=os.getpid(), started=1.0)
    assert sweep() == 1


def test_the_claim_of_a_living_process_stays(workshop: Workshop) -> None:
    mine = processes.process_started(os.getpid())
    claimed_elsewhere(jobs.enqueue("workshop.make", 1), pid=os.getpid(), started=mine)
    assert sweep() == 0
    assert run_due_jobs() == 0


def test_claims_of_other_hosts_wait_for_the_end_of_their_lease(workshop: Workshop, dead_pid: int) -> None:
    job = jobs.enqueue("workshop.make", 1)
    claimed_elsewhere(job, pid=dead_pid, started=1.0)
    Job.objects.update(owner_host="elsewhere")
    assert sweep() == 0
    with time_machine.travel(timezone.now() + jobs.LEASE + timedelta(seconds=1)):
        assert sweep() == 1
        assert run_due_jobs() == 1


def test_a_job_that_kills_its_workers_is_given_up_after_its_attempts(workshop: Workshop, dead_pid: int) -> None:
    claimed_elsewhere(jobs.enqueue("workshop.make", 1), pid=dead_pid, started=1.0, attempts=5)
    sweep()
    assert (only().state, only().outcome) == ("dead", "Given up after 5 attempts: Its worker died.")
    assert workshop.done == []


def test_a_worker_that_was_taken_over_may_not_write_and_does_not_overwrite_the_outcome(workshop: Workshop) -> None:
    refused: list[str] = []

    def frozen(claim: Claim) -> str:
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))  # as if it had stood still for minutes
        sweep()
        Job.objects.update(state="done", outcome="Somebody else's.")
        with pytest.raises(ClaimLost) as lost:
            claim.check()
        refused.append(str(lost.value))
        return "Mine."

    workshop.orders[1] = frozen
    jobs.enqueue("workshop.make", 1)
    drain()
    assert refused == [f"workshop.make #{only().pk} was taken over by another worker."]
    assert only().outcome == "Somebody else's."


def test_no_call_begins_that_could_outlast_the_lease(workshop: Workshop) -> None:
    job = jobs.enqueue("workshop.make", 1)
    claimed_elsewhere(job, pid=os.getpid(), started=None)
    claim = Claim(job.pk, job.kind, (1,), 1, 5, fence=1)
    claim.check()
    late = Claim(job.pk, job.kind, (1,), 1, 5, fence=1, taken=claim.taken - 120)
    with pytest.raises(ClaimLost, match="too long to begin another call"):
        late.check()


def test_a_job_whose_claim_was_lost_ends_quietly(workshop: Workshop) -> None:
    def take_over(claim: Claim) -> str:
        Job.objects.update(fence=claim.fence + 1)
        claim.check()
        return "Never said."

    workshop.orders[1] = take_over
    jobs.enqueue("workshop.make", 1)
    drain()
    assert (only().state, only().outcome) == ("running", "")


# --- sweeping and trying again ----------------------------------------------------------------------------------------


def test_a_lost_wake_up_is_made_up_for_by_the_sweep(workshop: Workshop) -> None:
    jobs.enqueue("workshop.make", 1)
    OrmQ.objects.all().delete()
    sweep()
    sweep()
    assert OrmQ.objects.count() == 1


def test_sweeping_an_idle_portal_costs_two_reads(workshop: Workshop) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        sweep()
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "SELECT"]


def test_a_dead_job_gets_all_its_attempts_again(workshop: Workshop) -> None:
    workshop.orders[1] = raising(RejectedError("No."))
    job = jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    del workshop.orders[1]
    job.refresh_from_db()
    assert jobs.retry(job)
    run_due_jobs()
    assert (only().state, only().trigger, only().attempts, only().error_class) == ("done", "replay", 1, "")
    assert not jobs.retry(only())


def test_many_done_jobs_do_not_make_the_search_for_due_ones_longer(workshop: Workshop) -> None:
    plan = running.due().explain()
    assert "job_due" in plan or connection.vendor != "sqlite", plan


# --- small jobs, several at a time ------------------------------------------------------------------------------------


def test_small_jobs_of_one_kind_are_claimed_and_stored_together(workshop: Workshop) -> None:
    for order in range(200):
        jobs.enqueue("workshop.make", order)
        workshop.orders[order] = lambda _: None
    with CaptureQueriesContext(connection) as queries:
        run_due_jobs()
    assert workshop.done == list(range(200))
    assert set(Job.objects.values_list("state", "attempts")) == {("done", 1)}
    assert len(queries) < 100


def test_a_job_that_turns_out_long_sends_those_behind_it_back_to_the_queue(workshop: Workshop) -> None:
    def long(_: Claim) -> None:
        elsewhere = time.monotonic() + running.SMALL
        while time.monotonic() < elsewhere:
            pass

    for order in range(20):
        jobs.enqueue("workshop.make", order)
    workshop.orders[5] = long
    run_due_jobs()
    assert workshop.done == list(range(20))
    assert set(Job.objects.values_list("state", "attempts")) == {("done", 1)}


def test_a_job_that_was_tried_before_is_claimed_alone(workshop: Workshop) -> None:
    for order in range(10):
        jobs.enqueue("workshop.make", order)
    Job.objects.filter(args=[4]).update(attempts=1)
    beside: list[int] = []

    def count(_: Claim) -> None:
        beside.append(Job.objects.filter(state="running").count())

    workshop.orders[4] = count
    run_due_jobs()
    assert beside == [1]
    assert sorted(workshop.done) == list(range(10))


def test_what_was_done_before_a_cut_stays_done_and_what_was_not_begun_loses_no_attempt(workshop: Workshop) -> None:
    for order in range(8):
        jobs.enqueue("workshop.make", order)
    workshop.orders[4] = raising(SystemExit("the queue's time-out"))
    with pytest.raises(SystemExit):
        drain()
    made = Job.objects.order_by("pk").values_list("state", "attempts")
    assert list(made) == [("done", 1)] * 4 + [("queued", 1)] + [("queued", 0)] * 3


def test_one_that_gives_way_after_a_slice_is_no_longer_first_though_it_was_clicked(workshop: Workshop) -> None:
    def give_way(claim: Claim) -> str:
        if workshop.done.count(1) < 3:
            raise Again(at=timezone.now(), outcome="Some of it.")
        return "All of it."

    workshop.orders[1] = give_way
    jobs.enqueue("workshop.make", 1, priority=Job.Priority.CLICK)
    jobs.enqueue("workshop.make", 2)
    run_due_jobs()
    assert workshop.done == [1, 2, 1, 1]


def test_one_whose_worker_died_is_as_urgent_as_before(workshop: Workshop) -> None:
    job = jobs.enqueue("workshop.make", 1, priority=Job.Priority.CLICK)
    Job.objects.update(state=Job.State.RUNNING, attempts=1, lease_until=timezone.now() - timedelta(seconds=1))
    sweep()
    job.refresh_from_db()
    assert (job.state, job.priority) == ("queued", Job.Priority.CLICK)
