"""What is asked for is on disk with the caller's own rows, once per key, and wakes the queue."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from integrations.core import jobs
from integrations.core.models import Job, User
from integrations.core.running import run_due_jobs

from .conftest import Workshop

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_and_its_wake_up_come_and_go_with_the_callers_transaction(workshop: Workshop) -> None:
    with transaction.atomic():
        jobs.enqueue("workshop.make", 1)
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert not OrmQ.objects.exists()
    with transaction.atomic():
        jobs.enqueue("workshop.make", 1)
    assert Job.objects.count() == OrmQ.objects.count() == 1


def test_the_same_job_asked_for_twice_is_one_job(workshop: Workshop) -> None:
    first = jobs.enqueue("workshop.make", 1)
    assert jobs.enqueue("workshop.make", 1) == first
    assert jobs.enqueue("workshop.make", 2) != first
    assert run_due_jobs() == 2
    assert workshop.done == [1, 2]


def test_a_second_request_brings_the_waiting_one_forward_and_never_back(workshop: Workshop) -> None:
    now = timezone.now()
    user = User.objects.create(username="olga")
    later = jobs.enqueue("workshop.make", 1, not_before=now + timedelta(hours=1))
    jobs.enqueue("workshop.make", 1, not_before=now, priority=Job.Priority.CLICK, trigger="manual", user=user)
    jobs.enqueue("workshop.make", 1, not_before=now + timedelta(hours=2), priority=Job.Priority.BULK)
    later.refresh_from_db()
    assert (later.not_before, later.priority, later.trigger) == (now, Job.Priority.CLICK, "manual")
    assert later.requested_by == user


def test_a_request_while_the_job_runs_queues_one_more_whatever_their_number(workshop: Workshop) -> None:
    def hint_thrice(claim: jobs.Claim) -> None:
        if workshop.done == [1]:
            for _ in range(3):
                jobs.enqueue("workshop.make", 1)

    workshop.orders[1] = hint_thrice
    jobs.enqueue("workshop.make", 1)
    run_due_jobs()
    assert workshop.done == [1, 1]
    assert list(Job.objects.values_list("state", flat=True)) == ["done", "done"]


def test_many_jobs_share_one_wake_up(workshop: Workshop) -> None:
    for order in range(50):
        jobs.enqueue("workshop.make", order)
    assert OrmQ.objects.count() == 1


def test_a_wake_up_that_a_worker_holds_already_does_not_count(workshop: Workshop) -> None:
    jobs.enqueue("workshop.make", 1)
    OrmQ.objects.update(lock=timezone.now() + timedelta(minutes=5))  # as the queue does when it hands one out
    jobs.enqueue("workshop.make", 2)
    assert OrmQ.objects.count() == 2


def test_a_job_for_later_wakes_nobody(workshop: Workshop) -> None:
    jobs.enqueue("workshop.make", 1, not_before=timezone.now() + timedelta(minutes=1))
    assert not OrmQ.objects.exists()
    assert run_due_jobs() == 0


def test_an_unknown_kind_is_refused_by_name_and_nothing_is_written() -> None:
    with pytest.raises(KeyError, match=r"unknown job kind 'workshop\.mend'; known: .*core\.prune"):
        jobs.enqueue("workshop.mend", 1)
    assert not Job.objects.exists()


def test_a_queued_job_can_be_taken_back_and_a_finished_one_not(workshop: Workshop) -> None:
    job = jobs.enqueue("workshop.make", 1)
    assert jobs.cancel(job)
    assert run_due_jobs() == 0
    assert not jobs.cancel(job)
    job.refresh_from_db()
    assert (job.state, job.outcome) == ("done", "Taken back: not needed any more.")


@pytest.mark.skipif(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="needs a database server")
def test_parallel_requests_from_many_connections_make_one_job(workshop: Workshop) -> None:
    ready = threading.Barrier(8)
    made: list[int] = []

    def ask() -> None:
        ready.wait()
        made.append(jobs.enqueue("workshop.make", 1).pk)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert Job.objects.count() == 1
    run_due_jobs()
    assert workshop.done == [1]
