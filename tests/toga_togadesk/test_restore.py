"""The database is put back from a backup: nothing is written before a person resumes, and then both are in step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integrations.core import write_hold
from integrations.core.models import Job, Readoption, RecordLink, SyncRun, WriteHold
from integrations.core.running import run_due_jobs
from integrations.core.streams import StreamProblem, ask_for
from integrations.toga_togadesk.pair import opened
from integrations.transport.errors import WritesHeld
from tests.backup_tickets.scene import person
from tests.core.restoring import backup

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def at_work(settings: Any, tmp_path: Path, scene: Scene) -> None:
    settings.MARK_FILE = str(tmp_path / "marks.json")
    write_hold.look()


@pytest.fixture
def admin(scene: Scene) -> Any:
    return person("anna", "Admin")


def in_step(scene: Scene) -> tuple[list[str], ...]:
    """What both show: subjects, conversation and files."""
    return (
        sorted(row["subject"] for row in scene.records("tickets")),
        sorted(row["subject"] for row in scene.rows("tickets")),
        scene.notes(),
        scene.replies(),
        sorted(row["name"] for row in scene.rows("files")),
        sorted(row["name"] for row in scene.records("files")),
    )


def at_work_both_ways(scene: Scene, round_: str) -> None:
    """A day: a ticket and a file from either side, and more on the ones that there are."""
    new = scene.ticket(f"toga {round_}")
    scene.file(scene.note(new, f"toga note {round_}"), f"toga {round_}.txt")
    raised = scene.desk.add_ticket(f"desk {round_}")
    scene.desk.add_file(scene.desk.reply(raised, f"desk reply {round_}"), f"desk {round_}.txt", b"content")
    for row in scene.rows("tickets"):
        if row["id"] != raised:
            scene.clock.shift(2)
            scene.desk.add_file(scene.desk.reply(row["id"], f"more {round_}"), f"more {row['id']} {round_}.txt", b"x")
    scene.both()
    scene.both()


def restored(scene: Scene, copy: Path) -> WriteHold:
    scene.clock.shift(70)
    write_hold.look()
    backup.put_back(copy)
    write_hold.look()
    found: WriteHold = WriteHold.objects.get()
    return found


def test_after_a_restore_nothing_is_doubled_and_both_are_in_step(scene: Scene, tmp_path: Path, admin: Any) -> None:
    at_work_both_ways(scene, "before")
    copy = backup.take(tmp_path)
    at_work_both_ways(scene, "after")
    shown, sent = in_step(scene), len(scene.calls("POST")) + len(scene.calls("PUT"))
    assert shown[0] == shown[1] == ["desk after", "desk before", "toga after", "toga before"]

    hold = restored(scene, copy)
    with pytest.raises(StreamProblem, match="Writes are paused"):
        scene.to_desk()
    waits = ask_for(scene.stream("tickets_to_toga"), user=admin)
    run_due_jobs()
    waits.refresh_from_db()
    assert (waits.state, waits.attempts) == (Job.State.QUEUED, 0)
    assert in_step(scene) == shown
    row = Readoption.objects.get()
    assert (row.state, len(row.adopted), row.unclear) == ("done", 2, [])
    would = SyncRun.objects.filter(pk__in=row.previews, stream__slug__startswith="tickets")
    assert {(run.state, run.created) for run in would} == {("done", 0)}
    assert len(scene.calls("POST")) + len(scene.calls("PUT")) == sent

    write_hold.lift(hold, user=admin, report="Read.")
    run_due_jobs()
    scene.both()
    scene.both()
    assert in_step(scene) == shown
    assert scene.held() == []
    assert RecordLink.objects.filter(object_type="ticket", state="active").count() == 4
    last = scene.both()
    assert [(run.created, run.updated) for run in last] == [(0, 0), (0, 0)]


def test_a_write_to_the_tables_stops_at_the_door(scene: Scene, admin: Any) -> None:
    raised = scene.desk.add_ticket("raised there")
    write_hold.begin(user=admin)
    with opened(scene.integration, "test") as pair:
        assert pair.desk.ticket(raised).subject == "raised there"  # reads go
        for write in (
            lambda: pair.desk.set_reference("ticket", raised, "uuid"),
            lambda: pair.desk.finish_file(1, file="x", media_type="", size=1),
        ):
            with pytest.raises(WritesHeld):
                write()
    assert scene.rows("tickets")[0]["referenceid"] in (None, "")


def test_a_stream_that_was_asked_for_waits_and_runs_as_soon_as_writes_go_on(scene: Scene, admin: Any) -> None:
    scene.ticket("one")
    scene.ticket("two")
    job = ask_for(scene.stream("tickets_to_togadesk"), user=admin)
    hold = write_hold.begin(user=admin)
    run_due_jobs()
    assert scene.rows("tickets") == []
    write_hold.lift(hold, user=admin, report="Read.")
    run_due_jobs()
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert sorted(row["subject"] for row in scene.rows("tickets")) == ["one", "two"]
