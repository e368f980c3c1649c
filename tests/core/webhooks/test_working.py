"""P5 and P6: what was taken is worked off, whatever comes twice, late or shuffled; what stays undone says why."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.core import running
from integrations.core.jobs import retry
from integrations.core.models import Connection, Integration, Job, SyncRun, User, WebhookDelivery
from integrations.core.running import run_due_jobs
from integrations.core.webhooks import working
from integrations.core.webhooks.receiving import take
from integrations.transport.errors import ConfigurationError, TemporaryError
from integrations.vendors.webhooks import Received

from . import pigeons
from .conftest import Send

State = WebhookDelivery.State


def states() -> list[str]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))


def outcome() -> str:
    return str(WebhookDelivery.objects.latest("pk").outcome)


def test_one_hint_has_one_effect_and_its_run_says_what_it_was_about(send: Send, loft: pigeons.Loft) -> None:
    loft.birds["7"] = 3
    send({"bird": 7})
    run_due_jobs()
    assert loft.effects == [("7", 3)]
    assert (states(), outcome()) == ([State.DONE], "Bird 7 is now at 3.")
    run = SyncRun.objects.get()
    assert (run.subject, run.trigger, run.state, run.stream.slug) == ("bird:7", "webhook", "done", "birds")


def test_hints_for_one_record_collapse_into_one_look(send: Send, loft: pigeons.Loft) -> None:
    for _ in range(20):
        send({"bird": 7})
    send({"bird": 8})
    assert Job.objects.count() == 2
    run_due_jobs()
    assert sorted(loft.looks) == ["7", "8"]
    assert set(states()) == {State.DONE}


def test_a_hint_that_comes_during_a_look_causes_one_more(send: Send, loft: pigeons.Loft) -> None:
    """No wake-up is lost: what changed after the look began is seen by the next one."""

    def changed() -> None:
        loft.birds["7"] = 2
        send({"bird": 7})
        send({"bird": 7})

    loft.birds["7"] = 1
    loft.meanwhile.append(changed)
    send({"bird": 7})
    run_due_jobs()
    assert loft.looks == ["7", "7"]
    assert loft.effects == [("7", 1), ("7", 2)]
    assert set(states()) == {State.DONE}


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_duplicated_shuffled_and_interleaved_hints_leave_what_is_true(seed: int) -> None:
    """Each change is told one to five times, in any order, with workers at work in between."""
    rng = random.Random(seed)
    WebhookDelivery.objects.all().delete()
    Job.objects.all().delete()
    with pigeons.kept() as loft:
        connection = Connection.objects.filter(slug="pigeon").first() or pigeons.make_world()
        webhooks = pigeons.PIGEON.webhooks
        assert webhooks is not None
        told: list[str] = []
        for _ in range(rng.randint(1, 25)):
            bird = str(rng.randint(1, 4))
            loft.birds[bird] = loft.birds.get(bird, 0) + 1
            told += [bird] * rng.randint(1, 5)
            rng.shuffle(told)
            while told and rng.random() < 0.6:
                take(connection.pk, Received("bird", {}, b'{"bird": "%s"}' % told.pop().encode()), webhooks, ip=None)
                if rng.random() < 0.3:
                    running.drain(0)
        for bird in told:
            take(connection.pk, Received("bird", {}, b'{"bird": "%s"}' % bird.encode()), webhooks, ip=None)
        run_due_jobs()
        assert loft.known == loft.birds
        assert len(loft.effects) == len(set(loft.effects))
        assert not WebhookDelivery.objects.exclude(state=State.DONE).exists()


# --- what is not worked off says why ----------------------------------------------------------------------------------


def test_without_an_integration_it_is_ignored_and_says_so(loft: pigeons.Loft, db: None, client: Any) -> None:
    pigeons.make_world(integration=False)
    headers = {"X-Webhook-Secret": pigeons.SECRET}
    client.post("/webhooks/elite/pigeon/bird", b'{"bird": 1}', content_type="application/json", headers=headers)
    run_due_jobs()
    assert (states(), outcome()) == ([State.IGNORED], "No integration uses what this connection sends.")


def test_a_switched_off_integration_has_it_ignored_with_the_reason(send: Send, loft: pigeons.Loft) -> None:
    Integration.objects.update(is_enabled=False)
    send({"bird": 1})
    run_due_jobs()
    assert states() == [State.IGNORED]
    assert "switched off" in outcome()
    assert loft.looks == []


def test_a_paused_connection_takes_calls_and_works_them_off_when_it_is_resumed(
    send: Send, loft: pigeons.Loft, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(is_paused=True)
    assert send({"bird": 1}).status_code == 202
    run_due_jobs()
    assert (states(), loft.looks) == ([State.WAITING], [])
    Connection.objects.filter(pk=connection.pk).update(is_paused=False)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=6)):
        run_due_jobs()
    assert (states(), loft.looks) == ([State.DONE], ["1"])


def test_passing_trouble_is_tried_again_and_the_row_says_what_it_waits_for(send: Send, loft: pigeons.Loft) -> None:
    loft.birds["1"] = 1
    loft.troubles.append(TemporaryError("The loft is closed for lunch.", retry_after=40))
    send({"bird": 1})
    run_due_jobs()
    assert (states(), outcome()) == ([State.WAITING], "The loft is closed for lunch.")
    now = timezone.now()
    assert Job.objects.get().not_before >= now + dt.timedelta(seconds=30)
    with time_machine.travel(now + dt.timedelta(minutes=2)):
        run_due_jobs()
    assert (states(), loft.effects) == ([State.DONE], [("1", 1)])


def test_more_hints_do_not_use_up_the_attempts_of_a_job_that_waits_for_its_time(send: Send, loft: pigeons.Loft) -> None:
    """Else a short trouble in a storm of calls would end as failed."""
    loft.birds["1"] = 1
    loft.troubles.extend(TemporaryError("The loft is closed for lunch.") for _ in range(5))
    for _ in range(10):
        send({"bird": 1})
        run_due_jobs()
    assert (loft.looks, set(states())) == (["1"], {State.WAITING})
    loft.troubles.clear()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2)):
        run_due_jobs()
    assert (loft.effects, set(states())) == ([("1", 1)], {State.DONE})


def test_trouble_that_does_not_pass_ends_as_failed_and_a_click_has_it_tried_anew(
    send: Send, loft: pigeons.Loft
) -> None:
    loft.troubles.extend(TemporaryError("The loft is closed.") for _ in range(5))
    send({"bird": 1})
    now = timezone.now()
    for hours in range(5):
        with time_machine.travel(now + dt.timedelta(hours=2 * hours)):
            run_due_jobs()
    assert states() == [State.FAILED]
    job = Job.objects.get()
    assert job.state == Job.State.DEAD
    assert retry(job)
    run_due_jobs()
    assert states() == [State.DONE]


def test_what_needs_a_person_fails_at_once_and_the_next_hint_serves_it_too(send: Send, loft: pigeons.Loft) -> None:
    loft.troubles.append(ConfigurationError("The key of the loft does not fit."))
    send({"bird": 1})
    run_due_jobs()
    assert (states(), outcome()) == ([State.FAILED], "The key of the loft does not fit.")
    send({"bird": 1})
    run_due_jobs()
    assert states() == [State.DONE, State.DONE]


@pytest.mark.filterwarnings("ignore")
def test_a_bug_fails_the_delivery_and_shows_nothing_private(send: Send, loft: pigeons.Loft) -> None:
    loft.troubles.append(RuntimeError("token=hunter2"))
    send({"bird": 1})
    run_due_jobs()
    with later():
        working.sweep_deliveries()
    assert states() == [State.FAILED]
    assert "bug in the portal" in outcome()
    assert "hunter2" not in outcome() + Job.objects.get().outcome


# --- mending, replaying, deciding -------------------------------------------------------------------------------------


def later(minutes: int = 3) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes))


def test_a_delivery_that_lost_its_job_gets_another(send: Send, loft: pigeons.Loft) -> None:
    loft.birds["1"] = 1
    send({"bird": 1})
    Job.objects.all().delete()
    with later():
        assert working.sweep_deliveries() == 1
        run_due_jobs()
    assert (states(), loft.effects) == ([State.DONE], [("1", 1)])


def test_the_sweep_leaves_those_alone_that_have_a_job(send: Send, loft: pigeons.Loft) -> None:
    send({"bird": 1})
    with later():
        assert working.sweep_deliveries() == 0
    assert Job.objects.count() == 1


def test_a_delivery_whose_job_was_given_up_is_shown_as_failed(send: Send, loft: pigeons.Loft) -> None:
    send({"bird": 1})
    Job.objects.update(state=Job.State.DEAD, finished_at=timezone.now(), outcome="Given up after 5 attempts.")
    with later():
        assert working.sweep_deliveries() == 1
        assert working.sweep_deliveries() == 0
    assert (states(), outcome()) == ([State.FAILED], "Given up after 5 attempts.")


def test_a_replay_looks_once_per_record_behind_everything_else_and_repeats_no_effect(
    send: Send, loft: pigeons.Loft, admin_user: User
) -> None:
    loft.birds = {"1": 1, "2": 1}
    for bird in (1, 2, 1, 2, 1):
        send({"bird": bird})
    run_due_jobs()
    effects = list(loft.effects)
    loft.looks.clear()
    rows = list(WebhookDelivery.objects.select_related("connection"))
    assert working.replay(rows, user=admin_user) == 2
    assert set(Job.objects.filter(state="queued").values_list("priority", "trigger")) == {(100, "replay")}
    run_due_jobs()
    assert sorted(loft.looks) == ["1", "2"]
    assert loft.effects == effects
    assert set(WebhookDelivery.objects.values_list("state", "trigger")) == {(State.DONE, "replay")}


def test_ignoring_keeps_the_reason_and_who_said_it(send: Send, loft: pigeons.Loft, admin_user: User) -> None:
    loft.troubles.append(ConfigurationError("No."))
    send({"bird": 1})
    run_due_jobs()
    rows = list(WebhookDelivery.objects.all())
    assert working.ignore(rows, user=admin_user, reason="A test of theirs.") == 1
    assert (states(), outcome()) == ([State.IGNORED], "admin: A test of theirs.")
    assert working.ignore(rows, user=admin_user, reason="Again.") == 0


def test_what_is_over_is_pruned_by_age_and_what_waits_is_kept(send: Send, loft: pigeons.Loft) -> None:
    send({"bird": 1})
    run_due_jobs()
    send({"bird": 2})
    with time_machine.travel(timezone.now() + dt.timedelta(days=31)):
        from integrations.core import jobs

        jobs.enqueue("core.prune")
        job = Job.objects.get(kind="core.prune")
        running.work_off(job)
    assert states() == [State.WAITING]
