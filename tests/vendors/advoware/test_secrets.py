"""Password, key and token show nowhere; neither does a client of the firm where something goes wrong."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest

from integrations.transport.errors import VendorError
from integrations.transport.redaction import MASK
from integrations.transport.session import CallRecord
from integrations.vendors.advoware.simulator import CLIENT, CREDENTIALS
from integrations.vendors.simulation import Reply

from .conftest import OpenApi
from .saying import SayingAdvoware, sent

CANARY = 'canary: 7f3a+"9b" / 1c & é'
KEY_CANARY = base64.b64encode(b"canary of the key 7f3a").decode()
PRIVATE = ("Lindqvist", "0511", "0170", "rosa@", "abends", "1971")


def everything(*things: Any) -> str:
    return "\n".join(f"{thing!r} {thing}" for thing in things)


def test_what_logs_in_is_in_no_record_of_a_call_and_in_no_log(
    advoware: SayingAdvoware,
    open_api: OpenApi,
    records: list[CallRecord],
    facts: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    api = open_api()
    api.party(CLIENT)
    api.create_kommunikation(CLIENT, tlf="030 1", komm_kz=1, bemerkung="", online=True)
    assert [record.about for record in records] == [
        "configurator",
        "login",
        f"party {CLIENT}",
        f"a new Kommunikation of party {CLIENT}",
    ]
    (token,) = advoware.data.tokens
    seen = everything(records, api, facts, advoware.calls, advoware.world()) + caplog.text
    for secret in (token, CREDENTIALS["password"], CREDENTIALS["api_key"]):
        assert secret not in seen
    login = json.loads(records[1].request_body)
    assert (login["Password"], login["HMAC512Signature"]) == (MASK, MASK)
    assert (login["Kanzlei"], login["User"]) == ("MUSTER", "PRT")
    assert json.loads(records[1].response_body)["access_token"] == MASK


def test_what_was_refused_does_not_show_in_the_refusal(
    advoware: SayingAdvoware, open_api: OpenApi, records: list[CallRecord], facts: dict[str, Any]
) -> None:
    advoware.change_login = lambda request, real: (
        Reply(401, request.body + KEY_CANARY.encode()) if request.method == "POST" else real
    )
    api = open_api(password=CANARY, api_key=KEY_CANARY)
    with pytest.raises(VendorError) as raised:
        api.party(CLIENT)
    seen = everything(
        raised.value, raised.value.message, raised.value.excerpt, raised.value.__context__, records, facts
    )
    for form in (CANARY, json.dumps(CANARY)[1:-1], KEY_CANARY, "canary"):
        assert form not in seen


@pytest.mark.parametrize("fault", ["truncated", "garbage"])
def test_an_answer_that_cannot_be_used_does_not_show_a_client_of_the_firm(
    advoware: SayingAdvoware, open_api: OpenApi, fault: str
) -> None:
    def spoiled(request: Any, real: Reply) -> Reply:
        return Reply(200, real.body[:-20] if fault == "truncated" else real.body.replace(b'"rowId"', b'"other"'))

    advoware.change = spoiled
    with pytest.raises(VendorError) as raised:
        open_api().party(CLIENT)
    seen = everything(raised.value, raised.value.message, raised.value.excerpt)
    assert not [private for private in PRIVATE if private in seen]


def test_credentials_never_stand_in_an_address(open_api: OpenApi, records: list[CallRecord]) -> None:
    open_api().party(CLIENT)
    assert [record.query for record in records] == ["Kanzlei=MUSTER", "", ""]


def test_the_token_goes_to_the_firm_alone(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    seen: list[tuple[str, bool]] = []

    def note(request: Any, real: Reply) -> Reply:
        seen.append((request.path.rpartition("/")[2], "authorization" in request.headers))
        return real

    advoware.change = advoware.change_login = note
    api = open_api()
    api.party(CLIENT)
    advoware.do("expire_tokens", {})
    api.party(CLIENT)
    assert sent(advoware).count("POST Token") == 2
    assert seen == [("Url", False), ("Token", False), (str(CLIENT), True), ("Token", False), (str(CLIENT), True)]


def test_a_redirect_carries_nothing_elsewhere(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    advoware.change = lambda request, real: Reply(307, headers={"Location": "https://elsewhere.example.com/"})
    with pytest.raises(VendorError, match="redirects this call to https://elsewhere"):
        open_api().party(CLIENT)
