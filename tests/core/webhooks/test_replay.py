"""Replay: what it would do first, at a rate, stopped and gone on with, and never one record twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.core.models import AuditEntry, Connection, Job, Replay, User, WebhookDelivery
from integrations.core.running import run_due_jobs
from integrations.core.webhooks import replaying
from tests.core.world import browser

from . import pigeons
from .conftest import Send

State, Delivery = Replay.State, WebhookDelivery.State


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def anna(connection: Connection) -> User:
    user = User.objects.create_user("anna", password="a-long-test-password", is_staff=True, all_clients=True)
    user.groups.add(Group.objects.get(name="Admin"))
    return user


@pytest.fixture
def worked_off(send: Send, loft: pigeons.Loft, clock: time_machine.Traveller) -> pigeons.Loft:
    """Twelve birds with two calls each, all looked at; then nobody has looked yet."""
    for bird in range(12):
        loft.birds[str(bird)] = bird
        send({"bird": bird})
        send({"bird": bird})
    run_due_jobs()
    clock.shift(60)
    loft.looks.clear()
    return loft


def a_replay(user: User, **values: object) -> Replay:
    made: Replay = Replay.objects.create(asked_by=user, up_to=replaying.newest(), **values)
    return made


def minutes(clock: time_machine.Traveller, count: float) -> None:
    """Workers at work for so long."""
    for _ in range(round(count * 6)):
        run_due_jobs()
        clock.shift(10)
    run_due_jobs()


def test_what_it_would_do_is_said_and_nothing_is_done(
    worked_off: pigeons.Loft, anna: User, send: Send, connection: Connection
) -> None:
    send(b"no json")
    send({"bird": 3})  # waits
    would = replaying.preview(a_replay(anna))
    assert (would.deliveries, would.records) == (24, 12)
    assert [one.subject for one in would.first] == [f"bird:{bird}" for bird in range(12)]
    assert would.first[0].deliveries == 2
    assert "Birds" in would.first[0].looked_at_by[0]
    assert [why.split(",")[0] for _, why in would.left_out] == [
        "not understood",
        "waiting for a look already.",
    ]
    assert worked_off.looks == []


def test_every_record_is_looked_at_once_and_each_delivery_says_what_came_of_it(
    worked_off: pigeons.Loft, anna: User, clock: time_machine.Traveller
) -> None:
    replay = a_replay(anna, rate=1200)
    assert replaying.confirm(replay, user=anna)
    assert not replaying.confirm(replay, user=anna)  # a second click
    minutes(clock, 1)
    replay.refresh_from_db()
    assert (replay.state, replay.asked, replay.records) == (State.DONE, 12, 12)
    assert sorted(worked_off.looks, key=int) == [str(bird) for bird in range(12)]
    assert replaying.results(replay) == {"done": 24}
    assert AuditEntry.objects.filter(action="webhooks.replay").count() == 1


def test_no_more_records_a_minute_than_the_rate_also_when_its_worker_is_killed(
    worked_off: pigeons.Loft, anna: User, clock: time_machine.Traveller
) -> None:
    replay = a_replay(anna, rate=6)
    replaying.confirm(replay, user=anna)
    for _ in range(5):  # within ten seconds
        run_due_jobs()
        clock.shift(1)
        Job.objects.filter(kind=replaying.KIND).update(not_before=timezone.now())  # as after a death: due at once
    assert worked_off.looks == ["0"]
    minutes(clock, 1)
    assert 6 <= len(worked_off.looks) <= 8
    minutes(clock, 2)
    assert sorted(worked_off.looks, key=int) == [str(bird) for bird in range(12)]


def test_two_replays_of_the_same_deliveries_cost_one_look_each_record(
    worked_off: pigeons.Loft, anna: User, clock: time_machine.Traveller
) -> None:
    one, other = a_replay(anna, rate=60), a_replay(anna, rate=1200)
    replaying.confirm(one, user=anna)
    replaying.confirm(other, user=anna)
    minutes(clock, 2)
    assert sorted(worked_off.looks, key=int) == [str(bird) for bird in range(12)]
    one.refresh_from_db()
    other.refresh_from_db()
    assert one.asked + other.asked == 12
    assert (one.state, other.state) == (State.DONE, State.DONE)


def test_stopped_it_asks_for_no_further_record(
    worked_off: pigeons.Loft, anna: User, clock: time_machine.Traveller
) -> None:
    replay = a_replay(anna, rate=6)
    replaying.confirm(replay, user=anna)
    run_due_jobs()
    replaying.stop(replay)
    minutes(clock, 2)
    replay.refresh_from_db()
    assert (replay.state, replay.asked) == (State.STOPPED, 1)
    assert worked_off.looks == ["0"]
    assert Job.objects.get(kind=replaying.KIND).outcome == "Stopped: 1 of 12 asked for."


def test_the_filter_counts_hours_and_minutes_state_record_and_connection(
    worked_off: pigeons.Loft, anna: User, send: Send, clock: time_machine.Traveller, connection: Connection
) -> None:
    before = timezone.now()
    clock.shift(60)
    worked_off.birds["77"] = 1
    send({"bird": 77})
    run_due_jobs()
    clock.shift(60)
    assert replaying.preview(a_replay(anna, since=before)).records == 1
    assert replaying.preview(a_replay(anna, until=before)).records == 12
    assert replaying.preview(a_replay(anna, record="bird:7")).records == 2
    assert replaying.preview(a_replay(anna, deliveries=Delivery.FAILED)).records == 0
    assert replaying.preview(a_replay(anna, connection=connection)).records == 13
    stranger = User.objects.create_user("sven", password="a-long-test-password", is_staff=True, all_clients=False)
    assert replaying.preview(a_replay(stranger)).records == 0


def test_the_page_shows_first_then_does_then_tells(
    worked_off: pigeons.Loft, anna: User, clock: time_machine.Traveller
) -> None:
    page = browser(anna)
    clock.shift(1)
    made = page.post("/admin/core/replay/add/", {"rate": "1200", "record": "bird:1", "deliveries": "done"})
    shown = page.get(made["Location"]).content.decode()
    assert "<b>3 records</b> of 6 deliveries would be looked at" in shown
    assert worked_off.looks == []
    page.post(made["Location"], {"confirm": "1"})
    assert "data-busy" in page.get(made["Location"]).content.decode()
    minutes(clock, 1)
    done = page.get(made["Location"]).content.decode()
    assert "All 3 records looked at" in done
    assert "6 done" in done
    wrong = page.post(
        "/admin/core/replay/add/", {"rate": "60", "since": "2026-11-02T10:00", "until": "2026-11-02T09:59"}
    )
    assert "The end must be after the beginning" in wrong.content.decode()


def test_the_command_says_what_it_would_do_then_does_it_and_can_be_stopped(
    worked_off: pigeons.Loft, anna: User, clock: time_machine.Traveller
) -> None:
    out = StringIO()
    call_command("replay", "--as", "anna", "--record", "bird:1", stdout=out)
    assert out.getvalue().startswith("3 records of 6 deliveries would be looked at.\n  Elite · pigeon bird:1 (2): ")
    assert not Replay.objects.exists()
    call_command("replay", "--as", "anna", "--record", "bird:1", "--rate", "1200", "--yes", stdout=out)
    assert "Done: 3 of 3 asked for." in out.getvalue()
    run_due_jobs()
    assert sorted(worked_off.looks) == ["1", "10", "11"]
    for wrong, why in (("--as=otto", "no user otto"), ("--from=soon", "no time"), ("--connection=elite/x", "Known")):
        with pytest.raises(CommandError, match=why):
            call_command("replay", *(["--as=anna", wrong] if wrong[:4] != "--as" else [wrong]), stdout=out)
