"""The client reads tickets, conversations, people, groups and categories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.transport.errors import ConfigurationError, MalformedResponseError, NotFoundError
from integrations.vendors.freshservice import paging
from integrations.vendors.freshservice.answers import OtherWorkspace
from integrations.vendors.freshservice.api import FreshserviceApi
from integrations.vendors.freshservice.schemas import CategoryChoice
from integrations.vendors.freshservice.simulator import FreshserviceSimulator
from integrations.vendors.freshservice.simulator.world import AGENT, GROUP, OTHER_GROUP, REQUESTER, SECOND
from integrations.vendors.simulation import Reply, Request

from .conftest import OpenApi, Wire, sent
from .saying import always, capture, saying

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


# --- changed tickets --------------------------------------------------------------------------------------------


def test_changed_tickets_come_in_pages_of_a_hundred_as_long_as_the_vendor_names_one(
    freshservice: FreshserviceSimulator, api: FreshserviceApi
) -> None:
    made = {freshservice.data.add_ticket(subject="x")["id"] for _ in range(150)}
    first, has_next = api.tickets_updated_since(LONG_AGO, 1)
    second, has_another = api.tickets_updated_since(LONG_AGO, 2)
    assert (len(first), has_next, len(second), has_another) == (100, True, 50, False)
    assert {row.id for row in [*first, *second]} == made


def test_a_second_page_is_read_only_if_the_vendor_names_one(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi
) -> None:
    ticket = wire.do("new_ticket", subject="x")
    freshservice.link_relations = True  # a Link header that names everything but a next page
    for _ in range(100):
        freshservice.data.add_conversation(ticket, **note("x"))
    assert len(api.conversations(ticket)) == 100
    assert sent(freshservice) == [f"GET tickets/{ticket}/conversations"]
    freshservice.data.add_conversation(ticket, **note("x"))
    assert len(api.conversations(ticket)) == 101
    assert len(freshservice.calls) == 3


def note(text: str) -> dict[str, Any]:
    plain = {"user_id": AGENT, "incoming": False, "private": True, "source": 2, "support_email": None}
    return {"body": text, **plain, "from_email": None, "to_emails": [], "cc_emails": None, "bcc_emails": None}


@pytest.mark.parametrize(("act", "where"), [("delete_ticket", "deleted"), ("mark_spam", "spam")])
def test_what_was_put_away_is_in_a_list_of_its_own(wire: Wire, api: FreshserviceApi, act: str, where: str) -> None:
    put_away, _ = (wire.do("new_ticket", subject=name) for name in "ab")
    wire.do(act, ticket=put_away)
    rows, has_next = api.tickets_put_away(where, LONG_AGO, 1)
    assert ([row.id for row in rows], has_next) == ([put_away], False)
    assert api.tickets_put_away(where, datetime.now(UTC) + timedelta(hours=1), 1) == ([], False)


def test_a_list_of_deleted_tickets_that_does_not_say_it_of_each_is_not_believed() -> None:
    rows = [{"id": 1, "updated_at": "2026-11-01T10:00:00Z"}]
    with saying(always({"tickets": rows})) as (_, api), pytest.raises(MalformedResponseError, match="does not say so"):
        api.tickets_put_away("deleted", LONG_AGO, 1)


def test_ids_are_listed_page_by_page(freshservice: FreshserviceSimulator, api: FreshserviceApi) -> None:
    for number in range(150):
        freshservice.data.add_requester(22000000000 + number, "x", "", "")
    (first, has_next), (second, has_another) = api.ids_of("requesters", 1), api.ids_of("requesters", 2)
    assert {*first, *second} == set(freshservice.data.requesters)
    assert (has_next, has_another) == (True, False)
    assert GROUP in api.ids_of("groups", 1)[0]
    assert AGENT in api.ids_of("agents", 1)[0]


def test_the_time_is_sent_in_utc_by_the_second(wire: Wire, api: FreshserviceApi) -> None:
    wire.do("new_ticket", subject="x", updated_at="2026-11-01T10:00:00Z")
    zone = datetime.fromisoformat("2026-11-01T12:00:00.900+02:00")
    assert len(api.tickets_updated_since(zone, 1)[0]) == 1
    assert api.tickets_updated_since(zone + timedelta(seconds=1), 1) == ([], False)


def test_only_the_workspaces_that_are_set_are_read(wire: Wire, open_api: OpenApi) -> None:
    primary, other = wire.do("new_ticket", subject="a"), wire.do("new_ticket", subject="b", workspace_id=SECOND)

    def seen(text: str) -> set[int]:
        return {row.id for row in open_api(workspace_ids=text).tickets_updated_since(LONG_AGO, 1)[0]}

    assert (seen(""), seen("3"), seen("2, 3"), seen("0")) == ({primary}, {other}, {primary, other}, {primary, other})


def test_rows_of_other_workspaces_are_left_out_where_the_vendor_does_not_heed_them() -> None:
    from .saying import client_of

    with saying(always(capture("tickets"))) as (freshservice, _), client_of(freshservice, workspace_ids="3") as api:
        assert api.tickets_updated_since(LONG_AGO, 1) == ([], False)


def test_an_empty_page_that_names_another_is_not_the_end_and_not_nothing() -> None:
    link = '<https://x/api/v2/tickets?page=2>; rel="next"'
    with saying(always({"tickets": []}, Link=link)) as (_, api), pytest.raises(MalformedResponseError, match="empty"):
        api.tickets_updated_since(LONG_AGO, 1)


# --- one ticket -------------------------------------------------------------------------------------------------


def test_a_ticket_is_read_with_its_files(wire: Wire, api: FreshserviceApi) -> None:
    number = wire.do("new_ticket", subject="No power", category="Hardware", group_id=GROUP)
    file = wire.do("attach", ticket=number, name="a.txt", text="hello", content_type="text/plain")
    ticket = api.ticket(number)
    assert (ticket.id, ticket.subject, ticket.category_path, ticket.group_id) == (
        number,
        "No power",
        ("Hardware",),
        GROUP,
    )
    assert [(one.id, one.name, one.size) for one in ticket.attachments] == [(file, "a.txt", 5)]


def test_a_deleted_ticket_says_so_and_a_missing_one_is_not_found(wire: Wire, api: FreshserviceApi) -> None:
    number = wire.do("new_ticket", subject="x")
    wire.do("delete_ticket", ticket=number)
    assert api.ticket(number).deleted is True
    with pytest.raises(NotFoundError, match="ticket 4711"):
        api.ticket(4711)


def test_a_new_ticket_that_is_not_there_yet_is_not_found(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi
) -> None:
    freshservice.early_404s = 1
    number = wire.do("new_ticket", subject="x")
    with pytest.raises(NotFoundError):
        api.ticket(number)
    assert api.ticket(number).id == number


@pytest.mark.parametrize("workspaces", ["2", "2,7"])
def test_a_ticket_of_another_workspace_is_refused(wire: Wire, open_api: OpenApi, workspaces: str) -> None:
    number = wire.do("new_ticket", subject="x", workspace_id=SECOND)
    with pytest.raises(OtherWorkspace):
        open_api(workspace_ids=workspaces).ticket(number)
    assert open_api(workspace_ids="0").ticket(number).id == open_api().ticket(number).id == number


def test_workspaces_that_are_no_numbers_are_a_matter_of_configuration(open_api: OpenApi) -> None:
    with pytest.raises(ConfigurationError, match="Workspaces"):
        open_api(workspace_ids="two").tickets_updated_since(LONG_AGO, 1)


@pytest.mark.parametrize("missing", ["id", "status", "priority", "updated_at", "attachments"])
def test_a_ticket_without_what_it_must_have_is_malformed(missing: str) -> None:
    body = capture("ticket")
    del body["ticket"][missing]
    with saying(always(body)) as (_, api), pytest.raises(MalformedResponseError, match=missing):
        api.ticket(1234)


def test_an_answer_about_another_record_is_malformed() -> None:
    with saying(always(capture("ticket"))) as (_, api), pytest.raises(MalformedResponseError, match="another ticket"):
        api.ticket(1235)
    for name, read in (("requester", lambda api: api.requester(1)), ("group", lambda api: api.group(1))):
        with saying(always(capture(name))) as (_, api), pytest.raises(MalformedResponseError, match="another"):
            read(api)
    with (
        saying(always(capture("conversations"))) as (_, api),
        pytest.raises(MalformedResponseError, match="conversation of another"),
    ):
        api.conversations(1235)


def test_ids_of_64_bits_are_kept_and_larger_ones_refused() -> None:
    body = capture("ticket")
    body["ticket"]["requester_id"] = 2**63 - 1
    with saying(always(body)) as (_, api):
        assert api.ticket(1234).requester_id == 2**63 - 1
    body["ticket"]["requester_id"] = 2**63
    with saying(always(body)) as (_, api), pytest.raises(MalformedResponseError):
        api.ticket(1234)


# --- conversations ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["asc", "desc", "shuffled"])
def test_conversations_are_oldest_first_whatever_the_vendors_order(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi, order: str
) -> None:
    ticket = wire.do("new_ticket", subject="x")
    late = freshservice.data.add_conversation(ticket, **note("x"), created_at="2026-11-02T10:00:00Z")["id"]
    early = [
        freshservice.data.add_conversation(ticket, **note("x"), created_at="2026-11-01T10:00:00Z")["id"]
        for _ in range(4)
    ]
    freshservice.conversation_order = order
    assert [one.id for one in api.conversations(ticket)] == [*early, late]


def test_conversations_cost_one_call_for_each_hundred(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi
) -> None:
    ticket = wire.do("new_ticket", subject="x")
    for _ in range(301):
        freshservice.data.add_conversation(ticket, **note("x"))
    assert len({one.id for one in api.conversations(ticket)}) == 301
    assert sent(freshservice) == [f"GET tickets/{ticket}/conversations"] * 4


def test_the_conversations_of_a_missing_ticket_are_not_none(api: FreshserviceApi) -> None:
    with pytest.raises(NotFoundError):
        api.conversations(4711)


def endless(same: bool) -> Any:
    page = 0

    def change(request: Request, reply: Reply) -> Reply:
        nonlocal page
        page += 1
        row = {"id": 1 if same else page, "created_at": "2026-11-01T10:00:00Z"}
        link = f'<{request.path}?page={page + 1}>; rel="next"'
        return Reply(200, Reply.of({"conversations": [row]}).body, {"Link": link})

    return change


@pytest.mark.parametrize(("same", "sentence"), [(True, "same page"), (False, "more than")])
def test_pages_without_end_come_to_an_end(same: bool, sentence: str) -> None:
    with saying(endless(same)) as (freshservice, api):
        with pytest.raises(MalformedResponseError, match=sentence):
            api.conversations(1)
        assert len(freshservice.calls) == (2 if same else paging.MOST_PAGES)


def test_a_conversation_that_does_not_say_whether_it_is_private_counts_as_private() -> None:
    body = {"conversations": [{"id": 1, "created_at": "2026-11-01T10:00:00Z"}]}
    with saying(always(body)) as (_, api):
        (one,) = api.conversations(1)
    assert one.is_private
    assert (one.attachments, one.to_emails, one.source, one.user_id) == ((), (), None, None)


# --- people, groups, categories ---------------------------------------------------------------------------------


def test_a_user_is_a_requester_or_else_an_agent(freshservice: FreshserviceSimulator, api: FreshserviceApi) -> None:
    requester, agent = api.requester(REQUESTER), api.requester(AGENT)
    assert (requester.name, requester.email, requester.is_agent) == ("Rosa Lind", "rosa@elite.example.com", False)
    assert (agent.name, agent.email, agent.is_agent) == ("Nadia Haddad", "nadia@elite.example.com", True)
    assert sent(freshservice)[1:] == [f"GET requesters/{AGENT}", f"GET agents/{AGENT}"]


def test_an_agent_at_a_requesters_address_is_an_agent(
    freshservice: FreshserviceSimulator, api: FreshserviceApi
) -> None:
    freshservice.agents_are_requesters = True
    assert api.requester(AGENT).is_agent
    assert len(freshservice.calls) == 1


def test_a_merged_user_is_not_found(wire: Wire, api: FreshserviceApi) -> None:
    wire.do("merge_user", user=REQUESTER, into=AGENT)
    with pytest.raises(NotFoundError, match=f"the user {REQUESTER}"):
        api.requester(REQUESTER)


def test_a_group_has_a_name_or_is_not_found(api: FreshserviceApi) -> None:
    assert api.group(OTHER_GROUP).name == "Network"
    with pytest.raises(NotFoundError):
        api.group(1)


def paths(choices: list[CategoryChoice]) -> set[tuple[str, ...]]:
    return {choice.path for choice in choices}


@pytest.mark.parametrize("key", ["ticket_fields", "ticket_form_fields"])
def test_categories_are_a_tree_under_either_envelope(
    freshservice: FreshserviceSimulator, api: FreshserviceApi, key: str
) -> None:
    freshservice.form_fields_key = key
    found = api.category_choices()
    assert {("Hardware",), ("Hardware", "Laptop"), ("Hardware", "Laptop", "Screen"), ("Access",)} <= paths(found)
    assert len({choice.id for choice in found}) == len(found) == 8


def test_categories_are_those_of_each_workspace_that_is_set(
    freshservice: FreshserviceSimulator, open_api: OpenApi
) -> None:
    freshservice.fields_per_workspace = True
    assert len(open_api(workspace_ids="2,3").category_choices()) == 16


@pytest.mark.parametrize("fields", [[], [{"name": "status", "choices": []}], [{"name": "category", "choices": "x"}]])
def test_a_form_without_categories_is_never_no_categories(fields: Any) -> None:
    with saying(always({"ticket_fields": fields})) as (_, api), pytest.raises(MalformedResponseError):
        api.category_choices()
