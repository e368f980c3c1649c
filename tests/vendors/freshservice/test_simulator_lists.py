"""The simulator lists tickets as Freshservice does: pages, filters, what is hidden (points 2 to 4 of the checklist)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from integrations.vendors.freshservice.simulator import FreshserviceSimulator
from integrations.vendors.freshservice.simulator.world import AGENT, OTHER_REQUESTER, SECOND

from .conftest import Wire, make

# --- 2. and 3. pages --------------------------------------------------------------------------------------------


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
