"""The simulator is like Freshservice, line by line of the fact sheet's checklist, seen over HTTP.

Lists, limits, files, webhooks and writes are in files of their own.
"""

from __future__ import annotations

import base64

import pytest

from integrations.vendors.freshservice.simulator import FreshserviceSimulator
from integrations.vendors.freshservice.simulator.world import (
    AGENT,
    GROUP,
    OTHER_REQUESTER,
    REQUESTER,
)

from .conftest import BASIC, TICKET, Wire, make

# --- 1. credentials ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Basic " + base64.b64encode(b"wrong:X").decode()}, {"Authorization": "Basic é"}],
)
def test_a_wrong_key_is_401_with_its_code(wire: Wire, headers: dict[str, str]) -> None:
    seen = wire(
        "GET", "tickets", headers={name: value.encode("utf-8").decode("latin-1") for name, value in headers.items()}
    )
    body = {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."}
    assert (seen.status, seen.json) == (401, body)


def test_any_password_goes_with_the_key(wire: Wire) -> None:
    user = base64.b64decode(BASIC["Authorization"].split()[1]).decode().partition(":")[0]
    other = base64.b64encode(f"{user}:anything".encode()).decode()
    assert wire("GET", "tickets", headers={"Authorization": f"Basic {other}"}).status == 200


def test_an_agent_without_permissions_is_403(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    freshservice.forbidden = True
    assert (wire("GET", "tickets").status, wire("GET", "tickets").json["code"]) == (403, "access_denied")


# --- 5., 6., 12. and 17. refusals -------------------------------------------------------------------------------


def test_one_conversation_cannot_be_read(wire: Wire) -> None:
    (number,) = make(wire, 1)
    seen = wire("GET", f"conversations/{wire.do('note', ticket=number, text='x')}")
    assert (seen.status, seen.headers["allow"], seen.json["code"]) == (405, "PUT, DELETE", "method_not_allowed")
    assert seen.json["message"] == "GET method is not allowed. It should be one of these method(s): PUT, DELETE"


@pytest.mark.parametrize("path", ["tickets/999", "tickets/999/conversations", "requesters/1", "groups/1", "nothing"])
def test_what_does_not_exist_is_404_without_a_body(wire: Wire, path: str) -> None:
    seen = wire("GET", path)
    assert (seen.status, seen.body) == (404, b"")


@pytest.mark.parametrize("status", [400, 405])
def test_a_note_can_be_edited_and_a_reply_cannot(freshservice: FreshserviceSimulator, wire: Wire, status: int) -> None:
    freshservice.reply_edit_status = status
    (number,) = make(wire, 1)
    note, reply = wire.do("note", ticket=number, text="x"), wire.do("reply", ticket=number, text="x")
    assert wire("PUT", f"conversations/{note}", {"body": "y"}).json["conversation"]["body"] == "y"
    assert wire("PUT", f"conversations/{reply}", {"body": "y"}).status == status
    assert wire("DELETE", f"conversations/{reply}").status == 204


@pytest.mark.parametrize("act", ["delete_ticket", "mark_spam"])
def test_writes_to_a_deleted_or_spam_ticket_are_405(wire: Wire, act: str) -> None:
    (number,) = make(wire, 1)
    note = wire.do("note", ticket=number, text="x")
    wire.do(act, ticket=number)
    for method, path in (
        ("PUT", f"tickets/{number}"),
        ("POST", f"tickets/{number}/notes"),
        ("POST", f"tickets/{number}/reply"),
        ("PUT", f"conversations/{note}"),
    ):
        seen = wire(method, path, {"body": "x"})
        assert (seen.status, seen.json["message"]) == (
            405,
            f"{method} method is not allowed. It should be one of these method(s): GET",
        )


def test_refusals_may_have_no_body(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    freshservice.refusal_bodies = False
    seen = wire("GET", "tickets?page=0")
    assert (seen.status, seen.body) == (400, b"")


# --- 8., 9., 10., 15. and 16. records ---------------------------------------------------------------------------


def test_lists_of_addresses_are_null_or_empty_as_recorded(wire: Wire) -> None:
    (number,) = make(wire, 1)
    wire.do("note", ticket=number, text="x")
    wire.do("reply", ticket=number, text="x")
    one, listed = wire.get(f"tickets/{number}")["ticket"], wire.get("tickets")["tickets"][0]
    assert (one["to_emails"], one["cc_emails"], listed["to_emails"]) == (None, [], [])
    rows = wire.get(f"tickets/{number}/conversations")["conversations"]
    assert {row["source"]: row["bcc_emails"] for row in rows} == {2: None, 0: []}


def test_a_row_of_a_list_has_neither_tags_nor_attachments(wire: Wire) -> None:
    (number,) = make(wire, 1)
    row, one = wire.get("tickets")["tickets"][0], wire.get(f"tickets/{number}")["ticket"]
    assert not {"tags", "attachments", "approval_status"} & row.keys()
    assert {"attachments", "approval_status"} <= one.keys()
    assert "tags" not in one
    assert "tags" in wire("POST", "tickets", TICKET).json["ticket"]


@pytest.mark.parametrize("order", ["asc", "desc", "shuffled"])
def test_conversations_come_in_the_chosen_order(freshservice: FreshserviceSimulator, wire: Wire, order: str) -> None:
    (number,) = make(wire, 1)
    made = [wire.do("note", ticket=number, text=str(place)) for place in range(8)]
    freshservice.conversation_order = order
    rows = [row["id"] for row in wire.get(f"tickets/{number}/conversations")["conversations"]]
    assert sorted(rows) == made
    assert {"asc": rows == made, "desc": rows == made[::-1], "shuffled": rows not in (made, made[::-1])}[order]


def test_a_deleted_conversation_leaves_no_trace(wire: Wire) -> None:
    (number,) = make(wire, 1)
    wire.do("delete_conversation", conversation=wire.do("note", ticket=number, text="x"))
    assert wire.get(f"tickets/{number}/conversations") == {"conversations": []}


def test_a_category_is_a_text_and_its_ids_are_in_the_form_alone(
    freshservice: FreshserviceSimulator, wire: Wire
) -> None:
    number = wire.do("new_ticket", subject="x", category="Hardware", sub_category="Laptop")
    ticket = wire.get(f"tickets/{number}")["ticket"]
    assert (ticket["category"], ticket["sub_category"], ticket["item_category"]) == ("Hardware", "Laptop", None)
    fields = {field["name"]: field for field in wire.get("ticket_form_fields")["ticket_fields"]}
    hardware = fields["category"]["choices"][0]
    assert (hardware["value"], hardware["nested_options"][0]["nested_options"][0]["value"]) == ("Hardware", "Battery")
    freshservice.form_fields_key = "ticket_form_fields"
    assert wire.get("ticket_form_fields").keys() == {"ticket_form_fields"}
    freshservice.fields_per_workspace = True
    other = wire.get("ticket_form_fields?workspace_id=3")["ticket_form_fields"]
    assert other[2]["choices"][0]["id"] != hardware["id"]


def test_an_inline_image_is_in_the_html_alone(wire: Wire) -> None:
    (number,) = make(wire, 1)
    image = wire.do("insert_image", ticket=number)
    ticket = wire.get(f"tickets/{number}")["ticket"]
    assert ticket["attachments"] == []
    assert f'class="inline-image" data-id="{image}"' in ticket["description"]


def test_a_tenant_has_statuses_and_sources_of_its_own(wire: Wire) -> None:
    (number,) = make(wire, 1)
    wire.do("set_status", ticket=number, status=17)
    wire.do("edit_ticket", ticket=number, source=1001)
    ticket = wire.get(f"tickets/{number}")["ticket"]
    assert (ticket["status"], ticket["source"]) == (17, 1001)


def test_agents_and_requesters_have_addresses_of_their_own(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    assert wire("GET", f"requesters/{AGENT}").status == 404
    assert "email" in wire.get(f"agents/{AGENT}")["agent"]
    assert "primary_email" in wire.get(f"requesters/{REQUESTER}")["requester"]
    assert wire.get(f"groups/{GROUP}")["group"]["name"] == "Service Desk"
    assert [one["primary"] for one in wire.get("workspaces")["workspaces"]] == [True, False]
    freshservice.agents_are_requesters = True
    assert wire.get(f"requesters/{AGENT}")["requester"]["is_agent"] is True


def test_a_requester_can_be_merged_or_forgotten(wire: Wire) -> None:
    (number,) = make(wire, 1)
    wire.do("merge_user", user=REQUESTER, into=OTHER_REQUESTER)
    assert wire("GET", f"requesters/{REQUESTER}").status == 404
    assert wire.get(f"tickets/{number}")["ticket"]["requester_id"] == OTHER_REQUESTER
    wire.do("forget_user", user=OTHER_REQUESTER)
    assert wire("GET", f"tickets/{number}").status == 404


# --- 13. a new ticket -------------------------------------------------------------------------------------------


def test_a_new_ticket_may_not_be_there_at_once(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    freshservice.early_404s = 2
    number = wire("POST", "tickets", TICKET).json["ticket"]["id"]
    assert [wire("GET", f"tickets/{number}").status for _ in range(3)] == [404, 404, 200]
    (other,) = make(wire, 1)
    assert [wire("GET", f"tickets/{other}/conversations").status for _ in range(3)] == [404, 404, 200]
