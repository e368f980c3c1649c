"""The password goes with every call as a field of its form, and shows nowhere."""

from __future__ import annotations

import io
import logging
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from integrations.transport.errors import VendorError
from integrations.transport.redaction import MASK
from integrations.transport.session import CallRecord
from integrations.vendors.itop.simulator import BRIDGE, ItopSimulator
from integrations.vendors.simulation import Reply, Request

from .conftest import OpenApi, Wire
from .saying import as_started, client_of

CANARY = 'canary: 7f3a+"9b" / 1c & é'


@pytest.fixture
def locked(itop: ItopSimulator) -> ItopSimulator:
    """The bridge's password is the canary."""
    itop.do("account", {"login": BRIDGE, "password": CANARY})
    return itop


def everything(*things: Any) -> str:
    return "\n".join(f"{thing!r} {thing}" for thing in things)


def assert_hidden(text: str) -> None:
    for form in (CANARY, quote(CANARY), quote(CANARY, safe=""), quote_plus(CANARY), "canary", "7f3a"):
        assert form not in text


def test_a_password_with_colons_quotes_and_blanks_logs_in_and_is_in_no_record_of_a_call(
    locked: ItopSimulator, open_api: OpenApi, records: list[CallRecord], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api = open_api(password=CANARY)
    ticket = api.create_ticket("UserRequest", {"org_id": 3, "title": "x"})
    api.create_attachment(ticket, io.BytesIO(b"hello"), name="a", size=5, content_type="text/plain")
    assert api.check_credentials(BRIDGE, CANARY)
    assert len(records) == 3
    assert f"auth_user={BRIDGE}&auth_pwd={MASK}&json_data=" in records[0].request_body
    assert '"operation": "core/create"' in records[0].request_body
    assert "made while they were sent" in records[1].request_body
    assert_hidden(everything(records, api, api.calls, api.calls.last) + caplog.text)
    assert_hidden(everything(locked.calls, locked.world()))


def test_an_itop_that_repeats_the_whole_form_does_not_bring_it_into_errors_and_records(
    locked: ItopSimulator, records: list[CallRecord]
) -> None:
    def echo(request: Request, real: Reply) -> Reply:
        said = request.body.decode()
        return Reply.of({"code": 100, "message": f"Error: SQL error in {said} for {CANARY}"})

    itop = as_started()
    itop.change = echo
    with client_of(itop, password=CANARY, records=records) as api:
        for act in (lambda: api.ticket(1), lambda: api.update_ticket("UserRequest", 1, {"title": "x"})):
            with pytest.raises(VendorError) as raised:
                act()
            assert_hidden(
                everything(raised.value, raised.value.message, raised.value.excerpt, raised.value.__context__)
            )
    assert_hidden(everything(records))


def test_what_opens_a_picture_to_everybody_is_in_no_record(
    itop: ItopSimulator, open_api: OpenApi, records: list[CallRecord], wire: Wire
) -> None:
    ticket = itop.do("new_ticket", {"title": "x"})
    number = itop.do("add_log", {"ticket": ticket, "text": "look", "picture": "shot.png"})
    secret = itop.data.objects["InlineImage"][number]["secret"]
    assert (
        secret
        in wire.get("UserRequest", ticket)["objects"][f"UserRequest::{ticket}"]["fields"]["private_log"]["entries"][0][
            "message_html"
        ]
    )
    api = open_api(username="bridge-agent")
    api.ticket(ticket)
    api.download_picture(number, io.BytesIO(), io.BytesIO(), secret=secret)
    assert len(records) == 3
    assert records[-1].route == "/pages/ajax.document.php"
    assert secret not in everything(records)


def test_credentials_never_stand_in_an_address(open_api: OpenApi, records: list[CallRecord]) -> None:
    open_api().operations()
    assert (records[0].query, records[0].route) == ("", "/webservices/rest.php")
    assert "Authorization" not in records[0].request_headers


def test_the_session_cookie_of_an_answer_is_not_sent_back(itop: ItopSimulator, open_api: OpenApi) -> None:
    api = open_api()
    seen: list[str] = []
    itop.change = lambda request, real: (seen.append(request.headers.get("cookie", "none")), real)[1]  # type: ignore[attr-defined]
    for _ in range(2):
        api.operations()
        assert api.calls.last is not None
        assert "itop-made-up-session" in api.calls.last.headers["Set-Cookie"]
    assert seen == ["none", "none"]


def test_a_redirect_does_not_carry_the_form_elsewhere(itop: ItopSimulator) -> None:
    saying = as_started()
    saying.change = lambda request, real: Reply(307, headers={"Location": "https://elsewhere.example.com/"})
    with client_of(saying) as api, pytest.raises(VendorError, match=r"redirects this call to https://elsewhere"):
        api.operations()
