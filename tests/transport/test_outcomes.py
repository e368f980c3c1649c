"""What became of a call: safe ones may be repeated, unsafe ones are sent once and never called failed when unknown."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    ConflictError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.transport.session import Answer, CallRecord, raise_for_status
from tests.transport.conftest import OpenSession, RawServer, answering, hanging_up, sending

TRUNCATED = sending(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"id": 1', close=True)
TRUNCATED_CHUNKS = sending(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"id": 1', close=True)
GARBAGE = sending(b"\x00\xff\x13 no http at all\r\n\r\n", close=True)
LARGE = answering(b"x" * 5000)


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("behaviour", [hanging_up, TRUNCATED, TRUNCATED_CHUNKS, GARBAGE])
def test_a_broken_answer_to_an_unsafe_call_is_unknown_and_the_call_is_sent_once(
    server: RawServer, open_session: OpenSession, pauses: list[float], behaviour: object
) -> None:
    server.plays(behaviour)  # type: ignore[arg-type]
    with pytest.raises(UnknownOutcomeError):
        open_session().call("POST", "/tickets", json={"title": "x"})
    assert len(server.requests) == 1
    assert pauses == []


@pytest.mark.parametrize("behaviour", [hanging_up, TRUNCATED, TRUNCATED_CHUNKS])
def test_a_broken_answer_to_a_safe_call_is_tried_three_times(
    server: RawServer, open_session: OpenSession, pauses: list[float], behaviour: object
) -> None:
    server.plays(behaviour)  # type: ignore[arg-type]
    with pytest.raises(TemporaryError):
        open_session().call("GET", "/tickets")
    assert len(server.requests) == 3
    assert 0.25 <= pauses[0] <= 0.5
    assert 0.5 <= pauses[1] <= 1


def test_a_safe_call_recovers(server: RawServer, open_session: OpenSession, records: list[CallRecord]) -> None:
    server.plays(hanging_up, answering(b"", "503 Unavailable"), answering(b"[1]"))
    assert open_session().call("POST", "/query", json={}, safe=True).json() == [1]
    assert [(record.attempt, record.status) for record in records] == [(1, None), (2, 503), (3, 200)]


@pytest.mark.parametrize("status", ["429 Slow", "500 Oops", "502 Bad", "503 No", "504 Late"])
def test_an_unsafe_call_is_not_repeated_whatever_the_status(
    server: RawServer, open_session: OpenSession, status: str
) -> None:
    server.plays(answering(b"", status))
    answer = open_session().call("POST", "/tickets", json={})
    assert len(server.requests) == 1
    with pytest.raises(UnknownOutcomeError):
        raise_for_status(answer, safe=False)


def test_a_refused_connection_leaves_an_unsafe_call_provably_unsent(open_session: OpenSession) -> None:
    session = open_session(base_url=f"http://127.0.0.1:{a_free_port()}")
    with pytest.raises(TemporaryError, match="no connection was possible"):
        session.call("POST", "/tickets", json={})


def test_an_unknown_name_leaves_an_unsafe_call_provably_unsent(
    open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_args: object, **_options: object) -> object:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(TemporaryError, match=r"vendor\.example could not be resolved"):
        open_session(base_url="https://vendor.example").call("POST", "/tickets", json={})


def test_a_kept_connection_the_vendor_closed_does_not_resend_an_unsafe_call(
    server: RawServer, open_session: OpenSession
) -> None:
    server.plays(answering(b"{}"), hanging_up, answering(b"{}"))
    session = open_session()
    session.call("GET", "/warm")
    with pytest.raises(UnknownOutcomeError):
        session.call("POST", "/tickets", json={})
    assert len(server.requests) == 2


def test_an_answer_beyond_the_limit(server: RawServer, open_session: OpenSession) -> None:
    server.plays(LARGE)
    with pytest.raises(MalformedResponseError):
        open_session(max_bytes=1000).call("GET", "/")
    with pytest.raises(UnknownOutcomeError):
        open_session(max_bytes=1000).call("POST", "/")


def test_retry_after_in_seconds_is_obeyed(server: RawServer, open_session: OpenSession, pauses: list[float]) -> None:
    server.plays(answering(b"", "429 Slow", Retry_After="3"), answering(b"{}"))
    assert open_session().call("GET", "/").status == 200
    assert pauses == [3.0]


def test_retry_after_as_a_date_is_obeyed(server: RawServer, open_session: OpenSession, pauses: list[float]) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    server.plays(answering(b"", "503 No", Retry_After=moment), answering(b"{}"))
    assert open_session(deadline=100).call("GET", "/").status == 200
    assert 37 <= pauses[0] <= 40


def test_a_wait_beyond_the_deadline_is_handed_to_the_caller(
    server: RawServer, open_session: OpenSession, pauses: list[float]
) -> None:
    server.plays(answering(b"slow down", "429 Slow", Retry_After="600"))
    with pytest.raises(TemporaryError) as raised:
        open_session().call("GET", "/")
    assert raised.value.retry_after == 600
    assert pauses == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RejectedError), (401, ConfigurationError), (403, ConfigurationError), (404, NotFoundError),
        (409, ConflictError), (410, NotFoundError), (412, ConflictError), (422, RejectedError),
        (304, ConfigurationError),
        (429, TemporaryError), (500, TemporaryError), (503, TemporaryError), (100, MalformedResponseError),
    ],
)  # fmt: skip
def test_each_status_has_one_meaning(status: int, error: type[VendorError]) -> None:
    with pytest.raises(error) as raised:
        raise_for_status(Answer(status, {"Retry-After": "7"}, b"why", "https://v.example/"), safe=True)
    assert raised.value.status == status
    if isinstance(raised.value, TemporaryError):
        assert raised.value.retry_after == 7


def test_every_attempt_passes_budget_and_guard(server: RawServer, open_session: OpenSession) -> None:
    steps: list[str] = []

    class Turnstile:
        @contextmanager
        def take(self, endpoint: str, *, interactive: bool, wait: float, hold: float) -> Iterator[None]:
            assert 0 < wait <= hold <= 5
            steps.append(f"in {endpoint} {interactive}")
            yield
            steps.append("out")

        def told(self, endpoint: str, answer: Answer) -> None:
            steps.append(f"told {answer.status} of {endpoint}")

    server.plays(answering(b"", "503 No"), answering(b"{}"))
    session = open_session(
        budget=Turnstile(),
        interactive=True,
        guard=lambda: steps.append("guard"),
        endpoint_of=lambda method, path: f"{method}:{path}",
    )
    session.call("GET", "/things?x=1")
    assert steps == [
        step
        for status in (503, 200)
        for step in ("in GET:/things True", "guard", f"told {status} of GET:/things", "out")
    ]


def test_a_guard_that_raises_stops_the_call(server: RawServer, open_session: OpenSession) -> None:
    class ClaimLostHere(Exception):
        pass

    def guard() -> None:
        raise ClaimLostHere

    with pytest.raises(ClaimLostHere):
        open_session(guard=guard).call("POST", "/", json={})
    assert server.requests == []


def test_one_connection_serves_many_calls(server: RawServer, open_session: OpenSession) -> None:
    session = open_session()
    for _ in range(5):
        session.call("GET", "/")
    assert server.connects == 1


def test_an_unsafe_call_does_not_trust_a_connection_that_idled(
    server: RawServer, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session()
    session.call("GET", "/")
    monkeypatch.setattr("integrations.transport.wire.STALE_AFTER", 0.0)
    session.call("GET", "/")
    assert server.connects == 1
    session.call("POST", "/", json={})
    assert server.connects == 2


def test_the_answer_to_a_write_goes_into_a_file_if_one_is_given(
    server: RawServer, open_session: OpenSession, records: list[CallRecord]
) -> None:
    server.plays(answering(b'{"large": 1}'), answering(b"refused", "400 Bad Request"), answering(b"x" * 100))
    session, file = open_session(), io.BytesIO(b"something old, and longer")
    answer = session.call("POST", "/", data=b"q", safe=True, file=file)
    assert (answer.body, file.getvalue(), records[0].response_body) == (b"", b'{"large": 1}', "(stored as a file)")
    answer = session.call("POST", "/", data=b"q", safe=True, file=file)
    assert (answer.status, answer.body, file.getvalue()) == (400, b"refused", b'{"large": 1}')
    with pytest.raises(MalformedResponseError, match="more than the 99 bytes"):
        session.call("POST", "/", data=b"q", safe=True, file=file, max_bytes=99)


def test_a_repeated_call_starts_its_file_anew(server: RawServer, open_session: OpenSession) -> None:
    half = sending(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", close=True)
    server.plays(half, answering(b"whole"))
    file = io.BytesIO()
    open_session().call("POST", "/", data=b"q", safe=True, file=file)
    assert file.getvalue() == b"whole"
