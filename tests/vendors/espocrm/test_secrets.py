"""Keys and secrets show nowhere; people's addresses and numbers show in no error, no sentence and no `repr`."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from integrations.transport.errors import VendorError
from integrations.transport.redaction import MASK
from integrations.transport.session import CallRecord
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.calls import signature
from integrations.vendors.espocrm.schemas import Email, Phone
from integrations.vendors.espocrm.simulator import API_KEY, HMAC_KEY, HMAC_SECRET, EspocrmSimulator
from integrations.vendors.simulation import Reply, Request

from .conftest import OpenApi
from .saying import client_of, saying

ADDRESS, NUMBER = "canary@private.example.com", "+4930987654321"
EMAILS, PHONES = [Email(address=ADDRESS, primary=True)], [Phone(number=NUMBER, type="Fax", primary=True)]


def everything(*things: Any) -> str:
    return "\n".join(f"{thing!r} {thing}" for thing in things)


def test_keys_are_in_no_record_of_a_call(
    espocrm: EspocrmSimulator, open_api: OpenApi, records: list[CallRecord], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    apis = [open_api(), open_api(api_key=HMAC_KEY, secret_key=HMAC_SECRET)]
    for api in apis:
        party = api.create_party({"lastName": "A"}, skip_duplicate_check=True)
        api.update_party(party.id, {"lastName": "B"})
    assert len(records) == 8
    assert records[0].request_headers["X-Api-Key"] == MASK
    assert records[-1].request_headers["X-Hmac-Authorization"] == MASK
    signed = signature(HMAC_KEY, HMAC_SECRET, "GET", f"CBeteiligte/{party.id}")
    shown = everything(records, espocrm.calls, *apis, *(api.calls for api in apis), caplog.text)
    for secret in (API_KEY, HMAC_KEY, HMAC_SECRET, signed, signed[:40]):
        assert secret not in shown


def test_the_secret_of_a_webhook_is_in_no_record_of_a_call(api: EspocrmApi, records: list[CallRecord]) -> None:
    made = api.subscribe("CBeteiligte.update", "https://portal.example.com/x")
    assert api.subscription(made.id).secret == made.secret
    assert MASK in records[0].response_body
    assert made.secret not in everything(records, made)


def test_what_the_log_says_of_a_call_names_nobody(api: EspocrmApi, records: list[CallRecord]) -> None:
    api.create_party({"lastName": "Private"}, emails=EMAILS, phones=PHONES)
    api.parties_with(EMAILS[0])
    api.parties_with(PHONES[0])
    for record in records:
        for private in (ADDRESS, NUMBER, "Private", NUMBER[1:]):
            assert private not in f"{record.about} {record.error} {record.route}"


def test_a_party_shows_nobody(api: EspocrmApi) -> None:
    party = api.create_party({"lastName": "Private"}, emails=EMAILS, phones=PHONES)
    for private in ("canary", NUMBER, "Private"):
        assert private not in repr(party)


def echo(status: int, reason: str) -> Any:
    """An answer that repeats what was sent and what is stored."""

    def change(request: Request, real: Reply) -> Reply:
        said = request.body + f" {ADDRESS} {NUMBER} {API_KEY}".encode()
        return Reply(status, said, {"Content-Type": "application/json", "X-Status-Reason": reason})

    return change


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 413, 418, 422])
@pytest.mark.parametrize("reason", ["", "modified", "duplicate", "Field validation failure; field: emailAddress."])
def test_no_error_quotes_what_is_private(espocrm: EspocrmSimulator, status: int, reason: str) -> None:
    party = espocrm.do("new_party", {"last_name": "A"})
    with saying(echo(status, reason)) as (_, api):
        for act in (
            lambda: api.party(party),
            lambda: api.update_party(party, {"lastName": "Private"}, emails=EMAILS, phones=PHONES),
            lambda: api.create_party({"lastName": "Private"}, emails=EMAILS, phones=PHONES),
            lambda: api.changed_parties(None),
        ):
            with pytest.raises(VendorError) as raised:
                act()
            error = raised.value
            shown = everything(error, error.message, error.excerpt, error.__context__, error.__cause__)
            for private in (ADDRESS, NUMBER, "Private", API_KEY):
                assert private not in shown


def test_credentials_never_stand_in_an_address_and_follow_no_redirect(
    espocrm: EspocrmSimulator, open_api: OpenApi, records: list[CallRecord]
) -> None:
    open_api().changed_parties(None)
    assert all(API_KEY not in record.query + record.route for record in records)
    elsewhere = Reply(307, headers={"Location": "https://elsewhere.example.com/"})
    with saying(lambda request, real: elsewhere) as (other, api), pytest.raises(VendorError, match="redirects this"):
        api.party("a1")
    with client_of(other) as api, pytest.raises(VendorError, match="redirects this call to https://elsewhere"):
        api.update_party("a1", {"lastName": "x"})
