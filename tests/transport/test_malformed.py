"""Whatever a sick vendor sends, the caller meets a value or a VendorError, in bounded time (P16)."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
from collections import Counter

import pytest

from integrations.transport.errors import MalformedResponseError, VendorError
from integrations.transport.session import Answer, raise_for_status
from tests.seeds import SEED
from tests.transport.conftest import OpenSession, RawServer, answering, sending

NOT_JSON = {
    "login page": b"<!doctype html><title>Sign in</title>",
    "nothing": b"",
    "truncated": b'{"items": [{"id": 1}, {"id"',
    "nan": b'{"n": NaN}',
    "infinity": b"[-Infinity]",
    "too large a number": b"[1e400]",
    "a number of 5000 digits": b"[" + b"9" * 5000 + b"]",
    "invalid utf-8": b'{"n": "\xff\xfe"}',
    "utf-16": '{"n": 1}'.encode("utf-16"),
    "nested": b"[" * 100_000 + b"]" * 100_000,
    "a name twice": b'{"id": 1, "id": 2}',
    "two documents": b"{}{}",
    "trailing comma": b"[1,]",
    "control character": b'["\x00"]',
}


@pytest.mark.parametrize("kind", NOT_JSON)
def test_what_is_not_strict_json_is_malformed(server: RawServer, open_session: OpenSession, kind: str) -> None:
    server.plays(answering(NOT_JSON[kind]))
    with pytest.raises(MalformedResponseError):
        open_session().call("GET", "/").json()


def test_a_byte_order_mark_is_tolerated() -> None:
    assert Answer(200, {}, b'\xef\xbb\xbf{"a": [1.5, -0.0, null]}', "https://v.example/").json() == {
        "a": [1.5, -0.0, None]
    }


SICK = {
    "no status line": b"hello\r\n\r\n",
    "old http": b"HTTP/0.9 200\r\n\r\n{}",
    "future http": b"HTTP/9.9 200 OK\r\n\r\n{}",
    "status of letters": b"HTTP/1.1 OK 200\r\n\r\n",
    "status 999": b"HTTP/1.1 999 Huh\r\nContent-Length: 0\r\n\r\n",
    "status 42": b"HTTP/1.1 42 Huh\r\nContent-Length: 0\r\n\r\n",
    "endless header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    "header without a name": b"HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\n[]",
    "header without a colon": b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\n[]",
    "binary header": b"HTTP/1.1 200 OK\r\nX: \xff\xfe\x00\r\nContent-Length: 2\r\n\r\n[]",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n[]",
    "length of letters": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n[]",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n[]",
    "huge length": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n[]",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n",
    "negative chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n[]\r\n",
    "false gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]",
    "cut gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"[1, 2, 3]" * 99)[:30],
    "unknown encoding": b"HTTP/1.1 200 OK\r\nContent-Encoding: x-odd\r\nContent-Length: 3\r\n\r\n\x00[]",
    "many encodings": b"HTTP/1.1 200 OK\r\nContent-Encoding: "
    + b"gzip, " * 50
    + b"gzip\r\nContent-Length: 2\r\n\r\n[]",
    "bad location": b"HTTP/1.1 302 F\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "odd location": b"HTTP/1.1 302 F\r\nLocation: \xff\xfehttp:///\r\nContent-Length: 0\r\n\r\n",
    "bad retry-after": b"HTTP/1.1 503 No\r\nRetry-After: yesterday-ish\r\nContent-Length: 0\r\n\r\n",
    "huge retry-after": b"HTTP/1.1 503 No\r\nRetry-After: 999999999999999999\r\nContent-Length: 0\r\n\r\n",
    "odd date": b"HTTP/1.1 503 No\r\nRetry-After: Mon, 99 Foo 99999 99:99:99 GMT\r\nContent-Length: 0\r\n\r\n",
    "bad cookie": b"HTTP/1.1 200 OK\r\nSet-Cookie: \xff=;;;=\r\nContent-Length: 2\r\n\r\n[}",
}


@pytest.mark.parametrize("kind", SICK)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_sick_answer_is_an_answer_or_a_vendor_error(
    server: RawServer, open_session: OpenSession, kind: str, method: str
) -> None:
    server.plays(sending(SICK[kind], close=True))
    session = open_session(deadline=2)
    with contextlib.suppress(VendorError):
        answer = session.call(method, "/")
        raise_for_status(answer, safe=False)
        with contextlib.suppress(MalformedResponseError):
            answer.json()
    if method == "POST":
        assert len(server.requests) == 1


def mutated(chance: random.Random, raw: bytes) -> bytes:
    text = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del text[at : at + chance.randint(1, 20)]
            case 2:
                text[at:at] = text[: chance.randint(1, 40)]
            case _:
                text[at:at] = chance.choice([b"\r\n", b"\x00", b"\xff", b"[[[", b'"', b"NaN", b"1e999", b"\\ud800"])
    return bytes(text)


@pytest.mark.proof
def test_fuzzed_bodies_are_values_or_malformed() -> None:
    chance = random.Random(16 + SEED)
    good = json.dumps({"items": [{"id": n, "title": "Bäckup", "x": [1.5, None, True]} for n in range(3)]}).encode()
    for _ in range(20_000):
        with contextlib.suppress(MalformedResponseError):
            Answer(200, {}, mutated(chance, good), "https://v.example/").json()


@pytest.mark.proof
def test_fuzzed_answers_are_answers_or_vendor_errors(server: RawServer, open_session: OpenSession) -> None:
    chance = random.Random(1616 + SEED)
    seeds = [*SICK.values(), b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[1, 2, 3]"]
    session = open_session(deadline=2)
    for round_ in range(3_000):
        raw = mutated(chance, chance.choice(seeds))
        server.plays(sending(raw, close=True))
        with contextlib.suppress(VendorError):
            session.call("POST", f"/{round_}").json()
    sent = Counter(request.split(b" ")[1] for request in server.requests)
    assert max(sent.values()) == 1
