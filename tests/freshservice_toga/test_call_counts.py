"""Exactly these calls for each act, and no other: the table in docs/freshservice.md (M1, M2, P12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.core.models import RecordLink, Stream
from integrations.vendors.freshservice.simulator.world import GROUP, OTHER_GROUP, OTHER_REQUESTER

from .scene import Scene

SEEN = ["GET tickets/1", "TOGA 2: GET tickets/1", "GET tickets/1/conversations"]
_ID = re.compile(r"/(?:[0-9]+|[0-9a-f-]{36})(?=/|$)")


def calls_of(scene: Scene, act: Callable[[], object]) -> list[str]:
    """The calls of an act in their order, any id as 1; those to the host of files by the file's name."""
    for simulator in (scene.fresh, scene.fresh.files, scene.toga):
        simulator.calls.clear()
    act()
    calls = [(call.arrived, f"{call.method} {call.path.removeprefix('/api/v2/')}") for call in scene.fresh.calls]
    calls += [(call.arrived, f"files: {call.path.rpartition('/')[2]}") for call in scene.fresh.files.calls]
    calls += [(call.arrived, f"TOGA 2: {call.method} {call.path.removeprefix('/v2/')}") for call in scene.toga.calls]
    return [_ID.sub("/1", said) for _, said in sorted(calls)]


def known(scene: Scene, **values: object) -> int:
    """A ticket that has been brought, some time ago."""
    ticket = int(scene.do("new_ticket", subject="No power", **values))
    scene.clock.shift(10)
    scene.hint(ticket)
    scene.clock.shift(10)
    return ticket


def later_hint(scene: Scene, ticket: int) -> list[str]:
    """The calls of a look that comes when the ticket's last change has settled."""
    scene.clock.shift(10)
    return calls_of(scene, lambda: scene.hint(ticket))


# --- a ticket ---------------------------------------------------------------------------------------------------------


def test_a_new_ticket_of_a_known_requester_with_what_was_said_in_it(scene: Scene) -> None:
    known(scene)
    ticket = scene.do("new_ticket", subject="Again")
    for number in range(3):
        scene.do("reply", ticket=ticket, text=f"<p>{number}</p>")
    assert later_hint(scene, ticket) == [
        "GET tickets/1",
        "TOGA 2: GET tickets",
        "GET tickets/1/conversations",
        "TOGA 2: POST tickets",
        *["TOGA 2: POST ticket-notes"] * 4,
    ]


def test_conversations_are_listed_by_the_hundred(scene: Scene) -> None:
    ticket = known(scene)
    for number in range(101):
        scene.fresh.data.add_conversation(
            ticket,
            user_id=1,
            body=f"{number}",
            incoming=False,
            private=True,
            source=2,
            support_email=None,
            from_email=None,
            to_emails=[],
            cc_emails=None,
            bcc_emails=None,
        )
    scene.fresh.data.touch(ticket)
    calls = later_hint(scene, ticket)
    assert calls.count("GET tickets/1/conversations") == 2
    assert len(calls) == 1 + 2 + 1 + 101


def test_an_edit(scene: Scene) -> None:
    ticket = known(scene)
    scene.do("edit_ticket", ticket=ticket, subject="Power again", status=4, priority=3)
    assert later_hint(scene, ticket) == [*SEEN, "TOGA 2: PATCH tickets/1"]


def test_a_new_conversation(scene: Scene) -> None:
    ticket = known(scene)
    scene.do("note", ticket=ticket, text="<p>Ask Tom</p>")
    assert later_hint(scene, ticket) == [*SEEN, "TOGA 2: POST ticket-notes"]


def test_an_edited_conversation(scene: Scene) -> None:
    ticket = known(scene)
    note = scene.do("note", ticket=ticket, text="<p>Ask Tom</p>")
    later_hint(scene, ticket)
    scene.do("edit_note", conversation=note, text="<p>Ask Tim</p>")
    assert later_hint(scene, ticket) == [*SEEN, "TOGA 2: PATCH ticket-notes/1"]


def test_a_deleted_conversation_is_looked_for_twice_before_its_note_says_so(scene: Scene) -> None:
    ticket = known(scene)
    note = scene.do("note", ticket=ticket, text="<p>Ask Tom</p>")
    later_hint(scene, ticket)
    scene.do("delete_conversation", conversation=note)
    assert later_hint(scene, ticket) == SEEN
    assert later_hint(scene, ticket) == [*SEEN, "TOGA 2: PATCH ticket-notes/1"]
    assert later_hint(scene, ticket) == SEEN


def test_a_file_costs_freshservice_no_call_of_its_own(scene: Scene) -> None:
    ticket = known(scene)
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    assert later_hint(scene, ticket) == [
        *SEEN,
        "files: log.txt",
        "TOGA 2: POST files",
        "TOGA 2: POST ticket-notes/1/ticket-note-files",
    ]


def test_a_look_that_finds_nothing_new(scene: Scene) -> None:
    ticket = known(scene, group_id=OTHER_GROUP, category="Hardware")
    scene.do("insert_image", ticket=ticket)
    later_hint(scene, ticket)
    assert later_hint(scene, ticket) == SEEN


# --- what is met for the first time -----------------------------------------------------------------------------------


def first_met(scene: Scene, **values: object) -> list[str]:
    """What an edit that brings something new costs beside the edit itself."""
    ticket = known(scene)
    scene.do("edit_ticket", ticket=ticket, **values)
    calls = later_hint(scene, ticket)
    for plain in [*SEEN, "TOGA 2: PATCH tickets/1"]:
        calls.remove(plain)
    return calls


def test_a_requester_met_first_becomes_a_contact(scene: Scene) -> None:
    assert first_met(scene, requester_id=OTHER_REQUESTER) == [
        "GET requesters/1",
        "TOGA 2: GET contacts",
        "TOGA 2: GET contacts",
        "TOGA 2: POST contacts",
    ]


def test_a_team_met_first_is_found_by_its_name_and_gets_the_id(scene: Scene) -> None:
    assert first_met(scene, group_id=OTHER_GROUP) == [
        "TOGA 2: GET ticket-teams",
        "GET groups/1",
        "TOGA 2: GET ticket-teams",
        "TOGA 2: PATCH ticket-teams/1",
    ]


def test_a_category_met_first_is_found_by_its_path_and_gets_the_id(scene: Scene) -> None:
    assert first_met(scene, category="Hardware", sub_category="Laptop") == [
        "GET ticket_form_fields",
        "TOGA 2: GET ticket-categories",
        "TOGA 2: GET ticket-categories",
        "TOGA 2: PATCH ticket-categories/1",
    ]


def test_a_team_that_toga_2_does_not_have_is_looked_for_once_in_a_run(scene: Scene) -> None:
    known(scene)
    for number in range(4):
        scene.do("new_ticket", subject=f"Ticket {number}", group_id=GROUP)
    calls = calls_of(scene, scene.catch_up)
    assert (calls.count("GET groups/1"), calls.count("TOGA 2: GET ticket-teams")) == (1, 2)
    assert calls.count("TOGA 2: POST tickets") == 4


# --- the catch-up -----------------------------------------------------------------------------------------------------


def many(scene: Scene, count: int) -> None:
    """So many tickets that were brought, each changed an hour ago."""
    at = timezone.now() - timedelta(hours=1)
    stamp = scene.fresh.data.clock.stamp(at)
    rows = [scene.fresh.data.add_ticket(subject="x", created_at=stamp, updated_at=stamp) for _ in range(count)]
    fingerprint = at.replace(microsecond=0).isoformat()
    RecordLink.objects.bulk_create(
        [
            RecordLink(
                integration=scene.integration,
                object_type="ticket",
                left_id=str(row["id"]),
                right_id=f"toga-{row['id']}",
                left_fingerprint=fingerprint,
                state=RecordLink.State.ACTIVE,
            )
            for row in rows
        ],
        batch_size=5_000,
    )


@pytest.mark.parametrize("tickets", [1_000, pytest.param(100_000, marks=pytest.mark.proof)])
def test_a_catch_up_that_finds_nothing_new_is_one_call_however_many_tickets_there_are(
    scene: Scene, tickets: int
) -> None:
    many(scene, tickets)
    Stream.objects.update(watermark=timezone.now())
    assert calls_of(scene, scene.catch_up) == ["GET tickets"]


@pytest.mark.parametrize("tickets", [1_000, pytest.param(20_000, marks=pytest.mark.proof)])
def test_reading_everything_again_is_one_call_for_each_hundred_and_writes_nothing(scene: Scene, tickets: int) -> None:
    many(scene, tickets)
    scene.unhurried()
    assert calls_of(scene, scene.catch_up) == ["GET tickets"] * (tickets // 100)
    assert scene.writes() == []


def test_a_ticket_that_was_read_within_a_second_of_its_change_is_looked_at_once_more(scene: Scene) -> None:
    known(scene)
    scene.catch_up()
    ticket = scene.do("new_ticket", subject="Just now")
    scene.hint(ticket)
    assert [call for call in calls_of(scene, scene.catch_up) if call != "GET tickets"] == SEEN
    assert calls_of(scene, scene.catch_up) == ["GET tickets"]
