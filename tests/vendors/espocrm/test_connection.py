"""Testing a connection: each step says what works, and the first that does not ends it. How the key is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.transport.errors import ConfigurationError, TemporaryError
from integrations.vendors import Step
from integrations.vendors.espocrm import VENDOR
from integrations.vendors.espocrm import simulator as simulated
from integrations.vendors.espocrm.answers import Blocked
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.simulator import HMAC_KEY, HMAC_SECRET, READER_KEY, EspocrmSimulator
from integrations.vendors.simulation import Reply

from .conftest import OpenApi, Wire, sent
from .saying import always, client_of, saying

STEPS = ["Login", "Parties", "Party number", "Addresses and numbers", "Changes", "Webhooks"]


def steps(api: EspocrmApi) -> dict[str, Step]:
    return {step.name: step for step in api.test_connection()}


def last(api: EspocrmApi) -> Step:
    """The last step, which failed; all before it worked."""
    done = list(api.test_connection())
    assert [step.name for step in done] == STEPS[: len(done)]
    assert [step.ok for step in done] == [True] * (len(done) - 1) + [False]
    return done[-1]


def test_every_step_passes_and_nothing_is_changed(espocrm: EspocrmSimulator, api: EspocrmApi) -> None:
    espocrm.do("new_party", {"last_name": "A", "number": 12, "emails": ["a@x.de"]})
    before = espocrm.world()
    done = list(api.test_connection())
    assert [(step.name, step.ok) for step in done] == [(name, True) for name in STEPS]
    assert "EspoCRM 9.3.10" in done[0].detail
    assert "10 addresses and 10 numbers; numbers must be international" in done[0].detail
    assert "Mobile, Office, Home, Fax, Other" in done[3].detail
    assert espocrm.world() == before
    assert not any(call.committed for call in espocrm.calls)


def test_every_step_passes_without_a_party_too_and_for_an_hmac_user(open_api: OpenApi) -> None:
    api = open_api(api_key=HMAC_KEY, secret_key=HMAC_SECRET)
    assert all(step.ok for step in api.test_connection())
    assert "none that this user sees" in steps(api)["Parties"].detail


@pytest.mark.parametrize(
    ("client", "step", "sentence"),
    [
        ({"api_key": "wrong"}, "Login", "refused the API key (401)"),
        ({"api_key": HMAC_KEY}, "Login", "whether its method is API Key or HMAC"),
        ({"secret_key": "x"}, "Login", "a secret key belongs to HMAC alone"),
        ({"entity": "Beteiligte"}, "Parties", "those of your own begin with a C"),
        ({"entity": "Lead"}, "Parties", "No read access"),
        ({"number_field": "partyNumber"}, "Party number", "Not existing attribute 'partyNumber'"),
        ({"api_key": READER_KEY}, "Changes", "No edit access"),
    ],
)
def test_what_is_wrong_is_named_with_its_cure(open_api: OpenApi, client: Any, step: str, sentence: str) -> None:
    failed = last(open_api(**client))
    assert (failed.name, sentence in failed.detail) == (step, True), failed


def test_hidden_fields_and_a_missing_scope_are_named(espocrm: EspocrmSimulator, api: EspocrmApi) -> None:
    espocrm.do("new_party", {"last_name": "A"})
    espocrm.hides_arrays = True
    assert (last(api).name, "Does the role" in last(api).detail) == ("Addresses and numbers", True)
    espocrm.hides_arrays = False
    refused = Reply(403, b"", {"X-Status-Reason": "No read access."})
    with saying(lambda request, real: refused if request.path.endswith("/Webhook") else real) as (_, other):
        assert (last(other).name, "See its role" in last(other).detail) == ("Webhooks", True)


def test_webhooks_that_are_subscribed_are_listed_and_loud_ones_named(
    espocrm: EspocrmSimulator, api: EspocrmApi
) -> None:
    assert "none yet" in steps(api)["Webhooks"].detail
    for event, quiet in (("update", True), ("create", False)):
        order = {"event": f"CBeteiligte.{event}", "url": "http://127.0.0.1:1/", "skip_own": quiet}
        espocrm.do("subscribe", order)
    espocrm.do("subscribe", {"event": "Contact.update", "url": "http://127.0.0.1:1/"})
    assert steps(api)["Webhooks"].detail == (
        "Subscribed: CBeteiligte.create, CBeteiligte.update. Without skipOwn: CBeteiligte.create."
    )


@pytest.mark.parametrize("path", ["", "/", "/api/v1", "/api/v1/"])
def test_the_site_is_understood_however_it_was_copied(espocrm: EspocrmSimulator, open_api: OpenApi, path: str) -> None:
    assert open_api(base_url=espocrm.url + path).instance().version == "9.3.10"
    assert sent(espocrm) == ["GET Settings"]


def test_an_address_that_is_no_espocrm_is_a_matter_of_configuration(
    espocrm: EspocrmSimulator, open_api: OpenApi
) -> None:
    with pytest.raises(ConfigurationError, match="no EspoCRM at the address"):
        open_api(base_url=f"{espocrm.url}/somewhere").instance()
    with saying(always(b"<!doctype html><html><body>Sign in</body></html>")) as (_, api):
        assert (last(api).name, "not usable JSON" in last(api).detail) == ("Login", True)
    with saying(always({"id": "x"})) as (_, api):
        assert "does not tell its version" in last(api).detail


# --- the key ----------------------------------------------------------------------------------------------------------


def test_a_refused_key_is_not_shown_again_for_a_minute_but_by_a_person(espocrm: EspocrmSimulator) -> None:
    facts: dict[str, Any] = {}
    for _ in range(5):
        with client_of(espocrm, api_key="wrong", facts=facts) as api, pytest.raises(ConfigurationError):
            api.party("a1")
    assert len(espocrm.calls) == 1
    with client_of(espocrm, api_key="wrong", facts=facts) as api:
        last(api)
    assert len(espocrm.calls) == 2
    facts["refused_at"] = "2026-01-01T00:00:00+00:00"
    with client_of(espocrm, api_key="wrong", facts=facts) as api, pytest.raises(ConfigurationError, match="401"):
        api.party("a1")
    assert len(espocrm.calls) == 3


def test_a_block_for_the_sake_of_others_is_waited_for_and_no_matter_of_rights(
    espocrm: EspocrmSimulator, api: EspocrmApi, wire: Wire
) -> None:
    party = espocrm.do("new_party", {"last_name": "A"})
    for _ in range(11):
        wire("GET", "Settings", key="wrong")
    acts: list[Callable[[], object]] = [lambda: api.party(party), lambda: api.update_party(party, {"lastName": "x"})]
    for act in acts:
        with pytest.raises(Blocked, match="too many logins failed") as raised:
            act()
        assert isinstance(raised.value, TemporaryError)
        assert raised.value.retry_after == 60
    espocrm.do("pass_minutes", {"minutes": 1.1})
    assert api.party(party).name == "A"


def test_an_hmac_user_signs_every_kind_of_call(espocrm: EspocrmSimulator, open_api: OpenApi) -> None:
    api = open_api(api_key=HMAC_KEY, secret_key=HMAC_SECRET)
    made = api.create_party({"lastName": "A", "betnr": 5})
    assert api.update_party(made.id, {"lastName": "B"}).name == "B"
    assert [row.id for row in api.parties_numbered(5)] == [made.id]
    api.unsubscribe(api.subscribe("CBeteiligte.update", "https://portal.example.com/x").id)
    assert all(call.status in (200, 201) for call in espocrm.calls)


def test_the_declaration_has_what_a_connection_form_needs() -> None:
    assert [(field.name, field.secret, field.required) for field in VENDOR.credentials] == [
        ("api_key", True, True),
        ("secret_key", True, False),
    ]
    assert {field.name: field.default for field in VENDOR.settings} == {
        "entity": "CBeteiligte",
        "number_field": "betnr",
    }
    assert all(field.help for field in (*VENDOR.credentials, *VENDOR.settings))
    assert VENDOR.webhooks is not None
    assert VENDOR.simulator == simulated.__name__


def test_serving_starts_one_of_its_own() -> None:
    with simulated.serve() as server:
        assert isinstance(server.simulator, EspocrmSimulator)
        with client_of(server.simulator) as api:
            assert api.instance().version == "9.3.10"
