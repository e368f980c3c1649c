"""The simulator is like Autotask, line by line of the fact sheet's checklist, seen over HTTP.

Notes and other records, queries, limits, faults and the page for people are in files of their own.
"""

from __future__ import annotations

from typing import Any

import pytest

from integrations.vendors.autotask import simulator as simulated
from integrations.vendors.autotask.simulator import AutotaskSimulator

from .conftest import ALL, HEADERS, TICKET, Wire

# --- credentials and zone ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["UserName", "Secret", "ApiIntegrationCode"])
def test_without_one_of_the_three_headers_there_is_an_empty_401(wire: Wire, missing: str) -> None:
    seen = wire("GET", "ThresholdInformation", headers={k: v for k, v in HEADERS.items() if k != missing})
    assert (seen.status, seen.body, seen.headers["content-length"]) == (401, b"", "0")


def test_basic_authentication_alone_is_an_empty_401_that_still_asks_for_basic(wire: Wire) -> None:
    seen = wire("GET", "ThresholdInformation", headers={"Authorization": "Basic cG9ydGFsOnNlY3JldA=="})
    assert (seen.status, seen.body) == (401, b"")
    assert seen.headers["www-authenticate"].startswith("Basic Realm=")


@pytest.mark.parametrize(("as_500", "status"), [(False, 401), (True, 500)])
def test_a_wrong_tracking_identifier_is_refused_in_either_dialect(
    autotask: AutotaskSimulator, wire: Wire, as_500: bool, status: int
) -> None:
    autotask.bad_code_is_500 = as_500
    assert wire("GET", "ThresholdInformation", headers=HEADERS | {"ApiIntegrationCode": "X"}).status == status


def test_the_zone_lookup_needs_no_credentials(wire: Wire) -> None:
    seen = wire("GET", f"zoneInformation?user={simulated.USERNAME}", headers={})
    assert set(seen.json) == {"zoneName", "url", "webUrl", "ci"}


def test_the_zone_of_an_unknown_user_is_500_with_errors(wire: Wire) -> None:
    seen = wire("GET", "zoneInformation?user=nobody", headers={})
    assert (seen.status, seen.json) == (500, {"errors": ["Zone information could not be determined"]})


def test_the_path_is_read_in_any_case(wire: Wire) -> None:
    assert wire("GET", "/atservicesrest/v1.0/thresholdinformation").status == 200


def test_the_wrong_zone_answers_an_empty_401(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.zone = "zone2"
    assert (wire("GET", "Companies/101").status, wire("GET", "Companies/101").body) == (401, b"")
    assert wire("GET", "Companies/101", root="/zone2/ATServicesRest/v1.0/").status == 200


def test_the_wrong_zone_may_answer_with_nothing_found_instead(autotask: AutotaskSimulator, wire: Wire) -> None:
    autotask.zone, autotask.wrong_zone_is_empty = "zone2", True
    assert wire.find("Companies") == []
    assert wire("POST", "Tickets", TICKET).status == 401
    assert not autotask.tickets


# --- metadata ---------------------------------------------------------------------------------------------------


def fields(wire: Wire, entity: str) -> dict[str, Any]:
    return {one["name"]: one for one in wire("GET", f"{entity}/entityInformation/fields").json["fields"]}


def test_picklist_values_are_strings_in_the_metadata_and_integers_on_the_record(wire: Wire) -> None:
    queue = fields(wire, "Tickets")["queueID"]["picklistValues"]
    assert {type(value["value"]) for value in queue} == {str}
    assert wire("GET", f"Tickets/{wire.create()}").json["item"]["queueID"] == 8


@pytest.mark.parametrize("name", ["queueID", "source", "status", "priority"])
def test_each_list_has_an_inactive_value(wire: Wire, name: str) -> None:
    assert {value["isActive"] for value in fields(wire, "Tickets")[name]["picklistValues"]} == {True, False}


@pytest.mark.parametrize(
    ("entity", "has"),
    [
        ("Tickets", "ticketNumber"),
        ("TicketNotes", "publish"),
        ("TimeEntries", "hoursWorked"),
        ("Companies", "companyName"),
        ("DeletedTicketLogs", "deletedDateTime"),
    ],
)
def test_each_entity_describes_its_own_fields(wire: Wire, entity: str, has: str) -> None:
    assert has in fields(wire, entity)
    assert wire("GET", f"{entity}/entityInformation").json["info"]["userAccessForQuery"] == "All"


def test_user_defined_fields_are_described_apart(wire: Wire) -> None:
    seen = wire("GET", "Tickets/entityInformation/userDefinedFields").json["fields"]
    assert [one["name"] for one in seen] == ["Portal Ref"]


@pytest.mark.parametrize("entity", ["Queues", "TicketSources", "TicketStatuses", "Accounts"])
def test_entities_that_do_not_exist_are_404(wire: Wire, entity: str) -> None:
    assert wire("POST", f"{entity}/query", {"filter": [ALL]}).status == 404


# --- writing ----------------------------------------------------------------------------------------------------


def test_every_write_answers_with_the_id_alone(wire: Wire) -> None:
    made = wire("POST", "Tickets", TICKET)
    ticket = made.json["itemId"]
    changed = wire("PATCH", "Tickets", {"id": ticket, "status": 8})
    note = wire("POST", f"Tickets/{ticket}/Notes", {"description": "d", "noteType": 3, "publish": 2})
    assert [made.json, changed.json, list(note.json)] == [{"itemId": ticket}, {"itemId": ticket}, ["itemId"]]


def test_field_names_are_read_in_any_case(wire: Wire) -> None:
    seen = wire("POST", "Tickets", {name.upper(): value for name, value in TICKET.items()})
    assert wire("GET", f"Tickets/{seen.json['itemId']}").json["item"]["companyID"] == 101


@pytest.mark.parametrize("name", ["companyID", "title", "status", "priority", "queueID"])
def test_a_missing_required_field_is_500_with_its_name(wire: Wire, autotask: AutotaskSimulator, name: str) -> None:
    seen = wire("POST", "Tickets", {key: value for key, value in TICKET.items() if key != name})
    assert seen.status == 500
    assert name in seen.sentence
    assert not autotask.tickets


def test_an_assigned_resource_with_its_role_replaces_the_queue(wire: Wire) -> None:
    person = {"queueID": None, "assignedResourceID": 29682885}
    alone = wire("POST", "Tickets", TICKET | person)
    assert "you must assign both" in alone.sentence
    assert wire.create(**person, assignedResourceRoleID=7)


@pytest.mark.parametrize(("name", "value"), [("queueID", 29683002), ("priority", 3), ("status", 99), ("source", 9)])
def test_an_inactive_or_unknown_picklist_value_is_500(wire: Wire, name: str, value: int) -> None:
    seen = wire("POST", "Tickets", TICKET | {name: value})
    assert (seen.status, seen.json) == (500, {"errors": [f"Picklist value [{value}] does not exist for {name}"]})


def test_a_due_date_is_wanted_if_the_category_says_so(wire: Wire, autotask: AutotaskSimulator) -> None:
    autotask.due_required = True
    assert "dueDateTime" in wire("POST", "Tickets", TICKET).sentence
    assert wire.create(dueDateTime="2026-12-01T16:00:00.000Z")


@pytest.mark.parametrize("cut", [True, False])
def test_a_too_long_title_is_cut_or_refused(wire: Wire, autotask: AutotaskSimulator, cut: bool) -> None:
    autotask.overlong_is_cut = cut
    seen = wire("POST", "Tickets", TICKET | {"title": "x" * 300})
    assert seen.status == (200 if cut else 500)
    assert [len(ticket["title"]) for ticket in autotask.tickets.values()] == ([255] if cut else [])


@pytest.mark.parametrize("refused", [True, False])
def test_read_only_fields_are_ignored_or_refused(wire: Wire, autotask: AutotaskSimulator, refused: bool) -> None:
    autotask.read_only_is_refused = refused
    assert wire("POST", "Tickets", TICKET | {"ticketNumber": "T1"}).status == (500 if refused else 200)
    assert "T1" not in [ticket["ticketNumber"] for ticket in autotask.tickets.values()]


def test_patch_changes_what_was_sent_and_put_empties_the_rest(wire: Wire, autotask: AutotaskSimulator) -> None:
    ticket = wire.create(description="long", externalID="k", source=8)
    wire("PATCH", "Tickets", {"id": ticket, "priority": 1})
    assert autotask.tickets[ticket]["description"] == "long"
    wire("PUT", "Tickets", TICKET | {"id": ticket})
    kept = autotask.tickets[ticket]
    assert [kept[name] for name in ("description", "externalID", "source", "title")] == [
        None,
        None,
        None,
        TICKET["title"],
    ]
    assert kept["ticketNumber"]


@pytest.mark.parametrize("verb", ["PATCH", "DELETE", "PUT"])
def test_writing_at_the_address_of_one_ticket_is_405(wire: Wire, autotask: AutotaskSimulator, verb: str) -> None:
    ticket = wire.create()
    seen = wire(verb, f"Tickets/{ticket}", {"id": ticket, "status": 5})
    assert (seen.status, verb in seen.sentence) == (405, True)
    assert autotask.tickets[ticket]["status"] == 1


def test_completing_sets_the_completed_date_and_reopening_clears_it(wire: Wire, autotask: AutotaskSimulator) -> None:
    ticket = wire.create()
    wire("PATCH", "Tickets", {"id": ticket, "status": 5})
    assert autotask.tickets[ticket]["completedDate"]
    wire("PATCH", "Tickets", {"id": ticket, "status": 8})
    assert autotask.tickets[ticket]["completedDate"] is None


def test_a_status_may_not_stick_once(wire: Wire, autotask: AutotaskSimulator) -> None:
    ticket = wire.create()
    autotask.sticky_failures = 1
    answers = [wire("PATCH", "Tickets", {"id": ticket, "status": 5}).status for _ in range(2)]
    assert answers == [200, 200]
    assert [call.committed for call in autotask.calls] == [True, True, True]
    assert autotask.tickets[ticket]["status"] == 5
