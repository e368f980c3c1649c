"""Reading: pages by id, what is missing, what must not be believed, and text that fits into a database."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    TemporaryError,
    VendorError,
)
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.reading import condition
from integrations.vendors.autotask.schemas import WireTicket, read
from integrations.vendors.autotask.simulator import AutotaskSimulator
from integrations.vendors.simulation import Reply

from .conftest import sent
from .saying import answering, saying


def add_tickets(autotask: AutotaskSimulator, count: int, key: str = "key") -> list[int]:
    made = []
    for _ in range(count):
        number = autotask.data.next_id()
        ticket = {"id": number, "ticketNumber": f"T{number}", "title": "t", "companyID": 101, "status": 1}
        autotask.tickets[number] = ticket | {"priority": 2, "externalID": key, "queueID": 8, "source": 8}
        made.append(number)
    return made


def add_companies(autotask: AutotaskSimulator, count: int) -> list[int]:
    ids = list(range(5000, 5000 + count))
    for number in ids:
        autotask.data.companies[number] = {"id": number, "companyName": f"C {number}", "isActive": True}
    return ids


# --- pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "calls"), [(0, 1), (499, 1), (500, 2), (501, 2), (1000, 3), (1203, 3)])
def test_pages_are_read_by_the_last_id_until_one_is_not_full(
    api: AutotaskApi, autotask: AutotaskSimulator, rows: int, calls: int
) -> None:
    made = add_tickets(autotask, rows)
    assert [ticket.id for ticket in api.find_tickets_by_key(["key"])] == made
    queries = [json.loads(call.body) for call in autotask.calls if call.method == "POST"]
    assert len(queries) == calls
    assert {query["MaxRecords"] for query in queries} == {500}
    after = [[one["value"] for one in query["filter"][0]["items"] if one["op"] == "gt"] for query in queries]
    assert after == [[], *([made[500 * page - 1]] for page in range(1, calls))]


@pytest.mark.parametrize("capped", [True, False])
def test_pages_are_complete_whatever_max_records_means(
    api: AutotaskApi, autotask: AutotaskSimulator, capped: bool
) -> None:
    autotask.max_records_caps_total = capped
    made = add_tickets(autotask, 1001)
    assert [ticket.id for ticket in api.find_tickets_by_key(["key"])] == made


@pytest.mark.parametrize(("ids", "calls"), [(0, 0), (1, 1), (200, 1), (201, 2), (1000, 5)])
def test_many_ids_are_asked_for_200_at_a_time(
    api: AutotaskApi, autotask: AutotaskSimulator, ids: int, calls: int
) -> None:
    wanted = add_companies(autotask, ids)
    assert [company.id for company in api.companies_by_id([*wanted, *wanted])] == wanted
    assert sent(autotask).count("POST Companies/query") == calls


def test_a_page_that_does_not_go_on_is_malformed_and_not_endless() -> None:
    with saying() as (autotask, api):
        add_tickets(autotask, 500)
        page = Reply.of({"items": list(autotask.tickets.values())})
        autotask.change = answering("/query", page)
        with pytest.raises(MalformedResponseError, match="ascending"):
            api.find_tickets_by_key(["key"])
        assert sent(autotask).count("POST Tickets/query") == 2


def test_a_filter_that_got_lost_is_noticed() -> None:
    with saying() as (autotask, api):
        add_tickets(autotask, 3, key="somebody else's")
        autotask.change = answering("/query", Reply.of({"items": list(autotask.tickets.values())}))
        with pytest.raises(MalformedResponseError, match="not asked for"):
            api.find_tickets_by_key(["key"])
        assert api.find_ticket_by_number("T1") is None


def test_a_search_of_companies_shows_active_ones_up_to_the_limit(api: AutotaskApi) -> None:
    assert [company.name for company in api.search_companies("bak")] == [
        "Sunhill Bakery",
        "Bakkerij Jansen",
        "Sunhill Bakery (second site)",
    ]
    assert len(api.search_companies("bak", limit=2)) == 2
    assert api.search_companies("Old Mill") == []


def test_a_misspelt_operator_is_never_sent() -> None:
    with pytest.raises(ValueError, match="noteExist"):
        condition("id", "noteExist")


def test_a_ticket_is_found_by_its_number(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    (number,) = add_tickets(autotask, 1)
    found = api.find_ticket_by_number(f" t{number} ")
    assert found is not None
    assert (found.id, api.find_ticket_by_number("T0")) == (number, None)


# --- missing and refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_404", [True, False])
def test_a_missing_ticket_is_not_found_in_both_dialects(
    api: AutotaskApi, autotask: AutotaskSimulator, as_404: bool
) -> None:
    autotask.missing_is_404 = as_404
    for missing in (lambda: api.get_ticket(1), lambda: api.get_company(999)):
        with pytest.raises(NotFoundError):
            missing()


def test_another_record_than_the_one_asked_for_is_malformed() -> None:
    with saying() as (autotask, api):
        autotask.change = answering("/101", Reply.of({"item": autotask.data.companies[102]}))
        with pytest.raises(MalformedResponseError, match="another record"):
            api.get_company(101)


@pytest.mark.parametrize(
    ("status", "sentence", "meaning"),
    [
        (500, "queueID is required", RejectedError),
        (200, "Something is wrong", RejectedError),
        (400, "Unable to find x in the Company Entity.", RejectedError),
        (500, "The logged in Resource does not have the adequate permissions to query.", ConfigurationError),
        (403, "", ConfigurationError),
        (404, "", NotFoundError),
        (500, "The API request threshold has been exceeded.", TemporaryError),
        (403, "The Autotask API thread threshold of 3 threads has been exceeded.", TemporaryError),
        (200, "The Autotask API thread threshold of 3 threads has been exceeded.", TemporaryError),
        (429, "Whatever", TemporaryError),
        (500, "", TemporaryError),
        (502, "queueID is required", TemporaryError),
        (503, "IntegrationCode is invalid", TemporaryError),
        (504, "Picklist value [3] does not exist for priority", TemporaryError),
    ],
)
def test_each_refusal_of_a_read_says_what_to_do(status: int, sentence: str, meaning: type[VendorError]) -> None:
    with saying() as (autotask, api):
        reply = Reply.of({"errors": [sentence]}, status=status) if sentence else Reply(status)
        autotask.change = answering("/101", reply)
        with pytest.raises(VendorError) as error:
            api.get_company(101)
    assert isinstance(error.value, meaning)


def test_a_refusal_is_told_without_what_no_database_stores() -> None:
    with saying() as (autotask, api):
        autotask.change = answering("/101", Reply(400, b"<html>\x00 bad"))
        with pytest.raises(RejectedError, match="bad") as error:
            api.get_company(101)
    assert "\x00" not in error.value.message + error.value.excerpt


def test_a_read_that_meets_a_passing_page_of_503_goes_through(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    autotask.fault("html_503", path="Companies", times=2)
    assert api.get_company(101).id == 101
    autotask.fault("html_503", path="Companies", times=3)
    with pytest.raises(TemporaryError):
        api.get_company(101)


# --- what does not fit ------------------------------------------------------------------------------------------

GOOD = {"id": 1, "ticketNumber": "T1", "title": "t", "companyID": 0, "status": 1, "priority": 2}


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_text_that_no_database_stores_is_replaced_and_the_rest_is_read(text: str) -> None:
    with saying() as (autotask, api):
        autotask.data.companies[101]["companyName"] = text
        assert [company.name for company in api.companies_by_id([101, 108])] == ["a�b", "Acme BV"]


def test_an_emoji_stays_an_emoji() -> None:
    with saying() as (autotask, api):
        autotask.data.companies[101]["companyName"] = "Bakery 🥖"
        assert api.get_company(101).name == "Bakery 🥖"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", -1),
        ("id", 2**63),
        ("id", True),
        ("id", "1"),
        ("companyID", None),
        ("status", 2**31),
        ("priority", 1.5),
        ("title", 5),
        ("createDate", 5),
        ("createDate", "yesterday"),
        ("createDate", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_value_that_does_not_fit_is_malformed_and_named(name: str, value: Any) -> None:
    with pytest.raises(MalformedResponseError, match=name):
        read(WireTicket, GOOD | {name: value})


@pytest.mark.parametrize(
    "text", ["2022-12-07T09:15:28Z", "2022-12-07T09:15:28.0Z", "2022-12-07T09:15:28.000", "2022-12-07T10:15:28+01:00"]
)
def test_times_are_utc_with_any_fraction(text: str) -> None:
    assert read(WireTicket, GOOD | {"createDate": text}).created_at == datetime(2022, 12, 7, 9, 15, 28, tzinfo=UTC)


def test_an_empty_time_is_none() -> None:
    assert read(WireTicket, GOOD | {"createDate": "", "completedDate": None}).created_at is None
