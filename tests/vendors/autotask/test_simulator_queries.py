"""The simulator's query language and paging, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.vendors.autotask.simulator import AutotaskSimulator

from .conftest import ALL, Wire, eq

COMPANIES = list(range(101, 112))


def op(name: str, field: str, value: Any = None) -> dict[str, Any]:
    return {"op": name, "field": field, "value": value}


def ids(wire: Wire, *filters: dict[str, Any], entity: str = "Companies") -> list[int]:
    return [row["id"] for row in wire.find(entity, *filters)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (op("eq", "id", 101), [101]),
        (op("noteq", "id", 101), [0, *COMPANIES[1:]]),
        (op("gt", "id", 110), [111]),
        (op("gte", "id", 110), [110, 111]),
        (op("lt", "id", 101), [0]),
        (op("lte", "id", 101), [0, 101]),
        (op("beginsWith", "companyName", "Sunhill"), [107, 111]),
        (op("endsWith", "companyName", "bakery"), [107]),
        (op("contains", "companyName", "bak"), [107, 109, 111]),
        (op("exist", "lastActivityDate"), []),
        (op("notExist", "lastActivityDate"), [0, *COMPANIES]),
        (op("in", "id", [101, 0, 999]), [0, 101]),
        (op("notIn", "id", COMPANIES), [0]),
    ],
    ids=lambda value: value["op"] if isinstance(value, dict) else "",
)
def test_each_operator_finds_what_it_says(wire: Wire, condition: dict[str, Any], found: list[int]) -> None:
    assert ids(wire, condition) == found


def test_neighbouring_filters_are_and_and_groups_nest(wire: Wire) -> None:
    either = {"op": "or", "items": [eq("id", 101), {"op": "and", "items": [op("gt", "id", 109), op("lt", "id", 111)]}]}
    assert ids(wire, either) == [101, 110]
    assert ids(wire, either, eq("isActive", True)) == [101]


@pytest.mark.parametrize("refused", [True, False])
def test_a_misspelt_operator_is_ignored_or_refused(wire: Wire, autotask: AutotaskSimulator, refused: bool) -> None:
    autotask.unknown_operator_is_refused = refused
    seen = wire("POST", "Companies/query", {"filter": [op("noteExist", "companyName")]})
    assert seen.status == (500 if refused else 200)
    assert refused or len(seen.json["items"]) == 12


@pytest.mark.parametrize("body", [{}, {"MaxRecords": 5}, {"filter": None}])
def test_a_query_without_a_filter_is_500(wire: Wire, body: dict[str, Any]) -> None:
    assert "filters" in wire("POST", "Companies/query", body).sentence


def test_included_fields_alone_come_back_and_names_are_read_in_any_case(wire: Wire) -> None:
    rows = wire.find("Companies", eq("COMPANYNAME", "acme bv"), IncludeFields=["ID", "companyname"])
    assert rows == [{"id": 108, "companyName": "Acme BV"}]


def test_an_unknown_included_field_is_400(wire: Wire) -> None:
    seen = wire("POST", "Companies/query", {"filter": [ALL], "IncludeFields": ["id", "accountName"]})
    assert (seen.status, "accountName" in seen.sentence) == (400, True)


@pytest.mark.parametrize("field", ["accountID", "creatorType", "lastActivityPersonType"])
def test_a_field_that_is_unknown_or_cannot_be_queried_is_500(wire: Wire, field: str) -> None:
    assert wire("POST", "Tickets/query", {"filter": [eq(field, 1)]}).status == 500


def test_external_id_may_not_be_queryable(wire: Wire, autotask: AutotaskSimulator) -> None:
    autotask.external_id_queryable = False
    assert wire("POST", "Tickets/query", {"filter": [eq("externalID", "k")]}).status == 500
    told = {one["name"]: one["isQueryable"] for one in wire("GET", "Tickets/entityInformation/fields").json["fields"]}
    assert told["externalID"] is False


@pytest.mark.parametrize("matters", [True, False])
def test_text_is_compared_with_or_without_case(wire: Wire, autotask: AutotaskSimulator, matters: bool) -> None:
    autotask.text_case_matters = matters
    assert ids(wire, eq("companyName", "ACME BV")) == ([] if matters else [108])


def test_more_than_500_or_conditions_are_refused(wire: Wire) -> None:
    many = {"op": "or", "items": [eq("id", number) for number in range(501)]}
    assert wire("POST", "Companies/query", {"filter": [many]}).status == 500


def test_one_user_defined_field_can_be_queried_and_not_two(wire: Wire) -> None:
    ticket = wire.create(userDefinedFields=[{"name": "Portal Ref", "value": "ABC"}])
    wire.create()
    reference = eq("Portal Ref", "abc") | {"udf": True}
    assert ids(wire, reference, entity="Tickets") == [ticket]
    assert wire("POST", "Tickets/query", {"filter": [reference, reference]}).status == 500


def test_a_count_has_no_rows(wire: Wire) -> None:
    assert wire("POST", "Companies/query/count", {"filter": [op("gt", "id", 105)]}).json == {"queryCount": 6}


# --- paging -----------------------------------------------------------------------------------------------------


def many_tickets(autotask: AutotaskSimulator, count: int, key: str = "key") -> list[int]:
    made = []
    for _ in range(count):
        number = autotask.data.next_id()
        autotask.tickets[number] = {"id": number, "externalID": key}
        made.append(number)
    return made


def test_a_page_has_at_most_500_rows_and_the_next_is_posted_with_the_same_body(
    wire: Wire, autotask: AutotaskSimulator
) -> None:
    made = many_tickets(autotask, 1203)
    body = {"filter": [eq("externalID", "key")], "IncludeFields": ["id"]}
    seen, address = wire("POST", "Tickets/query", body).json, ""
    found = [seen["items"]]
    while address := seen["pageDetails"]["nextPageUrl"]:
        assert address.startswith(f"{autotask.url}/ATServicesRest/v1.0/Tickets/query/next?paging=")
        seen = wire("POST", address.removeprefix(autotask.url), body).json
        found.append(seen["items"])
    assert [len(page) for page in found] == [500, 500, 203]
    assert [row["id"] for page in found for row in page] == made


def test_the_next_page_of_a_posted_query_by_get_is_405_and_without_body_500(
    wire: Wire, autotask: AutotaskSimulator
) -> None:
    many_tickets(autotask, 3)
    first = wire("POST", "Tickets/query", {"filter": [ALL], "MaxRecords": 2}).json
    address = first["pageDetails"]["nextPageUrl"].removeprefix(autotask.url)
    assert (wire("GET", address).status, wire("POST", address).status) == (405, 500)


def test_the_next_page_of_a_query_by_get_is_got_with_the_search_in_its_address(
    wire: Wire, autotask: AutotaskSimulator
) -> None:
    made = many_tickets(autotask, 3)
    first = wire("GET", 'Tickets/query?search={"filter":[{"op":"exist","field":"id"}],"MaxRecords":2}').json
    address = first["pageDetails"]["nextPageUrl"].removeprefix(autotask.url)
    assert "search=" in address
    assert [row["id"] for row in wire("GET", address).json["items"]] == made[2:]
    assert wire("POST", address, {}).status == 405


@pytest.mark.parametrize("total", [True, False])
def test_max_records_ends_the_page_or_the_search(wire: Wire, autotask: AutotaskSimulator, total: bool) -> None:
    autotask.max_records_caps_total = total
    many_tickets(autotask, 3)
    page = wire("POST", "Tickets/query", {"filter": [ALL], "MaxRecords": 2}).json
    assert len(page["items"]) == page["pageDetails"]["count"] == page["pageDetails"]["requestCount"] == 2
    assert (page["pageDetails"]["nextPageUrl"] is None) is total


def test_new_tickets_are_searched_later_than_they_are_read(wire: Wire, autotask: AutotaskSimulator) -> None:
    autotask.index_lag = True
    ticket = wire.create()
    assert (wire.find("Tickets"), wire("GET", f"Tickets/{ticket}").json["item"]["id"]) == ([], ticket)
    wire("POST", "/_simulator/do", {"action": "release_index"})
    assert ids(wire, entity="Tickets") == [ticket]
