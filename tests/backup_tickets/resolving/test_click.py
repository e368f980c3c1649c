"""Resolving by a click: what Autotask gets, in which order, and what the operator is told."""

from __future__ import annotations

import pytest

from integrations.backup_tickets.models import Resolution, Run, Ticket, TicketLink, TicketOptions
from integrations.backup_tickets.resolving import NotPossibleError, resolve
from integrations.core.models import AuditEntry, Connection, Integration, Job
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.resolving.acts import (
    CLOSE,
    NOTE,
    RESOLVED,
    STAYS_OPEN,
    book_time_when,
    notes,
    open_ticket,
    sent,
    status_of,
)
from tests.backup_tickets.scene import Scene

State = Resolution.State
pytestmark = pytest.mark.django_db(transaction=True)


def test_without_time_entries_the_note_is_written_and_then_the_ticket_is_closed(
    scene: Scene, autotask: Autotask
) -> None:
    link = open_ticket(scene, autotask)
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.RESOLVED
    assert status_of(autotask, link) == 5
    (note,) = notes(autotask)
    assert note["description"] == RESOLVED
    assert note["publish"] == 2, "an internal note, never visible to customers"
    assert done.key in note["title"]
    link.refresh_from_db()
    assert (link.state, link.ticket.state) == (TicketLink.State.RESOLVED, Ticket.State.RESOLVED)
    entry = AuditEntry.objects.get(action="backup_tickets.resolve_ticket")
    assert (entry.outcome, entry.user) == ("done", scene.operator)
    assert Job.objects.get(kind="backup_tickets.recover_resolution").state == Job.State.DONE


def test_it_takes_exactly_these_calls_in_this_order(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    resolve(scene.run, user=scene.operator)
    number = link.ticket.ticket_id
    assert sent(autotask) == [
        f"GET Tickets/{number}",
        "POST TimeEntries/query/count",
        f"POST Tickets/{number}/Notes",
        "POST TimeEntries/query/count",
        "PATCH Tickets",
        f"GET Tickets/{number}",
        "POST TimeEntries/query/count",
    ]


def test_with_time_entries_only_the_other_note_is_written_and_the_ticket_stays_open(
    scene: Scene, autotask: Autotask
) -> None:
    link = open_ticket(scene, autotask)
    autotask.book_time(link.ticket.ticket_id)
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.STAYS_OPEN
    assert "1 time entry" in done.cause
    assert [note["description"] for note in notes(autotask)] == [STAYS_OPEN]
    assert status_of(autotask, link) == 1
    link.refresh_from_db()
    assert link.state == TicketLink.State.ACTIVE


def test_a_second_click_on_a_ticket_with_time_entries_does_not_repeat_the_note(
    scene: Scene, autotask: Autotask
) -> None:
    link = open_ticket(scene, autotask)
    autotask.book_time(link.ticket.ticket_id)
    for _ in range(2):
        assert resolve(scene.run, user=scene.operator).state == State.STAYS_OPEN
    assert len(notes(autotask)) == 1


def test_a_ticket_that_somebody_closed_is_left_alone_and_the_snapshot_says_so(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    autotask.set_status(link.ticket.ticket_id, 5)
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.ALREADY_CLOSED
    assert notes(autotask) == []
    link.refresh_from_db()
    assert link.state == TicketLink.State.RESOLVED


def test_a_deleted_ticket_is_said_to_be_deleted(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    autotask.add_ticket("somebody else's")
    autotask.delete_ticket(link.ticket.ticket_id)
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.DELETED
    link.refresh_from_db()
    assert link.state == TicketLink.State.DELETED
    assert notes(autotask) == []


def test_time_booked_between_note_and_closing_keeps_it_open(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    book_time_when(autotask, link, after=NOTE)
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.STAYS_OPEN
    assert status_of(autotask, link) == 1
    assert len(notes(autotask)) == 1


def test_time_booked_in_the_moment_of_closing_opens_it_again(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    autotask.set_status(link.ticket.ticket_id, 8)
    book_time_when(autotask, link, after=CLOSE)
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.STAYS_OPEN
    assert status_of(autotask, link) == 8, "what it was before"
    assert "set back" in done.cause
    link.refresh_from_db()
    assert link.state == TicketLink.State.ACTIVE


def test_a_closing_that_did_not_stick_once_is_sent_again(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    autotask.simulator.sticky_failures = 1
    assert resolve(scene.run, user=scene.operator).state == State.RESOLVED
    assert status_of(autotask, link) == 5
    assert len(notes(autotask)) == 1


def test_a_closing_that_never_sticks_is_said_and_another_click_does_not_repeat_the_note(
    scene: Scene, autotask: Autotask
) -> None:
    link = open_ticket(scene, autotask)
    autotask.simulator.sticky_failures = 3
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.FAILED
    assert "still has the status New" in done.cause
    assert resolve(scene.run, user=scene.operator).state == State.RESOLVED
    assert status_of(autotask, link) == 5
    assert len(notes(autotask)) == 1


def test_a_refused_note_leaves_the_ticket_as_it_was(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    autotask.simulator.fault("500_errors", **NOTE, value="Title is required by the category.")
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.FAILED
    assert "Title is required by the category." in done.cause
    assert status_of(autotask, link) == 1


def test_a_refused_closing_is_said_with_autotasks_sentence(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    autotask.simulator.fault("500_errors", **CLOSE, value="Resolution is required.")
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.FAILED
    assert "Resolution is required." in done.cause
    assert status_of(autotask, link) == 1


def test_autotask_being_away_changes_nothing_and_says_so(scene: Scene, autotask: Autotask) -> None:
    open_ticket(scene, autotask)
    autotask.break_reading()
    done = resolve(scene.run, user=scene.operator)
    assert done.state == State.FAILED
    assert done.cause.startswith("Nothing was changed.")
    assert notes(autotask) == []


def test_a_ticket_that_serves_two_runs_is_resolved_for_both(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    second = scene.another_run("run-2")
    other = TicketLink.objects.create(
        run=second,
        ticket=link.ticket,
        connection=link.connection,
        key="lnk-2",
        state="active",
        send_before=link.created_at,
    )
    resolve(second, user=scene.operator)
    other.refresh_from_db()
    link.refresh_from_db()
    assert (link.state, other.state) == (TicketLink.State.RESOLVED, TicketLink.State.RESOLVED)
    assert not Run.objects.filter(needs_attention=True).exists()


@pytest.mark.parametrize("way", ["off", "paused", "not allowed", "no ticket", "closed"])
def test_what_is_in_the_way_is_said_and_no_call_goes_out(scene: Scene, autotask: Autotask, way: str) -> None:
    if way != "no ticket":
        link = open_ticket(scene, autotask)
    if way == "off":
        Integration.objects.update(is_enabled=False)
    if way == "paused":
        Connection.objects.update(is_paused=True)
    if way == "not allowed":
        TicketOptions.objects.update(resolve_allowed=False)
    if way == "closed":
        TicketLink.objects.filter(pk=link.pk).update(state="resolved")
    autotask.simulator.calls.clear()
    with pytest.raises(NotPossibleError, match=r"\."):
        resolve(scene.run, user=scene.operator)
    assert autotask.calls() == []
