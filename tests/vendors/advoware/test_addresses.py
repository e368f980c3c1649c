"""Where the firm is: asked of the configurator, kept, asked again when it is gone, and never believed blindly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.transport.addresses import place_of
from integrations.transport.errors import ConfigurationError, MalformedResponseError, TemporaryError
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.hosts import check_gateway, check_root
from integrations.vendors.advoware.limits import endpoint_of
from integrations.vendors.advoware.simulator import CLIENT
from integrations.vendors.simulation import Reply

from .conftest import OpenApi
from .saying import SayingAdvoware, always, sent

LOOKUP, LOGIN, READ = "GET Url", "POST Token", f"GET Beteiligte/{CLIENT}"
OWN = place_of("https://www2.advo-net.net")


@pytest.mark.parametrize("said", ["null", "absent"])
def test_without_a_connector_the_relay_is_used(advoware: SayingAdvoware, open_api: OpenApi, said: str) -> None:
    advoware.connector = said
    assert open_api().party(CLIENT).betnr == CLIENT
    assert advoware.calls[-1].headers["host"] == advoware.api_url.removeprefix("http://")


def test_a_connector_has_to_be_used_and_its_host_to_be_named(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    advoware.connector = "set"
    with pytest.raises(ConfigurationError, match="enter localhost under Hosts of the connector"):
        open_api().party(CLIENT)
    assert sent(advoware) == [LOOKUP]
    assert open_api(settings={"connector_hosts": "a.example.com, LocalHost"}).party(CLIENT).betnr == CLIENT
    assert advoware.calls[-1].headers["host"] == advoware.connector_url.removeprefix("http://")


@pytest.mark.parametrize(("hours", "lookups"), [(11.9, 0), (12.1, 1), (-1, 1)])
def test_kept_addresses_are_believed_for_twelve_hours(
    advoware: SayingAdvoware, api: AdvowareApi, open_api: OpenApi, facts: dict[str, Any], hours: float, lookups: int
) -> None:
    facts["addresses"]["at"] = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    open_api().party(CLIENT)
    assert sent(advoware) == [LOOKUP] * lookups + [READ]


def test_addresses_of_another_firm_are_not_used(advoware: SayingAdvoware, api: AdvowareApi, open_api: OpenApi) -> None:
    with pytest.raises(ConfigurationError, match="does not know this firm"):
        open_api(kanzlei="OTHER").party(CLIENT)
    assert sent(advoware) == [LOOKUP]


def test_a_kept_host_whose_permission_was_taken_back_is_not_called(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    advoware.connector = "set"
    open_api(settings={"connector_hosts": "localhost"}).party(CLIENT)
    advoware.calls.clear()
    with pytest.raises(ConfigurationError, match="Hosts of the connector"):
        open_api().party(CLIENT)
    assert sent(advoware) == []


def test_a_firm_that_moved_is_looked_up_and_asked_once_more(
    advoware: SayingAdvoware, api: AdvowareApi, open_api: OpenApi, facts: dict[str, Any]
) -> None:
    facts["addresses"]["root"] = "http://127.0.0.1:1"  # where nobody listens any more
    moved = open_api()
    made = moved.create_kommunikation(CLIENT, tlf="030 1", komm_kz=1, bemerkung="", online=True)
    assert sent(advoware) == [LOOKUP, f"POST Beteiligte/{CLIENT}/Kommunikationen"]
    assert made.id in advoware.data.entries
    assert facts["addresses"]["root"] == advoware.api_url


def test_a_firm_that_cannot_be_reached_where_it_is_is_an_outage(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.fault("not_received", path="Beteiligte", times=3)
    with pytest.raises(TemporaryError):
        api.party(CLIENT)
    assert sent(advoware) == [READ] * 3 + [LOOKUP]


def test_an_outage_that_answers_is_not_looked_up(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.fault("html_503", path="Beteiligte", times=3)
    with pytest.raises(TemporaryError):
        api.party(CLIENT)
    assert sent(advoware) == [READ] * 3


@pytest.mark.parametrize("body", [{}, {"relayUrl": None, "securityGateway": None}, {"relayUrl": "http://127.0.0.1:1/"}])
def test_a_configurator_that_names_nothing_does_not_know_the_firm(
    advoware: SayingAdvoware, open_api: OpenApi, body: Any
) -> None:
    advoware.change_login = always(body)
    with pytest.raises(ConfigurationError, match="does not know this firm"):
        open_api().party(CLIENT)


def test_a_configurator_that_answers_a_page_is_malformed(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    advoware.change_login = lambda request, real: Reply.page("<html>Wartung</html>")
    with pytest.raises(MalformedResponseError):
        open_api().party(CLIENT)


@pytest.mark.parametrize(
    "path", ["", "/", "/AdvonetConfigurator", "/AdvonetConfigurator/api/Url", "/AdvonetConfigurator/"]
)
def test_the_configurator_is_found_however_its_address_was_copied(
    advoware: SayingAdvoware, open_api: OpenApi, path: str
) -> None:
    assert open_api(base_url=advoware.url + path).party(CLIENT).betnr == CLIENT


def test_a_gateway_that_is_not_the_vendors_gets_no_password(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    advoware.foreign_gateway = "https://evil.example.com"
    with pytest.raises(ConfigurationError, match="not one of Advoware's hosts; nothing was sent"):
        open_api().party(CLIENT)
    assert sent(advoware) == [LOOKUP]


@pytest.mark.parametrize(
    "url",
    [
        "https://security.advo-net.net/",
        "https://security.advo-net.org/",
        "https://www2.advo-net.net:8443/",
        "https://WWW2.advo-net.net/",
    ],
)
def test_the_vendors_hosts_are_believed(url: str) -> None:
    assert check_gateway(url, configurator=OWN) == url.lower().rstrip("/")
    assert check_root(url, configurator=OWN, connector_hosts="") == url.lower().rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://security.advo-net.net/",
        "https://advo-net.net.evil.example/",
        "https://security.advo-net.net@evil.example/",
        "https://eviladvo-net.net/",
        "http://www2.advo-net.net:90/",
        "ftp://security.advo-net.net/",
        "https://[",
        "None",
        "",
    ],
)
def test_other_hosts_and_plain_http_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        check_gateway(url, configurator=OWN)
    with pytest.raises(ConfigurationError):
        check_root(url, configurator=OWN, connector_hosts="kanzlei.example.com")


def test_a_connector_is_believed_at_the_named_host_by_https_alone() -> None:
    named = "kanzlei.example.com"
    assert check_root(f"https://{named}:88/", configurator=OWN, connector_hosts=named) == f"https://{named}:88"
    with pytest.raises(ConfigurationError, match="by https only"):
        check_root(f"http://{named}:88/", configurator=OWN, connector_hosts=named)
    with pytest.raises(ConfigurationError):
        check_gateway(f"https://{named}:88/", configurator=OWN)


@pytest.mark.parametrize(
    ("path", "bucket"),
    [
        ("/AdvonetConfigurator/api/Url", "login"),
        ("/api/v1/Token", "login"),
        ("/api/v1/advonet/Beteiligte/1", "api"),
    ],
)
def test_logins_do_not_wait_behind_calls_of_the_firm(path: str, bucket: str) -> None:
    assert endpoint_of("GET", path) == bucket
