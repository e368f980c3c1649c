"""P17 for this flow: the calls of a minute, with their sub-limits; a spent minute is waited for and is no trouble."""

from __future__ import annotations

from datetime import datetime

import pytest

from integrations.core.budgets import usage
from integrations.core.models import Connection, Job, SyncRun
from integrations.vendors.freshservice.plans import ALL, OTHER, calls_per_minute, endpoint_of
from integrations.vendors.simulation import Call, Reply

from .oracle import differences, empty
from .scene import Scene

OURS = calls_per_minute({"plan": "starter"})


@pytest.fixture(autouse=True)
def _starter(scene: Scene) -> None:
    """The smallest plan, which the simulated Freshservice keeps to as well."""
    empty(scene.fresh, scene.toga)
    connection = scene.integration.connection("freshservice")
    connection.settings = connection.settings | {"plan": "starter"}
    connection.save()
    scene.fresh.limited = True


def most_in_a_minute(ledger: list[Call]) -> dict[str, int]:
    """The most calls of each kind that any sixty seconds of the ledger hold."""
    calls = [(datetime.fromisoformat(call.arrived), endpoint_of(call.method, call.path)) for call in ledger]
    found = {}
    for bucket in OURS:
        times = sorted(at for at, of in calls if bucket in (ALL, of))
        found[bucket] = max(
            (sum(1 for at in times[first:] if (at - start).total_seconds() < 60) for first, start in enumerate(times)),
            default=0,
        )
    return found


def minutes_until_done(scene: Scene, run: SyncRun, most: int = 40) -> int:
    """Let minutes pass until the run is over; how many it took."""
    for minute in range(most):
        run.refresh_from_db()
        if run.state != SyncRun.State.RUNNING:
            return minute
        scene.work(minutes=1.2)
    raise AssertionError(f"it does not end: {run.outcome}")


def test_a_catch_up_larger_than_a_minute_goes_on_with_the_next_and_nothing_is_held_or_blamed(scene: Scene) -> None:
    for number in range(60):
        scene.do("new_ticket", subject=f"Ticket {number}")
    run = scene.catch_up()
    assert run.state == SyncRun.State.RUNNING
    assert "of this minute" in run.outcome
    assert Connection.objects.get(slug="freshservice").health == Connection.Health.OK
    assert 0 < run.created < 60
    assert minutes_until_done(scene, run) >= 1
    assert (run.state, run.created, run.held, run.read) == (SyncRun.State.DONE, 60, 0, 60)
    assert differences(scene.fresh, scene.toga) == []
    assert {call.status for call in scene.fresh.calls} == {200}, "never a 429"
    assert all(count <= OURS[bucket] for bucket, count in most_in_a_minute(scene.fresh.calls).items())


def test_a_dry_run_larger_than_a_minute_comes_to_its_end(scene: Scene) -> None:
    for number in range(60):
        scene.do("new_ticket", subject=f"Ticket {number}")
    run = scene.catch_up(is_dry=True)
    assert run.state == SyncRun.State.RUNNING
    minutes_until_done(scene, run)
    assert (run.state, run.created, run.read) == (SyncRun.State.DONE, 60, 60)
    assert run.entries.count() == 60
    assert scene.writes() == []


def test_webhooks_beyond_a_minute_wait_without_using_up_their_tries(scene: Scene) -> None:
    tickets = [scene.do("new_ticket", subject=f"Ticket {number}") for number in range(60)]
    for ticket in tickets:
        scene.hint(ticket, work=False)
    scene.work()
    assert "waiting" in scene.deliveries()
    for _ in range(12):
        scene.work(minutes=1.3)
    assert set(scene.deliveries()) == {"done"}
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}
    assert differences(scene.fresh, scene.toga) == []
    assert {call.status for call in scene.fresh.calls} == {200}
    assert all(count <= OURS[bucket] for bucket, count in most_in_a_minute(scene.fresh.calls).items())


def test_files_take_nothing_from_the_budget_of_the_api(scene: Scene) -> None:
    """They come from the host of files, by a signed address and without the key: no call of the account."""
    ticket = scene.do("new_ticket", subject="No power")
    for number in range(100):
        scene.do("attach", name=f"{number}.txt", ticket=ticket, text=f"file {number}")
    scene.hint(ticket)
    assert len(scene.files()) == 100
    seen = {part.bucket: part.calls for part in usage(Connection.objects.get(slug="freshservice")).minute}
    assert seen[ALL] == len(scene.fresh.calls) == 3
    assert OTHER not in seen


def test_a_host_of_files_that_asks_to_wait_does_not_stop_the_api(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    monkeypatch.setattr(scene.fresh.files, "handle", lambda request: Reply(429, b"", {"Retry-After": "600"}))
    scene.hint(ticket)
    other = scene.do("new_ticket", subject="Other")
    scene.hint(other)
    assert {row["subject"] for row in scene.records("tickets")} == {"No power", "Other"}
