"""The simulated EspoCRM's logins, records and lists at the wire (fact sheet, sections 1 to 3 and 6)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from integrations.vendors.espocrm.calls import signature
from integrations.vendors.espocrm.simulator import API_KEY, HMAC_KEY, HMAC_SECRET, READER_KEY, EspocrmSimulator

from .conftest import Wire


def make(wire: Wire, count: int) -> list[str]:
    return [wire("POST", "CBeteiligte", {"lastName": f"P{place}", "betnr": place}).json["id"] for place in range(count)]


def where(kind: str, attribute: str, value: Any) -> str:
    named = {"type": kind, "attribute": attribute, "value": str(value)}
    return "&".join(f"where%5B0%5D%5B{name}%5D={quote(text)}" for name, text in named.items())


# --- who calls --------------------------------------------------------------------------------------------------------


def test_an_hmac_user_signs_method_and_path_and_cannot_show_the_key(wire: Wire) -> None:
    def signed(method: str, path: str) -> dict[str, str]:
        return {"X_Hmac_Authorization": signature(HMAC_KEY, HMAC_SECRET, method, path)}

    assert wire("GET", "CBeteiligte?maxSize=1", key="", **signed("GET", "CBeteiligte")).status == 200
    assert wire("GET", "CBeteiligte", key="", **signed("POST", "CBeteiligte")).status == 401
    assert wire("GET", "CBeteiligte", key="", **signed("GET", "Webhook")).status == 401
    assert wire("GET", "CBeteiligte", key=HMAC_KEY).status == 401
    assert wire("GET", "CBeteiligte", key="", Authorization="Basic eDp5").status == 401


def test_eleven_failed_logins_in_a_minute_block_a_valid_key_too(espocrm: EspocrmSimulator, wire: Wire) -> None:
    for _ in range(10):
        assert wire("GET", "CBeteiligte", key="wrong").status == 401
    assert wire("GET", "CBeteiligte").status == 200
    wire("GET", "CBeteiligte", key="wrong")
    seen = wire("GET", "CBeteiligte")
    assert (seen.status, seen.body, seen.reason) == (403, b"", "")
    espocrm.do("pass_minutes", {"minutes": 1.1})
    assert wire("GET", "CBeteiligte").status == 200


def test_whoever_may_only_read_is_told_so(wire: Wire) -> None:
    (party,) = make(wire, 1)
    assert wire("GET", f"CBeteiligte/{party}", key=READER_KEY).status == 200
    for method, path in (("POST", "CBeteiligte"), ("PUT", f"CBeteiligte/{party}"), ("DELETE", f"CBeteiligte/{party}")):
        assert wire(method, path, {"lastName": "x"}, key=READER_KEY).reason.startswith("No ")
    assert wire("GET", "Webhook", key=READER_KEY).status == 403


# --- records ----------------------------------------------------------------------------------------------------------


def test_bodies_are_read_whatever_their_type_says_and_a_form_changes_nothing(wire: Wire) -> None:
    (party,) = make(wire, 1)
    body = json.dumps({"lastName": "Neu"}).encode()
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert wire("PUT", f"CBeteiligte/{party}", b"lastName=Form", **form).status == 200
    assert wire.party(party)["lastName"] == "P0"
    assert wire("PATCH", f"CBeteiligte/{party}", body, Content_Type="text/plain").status == 200
    assert wire.party(party)["lastName"] == "Neu"
    assert wire("PUT", f"CBeteiligte/{party}", b'{"lastName":').status == 500


def test_a_double_is_refused_by_name_or_address_unless_it_is_wanted(espocrm: EspocrmSimulator, wire: Wire) -> None:
    made = {"lastName": "Muster", "firstName": "Max", "emailAddressData": [{"emailAddress": "m@x.de"}]}
    first = wire("POST", "CBeteiligte", made).json["id"]
    for double in ({"lastName": "Muster", "firstName": "Max"}, {"lastName": "X", "emailAddress": "M@x.de"}):
        seen = wire("POST", "CBeteiligte", double)
        assert (seen.status, seen.reason, [one["id"] for one in seen.json]) == (409, "duplicate", [first])
        assert "emailAddressData" not in seen.json[0]
    assert wire("POST", "CBeteiligte", made, X_Skip_Duplicate_Check="true").status == 200
    other = wire("POST", "CBeteiligte", {"lastName": "Andere"}).json["id"]
    wire.put(other, lastName="Muster", firstName="Max")


# --- lists ------------------------------------------------------------------------------------------------------------


def test_pages_totals_and_orders(espocrm: EspocrmSimulator, wire: Wire) -> None:
    espocrm.data.clock.stop()
    parties = make(wire, 3)
    assert [row["id"] for row in wire.get("CBeteiligte")["list"]] == parties[::-1]
    assert wire.get("CBeteiligte?maxSize=0") == {"total": 3, "list": []}
    assert wire.get("CBeteiligte?offset=7") == {"total": 3, "list": []}
    for offset, total in ((0, -1), (1, -1), (2, -2), (5, -2)):
        seen = wire("GET", f"CBeteiligte?maxSize=1&offset={offset}", X_No_Total="true")
        assert seen.json["total"] == total
    ordered = wire.get("CBeteiligte?orderBy=betnr&order=asc&select=id,betnr,emailAddressData")
    assert [row["betnr"] for row in ordered["list"]] == [0, 1, 2]
    assert set(ordered["list"][0]) == {"id", "betnr", "createdById", "assignedUserId"}
    assert "emailAddressData" not in wire.get("CBeteiligte")["list"][0]


def test_filters_by_time_are_strict_or_not_and_an_unknown_parameter_shows_everything(
    espocrm: EspocrmSimulator, wire: Wire
) -> None:
    espocrm.data.clock.stop()
    make(wire, 2)
    now = espocrm.data.clock.stamp()
    assert wire.get(f"CBeteiligte?{where('after', 'modifiedAt', now)}")["total"] == 0
    assert wire.get(f"CBeteiligte?{where('greaterThanOrEquals', 'modifiedAt', now)}")["total"] == 2
    assert wire.get("CBeteiligte?whereGroup%5B0%5D%5Btype%5D=isNull")["total"] == 2
    params = json.dumps({"where": [{"type": "equals", "attribute": "betnr", "value": 1}], "select": ["id"]})
    assert wire.get(f"CBeteiligte?searchParams={quote(params)}")["total"] == 1
    for query in (where("afterOrEqual", "modifiedAt", now), where("equals", "nosuch", 1), "orderBy=nosuch"):
        seen = wire("GET", f"CBeteiligte?{query}")
        assert (seen.status, bool(seen.reason), seen.body) == (400, True, b"")


def test_a_search_by_value_finds_secondary_ones_and_numbers_only_as_they_are_stored(
    espocrm: EspocrmSimulator, wire: Wire
) -> None:
    espocrm.do("new_party", {"last_name": "A", "emails": ["a@x.de", "b@x.de"], "phones": ["+4930555", "+4930666"]})
    for attribute, value, total in (
        ("emailAddress", "B@x.de", 1),
        ("emailAddress", "c@x.de", 0),
        ("phoneNumber", "+4930666", 1),
        ("phoneNumber", "+49 30 666", 0),
        ("phoneNumber", "030666", 0),
    ):
        assert wire.get(f"CBeteiligte?{where('equals', attribute, value)}".replace("+", "%2B"))["total"] == total


def test_settings_and_types_are_told_to_any_api_user(espocrm: EspocrmSimulator, wire: Wire) -> None:
    told = wire("GET", "Settings", key=READER_KEY).json
    assert (told["version"], told["phoneNumberInternational"], told["emailAddressMaxCount"]) == ("9.3.10", True, 10)
    types = wire.get("Metadata?key=entityDefs.CBeteiligte.fields.phoneNumber.typeList")
    assert types == ["Mobile", "Office", "Home", "Fax", "Other"]


# --- the simulator itself ---------------------------------------------------------------------------------------------


def test_the_ledger_and_the_world_show_no_key_and_no_secret(espocrm: EspocrmSimulator, wire: Wire) -> None:
    espocrm.do("subscribe", {"event": "CBeteiligte.update", "url": "http://127.0.0.1:1/", "secret": "a-made-up-secret"})
    signed = {"X_Hmac_Authorization": signature(HMAC_KEY, HMAC_SECRET, "GET", "Settings")}
    wire("GET", "Settings", key="", **signed)
    wire.get("Settings")
    shown = wire("GET", "/_simulator/ledger").body + wire("GET", "/_simulator/world").body + wire("GET", "/").body
    for secret in (API_KEY, HMAC_KEY, HMAC_SECRET, signed["X_Hmac_Authorization"], "a-made-up-secret"):
        assert secret.encode() not in shown


def test_a_reset_brings_back_the_first_world(espocrm: EspocrmSimulator, wire: Wire) -> None:
    make(wire, 1)
    wire.do("switch", name="version_control", value=True)
    wire.do("setting", name="phoneNumberInternational", value=False)
    wire.do("webhook", mode="at once")
    for _ in range(11):
        wire("GET", "CBeteiligte", key="wrong")
    assert wire("POST", "/_simulator/reset", {}).status == 200
    assert wire.get("CBeteiligte")["total"] == 0
    assert (espocrm.version_control, espocrm.sender.mode) == (False, "by hand")
    assert espocrm.data.settings["phoneNumberInternational"] is True


@pytest.mark.parametrize(
    "order",
    [
        {"action": "nothing"},
        {"action": "switch", "name": "nothing", "value": 1},
        {"action": "switch", "name": "delay", "value": "1"},
        {"action": "setting", "name": "version", "value": 9},
        {"action": "edit_party", "party": "nobody"},
        {"action": "new_party"},
        {"action": "new_party", "last_name": "x", "phones": ["030"]},
        {"action": "subscribe", "event": "Lead.update", "url": "http://x"},
    ],
)
def test_an_order_that_cannot_be_done_is_refused(wire: Wire, order: dict[str, Any]) -> None:
    assert wire("POST", "/_simulator/do", order).status == 400


def test_people_add_remove_replace_and_flag_values(espocrm: EspocrmSimulator, wire: Wire) -> None:
    party = espocrm.do("new_party", {"last_name": "A", "emails": ["a@x.de"]})
    wire.do("add_value", party=party, value="b@x.de", primary=True)
    wire.do("add_value", party=party, value="+4930555", type="Fax")
    wire.do("replace_value", party=party, value="A@x.de", by="c@x.de")
    wire.do("flag_value", party=party, value="c@x.de", optOut=True)
    wire.do("remove_value", party=party, value="b@x.de")
    seen = wire.party(party)
    assert [(one["emailAddress"], one["primary"], one["optOut"]) for one in seen["emailAddressData"]] == [
        ("c@x.de", True, True)
    ]
    assert [(one["phoneNumber"], one["type"], one["primary"]) for one in seen["phoneNumberData"]] == [
        ("+4930555", "Fax", True)
    ]


def test_the_page_for_people_is_inert(espocrm: EspocrmSimulator, wire: Wire) -> None:
    espocrm.do("new_party", {"last_name": "<script>alert(1)</script>", "emails": ["a@x.de"]})
    seen = wire("GET", "/")
    page = seen.body.decode()
    assert "default-src 'none'" in seen.headers["content-security-policy"]
    assert "<script>" not in page
    for text in ("EspoCRM (simulated)", "&lt;script&gt;", "a@x.de primary"):
        assert text in page
    assert espocrm.calls == []
