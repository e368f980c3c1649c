"""Tickets that no list of changes shows any more: deleted, marked as spam, hidden; and those that come back."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.core.models import RecordLink, SyncEntry, SyncRun
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import in_hand
from integrations.freshservice_toga.models import OpenTicket
from integrations.vendors.simulation import Reply, Request

from .scene import Scene

WHOLE = ("active", "")
DELETED = ("missing", "It was deleted in Freshservice.")
SPAM = ("missing", "It was marked as spam in Freshservice.")


def brought(scene: Scene, count: int = 3) -> list[int]:
    """So many tickets of Freshservice, brought to TOGA 2."""
    tickets = [scene.do("new_ticket", subject=f"Ticket {number}") for number in range(count)]
    scene.catch_up()
    scene.catch_up()
    return tickets


def paired(scene: Scene, count: int) -> list[int]:
    """So many open tickets with pairs, looked at long ago, the first longest."""
    now = timezone.now()
    tickets = [int(scene.fresh.data.add_ticket(subject="x")["id"]) for _ in range(count)]
    RecordLink.objects.bulk_create(
        RecordLink(
            integration=scene.integration,
            object_type="ticket",
            left_id=str(number),
            right_id=f"uuid-{number}",
            left_fingerprint="seen",
            state="active",
        )
        for number in tickets
    )
    OpenTicket.objects.bulk_create(
        OpenTicket(
            integration=scene.integration,
            number=number,
            changed_at=now,
            looked_at=now - timedelta(days=30, seconds=-place),
        )
        for place, number in enumerate(tickets)
    )
    return tickets


def looks(scene: Scene) -> list[int]:
    """The tickets that were read one by one, in order."""
    paths = [call.path.removeprefix("/api/v2/tickets/") for call in scene.fresh.calls if call.method == "GET"]
    return [int(path) for path in paths if path.isdigit()]


def vanish(scene: Scene, *tickets: int) -> None:
    for ticket in tickets:
        scene.fresh.data.tickets.pop(ticket)


# --- what Freshservice says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("act", "shown"), [("delete_ticket", DELETED), ("mark_spam", SPAM)])
def test_what_was_put_away_is_found_by_two_lists_and_shown(scene: Scene, act: str, shown: tuple[str, str]) -> None:
    tickets = brought(scene)
    scene.do(act, ticket=tickets[1])
    before = scene.writes()
    scene.fresh.calls.clear()
    run = scene.still_there(hours=1)
    assert scene.reads() == ["GET tickets", "GET tickets"]
    assert [scene.pair(ticket) for ticket in tickets] == [WHOLE, shown, WHOLE]
    assert scene.writes() == before
    entry = SyncEntry.objects.get(run=run)
    assert (entry.record_id, entry.why) == (str(tickets[1]), shown[1])


def test_a_second_pass_over_the_same_says_nothing_more(scene: Scene) -> None:
    tickets = brought(scene)
    scene.do("delete_ticket", ticket=tickets[0])
    scene.still_there()
    run = scene.still_there()
    assert (run.state, run.updated, scene.pair(tickets[0])) == (SyncRun.State.DONE, 0, DELETED)


def test_a_webhook_about_a_deletion_shows_it_at_once(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.hint(ticket)
    before = scene.writes()
    scene.do("delete_ticket", ticket=ticket)
    scene.hint(ticket)
    assert scene.pair(ticket) == DELETED
    scene.do("restore_ticket", ticket=ticket)
    scene.hint(ticket)
    assert scene.pair(ticket) == WHOLE
    assert scene.writes() == before


def test_a_ticket_that_was_spam_before_it_was_known_is_not_brought(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="You have won")
    scene.do("mark_spam", ticket=ticket)
    scene.hint(ticket)
    assert scene.records("tickets") == []
    assert scene.deliveries() == ["done"]


def test_a_restored_ticket_is_whole_again_and_what_was_said_meanwhile_arrives(scene: Scene) -> None:
    (ticket,) = brought(scene, 1)
    scene.do("delete_ticket", ticket=ticket)
    scene.still_there()
    scene.fresh.data.touch(ticket, subject="Changed in the bin")
    scene.do("restore_ticket", ticket=ticket)
    scene.catch_up()
    assert scene.pair(ticket) == WHOLE
    assert scene.records("tickets")[0]["subject"] == "Changed in the bin"


def test_a_restoring_that_left_no_trace_is_found_by_a_look_and_read_anew(scene: Scene) -> None:
    ticket, _ = brought(scene, 2)
    scene.do("delete_ticket", ticket=ticket)
    scene.still_there()
    scene.fresh.data.tickets[ticket] |= {"deleted": False, "subject": "Changed in the bin"}  # no new time
    scene.clock.shift(7200)
    scene.catch_up()  # does not list it
    scene.still_there()
    assert scene.pair(ticket) == WHOLE
    scene.catch_up()
    assert "Changed in the bin" in [row["subject"] for row in scene.records("tickets")]
    before = scene.reads()
    scene.clock.shift(7200)
    scene.catch_up()
    assert len(scene.reads()) == len(before) + 1  # the list alone: it is looked at anew once


def test_a_list_whose_filter_got_lost_is_not_believed(scene: Scene) -> None:
    tickets = brought(scene)

    def lost(request: Request, reply: Reply) -> Reply:
        """Live tickets in place of the deleted ones."""
        if request.query.get("filter") != "deleted":
            return reply
        rows = [{"id": ticket, "updated_at": "2026-11-01T10:00:00Z", "deleted": False} for ticket in tickets]
        return dataclasses.replace(reply, body=json.dumps({"tickets": rows}).encode())

    scene.fresh.change = lost
    run = scene.still_there()
    assert run.state == SyncRun.State.FAILED
    assert "does not say so" in run.outcome
    assert {scene.pair(ticket) for ticket in tickets} == {WHOLE}


# --- what cannot be read: DESIGN, Absence -----------------------------------------------------------------------------


def test_a_ticket_that_cannot_be_read_in_two_passes_is_missing(scene: Scene) -> None:
    tickets = brought(scene)
    vanish(scene, tickets[0])
    scene.still_there()
    assert scene.pair(tickets[0]) == WHOLE
    scene.still_there()
    state, why = scene.pair(tickets[0])
    assert (state, scene.pair(tickets[1])) == ("missing", WHOLE)
    assert "does not show it any more" in why


def test_a_ticket_that_could_be_read_in_between_is_not_missing(scene: Scene) -> None:
    tickets = brought(scene)
    row = scene.fresh.data.tickets[tickets[0]]
    for _ in range(2):
        vanish(scene, tickets[0])
        scene.still_there()
        scene.fresh.data.tickets[tickets[0]] = row
        scene.still_there()
    assert scene.pair(tickets[0]) == WHOLE


def test_a_hidden_ticket_that_shows_again_is_whole_again(scene: Scene) -> None:
    tickets = brought(scene)
    row = scene.fresh.data.tickets[tickets[0]]
    vanish(scene, tickets[0])
    scene.still_there()
    scene.still_there()
    scene.fresh.data.tickets[tickets[0]] = row
    scene.still_there()
    assert scene.pair(tickets[0]) == WHOLE


def test_nothing_is_believed_when_no_known_ticket_can_be_read(scene: Scene) -> None:
    tickets = brought(scene, 2)
    vanish(scene, *tickets)
    for _ in range(3):
        run = scene.still_there()
        assert run.state == SyncRun.State.FAILED
        assert "may have lost the right to read" in run.outcome
    assert {scene.pair(ticket) for ticket in tickets} == {WHOLE}


def test_a_closed_ticket_vouches_for_the_key_when_the_only_open_one_is_gone(scene: Scene) -> None:
    tickets = brought(scene, 2)
    scene.do("set_status", ticket=tickets[1], status=5)
    scene.catch_up()
    vanish(scene, tickets[0])
    scene.still_there()
    scene.still_there()
    assert scene.pair(tickets[0])[0] == "missing"


def test_more_than_a_tenth_at_once_changes_nothing_and_says_so(scene: Scene) -> None:
    tickets = paired(scene, 20)
    vanish(scene, *tickets[:3])
    for _ in range(3):
        run = scene.still_there()
        assert run.state == SyncRun.State.FAILED
        assert "3 of 20 open tickets were not found" in run.outcome
        assert str(tickets[0]) in run.outcome
    assert not RecordLink.objects.exclude(state="active").exists()


def test_a_ticket_whose_answer_is_not_understood_stops_no_other(scene: Scene) -> None:
    tickets = brought(scene)
    vanish(scene, tickets[2])

    def spoiled(request: Request, reply: Reply) -> Reply:
        is_sick = request.path.endswith(f"/tickets/{tickets[0]}")
        return dataclasses.replace(reply, body=b'{"ticket": []}') if is_sick else reply

    scene.fresh.change = spoiled
    scene.still_there()
    scene.still_there()
    assert [scene.pair(ticket)[0] for ticket in tickets] == ["active", "active", "missing"]


def test_a_pair_that_is_being_worked_on_is_shown_as_missing_by_the_next_pass(scene: Scene) -> None:
    tickets = brought(scene)
    scene.do("delete_ticket", ticket=tickets[0])
    scene.clock.shift(3 * 3600)
    with in_hand(scene.integration, "ticket", Side.LEFT, str(tickets[0])):
        scene.still_there(hours=0)
    assert scene.pair(tickets[0]) == WHOLE
    scene.still_there()
    assert (scene.pair(tickets[0]), scene.held()) == (DELETED, [])


# --- how many are looked at -------------------------------------------------------------------------------------------


def test_a_pass_looks_for_a_hundred_those_first_whose_last_look_is_oldest(scene: Scene) -> None:
    tickets = paired(scene, 120)
    scene.still_there()
    assert looks(scene) == tickets[:100]
    scene.fresh.calls.clear()
    scene.still_there()
    assert looks(scene)[:20] == tickets[100:]


def test_one_that_is_missing_waits_for_its_turn_like_others(scene: Scene) -> None:
    tickets = paired(scene, 110)
    vanish(scene, tickets[0])
    scene.still_there()
    scene.still_there()
    scene.fresh.calls.clear()
    scene.still_there()
    assert looks(scene)[0] != tickets[0]
    assert scene.pair(tickets[0])[0] == "missing"


def test_what_was_just_read_is_not_looked_for(scene: Scene) -> None:
    brought(scene)
    scene.fresh.calls.clear()
    scene.still_there(hours=1)
    assert looks(scene) == []


def test_closed_tickets_are_not_looked_for_and_their_deletion_shows_all_the_same(scene: Scene) -> None:
    ticket, other = brought(scene, 2)
    scene.do("set_status", ticket=ticket, status=5)
    scene.catch_up()
    scene.fresh.calls.clear()
    scene.still_there()
    assert looks(scene) == [other]
    scene.do("delete_ticket", ticket=ticket)
    scene.still_there()
    assert scene.pair(ticket) == DELETED


def test_what_nobody_touched_for_half_a_year_is_looked_for_no_more(scene: Scene) -> None:
    paired(scene, 3)
    scene.still_there(hours=24 * 200)
    assert looks(scene) == []


def test_without_pairs_no_call_goes_out(scene: Scene) -> None:
    scene.still_there()
    assert scene.reads() == []


def test_a_dry_run_says_what_it_would_show_and_notes_nothing(scene: Scene) -> None:
    tickets = brought(scene)
    scene.do("delete_ticket", ticket=tickets[0])
    vanish(scene, tickets[1])
    for _ in range(3):
        run = scene.still_there(is_dry=True)
        assert SyncEntry.objects.get(run=run).why == DELETED[1]
    assert {scene.pair(ticket) for ticket in tickets} == {WHOLE}
