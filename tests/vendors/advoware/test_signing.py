"""The signature of a login, and the seal of what is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.transport.errors import ConfigurationError
from integrations.vendors.advoware.signing import Keep, signature
from integrations.vendors.advoware.simulator import CREDENTIALS

API_KEY = "dGVzdC1zZWNyZXQta2V5"


def test_the_check_value_of_the_fact_sheet() -> None:
    made = signature(API_KEY, app_id="app-123", nonce="nonce-abc", stamp="2026-08-30T00:00:00.000Z")
    assert made == "o7rz9KmoXZs550HfzO6ffiG17XwiPmlBHlksUYKZ3jcfolELow51Fw5KlrQqCK5y41aIValDjrh1iQ2GZ2WtqQ=="


@pytest.mark.parametrize("key", ["not base64!", "YWJ", "ä", "dGVzdC1zZWNyZXQta2V5 dGVzdA=="])
def test_an_api_key_that_was_pasted_wrongly_is_named_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigurationError, match="API key is not base64") as raised:
        signature(key, app_id="a", nonce="n", stamp="s")
    assert key not in raised.value.message


def test_what_is_sealed_is_opened_by_the_same_account_alone() -> None:
    value = {"token": "abc", "until": "2026-11-26T08:00:00+00:00"}
    sealed = Keep("https://a.example.com", CREDENTIALS).seal(value)
    assert "abc" not in sealed
    assert Keep("https://a.example.com", dict(CREDENTIALS)).open(sealed) == value
    assert Keep("https://b.example.com", CREDENTIALS).open(sealed) == {}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_whoever_changes_a_credential_cannot_open_what_was_kept(name: str) -> None:
    sealed = Keep("https://a.example.com", CREDENTIALS).seal({"token": "abc"})
    other = Keep("https://a.example.com", CREDENTIALS | {name: "other"})
    assert other.open(sealed) == {}
    assert other.name != Keep("https://a.example.com", CREDENTIALS).name


@pytest.mark.parametrize("kept", [None, "", "nonsense", 7, {"token": "abc"}, "é" * 40])
def test_what_is_no_seal_opens_as_nothing(kept: Any) -> None:
    assert Keep("https://a.example.com", CREDENTIALS).open(kept) == {}


def test_a_seal_fits_into_json() -> None:
    sealed = Keep("https://a.example.com", CREDENTIALS).seal({"token": "abc"})
    assert json.loads(json.dumps(sealed)) == sealed
