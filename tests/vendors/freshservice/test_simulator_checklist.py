"""The simulator is like Freshservice, line by line of the fact sheet's checklist, seen over HTTP.

Limits, files, webhooks and writes are in files of their own.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from integrations.vendors.freshservice.simulator import FreshserviceSimulator
from integrations.vendors.freshservice.simulator.world import (
    AGENT,
    GROUP,
    OTHER_REQUESTER,
    REQUESTER,
    SECOND,
)

from .conftest import BASIC, TICKET, Wire

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


# --- 2. and 3. pages --------------------------------------------------------------------------------------------


def make(wire: Wire, count: int) -> list[int]:
    return [wire.do("new_ticket", subject=f"Ticket {number}") for number in range(count)]


def test_a_link_is_there_only_if_another_page_is(wire: Wire) -> None:
    make(wire, 5)
    first, last = wire("GET", "tickets?per_page=3"), wire("GET", "tickets?per_page=3&page=2")
    assert first.headers["link"].endswith('page=2>; rel="next"')
    assert "link" not in last.headers
    assert (len(first.json["tickets"]), len(last.json["tickets"])) == (3, 2)
    assert "link" not in wire("GET", "tickets?per_page=5").headers


def test_a_link_may_name_other_pages_too_and_then_is_always_there(
    freshservice: FreshserviceSimulator, wire: Wire
) -> None:
    freshservice.link_relations = True
    make(wire, 2)
    link = wire("GET", "tickets?per_page=1&page=2").headers["link"]
    assert 'rel="prev"' in link
    assert 'rel="next"' not in link


def test_a_page_has_thirty_rows_unless_told_otherwise(wire: Wire) -> None:
    make(wire, 31)
    assert len(wire.get("tickets")["tickets"]) == 30


def test_more_than_a_hundred_rows_are_refused_or_cut(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    seen = wire("GET", "tickets?per_page=101")
    assert (seen.status, seen.json["errors"][0]["field"]) == (400, "per_page")
    freshservice.large_page = "clamp"
    assert wire("GET", "tickets?per_page=101").status == 200


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=-1", "updated_since=yesterday", "filter=mine"])
def test_a_parameter_that_means_nothing_is_a_validation_error(wire: Wire, query: str) -> None:
    seen = wire("GET", f"tickets?{query}")
    assert (seen.status, seen.json["description"]) == (400, "Validation failed")
    assert set(seen.json["errors"][0]) == {"field", "message", "code"}


def filtered(wire: Wire, query: str, more: str = "") -> Any:
    return wire("GET", f"tickets/filter?query={quote(chr(34) + query + chr(34))}{more}")


def test_a_filter_has_a_total_and_no_link_and_ends_with_an_empty_page(
    freshservice: FreshserviceSimulator, wire: Wire
) -> None:
    freshservice.filter_page = 2
    make(wire, 3)
    pages = [filtered(wire, "status:2", f"&page={page}") for page in (1, 2, 3)]
    assert [len(seen.json["tickets"]) for seen in pages] == [2, 1, 0]
    assert [seen.json["total"] for seen in pages] == [3, 3, 3]
    assert not any("link" in seen.headers for seen in pages)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status:2", 1),
        ("status:3 OR priority:1", 2),
        ("status:3 AND priority:1", 0),
        ("(status:3 OR status:2) AND priority:>2", 1),
        ("priority:<1", 1),
        ("agent_id:null", 1),
        (f"agent_id:{AGENT}", 1),
        ("tag:'vip'", 1),
        ("created_at:>'2000-01-01'", 2),
        ("asset_tag:null", 2),
    ],
)
def test_a_filter_compares_as_it_says(wire: Wire, query: str, found: int) -> None:
    wire.do("new_ticket", subject="One", tags=["vip"])
    wire.do("new_ticket", subject="Two", status=3, priority=4, responder_id=AGENT)
    assert filtered(wire, query).json["total"] == found


@pytest.mark.parametrize("query", ["updated_at:>'2026-01-01'", "status:", "status:2 AND", "(status:2", "status:x"])
def test_a_filter_that_means_nothing_is_refused(wire: Wire, query: str) -> None:
    make(wire, 1)
    assert filtered(wire, query).status == 400
    assert wire("GET", "tickets/filter?query=status:2").status == 400


def test_a_filter_sees_new_tickets_late(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    freshservice.index_lag = True
    make(wire, 1)
    assert filtered(wire, "status:2").json["total"] == 0
    wire.do("release_index")
    assert filtered(wire, "status:2").json["total"] == 1


# --- 4. what a list shows ---------------------------------------------------------------------------------------


def ids(wire: Wire, query: str = "") -> list[int]:
    return [row["id"] for row in wire.get(f"tickets?{query}")["tickets"]]


def test_without_updated_since_only_the_last_thirty_days_show(wire: Wire) -> None:
    old = (datetime.now(UTC) - timedelta(days=31)).strftime("%Y-%m-%dT%H:%M:%SZ")
    number = wire.do("new_ticket", subject="Old", created_at=old)
    assert ids(wire) == []
    assert ids(wire, "updated_since=2026-01-01T00:00:00Z") == [number]


def test_updated_since_is_inclusive(wire: Wire) -> None:
    stamp = "2026-11-01T10:00:00Z"
    number = wire.do("new_ticket", subject="x", updated_at=stamp)
    assert ids(wire, f"updated_since={stamp}") == [number]
    assert ids(wire, "updated_since=2026-11-01T10:00:01Z") == []


def test_spam_and_deleted_tickets_are_hidden_unless_asked_for(wire: Wire) -> None:
    spam, deleted, good = make(wire, 3)
    wire.do("mark_spam", ticket=spam)
    wire.do("delete_ticket", ticket=deleted)
    assert ids(wire, "updated_since=2026-01-01T00:00:00Z") == [good]
    assert (ids(wire, "filter=spam"), ids(wire, "filter=deleted")) == ([spam], [deleted])
    assert wire.get(f"tickets/{deleted}")["ticket"]["deleted"] is True


def test_a_list_is_newest_first_or_as_asked(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    first, second = make(wire, 2)
    assert ids(wire) == [second, first]
    assert ids(wire, "order_type=asc") == [first, second]
    freshservice.sorts_by_update = True
    wire.do("edit_ticket", ticket=first, updated_at="x")
    freshservice.data.tickets[second]["updated_at"] = "2026-01-01T00:00:00Z"
    assert ids(wire) == [first, second]


def test_a_list_is_of_the_primary_workspace_unless_others_are_named(wire: Wire) -> None:
    (primary,) = make(wire, 1)
    other = wire.do("new_ticket", subject="HR", workspace_id=SECOND)
    assert ids(wire) == [primary]
    assert ids(wire, f"workspace_id={SECOND}") == [other]
    assert set(ids(wire, f"workspace_id=2,{SECOND}")) == set(ids(wire, "workspace_id=0")) == {primary, other}


def test_a_list_is_cut_to_a_requester_or_a_type(wire: Wire) -> None:
    make(wire, 1)
    other = wire.do("new_ticket", subject="x", requester_id=OTHER_REQUESTER, type="Service Request")
    assert ids(wire, f"requester_id={OTHER_REQUESTER}") == [other]
    assert ids(wire, "email=samir@elite.example.com") == [other]
    assert ids(wire, "type=Service%20Request") == [other]
    assert wire("GET", "tickets?type=incident").status == 400


def test_includes_bring_what_they_say(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    (number,) = make(wire, 1)
    for _ in range(3):
        wire.do("note", ticket=number, text="x")
    freshservice.included_conversations = 2
    row = wire.get("tickets?include=requester,stats,tags,requested_for,department")["tickets"][0]
    assert {"requester", "stats", "tags", "requested_for", "department"} <= row.keys()
    assert len(wire.get(f"tickets/{number}?include=conversations,tags")["ticket"]["conversations"]) == 2
    assert wire("GET", "tickets?include=conversations").status == 400


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
