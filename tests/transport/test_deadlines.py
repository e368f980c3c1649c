"""The total deadline ends every kind of slowness, and only costs the call that is slow."""

from __future__ import annotations

import gzip
import os
import socket
import threading
import time
from collections.abc import Callable

import pytest

from integrations.transport.errors import MalformedResponseError, TemporaryError, UnknownOutcomeError
from tests.transport.conftest import Behaviour, OpenSession, RawServer, answering

HEAD = b"HTTP/1.1 200 OK\r\n"


def trickling(first: bytes, drop: bytes, stopped: threading.Event) -> Behaviour:
    def behave(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(first)
        while not stopped.wait(0.02):
            connection.sendall(drop)

    return behave


SLOWNESS: dict[str, Callable[[threading.Event], Behaviour]] = {
    "silence": lambda stopped: lambda _connection, _request: stopped.wait(5) and None,
    "status line": lambda stopped: trickling(b"HTTP/1.1 200 ", b"O", stopped),
    "headers": lambda stopped: trickling(HEAD + b"X: ", b"a", stopped),
    "interim answers": lambda stopped: trickling(b"", b"HTTP/1.1 100 Continue\r\n\r\n", stopped),
    "body": lambda stopped: trickling(HEAD + b"Content-Length: 100000\r\n\r\n", b"x", stopped),
    "body until close": lambda stopped: trickling(HEAD + b"Connection: close\r\n\r\n", b"x", stopped),
    "chunks": lambda stopped: trickling(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", stopped),
    "chunk size": lambda stopped: trickling(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0", stopped),
}


@pytest.mark.parametrize("kind", SLOWNESS)
def test_a_slow_answer_ends_at_the_deadline(server: RawServer, open_session: OpenSession, kind: str) -> None:
    server.plays(SLOWNESS[kind](server.stopped))
    session, started = open_session(deadline=0.3), time.monotonic()
    with pytest.raises(TemporaryError, match="in time"):
        session.call("GET", "/")
    assert time.monotonic() - started < 1.5
    with pytest.raises(UnknownOutcomeError, match="in time"):
        session.call("POST", "/", json={})
    assert len([request for request in server.requests if request.startswith(b"POST")]) == 1


def test_a_tls_handshake_that_trickles_ends_at_the_deadline(server: RawServer, open_session: OpenSession) -> None:
    # A handshake record announced as long, sent byte by byte.
    server.on_connect = trickling(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x03", server.stopped)
    session = open_session(base_url=server.url.replace("http:", "https:"), deadline=0.3)
    started = time.monotonic()
    with pytest.raises(TemporaryError, match="could not be reached in time"):
        session.call("POST", "/", json={})
    assert time.monotonic() - started < 1.5


def test_a_name_server_that_does_not_answer_ends_at_the_deadline(
    open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def silent(*_args: object, **_options: object) -> list[object]:
        release.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    with pytest.raises(TemporaryError, match="in time"):
        open_session(base_url="https://vendor.example", deadline=0.2).call("POST", "/", json={})
    release.set()


def test_a_connection_that_is_never_accepted_ends_at_the_deadline(open_session: OpenSession) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())  # the backlog is full now: the next one hangs
        second.setblocking(False)
        second.connect_ex(full.getsockname())
        session = open_session(base_url=f"http://127.0.0.1:{full.getsockname()[1]}", deadline=0.3)
        with pytest.raises(TemporaryError, match="could not be reached in time"):
            session.call("POST", "/", json={})


def test_an_endless_body_ends_at_the_size_limit(server: RawServer, open_session: OpenSession) -> None:
    def endless(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while not server.stopped.is_set():
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    server.plays(endless)
    with pytest.raises(MalformedResponseError, match="more than the 1000000 bytes"):
        open_session(max_bytes=1_000_000).call("GET", "/")


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip"])
def test_a_bomb_bursts_at_the_size_limit(server: RawServer, open_session: OpenSession, encoding: str) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    if "," in encoding:
        bomb = gzip.compress(bomb)
    server.plays(answering(bomb, Content_Encoding=encoding))
    with pytest.raises(MalformedResponseError, match="more than the 1000000 bytes"):
        open_session(max_bytes=1_000_000).call("GET", "/")


def test_deadlines_hold_in_a_forked_process(server: RawServer, open_session: OpenSession) -> None:
    server.plays(answering(b"{}"), SLOWNESS["body"](server.stopped))
    open_session().call("GET", "/")  # the parent's watchdog runs
    child = os.fork()
    if child == 0:
        try:
            open_session(deadline=0.3).call("GET", "/")
        except TemporaryError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_slow_call_leaves_no_descriptor_behind(server: RawServer, open_session: OpenSession) -> None:
    server.plays(SLOWNESS["body"](server.stopped))
    session = open_session(deadline=0.05)

    def open_descriptors() -> int:
        return sum(os.path.exists(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd"))

    for _ in range(3):
        with pytest.raises(TemporaryError):
            session.call("GET", "/")
    before = open_descriptors()
    for _ in range(5):
        with pytest.raises(TemporaryError):
            session.call("GET", "/")
    # The server's side of each broken connection may still be open in this same process.
    assert open_descriptors() <= before + 5
