"""TOGaDesk → TOGA 2: tickets, notes and files, once each, and nothing comes back as an echo."""

from __future__ import annotations

import pytest

from integrations.core.models import SyncEntry

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_ticket_arrives_with_its_conversation_and_files(scene: Scene) -> None:
    row = scene.desk.add_ticket("Printer", status="Open", priority="Low")
    reply = scene.desk.reply(row, "It smokes.")
    scene.desk.comment(row, "Third time this year.")
    scene.desk.add_file(reply, "smoke.jpg", b"\xff\xd8smoke", "image/jpeg")
    run = scene.to_toga()
    assert (run.created, run.held) == (1, 0), scene.held()
    (ticket,) = scene.records("tickets")
    assert (ticket["subject"], ticket["status"], ticket["priority"]) == ("Printer", "Open", "Low")
    notes = {note["note"]: note["isExternal"] for note in scene.records("ticket-notes")}
    assert notes == {"It smokes.": True, "Third time this year.": False}
    assert [file["content"] for file in scene.records("files")] == [b"\xff\xd8smoke"]
    assert scene.rows("tickets")[0]["referenceid"] == ticket["uuid"]
    assert all(one["referenceid"] for one in scene.rows("tickets_replies") + scene.rows("comments"))


def test_nothing_comes_back_as_an_echo(scene: Scene) -> None:
    row = scene.desk.add_ticket("Printer")
    scene.desk.add_file(scene.desk.reply(row, "It smokes."), "a.txt", b"a")
    note = scene.note(scene.ticket("Door"), "open")
    scene.file(note, "b.txt", b"b")
    for _ in range(3):
        scene.both()
    assert scene.replies() == scene.notes() == ["It smokes.", "open"]
    assert sorted(file["name"] for file in scene.rows("files")) == ["a.txt", "b.txt"]
    assert sorted(file["name"] for file in scene.records("files")) == ["a.txt", "b.txt"]
    scene.toga.calls.clear()
    first, second = scene.both()
    assert (first.created, first.updated, second.created, second.updated) == (0, 0, 0, 0)
    assert [call for call in scene.calls() if not call.startswith("GET ")] == []
    assert scene.calls("GET") == ["GET parameters", "GET tickets", "GET ticket-notes", "GET parameters"]


def test_only_the_monitored_departments_are_sent(scene: Scene) -> None:
    scene.options.monitored_department_ids = [3, 5]
    scene.options.save()
    for department in (3, 5, 6):
        scene.desk.add_ticket(f"d{department}", department=department)
    scene.to_toga()
    assert sorted(row["subject"] for row in scene.records("tickets")) == ["d3", "d5"]


def test_a_ticket_that_is_moved_in_later_is_sent(scene: Scene) -> None:
    moved = scene.desk.add_ticket("moved", department=9, timestamp="2026-01-01 00:00:00")
    scene.desk.add_ticket("new")
    scene.to_toga()
    scene.desk.database.update("tickets", moved, departmentid=3)  # its time stays
    scene.to_toga()
    assert sorted(row["subject"] for row in scene.records("tickets")) == ["moved", "new"]


def test_a_file_hung_on_a_sent_reply_is_sent(scene: Scene) -> None:
    row = scene.desk.add_ticket("t", timestamp="2026-01-01 00:00:00")
    reply = scene.desk.reply(row, "r", timestamp="2026-01-01 00:00:00")
    scene.desk.add_ticket("newer")
    scene.to_toga()
    scene.to_toga()
    scene.desk.add_file(reply, "late.txt", b"late")  # no time changes
    run = scene.to_toga()
    assert [file["name"] for file in scene.records("files")] == ["late.txt"]
    assert SyncEntry.objects.get(run=run).writes == ["file “late.txt”"]
    assert scene.to_toga().updated == 0


def test_a_side_is_written_only_where_the_other_changed(scene: Scene) -> None:
    ticket = scene.ticket("s", status="Open", priority="Low")
    scene.both()
    scene.desk.edit_ticket(1, status="Closed")
    scene.change(ticket, priority="High")
    scene.both()
    scene.both()
    row, record = scene.rows("tickets")[0], scene.toga.data.records["tickets"][ticket]
    assert (row["status"], row["priority"]) == ("Closed", "High")
    assert (record["status"], record["priority"]) == ("Closed", "High")


def test_where_both_changed_toga_wins_and_the_entry_says_so(scene: Scene) -> None:
    ticket = scene.ticket("s")
    scene.both()
    scene.desk.edit_ticket(1, subject="desk's")
    scene.change(ticket, subject="toga's")
    run = scene.to_toga()
    scene.to_desk()
    assert scene.rows("tickets")[0]["subject"] == scene.toga.data.records["tickets"][ticket]["subject"] == "toga's"
    told = [entry.why for entry in SyncEntry.objects.exclude(run=run)]
    assert any("Both sides had changed subject; TOGA 2 wins." in why for why in told)


def test_a_reply_written_while_the_other_direction_worked_is_not_lost(scene: Scene) -> None:
    ticket = scene.ticket("s")
    scene.both()
    scene.desk.reply(1, "meanwhile")
    scene.note(ticket, "new")
    scene.to_desk()
    scene.to_toga()
    assert scene.notes() == scene.replies() == ["meanwhile", "new"]


def test_a_folder_that_is_away_holds_the_files_ticket_and_stops_nothing_else(scene: Scene) -> None:
    row = scene.desk.add_ticket("with a file")
    file = scene.desk.add_file(scene.desk.reply(row, "r"), "a.txt", b"a")
    scene.desk.add_ticket("without")
    path = scene.desk.uploads / f"{file}-a.txt"
    path.rename(path.with_name("gone"))
    run = scene.to_toga()
    assert (run.created, run.held) == (1, 1)
    assert scene.held() == [f"The folder of uploads has no file {file}-a.txt."]
    path.with_name("gone").rename(path)
    scene.later(5, scene.to_toga)
    assert [one["content"] for one in scene.records("files")] == [b"a"]
    assert (len(scene.records("tickets")), scene.notes(), scene.held()) == (2, ["r"], [])
