"""The client and its zone: looked up once in twelve hours, again on a 401, and never believed blindly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.transport.addresses import place_of
from integrations.transport.errors import ConfigurationError, MalformedResponseError, TemporaryError, VendorError
from integrations.vendors.autotask.schemas import WireZone
from integrations.vendors.autotask.simulator import AutotaskSimulator
from integrations.vendors.autotask.tenant import endpoint_of, zone_in

from .conftest import DRAFT, OpenApi, sent

LOOKUP = "GET zoneInformation"


def test_the_zone_is_looked_up_once_and_kept_for_later_opens(autotask: AutotaskSimulator, open_api: OpenApi) -> None:
    facts: dict[str, Any] = {}
    for _ in range(3):
        open_api(facts=facts).get_company(101)
    assert sent(autotask) == [LOOKUP, "GET Companies/101", "GET Companies/101", "GET Companies/101"]


@pytest.mark.parametrize(("hours", "lookups"), [(11.9, 0), (12.1, 1), (-1, 1)])
def test_a_kept_zone_is_believed_for_twelve_hours(
    autotask: AutotaskSimulator, open_api: OpenApi, hours: float, lookups: int
) -> None:
    facts: dict[str, Any] = {}
    open_api(facts=facts).zone()
    facts["zone"]["at"] = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    open_api(facts=facts).get_company(101)
    assert sent(autotask).count(LOOKUP) == 1 + lookups


def test_a_zone_kept_for_another_user_is_not_used(autotask: AutotaskSimulator, open_api: OpenApi) -> None:
    facts: dict[str, Any] = {}
    open_api(facts=facts).zone()
    with pytest.raises(ConfigurationError, match="knows no API user"):
        open_api(facts=facts, username="somebody@else.example").get_company(101)
    assert sent(autotask) == [LOOKUP, LOOKUP]


def test_an_unknown_user_is_a_wrong_setting_and_asked_for_once(autotask: AutotaskSimulator, open_api: OpenApi) -> None:
    with pytest.raises(ConfigurationError, match="Check the API username"):
        open_api(username="nobody").zone()
    assert sent(autotask) == [LOOKUP]


def test_a_tenant_that_moved_is_found_and_the_call_sent_once_more(
    autotask: AutotaskSimulator, open_api: OpenApi
) -> None:
    facts: dict[str, Any] = {}
    api = open_api(facts=facts)
    api.zone()
    autotask.zone = "zone2"
    ticket = api.create_ticket(DRAFT)
    assert api.get_ticket(ticket).external_id == "key"
    assert [(call.method, call.path, call.status) for call in autotask.calls[1:]] == [
        ("POST", "/ATServicesRest/v1.0/Tickets", 401),
        ("GET", "/atservicesrest/v1.0/zoneInformation", 200),
        ("POST", "/zone2/ATServicesRest/v1.0/Tickets", 200),
        ("GET", f"/zone2/ATServicesRest/v1.0/Tickets/{ticket}", 200),
    ]
    assert facts["zone"]["url"].endswith("/zone2/ATServicesRest")


def test_wrong_credentials_are_tried_once_because_bad_logins_lock_the_user(
    autotask: AutotaskSimulator, open_api: OpenApi
) -> None:
    api = open_api(secret="wrong")
    with pytest.raises(ConfigurationError, match="locked") as error:
        api.get_company(101)
    assert (error.value.status, sent(autotask)) == (401, [LOOKUP, "GET Companies/101", LOOKUP])


def test_a_pasted_line_end_in_the_secret_does_no_harm(open_api: OpenApi, autotask: AutotaskSimulator) -> None:
    from integrations.vendors.autotask.simulator import SECRET

    assert open_api(secret=f" {SECRET}\r\n").get_company(0).id == 0


def test_a_create_that_met_401_while_the_lookup_is_down_was_not_carried_out(
    autotask: AutotaskSimulator, open_api: OpenApi
) -> None:
    api = open_api()
    api.zone()
    autotask.zone = "zone2"
    autotask.fault("html_503", path="zoneInformation", times=3)
    with pytest.raises(TemporaryError):
        api.create_ticket(DRAFT)
    assert not autotask.tickets


def test_a_zone_lookup_that_names_a_foreign_host_sends_no_credentials_there(
    autotask: AutotaskSimulator, open_api: OpenApi
) -> None:
    autotask.foreign_zone = True
    with pytest.raises(ConfigurationError, match="not Autotask's"):
        open_api().get_company(101)
    assert sent(autotask) == [LOOKUP]


OWN = place_of("https://webservices.autotask.net")


@pytest.mark.parametrize(
    "url",
    [
        "http://webservices5.autotask.net/ATServicesRest/",
        "https://webservices5.autotask.net.evil.example/ATServicesRest/",
        "https://evil.example/webservices5.autotask.net/",
        "https://webservices5.autotask.net@evil.example/",
        "https://webservices5.autotask.net:8443/ATServicesRest/",
        "https://webservices5.autotask.net/ATServicesRest/?a=",
        "https://webservicesX.autotask.net/",
        "ftp://webservices5.autotask.net/",
        "https://[",
        "",
    ],
)
def test_an_address_that_is_not_a_zone_of_autotask_is_refused(url: str) -> None:
    with pytest.raises(VendorError):
        zone_in(WireZone(url=url), own=OWN)


@pytest.mark.parametrize("number", ["1", "6", "19", "29", "104"])
def test_any_numbered_zone_is_taken(number: str) -> None:
    zone = zone_in(WireZone(url=f"https://webservices{number}.autotask.net/ATServicesRest/"), own=OWN)
    assert zone.url == f"https://webservices{number}.autotask.net/ATServicesRest"
    assert zone.web_url == f"https://ww{number}.autotask.net/"


@pytest.mark.parametrize(
    ("said", "used"),
    [
        ("https://ww5.autotask.net/", "https://ww5.autotask.net/"),
        ("https://prde.autotask.net", "https://prde.autotask.net/"),
        ("https://evil.example/", "https://ww5.autotask.net/"),
        ("http://ww5.autotask.net/", "https://ww5.autotask.net/"),
        ("javascript:alert(1)", "https://ww5.autotask.net/"),
        ("", "https://ww5.autotask.net/"),
        (None, "https://ww5.autotask.net/"),
    ],
)
def test_people_are_sent_to_autotasks_own_pages_only(said: str | None, used: str) -> None:
    wire = WireZone(url="https://webservices5.autotask.net/ATServicesRest/", web_url=said)
    assert zone_in(wire, own=OWN).web_url == used


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/ATServicesRest/v1.0/Tickets/query", "tickets"),
        ("/ATServicesRest/v1.0/Tickets", "tickets"),
        ("/zone2/atservicesrest/v1.0/TICKETS/1", "tickets"),
        ("/atservicesrest/v1.0/zoneInformation", ""),
    ],
)
def test_parallel_calls_are_budgeted_per_entity_as_autotask_counts_them(path: str, endpoint: str) -> None:
    assert endpoint_of("GET", path) == endpoint


def test_a_zone_lookup_without_a_usable_answer_is_malformed(autotask: AutotaskSimulator, open_api: OpenApi) -> None:
    autotask.fault("garbage", path="zoneInformation")
    with pytest.raises(MalformedResponseError):
        open_api().zone()
