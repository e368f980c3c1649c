"""The database is put back from a backup: no write leaves, what was created since is linked again, no ticket twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from integrations.backup_tickets import bulk, noting, resolving
from integrations.backup_tickets.models import BulkAction, Run, TicketLink
from integrations.backup_tickets.tickets import NotPossibleError, create_ticket
from integrations.core import write_hold
from integrations.core.models import AuditEntry, Job, Readoption, WriteHold
from integrations.core.running import run_due_jobs
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import STARTED, Scene, failed_run, person
from tests.core.restoring import backup

pytestmark = pytest.mark.django_db(transaction=True)
State = TicketLink.State


@pytest.fixture(autouse=True)
def clock(settings: Any, tmp_path: Path) -> Iterator[time_machine.Traveller]:
    settings.MARK_FILE = str(tmp_path / "marks.json")
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def admin(scene: Scene) -> Any:
    """The portal has been at work for a while."""
    write_hold.look()
    return person("anna", "Admin")


def work(clock: time_machine.Traveller, seconds: float = 70) -> None:
    """The queue at work, a little later."""
    clock.shift(seconds)
    write_hold.look()
    run_due_jobs()


def writes(autotask: Autotask) -> list[str]:
    """What reached Autotask that changes something: no read, and no search (a POST there)."""
    return [call.path for call in autotask.calls() if call.method != "GET" and "/query" not in call.path]


def resume(admin: Any) -> None:
    write_hold.lift(WriteHold.objects.get(is_on=True), user=admin, report="Read.")


def restored(clock: time_machine.Traveller, copy: Path) -> None:
    clock.shift(70)
    write_hold.look()  # the portal had been at work since the backup
    backup.put_back(copy)
    write_hold.look()


def test_tickets_created_since_the_backup_get_their_links_back_and_none_is_doubled(
    scene: Scene, autotask: Autotask, clock: time_machine.Traveller, tmp_path: Path, admin: Any
) -> None:
    runs = [scene.run, *(scene.another_run(f"run-{n}", started_at=STARTED + dt.timedelta(days=n)) for n in (2, 3))]
    create_ticket(runs[0], user=scene.operator)
    copy = backup.take(tmp_path)
    for run in runs[1:]:
        made = create_ticket(run, user=scene.operator)
    assert made.ticket is not None
    autotask.set_status(made.ticket.ticket_id, 5)  # and one was closed by somebody
    sent = len(writes(autotask))
    restored(clock, copy)
    assert TicketLink.objects.count() == 1

    for run in runs[1:]:
        with pytest.raises(NotPossibleError, match="Writes are paused"):
            create_ticket(run, user=scene.operator)
    work(clock)
    row = Readoption.objects.get()
    assert (row.state, len(row.adopted), row.unclear) == ("done", 2, [])
    assert [link.state for link in TicketLink.objects.order_by("run_id")] == [
        State.ACTIVE,
        State.ACTIVE,
        State.RESOLVED,
    ]
    assert not Run.objects.filter(needs_attention=True, pk__in=[run.pk for run in runs]).exists()
    assert len(writes(autotask)) == sent

    resume(admin)
    for run in runs:
        create_ticket(run, user=scene.operator)
    work(clock)
    keys = [ticket["externalID"] for ticket in autotask.tickets()]
    assert len(keys) == 3
    assert set(keys) == set(TicketLink.objects.values_list("key", flat=True))
    adopted = AuditEntry.objects.filter(action="backup_tickets.adopt_ticket")
    assert {entry.detail.partition(" T2")[0] for entry in adopted} == {"After the database was restored,"}


def test_a_ticket_whose_run_is_not_in_the_database_is_left_to_a_person_and_not_created_once_more(
    scene: Scene, autotask: Autotask, clock: time_machine.Traveller, tmp_path: Path, admin: Any
) -> None:
    copy = backup.take(tmp_path)
    lost = scene.another_run("run-2", started_at=STARTED + dt.timedelta(days=1))
    create_ticket(lost, user=scene.operator)
    restored(clock, copy)
    other = scene.another_run("run-9", started_at=STARTED + dt.timedelta(days=9))  # it has the lost one's number now
    assert other.pk == lost.pk
    work(clock)
    row = Readoption.objects.get()
    assert row.adopted == []
    assert "for a run that is not in the database" in row.unclear[0]["said"]
    resume(admin)
    again = failed_run(scene.job, "run-2", started_at=STARTED + dt.timedelta(days=1))  # reported once more
    with pytest.raises(NotPossibleError, match="link it instead"):
        create_ticket(again, user=scene.operator)
    create_ticket(other, user=scene.operator)
    assert len(autotask.tickets()) == 2


def test_a_click_whose_answer_was_lost_when_the_backup_was_taken_is_found(
    scene: Scene, autotask: Autotask, clock: time_machine.Traveller, tmp_path: Path, admin: Any
) -> None:
    autotask.lose_the_answer()
    link = create_ticket(scene.run, user=scene.operator)
    copy = backup.take(tmp_path)
    restored(clock, copy)
    work(clock, 10)
    link.refresh_from_db()
    assert link.state == State.ACTIVE
    resume(admin)
    work(clock, 400)
    assert len(autotask.tickets()) == 1


def test_clicks_are_refused_jobs_wait_and_reads_go(
    scene: Scene, autotask: Autotask, clock: time_machine.Traveller, admin: Any
) -> None:
    create_ticket(scene.run, user=scene.operator)
    waiting = scene.another_run("run-2", started_at=STARTED + dt.timedelta(days=1))
    action = bulk.propose(BulkAction.Act.CREATE, [waiting.pk], user=scene.operator)
    bulk.confirm(action)
    write_hold.begin(user=admin)
    sent = len(writes(autotask))
    with pytest.raises(resolving.NotPossibleError, match="Writes are paused"):
        resolving.resolve(scene.run, user=scene.operator)
    with pytest.raises(noting.NotPossibleError, match="Writes are paused"):
        noting.add_note(scene.run, "It is being looked at.", user=scene.operator)
    run_due_jobs()
    job = Job.objects.get(kind=bulk.KIND)
    assert (job.state, job.attempts) == ("queued", 0)
    assert "Writes are paused" in job.outcome
    assert len(writes(autotask)) == sent
    assert any(call.path.endswith("/query") for call in autotask.calls())  # the look itself reads
    resume(admin)
    run_due_jobs()
    action.items.get().refresh_from_db()
    assert action.items.get().state == "done"
    assert len(autotask.tickets()) == 2


def test_what_slips_past_every_other_check_stops_at_the_door(
    scene: Scene, autotask: Autotask, clock: time_machine.Traveller, admin: Any
) -> None:
    """A click that was begun before the hold: its write does not leave, and it says why."""
    from integrations.backup_tickets.obstacles import basis_of
    from integrations.backup_tickets.tickets import preview

    content = preview(basis_of(scene.run))
    write_hold.begin(user=admin)
    link = create_ticket(scene.run, user=scene.operator, content=content)
    assert link.state == State.ABANDONED
    assert "Writes are paused" in link.cause
    assert autotask.tickets() == []
    scene.connection.refresh_from_db()
    assert scene.connection.health != "trouble"
