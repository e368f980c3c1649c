"""TOGA 2 → TOGaDesk: tickets with their conversation and files, once, and again only when something is news."""

from __future__ import annotations

import pytest

from integrations.core.models import RecordLink, SyncEntry

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_ticket_arrives_with_its_conversation(scene: Scene) -> None:
    ticket = scene.ticket(status="Open", priority="High")
    scene.note(ticket, "It is dead.")
    scene.note(ticket, "Order one.", external=False)
    run = scene.to_desk()
    assert (run.created, run.held) == (1, 0), run.outcome
    (row,) = scene.rows("tickets")
    assert (row["subject"], row["status"], row["priority"], row["referenceid"]) == ("No power", "Open", "High", ticket)
    assert (row["clientid"], row["departmentid"]) == (7, 3)
    assert [reply["message"] for reply in scene.rows("tickets_replies")] == ["It is dead."]
    assert [comment["comment"] for comment in scene.rows("comments")] == ["Order one."]
    assert [entry["description"] for entry in scene.rows("tickets_history")] == ["A reply came from TOGA 2."]
    assert SyncEntry.objects.get().writes == ["create “No power”; 1 reply; 1 comment"]


def test_a_second_run_writes_nothing_and_asks_only_for_lists(scene: Scene) -> None:
    scene.note(scene.ticket(), "a")
    scene.to_desk()
    scene.toga.calls.clear()
    run = scene.to_desk()
    assert (run.created, run.updated, run.held) == (0, 0, 0)
    assert scene.calls() == ["GET parameters", "GET tickets", "GET ticket-notes"]


def test_a_new_note_alone_brings_its_ticket_once(scene: Scene) -> None:
    ticket = scene.ticket()
    scene.to_desk()
    scene.note(ticket, "first")
    scene.note(ticket, "second")
    scene.toga.calls.clear()
    scene.to_desk()
    assert scene.replies() == ["first", "second"]
    assert scene.calls("GET").count(f"GET tickets/{ticket}") == 1
    scene.toga.calls.clear()
    scene.to_desk()
    assert scene.calls("GET") == ["GET parameters", "GET tickets", "GET ticket-notes"]


def test_changed_fields_are_set_and_nothing_else(scene: Scene) -> None:
    ticket = scene.ticket()
    scene.to_desk()
    scene.change(ticket, status="Closed")
    run = scene.to_desk()
    assert run.updated == 1
    assert scene.rows("tickets")[0]["status"] == "Closed"
    assert SyncEntry.objects.filter(run=run).get().writes == ["set status to “Closed”"]


def test_words_are_translated_both_ways(scene: Scene) -> None:
    scene.options.status_words = {"New": "Open", "In work": "Open", "Done": "Closed"}
    scene.options.save()
    ticket = scene.ticket(status="In work")
    scene.both()
    assert scene.rows("tickets")[0]["status"] == "Open"
    assert scene.both()[1].updated == 0, "Open is still what In work is called there"
    scene.desk.edit_ticket(1, status="Closed")
    scene.to_toga()
    assert scene.toga.data.records["tickets"][ticket]["status"] == "Done"


def test_team_requester_and_category_are_brought_where_they_are_known(scene: Scene) -> None:
    data = scene.toga.data.records
    team = next(key for key, row in data["ticket-teams"].items() if row["name"] == "Network")
    contact = next(key for key, row in data["contacts"].items() if row["name"] == "Ben Okafor")
    battery = next(key for key, row in data["ticket-categories"].items() if row["name"] == "Battery")
    ticket = scene.ticket(ticketTeam=team, contact=contact, ticketCategory=battery)
    scene.to_desk()
    assert scene.rows("tickets")[0]["groupid"] == 0, "no row stands for the team yet"
    for slug in ("ticket_teams", "contacts", "ticket_categories"):
        scene.run(slug)
    scene.change(ticket, priority="Low")
    scene.to_desk()
    (row,) = scene.rows("tickets")
    groups = {one["id"]: one["name"] for one in scene.rows("groups")}
    people = {one["id"]: one["email"] for one in scene.rows("people")}
    assert groups[row["groupid"]] == "Network"
    assert people[row["userid"]] == "ben@harbour.example.com"
    assert row["category"] == "Hardware > Laptop > Battery"
    scene.desk.edit_ticket(row["id"], category="Access")
    scene.to_toga()
    access = next(key for key, one in data["ticket-categories"].items() if one["name"] == "Access")
    assert data["tickets"][ticket]["ticketCategory"] == access
    assert data["tickets"][ticket]["ticketTeam"] == team


def test_files_arrive_byte_by_byte_and_two_of_one_name_both_do(scene: Scene) -> None:
    note = scene.note(scene.ticket(), "see")
    scene.file(note, "photo.png", b"\x00\x01PNG", type="image/png")
    scene.file(note, "photo.png", b"another one")
    scene.file(note, "../../evil/name.txt", b"evil")
    scene.to_desk()
    rows = scene.rows("files")
    assert [row["filesize"] for row in rows] == [5, 11, 4]
    assert [(scene.desk.uploads / row["file"]).read_bytes() for row in rows] == [
        b"\x00\x01PNG",
        b"another one",
        b"evil",
    ]
    assert rows[0]["file"] == f"{rows[0]['id']}-photo.png"
    assert rows[0]["filetype"] == "image/png"
    assert {path.name for path in scene.desk.uploads.iterdir()} == {row["file"] for row in rows}
    scene.toga.calls.clear()
    scene.both()
    assert scene.calls("POST") == ["POST parameters"], "the watermark, and no file"
    assert len(scene.rows("files")) == 3


def test_a_file_hung_on_an_old_note_arrives_too(scene: Scene) -> None:
    note = scene.note(scene.ticket(), "see")
    scene.to_desk()
    scene.file(note, "late.txt")
    scene.to_desk()
    assert [row["name"] for row in scene.rows("files")] == ["late.txt"]


def test_files_that_the_ticket_does_not_show_are_asked_for(scene: Scene) -> None:
    scene.toga.nested_notes_show_files = False
    scene.file(scene.note(scene.ticket(), "see"), "a.txt")
    scene.to_desk()
    assert [row["name"] for row in scene.rows("files")] == ["a.txt"]


def test_files_of_internal_notes_stay_and_the_entry_says_so(scene: Scene) -> None:
    scene.file(scene.note(scene.ticket(), "internal", external=False), "secret.txt")
    run = scene.to_desk()
    assert scene.rows("files") == []
    assert "1 file of internal notes stay in TOGA 2." in SyncEntry.objects.get(run=run).why


def test_what_came_before_the_portal_is_recognised_and_made_no_second_time(scene: Scene) -> None:
    ticket = scene.ticket()
    note = scene.note(ticket, "old note")
    scene.file(note, "old.txt", b"old")
    row = scene.desk.add_ticket("No power", referenceid=ticket)
    reply = scene.desk.reply(row, "old note", referenceid=note)
    scene.desk.add_file(reply, "old.txt", b"old")
    scene.both()
    assert (len(scene.rows("tickets")), scene.replies(), len(scene.rows("files"))) == (1, ["old note"], 1)
    assert (len(scene.records("tickets")), scene.notes(), len(scene.records("files"))) == (1, ["old note"], 1)
    assert {(link.object_type, link.state) for link in RecordLink.objects.all()} == {
        ("ticket", "active"),
        ("file", "active"),
    }


def test_a_bad_ticket_is_held_and_the_others_arrive(scene: Scene) -> None:
    scene.ticket("a")
    scene.ticket("x" * 300) if scene.desk.database.kind == "mysql" else scene.ticket("b", status={"odd": 1})
    scene.ticket("c")
    run = scene.to_desk()
    assert (run.created, run.held) == (2, 1)
    assert sorted(row["subject"] for row in scene.rows("tickets")) == ["a", "c"]
    assert len(scene.held()) == 1


def test_a_dry_run_tells_each_write_and_writes_nothing(scene: Scene) -> None:
    ticket = scene.ticket()
    scene.file(scene.note(ticket, "a"), "f.txt")
    scene.desk.add_ticket("from the desk")
    scene.toga.calls.clear()
    run = scene.run("tickets_to_togadesk", is_dry=True)
    assert run.created == 1
    entry = SyncEntry.objects.get(run=run)
    assert (entry.record_id, entry.writes) == (ticket, ["create “No power”; 1 reply", "file “f.txt”"])
    run = scene.run("tickets_to_toga", is_dry=True)
    assert SyncEntry.objects.get(run=run).writes == ["create “from the desk”"]
    assert scene.calls("POST") == scene.calls("PATCH") == []
    assert (len(scene.rows("tickets")), RecordLink.objects.count()) == (1, 0)


def test_repair_orders_go_the_same_way(scene: Scene) -> None:
    scene.toga.repair_orders = True
    scene.options.integration_type = "REPAIR_ORDERS"
    scene.options.save()
    scene.note(scene.ticket("Screen"), "broken")
    scene.desk.reply(scene.desk.add_ticket("Keyboard"), "stuck")
    scene.both()
    assert scene.replies() == ["broken", "stuck"]
    assert scene.notes() == ["broken", "stuck"]
