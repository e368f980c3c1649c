"""The simulated EspoCRM answers each recorded call as the real one did."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.vendors.espocrm.simulator import API_KEY, EspocrmSimulator
from integrations.vendors.espocrm.simulator.world import PARTY, SYNC
from tests.vendors.receiving import receiving

from .conftest import Seen, Wire
from .saying import capture, exchanges

ERIKA = "6b0255e5275bd7d6f"


def at(espocrm: EspocrmSimulator, text: str) -> None:
    espocrm.data.clock.stop(datetime.fromisoformat(text).replace(tzinfo=UTC))


def repeat(espocrm: EspocrmSimulator, wire: Wire, one: Any) -> Seen:
    """Make a recorded call, at the time and with the id of the recorded answer."""
    request, body = one["request"], one["response"]["body"]
    if isinstance(body, dict) and request["method"] != "GET":
        if "modifiedAt" in body:
            at(espocrm, body["modifiedAt"])
        if request["method"] == "POST" and "id" in body:
            espocrm.data.next_ids = [body["id"]]
    keys = {"<api key>": API_KEY, "<wrong key>": "wrong"}
    headers = {name.replace("-", "_"): keys.get(value, value) for name, value in request["headers"].items()}
    sent = request["body"].encode() if isinstance(request["body"], str) else request["body"]
    return wire(request["method"], request["path"], sent, key="", **headers)


def before(*names: str) -> Callable[[EspocrmSimulator, Wire], None]:
    """The calls of other recordings came before."""

    def play(espocrm: EspocrmSimulator, wire: Wire) -> None:
        for name in names:
            for one in exchanges(name):
                repeat(espocrm, wire, one)

    return play


def a_lower_address(espocrm: EspocrmSimulator, wire: Wire) -> None:
    before("01_create_then_get", "02_put_email_arrays", "03_put_phone_arrays")(espocrm, wire)
    at(espocrm, "2026-11-22 02:39:35")
    wire.put(ERIKA, emailAddressData=[{"emailAddress": "erika@example.com", "primary": True}])


def fourteen(espocrm: EspocrmSimulator, wire: Wire) -> None:
    """Two by their ids and times, eleven more, and the newest one."""
    for place in range(13):
        ids = ["6b0252a5b40a754ee", "6b02530daa8be5a13"]
        emails = ["t1@example.com", "share@example.com"]
        moments = ["2026-11-22 02:25:41", "2026-11-22 02:27:26"]
        at(espocrm, moments[place] if place < 2 else "2026-11-22 02:30:00")
        espocrm.data.next_ids = [ids[place]] if place < 2 else []
        email = emails[place] if place < 2 else f"other{place}@example.com"
        body = {"lastName": f"P{place}", "emailAddressData": [{"emailAddress": email}]}
        assert wire("POST", PARTY, body).status == 200
    before("01_create_then_get")(espocrm, wire)


SCENES: dict[str, Callable[[EspocrmSimulator, Wire], None]] = {
    "01_create_then_get": before(),
    "02_put_email_arrays": before("01_create_then_get"),
    "03_put_phone_arrays": before("01_create_then_get", "02_put_email_arrays"),
    "04_validation_errors": before("01_create_then_get"),
    "05_duplicate_409": a_lower_address,
    "06_list": fourteen,
    "07_errors_auth_404": before(),
    "08_shared_values_leak": before(),
    "09_webhook_subscribe": before(),
}


@pytest.mark.parametrize("name", SCENES)
def test_the_recorded_calls_get_the_recorded_answers(espocrm: EspocrmSimulator, wire: Wire, name: str) -> None:
    SCENES[name](espocrm, wire)
    for place, one in enumerate(exchanges(name)):
        seen, wanted = repeat(espocrm, wire, one), one["response"]
        assert seen.status == wanted["status"], (place, seen.reason)
        for header, value in wanted["headers"].items():
            assert seen.headers[header.lower()] == value, (place, header)
        body: Any = seen.json if seen.body else ""
        if isinstance(body, dict) and "secretKey" in body:
            assert len(body["secretKey"]) == 32
            body["secretKey"] = wanted["body"]["secretKey"]
        assert body == wanted["body"], place


def test_the_recorded_deliveries_are_sent_to_the_letter(espocrm: EspocrmSimulator, wire: Wire) -> None:
    recorded = capture("10_webhook_deliveries")
    events = {"cr": "create", "up": "update", "fu": "fieldUpdate.phoneNumber", "de": "delete"}
    with receiving() as portal:
        for one in recorded["deliveries"]:
            espocrm.data.next_ids = [one["webhook_id"]]
            event, url = f"{PARTY}.{events[one['delivered_to_webhook']]}", portal.url + one["delivered_to_webhook"]
            espocrm.do(
                "subscribe", {"event": event, "url": url, "secret": recorded["secret"], "skip_own": False, "by": SYNC}
            )
        the_recorded_changes(espocrm, wire)
        espocrm.do("pump", {})
        came = {received.event: received for received in portal.received}
    for one in recorded["deliveries"]:
        received = came[one["delivered_to_webhook"]]
        assert received.body.decode() == one["raw_body"]
        for name, value in one["headers"].items():
            assert received.headers[name.lower()] == value


def the_recorded_changes(espocrm: EspocrmSimulator, wire: Wire) -> None:
    at(espocrm, "2026-11-22 02:39:36")
    espocrm.data.next_ids = ["6b0255e826649e514"]
    number = {"phoneNumber": "+4930700100", "type": "Office"}
    made = {
        "lastName": "Hook",
        "emailAddressData": [{"emailAddress": "hook@example.com", "primary": True}],
        "phoneNumberData": [{**number, "primary": True}],
    }
    party = wire("POST", PARTY, made).json["id"]
    wire.put(party, phoneNumberData=[{"phoneNumber": "+4930700101", "type": "Fax", "primary": True}, number])
    wire.put(party, firstName="Max", emailAddressData=[{"emailAddress": "Hook2@Example.com", "primary": True}])
    wire.put(party, lastName="Hook")
    # The real queue sent these before the deletion: a record that is gone is not told about any more.
    espocrm.do("pump", {})
    assert json.loads(wire("DELETE", f"{PARTY}/{party}").body) is True
