"""Whatever answer gets lost, spoiled or late on the way to TOGA 2: in the end everything is there, and there once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import LEASE, in_hand
from integrations.vendors.freshservice.simulator.world import OTHER_REQUESTER, REQUESTER

from .scene import Scene

WRITES = ("/contacts$", "/tickets$", "/ticket-notes$", "/files$", "/ticket-note-files$")
OTHERS = ("not_received", "committed_500", "garbage", "html_503")
FAULTS = ("answer_lost", *(pytest.param(name, marks=pytest.mark.proof) for name in OTHERS))


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_write_that_goes_wrong_is_neither_lost_nor_done_twice(scene: Scene, path: str, fault: str) -> None:
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    scene.do("reply", ticket=ticket, text="<p>Coming</p>")
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    scene.toga.fault(fault, method="POST", path=path)
    scene.hint(ticket)
    for minutes in (2, 6, 6, 20):
        scene.work(minutes=minutes)
    scene.catch_up()
    assert [row["c_eliteTicketId"] for row in scene.records("tickets")] == [str(ticket)]
    assert scene.notes() == [("<p>Dead</p>", True), ("<p>Coming</p>", True)]
    assert scene.files() == [("log.txt", b"one")]
    assert len([row for row in scene.records("contacts") if row.get("c_eliteUserId")]) == 1
    assert scene.held() == []


def test_an_edit_made_while_the_first_answer_was_lost_arrives(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    said = scene.do("note", ticket=ticket, text="<p>Frist</p>")
    scene.hint(ticket)
    other = scene.do("note", ticket=ticket, text="<p>Secnod</p>")
    scene.toga.fault("answer_lost", method="POST", path="/ticket-notes$")
    scene.hint(ticket)
    scene.do("edit_note", conversation=other, text="<p>Second</p>")
    scene.do("edit_note", conversation=said, text="<p>First</p>")
    scene.work(minutes=2)
    scene.hint(ticket)
    assert [note for note, _ in scene.notes()] == ["<p>Dead</p>", "<p>First</p>", "<p>Second</p>"]


def test_another_requester_arrives_where_the_answer_about_the_first_was_lost(scene: Scene) -> None:
    """Both are new contacts: what was sent is kept with the contact's id, and not as one that is to be made."""
    ticket = scene.do("new_ticket", subject="No power")
    scene.toga.fault("answer_lost", method="POST", path="/tickets$")
    scene.hint(ticket)
    scene.do("edit_ticket", ticket=ticket, requester_id=OTHER_REQUESTER)
    scene.work(minutes=10)
    scene.catch_up()
    (row,) = scene.records("tickets")
    assert scene.toga.data.records["contacts"][row["contact"]]["email"] == "samir@elite.example.com"


def test_a_deletion_is_said_once_also_when_the_answer_is_lost(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    gone = scene.do("note", ticket=ticket, text="<p>Never mind</p>")
    scene.hint(ticket)
    scene.do("delete_conversation", conversation=gone)
    scene.hint(ticket)
    scene.toga.fault("answer_lost", method=scene.toga.update_method, path="/ticket-notes/")
    scene.hint(ticket)
    scene.work(minutes=2)
    scene.hint(ticket)
    assert scene.notes()[1][0].count("Deleted in Freshservice") == 1


def test_a_ticket_whose_requester_is_being_made_by_another_waits_seconds(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    with in_hand(scene.integration, "contact", Side.LEFT, str(REQUESTER)):
        scene.hint(ticket)
    assert scene.deliveries() == ["waiting"]
    scene.work(minutes=0.05)
    assert scene.deliveries() == ["done"]
    assert [row["subject"] for row in scene.records("tickets")] == ["No power"]


def test_a_requester_left_in_hand_by_a_dead_process_is_waited_for_with_few_looks(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    now = timezone.now()
    RecordLink.objects.create(
        integration=scene.integration,
        object_type="contact",
        left_id=str(REQUESTER),
        lease_until=now + LEASE,
        lease_by="dead",
    )
    scene.hint(ticket)
    while scene.deliveries() == ["waiting"] and timezone.now() < now + 2 * LEASE:
        scene.work()
    assert scene.deliveries() == ["done"]
    assert timezone.now() < now + LEASE + timedelta(seconds=70)
    assert scene.reads().count(f"GET tickets/{ticket}") < 12


def test_a_sick_ticket_stops_no_other(scene: Scene) -> None:
    tickets = [scene.do("new_ticket", subject=f"Ticket {number}") for number in range(8)]
    scene.toga.fault("500_errors", method="POST", path="/tickets$", value="Subject is not wanted.")
    scene.catch_up()
    assert len(scene.records("tickets")) == 7
    for _ in range(3):
        scene.clock.shift(900)
        scene.catch_up()
    assert sorted(row["c_eliteTicketId"] for row in scene.records("tickets")) == sorted(map(str, tickets))
