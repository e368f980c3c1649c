"""Testing a connection: each step says what works, and the first that does not ends it."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.vendors import Step
from integrations.vendors.advoware import VENDOR
from integrations.vendors.advoware.limits import limits_for, longest_text
from integrations.vendors.advoware.simulator import CLIENT
from integrations.vendors.simulation import Reply

from .conftest import OpenApi
from .saying import SayingAdvoware, sent

STEPS = ["Settings", "Configurator", "Login", "Party"]


def steps(open_api: OpenApi, *, probe: str = str(CLIENT), **given: Any) -> dict[str, Step]:
    settings = {"probe_party": probe} | given.pop("settings", {})
    return {step.name: step for step in open_api(settings=settings, **given).test_connection()}


def last(found: dict[str, Step]) -> Step:
    """The last step, which failed; all before it worked."""
    assert list(found) == STEPS[: len(found)]
    assert [step.ok for step in found.values()] == [True] * (len(found) - 1) + [False]
    return list(found.values())[-1]


def test_a_good_account_passes_every_step_and_changes_nothing(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    found = steps(open_api)
    assert list(found) == STEPS
    assert all(step.ok for step in found.values())
    assert found["Configurator"].detail == (
        f"The firm's Advoware is at {advoware.api_url}; tokens come from {advoware.url}."
    )
    assert found["Login"].detail.startswith("Accepted; the token is used until ")
    assert found["Party"].detail == (
        f"Party {CLIENT} has 3 Kommunikationen; Advoware does not tell their kinds, as expected."
    )
    assert sent(advoware) == ["GET Url", "POST Token", f"GET Beteiligte/{CLIENT}"]
    assert not [call for call in advoware.calls if call.committed]


def test_without_a_party_to_read_the_token_is_tried_all_the_same(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    assert "enter a party's number" in steps(open_api, probe="")["Party"].detail
    assert sent(advoware)[-1] == "GET Beteiligte/1"


def test_kinds_that_are_told_are_a_surprise_worth_telling(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    advoware.read_kind = True
    assert steps(open_api)["Party"].detail.endswith("Advoware tells their kinds.")


@pytest.mark.parametrize(
    ("switches", "given", "step", "sentence"),
    [
        ({}, {"settings": {"mirror_fields": "x"}}, "Settings", "under Fields of the party"),
        ({"is_registered": False}, {}, "Configurator", "does not know this firm: check Kanzlei"),
        ({"connector": "set"}, {}, "Configurator", "enter localhost under Hosts of the connector"),
        ({}, {"api_key": "not base64"}, "Login", "API key is not base64"),
        ({}, {"api_key": "b3RoZXI="}, "Login", "refused the login (401): check App-ID, API key"),
        ({}, {"password": "wrong"}, "Login", "refused the employee's code or password"),
        ({"is_online": False}, {}, "Login", "advoware Manager does not run"),
        ({"is_enabled": False}, {}, "Login", "have the vendor enable it"),
        ({"forbidden": True}, {}, "Party", "does not allow this to the connection's employee"),
        ({}, {"probe": "7"}, "Party", "does not have party 7"),
    ],
)
def test_an_account_that_lacks_something_is_told_what(
    advoware: SayingAdvoware,
    open_api: OpenApi,
    switches: dict[str, Any],
    given: dict[str, Any],
    step: str,
    sentence: str,
) -> None:
    for name, value in switches.items():
        advoware.do("switch", {"name": name, "value": value})
    failed = last(steps(open_api, **given))
    assert (failed.name, sentence in failed.detail) == (step, True), failed


def test_an_address_that_is_no_configurator_is_told(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    advoware.change_login = lambda request, real: Reply(404)
    assert "and the address of the configurator" in last(steps(open_api)).detail


def test_a_pasted_line_end_in_a_credential_does_no_harm_but_a_password_is_taken_as_it_is(open_api: OpenApi) -> None:
    found = steps(open_api, kanzlei=" MUSTER\n", api_key="bWFkZS11cC1rZXktb2YtdGhlLXNpbXVsYXRvcg==\r\n", user="PRT ")
    assert found["Party"].ok
    assert not steps(open_api, password="made-up:password of the simulator ")["Login"].ok


# --- the declaration --------------------------------------------------------------------------------------------------


def test_the_password_and_the_key_are_secrets_and_every_field_is_explained() -> None:
    assert VENDOR.secret_names() == {"password", "api_key"}
    assert all(field.help for field in (*VENDOR.credentials, *VENDOR.settings))
    assert VENDOR.base_url_default == "https://www2.advo-net.net"


@pytest.mark.parametrize(
    ("given", "calls"),
    [({}, 120), ({"calls_per_minute": "30"}, 30), ({"calls_per_minute": "0"}, 120), ({"calls_per_minute": "x"}, 120)],
)
def test_how_much_is_asked_of_a_firm_is_a_setting(given: dict[str, Any], calls: int) -> None:
    limits = limits_for(given)
    assert (limits.in_flight_per_endpoint, limits.calls_per_minute) == (2, {"all": calls})
    assert VENDOR.limits_of(given) == limits
    assert longest_text(given) == 500
