"""A ticket of Freshservice in TOGA 2: fields, notes and files, by webhook and by catch-up, each once."""

from __future__ import annotations

import pytest

from integrations.core.models import RecordLink, SyncEntry, WebhookDelivery
from integrations.freshservice_toga.models import ValueWord
from integrations.vendors.freshservice.simulator.world import OTHER_REQUESTER, REQUESTER

from .scene import Scene


def test_a_webhook_brings_the_ticket_with_what_was_said_in_it(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead since noon</p>")
    scene.do("note", ticket=ticket, text="<p>Ask Tom</p>")
    scene.do("reply", ticket=ticket, text="<p>We are on it</p>")
    assert scene.hint(ticket) == 202
    (row,) = scene.records("tickets")
    assert (row["subject"], row["c_eliteTicketId"], row["status"]) == ("No power", str(ticket), "Open")
    assert scene.notes() == [
        ("<p>Dead since noon</p>", True),
        ("<p>Ask Tom</p>", False),
        ("<p>We are on it</p>", True),
    ]
    assert scene.deliveries() == ["done"]
    assert scene.held() == []


def test_the_requester_becomes_a_contact_once_for_all_tickets(scene: Scene) -> None:
    for subject in ("One", "Two"):
        scene.hint(scene.do("new_ticket", subject=subject))
    contacts = [row for row in scene.records("contacts") if row.get("c_eliteUserId")]
    assert [(row["email"], row["c_eliteUserId"]) for row in contacts] == [("rosa@elite.example.com", str(REQUESTER))]
    assert {row["contact"] for row in scene.records("tickets")} == {contacts[0]["uuid"]}


def test_a_known_address_is_the_same_contact_and_gets_the_id(scene: Scene) -> None:
    known = scene.toga.data.add("contacts", name="R. Lind", email="rosa@elite.example.com")
    scene.hint(scene.do("new_ticket", subject="One"))
    assert [row["uuid"] for row in scene.records("contacts") if "rosa" in row["email"]] == [known["uuid"]]
    assert scene.toga.data.records["contacts"][known["uuid"]]["c_eliteUserId"] == str(REQUESTER)


def test_a_second_look_writes_nothing(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="log.txt", ticket=ticket)
    scene.hint(ticket)
    before = scene.writes()
    scene.hint(ticket)
    scene.catch_up()
    run = scene.catch_up()
    assert scene.writes() == before
    assert (run.created, run.updated, run.held) == (0, 0, 0)


def test_an_edit_and_a_deletion_arrive_and_nothing_is_lost(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    kept = scene.do("note", ticket=ticket, text="<p>Frist</p>", private=False)
    gone = scene.do("note", ticket=ticket, text="<p>Never mind</p>")
    scene.hint(ticket)
    scene.do("edit_note", conversation=kept, text="<p>First</p>")
    scene.do("delete_conversation", conversation=gone)
    scene.hint(ticket)
    scene.hint(ticket)
    assert [note for note, _ in scene.notes()] == [
        "<p>Dead</p>",
        "<p>First</p>",
        "<p><em>(Deleted in Freshservice.)</em></p><p>Never mind</p>",
    ]
    before = scene.writes()
    scene.hint(ticket)
    assert scene.writes() == before


def test_what_people_change_in_toga_stays_until_the_same_field_changes_at_its_source(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.hint(ticket)
    (row,) = scene.records("tickets")
    scene.toga.do("edit_ticket", {"uuid": row["uuid"], "status": "Waiting", "priority": "Urgent"})
    scene.do("edit_ticket", ticket=ticket, subject="No power in room 7")
    scene.hint(ticket)
    seen = scene.toga.data.records["tickets"][row["uuid"]]
    assert (seen["subject"], seen["status"], seen["priority"]) == ("No power in room 7", "Waiting", "Urgent")
    scene.do("set_status", ticket=ticket, status=4)
    scene.hint(ticket)
    assert scene.toga.data.records["tickets"][row["uuid"]]["status"] == "Resolved"


def test_group_and_category_are_found_by_name_and_get_the_ids(scene: Scene) -> None:
    group = next(iter(scene.fresh.data.groups.values()))
    team = scene.toga.data.add("ticket-teams", name=group["name"])
    (hardware,) = [row for row in scene.records("ticket-categories") if row["name"] == "Hardware"]
    ticket = scene.do("new_ticket", subject="No power", group_id=group["id"], category="Hardware")
    scene.hint(ticket)
    (row,) = scene.records("tickets")
    assert (row["ticketTeam"], row["ticketCategory"]) == (team["uuid"], hardware["uuid"])
    assert scene.toga.data.records["ticket-teams"][team["uuid"]]["c_eliteGroupId"] == str(group["id"])
    assert scene.toga.data.records["ticket-categories"][hardware["uuid"]]["c_eliteCategoryId"]


def test_what_cannot_be_matched_is_left_alone_and_named(scene: Scene) -> None:
    group = next(iter(scene.fresh.data.groups.values()))
    ticket = scene.do("new_ticket", subject="No power", group_id=group["id"])
    scene.hint(ticket)
    assert f"TOGA 2 has no team named “{group['name']}”" in SyncEntry.objects.latest("pk").why
    before = scene.writes()
    scene.hint(ticket)
    assert scene.writes() == before


def test_a_code_of_the_tenant_is_left_alone_until_it_has_a_word(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power", status=11)
    scene.hint(ticket)
    assert "status" not in scene.records("tickets")[0]
    unmapped = ValueWord.objects.get(word="", field="status")
    assert unmapped.code == 11
    ValueWord.objects.filter(pk=unmapped.pk).update(word="With the supplier")
    scene.hint(ticket)
    assert scene.records("tickets")[0]["status"] == "With the supplier"


def test_a_ticket_that_another_program_brought_is_recognised(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    known = scene.toga.do("add_ticket", {"subject": "No power", "c_eliteTicketId": str(ticket)})
    scene.hint(ticket)
    assert [row["uuid"] for row in scene.records("tickets")] == [known]
    assert RecordLink.objects.get(object_type="ticket").right_id == known


def test_a_dry_run_says_what_it_would_write_and_writes_nothing(scene: Scene) -> None:
    scene.do("new_ticket", subject="No power")
    run = scene.catch_up(is_dry=True)
    assert run.created == 1
    assert scene.writes() == []
    assert "create “No power”" in SyncEntry.objects.get().writes


def test_a_dry_run_takes_no_note_of_what_is_absent(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    gone = scene.do("note", ticket=ticket, text="<p>Never mind</p>")
    scene.hint(ticket)
    scene.do("delete_conversation", conversation=gone)
    scene.do("edit_ticket", ticket=ticket, subject="Power")
    base = RecordLink.objects.get(object_type="note", left_id=str(gone)).base
    scene.catch_up(is_dry=True)
    assert RecordLink.objects.get(object_type="note", left_id=str(gone)).base == base


# --- catch-up, early and late -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dropped", [0, 3, 6])
def test_lost_webhooks_heal_within_one_catch_up(scene: Scene, dropped: int) -> None:
    scene.catch_up()
    tickets = [scene.do("new_ticket", subject=f"Ticket {number}") for number in range(6)]
    for ticket in tickets[dropped:]:
        scene.hint(ticket)
    scene.catch_up()
    assert sorted(row["c_eliteTicketId"] for row in scene.records("tickets")) == sorted(map(str, tickets))


def test_a_ticket_that_is_not_readable_yet_is_looked_for_again_soon(scene: Scene) -> None:
    scene.fresh.early_404s = 2
    ticket = scene.do("new_ticket", subject="Just raised")
    scene.hint(ticket)
    assert (scene.deliveries(), scene.records("tickets")) == (["waiting"], [])
    scene.work(minutes=0.1)
    scene.work(minutes=0.2)
    assert scene.deliveries() == ["done"]
    assert [row["subject"] for row in scene.records("tickets")] == ["Just raised"]


def test_a_hint_about_a_ticket_that_never_was_ends_with_a_sentence(scene: Scene) -> None:
    scene.hint(4711)
    for _ in range(6):
        scene.work(minutes=1)
    assert scene.deliveries() == ["done"]
    assert scene.records("tickets") == []


def test_one_answer_that_a_ticket_is_not_there_flips_nothing(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.hint(ticket)
    scene.fresh.data.tickets.pop(ticket)
    scene.hint(ticket)
    assert RecordLink.objects.get(object_type="ticket").state == RecordLink.State.ACTIVE
    assert "Its pair is kept." in WebhookDelivery.objects.latest("pk").outcome
    assert len(scene.records("tickets")) == 1


def test_another_requester_later_is_another_contact(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.hint(ticket)
    scene.do("edit_ticket", ticket=ticket, requester_id=OTHER_REQUESTER)
    scene.hint(ticket)
    (row,) = scene.records("tickets")
    assert scene.toga.data.records["contacts"][row["contact"]]["email"] == "samir@elite.example.com"
