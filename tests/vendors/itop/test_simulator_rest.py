"""The simulated REST services, line by line of the fact sheet: envelope, login, rights, reading, ids and refs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.vendors.itop.simulator import BRIDGE, PASSWORD, ItopSimulator
from integrations.vendors.itop.simulator.world import AGENT, ORG, OTHER_ORG, STRANGER, TEAM

from .conftest import Wire, only
from .saying import PATH

ASKED = json.dumps({"operation": "list_operations"})
FORM = {"version": "1.3", "auth_user": BRIDGE, "auth_pwd": PASSWORD, "json_data": ASKED}
NEW: dict[str, Any] = {"org_id": ORG, "title": "No power"}


def make(wire: Wire, class_name: str = "UserRequest", **fields: Any) -> int:
    answer = wire.create(class_name, NEW | fields)
    return int(next(iter(answer["objects"].values()))["key"])


# --- envelope ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"auth_pwd": "wrong"}, 1, "Error: Invalid login"),
        ({"auth_pwd": None}, 1, "Error: Invalid login"),
        ({"auth_user": None}, 1, "Error: Invalid login"),
        ({"auth_user": "admin"}, 1, "Error: This user is not authorized to use the web services."),
        ({"version": None}, 2, "Error: Missing parameter 'version'"),
        ({"json_data": None}, 3, "Error: Missing parameter 'json_data'"),
        ({"json_data": "{no json"}, 4, "Error: Parameter json_data is not a valid JSON structure"),
        ({"version": "9.9"}, 10, "Error: There is no service available for version '9.9'"),
        ({"json_data": '{"operation": "core/burn"}'}, 11, "Error: Unknown verb 'core/burn' in version '1.3'"),
        ({"json_data": '{"x": 1}'}, 100, "Error: Missing parameter 'operation'"),
    ],
)
def test_every_refusal_has_status_200_a_code_and_no_objects(
    wire: Wire, changes: dict[str, Any], code: int, said: str
) -> None:
    fields = {name: value for name, value in (FORM | changes).items() if value is not None}
    seen = wire.form(fields)
    assert (seen.status, seen.json["code"], seen.json["message"].startswith(said)) == (200, code, True), seen.json
    assert "objects" not in seen.json


def test_a_json_body_is_not_read_and_credentials_in_the_address_do_not_count(wire: Wire) -> None:
    seen = wire("POST", PATH, json.dumps(FORM).encode(), headers={"Content-Type": "application/json"})
    assert seen.json == {"code": 1, "message": "Error: Invalid login"}
    fields = {name: value for name, value in FORM.items() if not name.startswith("auth")}
    assert wire.form(fields, query=f"?auth_user={BRIDGE}&auth_pwd=x").json["code"] == 1
    fields = {name: value for name, value in FORM.items() if name != "version"}
    assert wire.form(fields, query="?version=1.4").json["version"] == "1.4"


def test_the_document_may_be_a_part_of_a_form_as_a_field_or_as_a_file(wire: Wire) -> None:
    for disposition in ('name="json_data"', 'name="json_data"; filename="x.json"'):
        parts = [f'name="{name}"\r\n\r\n{value}' for name, value in FORM.items() if name != "json_data"]
        parts.append(f"{disposition}\r\n\r\n{ASKED}")
        body = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--b--\r\n"
        seen = wire("POST", PATH, body.encode(), headers={"Content-Type": "multipart/form-data; boundary=b"})
        assert seen.json["message"] == "Operations: 7"


def test_success_says_null_found_or_deleted_and_shows_null_where_nothing_is(wire: Wire) -> None:
    assert wire.create("UserRequest", NEW)["message"] is None
    assert wire.update("UserRequest", 1, {"title": "x"})["message"] is None
    found = wire.get("UserRequest", "SELECT UserRequest")
    assert (found["message"], next(iter(found["objects"]))) == ("Found: 1", "UserRequest::1")
    missing = wire.get("UserRequest", 9)
    assert (missing["message"], missing["objects"]) == ("Found: 0", None)
    assert wire.delete("UserRequest", 1)["message"] == "Deleted: 1"
    assert wire.delete("UserRequest", 1)["message"] == "Deleted: 0"


@pytest.mark.parametrize("missing", ["comment", "fields", "class"])
def test_what_a_write_needs_is_named(wire: Wire, missing: str) -> None:
    given: dict[str, Any] = {"class": "UserRequest", "fields": NEW, "comment": "x"} | {missing: None}
    answer = wire.rest("core/create", **given)
    assert answer == {"code": 100, "message": f"Error: Missing parameter '{missing}'"}
    assert wire.rest("core/update", **given | {"key": 1, missing: None})["code"] == 100


def test_every_answer_sets_a_cookie_that_nobody_needs(wire: Wire) -> None:
    assert "itop-made-up-session" in wire.form(FORM).headers["set-cookie"]


def test_one_switch_makes_it_die_with_html(itop: ItopSimulator, wire: Wire) -> None:
    wire.do("switch", name="is_out_of_order", value=True)
    seen = wire.form(FORM)
    assert (seen.status, seen.headers["content-type"]) == (500, "text/html; charset=utf-8")


def test_an_address_that_is_none_is_a_page(wire: Wire) -> None:
    assert wire("GET", "/nothing").status == 404


# --- rights -----------------------------------------------------------------------------------------------------------

RIGHTS = [  # the table of the fact sheet: what, and whether it is allowed to agents
    (lambda wire, user: wire.create("UserRequest", NEW, user=user), True),
    (lambda wire, user: wire.create("Incident", NEW, user=user), True),
    (lambda wire, user: wire.update("UserRequest", 1, {"title": "y"}, user=user), True),
    (lambda wire, user: wire.stimulus("UserRequest", 1, "ev_timeout", {}, user=user), True),
    (lambda wire, user: wire.create("Attachment", {"item_class": "UserRequest", "item_id": 1}, user=user), True),
    (lambda wire, user: wire.get("Attachment", "SELECT Attachment", user=user), True),
    (lambda wire, user: wire.delete("Attachment", 1, user=user), True),
    (lambda wire, user: wire.get("Person", "SELECT Person", user=user), True),
    (lambda wire, user: wire.get("InlineImage", "SELECT InlineImage", user=user), False),
    (lambda wire, user: wire.get("CMDBChangeOp", "SELECT CMDBChangeOp", user=user), False),
    (lambda wire, user: wire.get("EventWebhook", "SELECT EventWebhook", user=user), False),
    (lambda wire, user: wire.create("NormalChange", NEW, user=user), False),
    (lambda wire, user: wire.delete("UserRequest", 1, user=user), False),
    (
        lambda wire, user: wire.update(
            "UserRequest", 1, {"private_log": {"add_item": {"message": "x", "user_id": 0}}}, user=user
        ),
        False,
    ),
]


@pytest.mark.parametrize(("act", "is_allowed"), RIGHTS, ids=[str(number) for number in range(len(RIGHTS))])
def test_profiles_allow_what_the_table_says(wire: Wire, act: Any, is_allowed: bool) -> None:
    make(wire)
    answer = act(wire, "restonly")
    assert (answer["code"], "does not have enough permissions" in answer["message"]) == (1, True)
    assert act(wire, "bridge-agent")["code"] == (0 if is_allowed else 1)
    assert act(wire, BRIDGE)["code"] != 1


def test_an_account_of_one_organisation_sees_nothing_of_another(wire: Wire) -> None:
    own, foreign = make(wire), make(wire, org_id=OTHER_ORG)
    assert wire.get("Ticket", "SELECT Ticket", "ref", user="limited")["message"] == "Found: 1"
    assert wire.get("Ticket", foreign, "ref", user="limited")["message"] == "Found: 0"
    refused = wire.update("UserRequest", foreign, {"title": "x"}, user="limited")
    assert refused == {"code": 100, "message": f"Error: Invalid object UserRequest::{foreign}"}
    for fields in ({"org_id": OTHER_ORG}, {"caller_id": STRANGER}):
        answer = wire.create("UserRequest", NEW | fields, user="limited")
        assert (answer["code"], "Invalid object" in answer["message"]) == (100, True)
    hung = {"item_class": "UserRequest", "item_id": own, "item_org_id": ORG}
    assert wire.create("Attachment", hung)["code"] == 0
    assert wire.create("Attachment", hung | {"item_org_id": 0})["code"] == 0
    assert wire.get("Attachment", "SELECT Attachment", "id", user="limited")["message"] == "Found: 1"
    assert list(wire.get("Organization", "SELECT Organization", "name", user="limited")["objects"]) == [
        f"Organization::{ORG}"
    ]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_all_tickets_share_their_ids_and_the_class_above_finds_any(wire: Wire) -> None:
    numbers = [make(wire, name) for name in ("UserRequest", "Incident", "NormalChange")]
    assert numbers == [1, 2, 3]
    found = [wire.get("Ticket", number, "finalclass")["objects"] for number in numbers]
    assert [list(one) for one in found] == [["UserRequest::1"], ["Incident::2"], ["NormalChange::3"]]
    assert wire.get("Incident", 1)["message"] == "Found: 0"
    assert wire.get("Change", 3, "ref")["message"] == "Found: 1"


def test_a_star_shows_the_class_asked_for_and_a_star_and_plus_the_real_one(wire: Wire) -> None:
    make(wire, "Incident")
    plain, whole = only(wire.get("Ticket", 1, "*")), only(wire.get("Ticket", 1, "*+"))
    assert "private_log" in plain
    assert not {"status", "public_log"} & set(plain)
    assert {"status", "public_log", "private_log", "urgency"} <= set(whole)
    refused = wire.get("Ticket", 1, "status")
    assert refused == {"code": 100, "message": "Error: output_fields: invalid attribute code 'status'"}


def test_numbers_are_texts_but_for_some_and_names_are_last_names(wire: Wire) -> None:
    make(wire, caller_id=15)
    fields = only(wire.get("UserRequest", 1))
    assert (fields["org_id"], fields["team_id"], fields["end_date"], fields["priority"]) == ("3", "0", "", "4")
    assert (fields["tto"], fields["cumulatedpending"], fields["sla_tto_over"]) == (0, 0, None)
    assert (fields["caller_name"], fields["caller_id_friendlyname"]) == ("Christie", "Agatha Christie")
    assert fields["friendlyname"] == fields["ref"]


def test_pages_count_from_one_in_an_order_of_their_own_and_found_counts_all(wire: Wire) -> None:
    for _ in range(3):
        make(wire)
    page = wire.get("UserRequest", "SELECT UserRequest", "ref", limit=2, page=1)
    assert (page["message"], list(page["objects"])) == ("Found: 3", ["UserRequest::3", "UserRequest::2"])
    assert list(wire.get("UserRequest", "SELECT UserRequest", "ref", limit=2, page=2)["objects"]) == ["UserRequest::1"]
    past = wire.get("UserRequest", "SELECT UserRequest", "ref", limit=2, page=9)
    assert (past["message"], past["objects"]) == ("Found: 3", None)
    assert wire.get("UserRequest", "SELECT UserRequest", "ref", limit=2, page=0)["code"] == 13


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT Ticket", 3),
        ("SELECT Incident", 1),
        ("SELECT UserRequest AS u WHERE u.id > 1 AND u.id <= 3", 1),
        ("SELECT Ticket WHERE title = 'NO POWER'", 2),
        ("SELECT Ticket WHERE title LIKE '%it\\'s%'", 1),
        ("SELECT Ticket WHERE title LIKE '__ power'", 2),
        ("SELECT Ticket WHERE id IN (1, 3, 99)", 2),
        ("SELECT Ticket WHERE id NOT IN (1, 3, 99)", 1),
        ("SELECT Ticket WHERE (id = 1 OR id = 2) AND org_id != 4", 2),
        ("SELECT Ticket WHERE last_update >= '2026-01-01 00:00:00'", 3),
        ("SELECT Ticket WHERE last_update >= '2999-01-01 00:00:00'", 0),
        ('SELECT Ticket WHERE caller_name = "Christie"', 0),
    ],
)
def test_queries_find_what_they_ask_for(wire: Wire, query: str, found: int) -> None:
    make(wire)
    make(wire, "Incident")
    make(wire, title="it's dead")
    assert wire.get("Ticket", query, "ref")["message"] == f"Found: {found}"


@pytest.mark.parametrize(
    "query",
    [
        *("SELECT", "SELECT Nothing", "DELETE Ticket", "SELECT Ticket WHERE", "SELECT Ticket WHERE id >"),
        *("SELECT Ticket WHERE id = 1 id", "SELECT Ticket WHERE (id = 1", "SELECT Ticket WHERE nope = 1"),
        *("SELECT Ticket WHERE id ~ 1", "SELECT Ticket WHERE x.id = 1", "SELECT Ticket WHERE title = 'a", "§"),
    ],
)
def test_a_query_that_cannot_be_read_is_code_100(wire: Wire, query: str) -> None:
    answer = wire.get("Ticket", query, "ref")
    assert (answer["code"], answer["message"][:7]) == (100, "Error: ")


def test_a_field_that_a_query_does_not_know_is_answered_with_all_that_are(wire: Wire) -> None:
    assert len(wire.get("UserRequest", "SELECT UserRequest WHERE nope = 1")["message"]) > 2000


def test_criteria_find_what_has_these_values(wire: Wire) -> None:
    make(wire)
    assert wire.get("UserRequest", {"ref": "R-000001"}, "ref")["message"] == "Found: 1"
    assert wire.get("UserRequest", {"ref": "R-000002"}, "ref")["message"] == "Found: 0"
    assert wire.get("UserRequest", {"nope": "x"}, "ref")["code"] == 100


def test_the_counter_of_refs_is_shared_and_skips_where_a_create_fails(wire: Wire) -> None:
    make(wire)
    assert wire.create("UserRequest", NEW | {"impact": "9"})["code"] == 100
    make(wire, "Incident")
    make(wire, "NormalChange")
    refs = [only(wire.get("Ticket", number, "ref"))["ref"] for number in (1, 2, 3)]
    assert refs == ["R-000001", "I-000003", "C-000004"]


def test_a_class_whose_module_is_missing_is_no_class(itop: ItopSimulator, wire: Wire) -> None:
    wire.do("switch", name="has_incidents", value=False)
    wire.do("switch", name="has_changes", value=False)
    said = "Error: class: '{}' is not a valid class'"
    for name in ("Incident", "NormalChange", "Nothing"):
        assert wire.get(name, 1)["message"] == said.format(name)
    assert wire.get("UserRequest", "SELECT Incident")["code"] == 100


def test_related_objects_are_none_here(wire: Wire) -> None:
    answer = wire.rest("core/get_related", **{"class": "UserRequest"}, key=1, relation="impacts")
    assert answer["message"] == "Nothing found"


def test_each_call_may_take_longer(itop: ItopSimulator, wire: Wire) -> None:
    itop.delay = 30.0
    itop.stopping.set()  # so that the pause is over at once
    try:
        assert wire.form(FORM).json["code"] == 0
    finally:
        itop.stopping.clear()


def test_persons_and_teams_share_their_ids(wire: Wire) -> None:
    assert wire.get("Team", TEAM, "name")["message"] == "Found: 1"
    assert wire.get("Person", TEAM, "name")["message"] == "Found: 0"
    assert only(wire.get("Contact", AGENT, "friendlyname"))["friendlyname"] == "Agnes Weber"
