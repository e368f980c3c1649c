"""Notes, time entries, and what is missing, deleted, renamed or hidden in the simulator, seen over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.vendors.autotask.simulator import AutotaskSimulator

from .conftest import ALL, TICKET, Wire, eq

# --- notes and time entries -------------------------------------------------------------------------------------

NOTE = {"title": "Portal", "description": "Resolved.", "noteType": 3, "publish": 2}


def test_a_note_is_created_and_changed_below_its_ticket(wire: Wire, autotask: AutotaskSimulator) -> None:
    ticket = wire.create()
    note = wire("POST", f"Tickets/{ticket}/Notes", NOTE).json["itemId"]
    wire("PATCH", f"Tickets/{ticket}/Notes", {"id": note, "description": "Changed."})
    listed = wire("GET", f"Tickets/{ticket}/Notes").json["items"]
    assert [(row["id"], row["description"], row["title"]) for row in listed] == [(note, "Changed.", "Portal")]


def test_a_note_is_not_changed_below_another_ticket(wire: Wire, autotask: AutotaskSimulator) -> None:
    mine, other = wire.create(), wire.create()
    note = wire("POST", f"Tickets/{mine}/Notes", NOTE).json["itemId"]
    assert wire("PATCH", f"Tickets/{other}/Notes", {"id": note, "description": "x"}).status == 500
    assert autotask.data.notes[note]["description"] == "Resolved."


@pytest.mark.parametrize("verb", ["POST", "PATCH", "PUT"])
def test_a_note_written_at_the_root_is_404(wire: Wire, autotask: AutotaskSimulator, verb: str) -> None:
    assert wire(verb, "TicketNotes", NOTE | {"ticketID": wire.create()}).status == 404
    assert not autotask.data.notes


def test_notes_are_searched_at_the_root_and_not_below_the_ticket(wire: Wire) -> None:
    ticket = wire.create()
    note = wire("POST", f"Tickets/{ticket}/Notes", NOTE).json["itemId"]
    assert [row["id"] for row in wire.find("TicketNotes", eq("ticketID", ticket))] == [note]
    assert wire("POST", f"Tickets/{ticket}/Notes/query", {"filter": [ALL]}).status == 404


@pytest.mark.parametrize(("change", "named"), [({"publish": 3}, "publish"), ({"noteType": None}, "noteType")])
def test_a_note_needs_a_known_type_and_audience(wire: Wire, change: dict[str, Any], named: str) -> None:
    seen = wire("POST", f"Tickets/{wire.create()}/Notes", NOTE | change)
    assert (seen.status, named in seen.sentence) == (500, True)


@pytest.mark.parametrize("refused", [True, False])
def test_notes_of_system_types_are_taken_or_refused(wire: Wire, autotask: AutotaskSimulator, refused: bool) -> None:
    autotask.system_note_types_are_refused = refused
    seen = wire("POST", f"Tickets/{wire.create()}/Notes", NOTE | {"noteType": 13})
    assert seen.status == (500 if refused else 200)


def test_time_entries_live_at_the_root_and_are_counted_by_ticket(wire: Wire) -> None:
    ticket = wire.create()
    entry = wire("POST", "TimeEntries", {"ticketID": ticket, "resourceID": 1, "hoursWorked": 0.5}).json["itemId"]
    wire("PATCH", "TimeEntries", {"id": entry, "hoursWorked": 2})
    count = {"filter": [eq("ticketID", ticket)]}
    assert wire("POST", "TimeEntries/query/count", count).json == {"queryCount": 1}
    assert wire("GET", f"TimeEntries/{entry}").json["item"]["hoursWorked"] == 2
    assert wire("GET", f"Tickets/{ticket}/TimeEntries").status == 404
    wire("DELETE", f"TimeEntries/{entry}")
    assert wire("POST", "TimeEntries/query/count", count).json == {"queryCount": 0}


def test_somebody_can_book_time_meanwhile(wire: Wire) -> None:
    ticket = wire.create()
    wire("POST", "/_simulator/do", {"action": "add_time_entry", "ticket": ticket})
    assert [row["ticketID"] for row in wire.find("TimeEntries")] == [ticket]


# --- what is missing, deleted, renamed or hidden ----------------------------------------------------------------


@pytest.mark.parametrize("as_404", [True, False])
def test_a_missing_record_is_null_or_404(wire: Wire, autotask: AutotaskSimulator, as_404: bool) -> None:
    autotask.missing_is_404 = as_404
    seen = wire("GET", "Tickets/1")
    assert (seen.status, seen.body) == ((404, b"") if as_404 else (200, b'{"item": null}'))
    assert wire.find("Tickets", eq("id", 1)) == []


def test_writing_to_a_missing_ticket_is_500_with_errors(wire: Wire) -> None:
    for seen in (wire("PATCH", "Tickets", {"id": 1, "status": 5}), wire("POST", "Tickets/1/Notes", NOTE)):
        assert (seen.status, "No matching records" in seen.sentence) == (500, True)


def test_a_deleted_ticket_leaves_a_row_in_the_log_of_deleted_tickets(wire: Wire) -> None:
    ticket = wire.create()
    wire("POST", "/_simulator/do", {"action": "delete_ticket", "id": ticket})
    assert wire("GET", f"Tickets/{ticket}").json == {"item": None}
    (row,) = wire.find("DeletedTicketLogs", eq("ticketID", ticket))
    assert (row["ticketTitle"], bool(row["deletedDateTime"])) == (TICKET["title"], True)


def test_company_zero_is_the_provider_itself(wire: Wire, autotask: AutotaskSimulator) -> None:
    assert wire("GET", "Companies/0").json["item"]["companyName"] == "Example MSP"
    assert autotask.tickets[wire.create(companyID=0)]["companyID"] == 0


def test_a_company_is_renamed_under_the_same_id(wire: Wire) -> None:
    wire("POST", "/_simulator/do", {"action": "set_company", "id": 101, "companyName": "New name"})
    assert wire("GET", "Companies/101").json["item"]["companyName"] == "New name"


@pytest.mark.parametrize(
    "act", [{"action": "set_company", "id": 101, "isActive": False}, {"action": "delete_company", "id": 101}]
)
def test_an_inactive_or_missing_company_gets_no_ticket(wire: Wire, autotask: AutotaskSimulator, act: Any) -> None:
    assert wire("POST", "/_simulator/do", act).status == 200
    seen = wire("POST", "Tickets", TICKET)
    assert (seen.status, "companyID" in seen.sentence) == (500, True)
    assert not autotask.tickets


def test_a_restricted_user_sees_no_rows_instead_of_an_error(wire: Wire, autotask: AutotaskSimulator) -> None:
    ticket = wire.create()
    autotask.restricted = True
    assert (wire.find("Tickets"), wire("GET", f"Tickets/{ticket}").json) == ([], {"item": None})
    assert wire("GET", "Tickets/entityInformation").json["info"]["userAccessForQuery"] == "None"


def test_an_unknown_switch_or_action_is_refused(wire: Wire) -> None:
    for order in ({"action": "explode"}, {"action": "switch", "name": "nope", "value": 1}, {"action": "delete_ticket"}):
        assert wire("POST", "/_simulator/do", order).status == 400


def test_a_reset_restores_world_ledger_faults_and_switches(wire: Wire, autotask: AutotaskSimulator) -> None:
    wire.create()
    wire("POST", "/_simulator/do", {"action": "switch", "name": "most_parallel", "value": 1})
    wire("POST", "/_simulator/faults", {"name": "html_503", "times": 9})
    wire("POST", "/_simulator/reset", {})
    assert (autotask.most_parallel, autotask.tickets, autotask.calls) == (3, {}, [])
    assert wire("GET", "Companies/101").status == 200
