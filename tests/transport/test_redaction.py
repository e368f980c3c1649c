"""No secret is kept or shown, in whatever form it comes back (P20)."""

from __future__ import annotations

import base64
import html
import json
import logging
import random
import re
import time
import traceback
from urllib.parse import quote, quote_plus, urlencode

import pytest

from integrations.transport.errors import ConfigurationError, MalformedResponseError, VendorError
from integrations.transport.redaction import MASK, Redactor
from integrations.transport.session import CallRecord, raise_for_status
from tests.seeds import SEED
from tests.transport.conftest import OpenSession, RawServer, answering, hanging_up, sending

SECRET = 'p@ss/"wörd" +&<7f3a9b1c>$#'


def spellings_of(secret: str) -> list[str]:
    raw = secret.encode()
    found = [
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        raw.hex(),
        re.sub("%..", lambda hit: hit.group().lower(), quote(secret)),
    ]
    found += [json.dumps(secret), json.dumps(secret, ensure_ascii=False), json.dumps(json.dumps(secret))]
    found += [json.dumps(secret).replace("/", "\\/"), html.escape(secret), repr(secret)]
    for lead in (b"", b"u", b"us", b"user:", b"longer user:"):
        found.append(base64.b64encode(lead + raw + b" and more").decode())
        found.append(base64.urlsafe_b64encode(lead + raw).decode())
    return found


def cores_of(text: str) -> list[str]:
    """The twelve characters in the middle: what must not survive in any output."""
    middle = len(text) // 2
    return [text[middle - 6 : middle + 6]]


@pytest.mark.parametrize("text", spellings_of(SECRET))
def test_a_secret_is_masked_in_every_form(text: str) -> None:
    shown = Redactor([SECRET]).text(f"before {text} after")
    assert MASK in shown
    assert cores_of(text)[0] not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


def test_a_secret_across_the_cut_does_not_show_its_first_half() -> None:
    redactor = Redactor([SECRET])
    for lead in range(60):
        shown = redactor.cut("." * lead + SECRET + "x" * 200, 40)
        assert SECRET[:4] not in shown, lead
    many = redactor.cut((SECRET + " ") * 50, 100)
    assert SECRET[:4] not in many


def test_a_secret_of_three_characters_is_ignored() -> None:
    assert Redactor(["abc", ""]).text("abcdef") == "abcdef"


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "leak-me"}', '{"x": {"api_key":"leak-me"}}',
        '{"ApiSecret" : "leak-me"}', '{"token": ["leak-me"]}',
        '{"access_token": "leak\\"-me', '"{\\"client_secret\\": \\"leak-me\\"}"', '{"auth_pwd": "leak-me", "a": 1}',
        '{"credentials": {"a": "leak-me"}}', "user=x&password=leak-me&y=1", "https://h/?api_key=leak-me",
        "Authorization: Bearer leak-me-long-enough", "Basic leak-me-long-enough=", '{"pin_token": 8273}',
        '<img data-img-secret="leak-me">', '{"html": "<img data-img-secret=\\"leak-me\\">"}', "data-secret='leak me'",
        "/file?id=1&s=leak-me", "/file?id=1&amp;s=leak-me&x=1", "https://h/?sig=leak-me",
        'href="/f?id=1&amp;s=leak-me"',
    ],
)  # fmt: skip
def test_what_is_secret_by_name_is_masked(text: str) -> None:
    shown = Redactor().text(text)
    assert MASK in shown
    assert "leak" not in shown
    assert "8273" not in shown


def test_what_is_not_secret_stays_readable() -> None:
    text = '{"title": "Backup failed", "status": 1, "password": null, "note": "token of thanks", "x": "s=1"}'
    assert Redactor().text(text) == text


def test_headers_are_masked_by_name_and_by_value() -> None:
    headers = {"Authorization": "Basic abc", "Set-Cookie": "a=b", "X-Api-Key": "k", "X-Echo": SECRET, "Accept": "json"}
    shown = Redactor([SECRET]).headers(headers)
    assert shown == {**dict.fromkeys(headers, MASK), "Accept": "json"}


def echoing(connection: object, request: bytes) -> None:
    """A vendor that repeats everything it was sent: as text, in a header, in its error."""
    head, _, body = request.partition(b"\r\n\r\n")
    line = head.split(b"\r\n")[0] + b" " + body
    echo = b" | ".join(head.split(b"\r\n")) + b" " + body
    sending(
        b"HTTP/1.1 400 Bad\r\nX-Echo: " + line + b"\r\nContent-Type: text/html\r\n"
        + b"Content-Length: %d\r\n\r\n" % len(echo) + echo
    )(connection, request)  # type: ignore[arg-type]  # fmt: skip


CANARY = "canary-7f3a+9b/1c=="


def everything_shown(error: BaseException, records: list[CallRecord]) -> str:
    parts = ["".join(traceback.format_exception(error)), repr(error), repr(vars(error)), repr(records)]
    assert error.__context__ is None or isinstance(error.__context__, VendorError)
    return "\n".join(parts)


@pytest.mark.parametrize(
    "behaviour", [echoing, hanging_up, sending(b"\xff\xff\r\n\r\n", close=True)], ids=["echo", "hang up", "garbage"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_canary_is_nowhere_in_records_errors_and_logs(
    server: RawServer,
    open_session: OpenSession,
    records: list[CallRecord],
    caplog: pytest.LogCaptureFixture,
    behaviour: object,
    method: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.plays(behaviour)  # type: ignore[arg-type]
    session = open_session(secrets=[CANARY])
    basic = base64.b64encode(f"user:{CANARY}".encode()).decode()
    session.trust(server.url, {"Secret": CANARY, "Authorization": f"Basic {basic}"})

    def log_in() -> None:
        body = {"user": "u", "hint": CANARY}
        raise_for_status(session.call(method, "/login", params={"q": CANARY}, json=body, about=CANARY), safe=False)

    with pytest.raises(VendorError) as raised:
        log_in()
    shown = everything_shown(raised.value, records) + caplog.text + repr(session)
    for form in (CANARY, quote(CANARY, safe=""), quote_plus(CANARY), basic[8:20], CANARY[:10]):
        assert form not in shown
    assert len(records) >= 1


def test_an_unusable_body_shows_a_redacted_excerpt(server: RawServer, open_session: OpenSession) -> None:
    server.plays(answering(b"<html>login " + CANARY.encode() + b"</html>"))
    answer = open_session(secrets=[CANARY]).call("GET", "/")
    with pytest.raises(MalformedResponseError) as raised:
        answer.json()
    assert raised.value.excerpt == f"<html>login {MASK}</html>"
    assert raised.value.__context__ is None
    assert CANARY not in repr(answer)


def test_a_credential_that_cannot_be_sent_is_named_by_its_header(server: RawServer, open_session: OpenSession) -> None:
    for bad in ("canary\r\nX: y", "canary-Ω"):
        session = open_session()
        session.trust(server.url, {"ApiSecret": bad})
        with pytest.raises(ConfigurationError, match="ApiSecret") as raised:
            session.call("GET", "/")
        assert "canary" not in "".join(traceback.format_exception(raised.value))
    assert server.connects == 0


def test_a_long_body_is_cut_and_a_binary_one_only_named(
    server: RawServer, open_session: OpenSession, records: list[CallRecord]
) -> None:
    server.plays(
        answering(b"x" * 100_000, Content_Type="text/plain"), answering(b"\x89PNG" * 9, Content_Type="image/png")
    )
    session = open_session()
    session.call("GET", "/")
    session.call("GET", "/")
    assert len(records[0].response_body) < 20_010
    assert records[1].response_body == "(36 bytes of image/png)"


def test_a_form_is_kept_as_a_person_reads_it_without_its_secrets(
    server: RawServer, open_session: OpenSession, records: list[CallRecord]
) -> None:
    document = json.dumps({"title": "a & b", "api_key": "leak-me, whatever I hold", "hint": CANARY})
    form = {"user": "bridge", "auth_pwd": 'leak-me: "a & b" c', "json_data": document, "empty": ""}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    open_session(secrets=[CANARY]).call("POST", "/", data=urlencode(form).encode(), headers=headers)
    assert records[0].request_body == (
        f'user=bridge&auth_pwd={MASK}&json_data={{"title": "a & b", "api_key": "{MASK}", "hint": "{MASK}"}}&empty='
    )
    assert urlencode(form).encode() in server.requests[0]


def test_a_long_form_is_cut_where_no_secret_shows(records: list[CallRecord], open_session: OpenSession) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for lead in range(0, 60, 7):
        form = {"text": "ü" * (20_000 - lead), "password": CANARY, "other": CANARY}
        open_session(secrets=[CANARY]).call("POST", "/", data=urlencode(form).encode(), headers=headers)
        assert CANARY[:5] not in records[-1].request_body


@pytest.mark.parametrize(
    "text",
    ["secret" * 4000, "a." * 10_000 + "secret", "\\" * 20_000 + "token", '\\"' * 10_000 + "token", '"token":[' * 2500,
     '"token":"' * 2500, '"token":{' * 2500, "_" * 20_000 + " token=", "token=" * 3000, "Basic " * 3000 + "token",
     'a="' * 7000 + "secret", 'secret="' * 2500, "&s=" * 7000, "a=\\" * 7000 + "token"],
)  # fmt: skip
def test_hostile_text_does_not_hold_the_redactor_up(text: str) -> None:
    started = time.process_time()
    Redactor([SECRET]).cut(text, 20_000)
    assert time.process_time() - started < 2  # milliseconds, where a careless pattern takes minutes


@pytest.mark.proof
def test_random_secrets_survive_nowhere() -> None:
    chance = random.Random(20 + SEED)
    alphabet = "abcXYZ019+/=&%$#\"'\\<>{}[] äß€é🔑~!*()@:;,."
    for _ in range(5_000):
        secret = "".join(chance.choice(alphabet) for _ in range(chance.randint(12, 40))).strip()
        if len(secret) < 12:
            continue
        redactor = Redactor([secret])
        for text in spellings_of(secret):
            shown = redactor.text(f"see: {text} end")
            assert MASK in shown, (secret, text)
            assert redactor.by_value(shown) == shown
