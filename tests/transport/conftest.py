"""A vendor that can misbehave: a raw socket server whose every answer is a small function."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.transport.session import CallRecord, Session

Behaviour = Callable[[socket.socket, bytes], None]


class RawServer:
    """Reads whole requests and hands the bare connection to the behaviour of the moment; remembers every request."""

    def __init__(self, *, family: socket.AddressFamily = socket.AF_INET, host: str = "127.0.0.1") -> None:
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.bind((host, 0))
        self._listener.listen(50)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self.requests: list[bytes] = []
        self.connects = 0
        self.stopped = threading.Event()
        self.on_connect: Behaviour | None = None
        self.answers: list[Behaviour] = []  # the last one stays
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def plays(self, *answers: Behaviour) -> None:
        self.answers = list(answers)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connects += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self.on_connect is not None:
                self.on_connect(connection, b"")
                return
            while request := _read_request(connection):
                self.requests.append(request)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                answer(connection, request)

    def stop(self) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65536)):
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> Behaviour:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return sending(head.encode() + b"\r\n" + body)


def sending(raw: bytes, *, close: bool = False) -> Behaviour:
    """Exactly these bytes, whatever they are; then perhaps the end."""

    def behave(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(raw)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return behave


def hanging_up(connection: socket.socket, _request: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def server() -> Iterator[RawServer]:
    running = RawServer()
    running.plays(answering())
    yield running
    running.stop()


@pytest.fixture
def records() -> list[CallRecord]:
    return []


@pytest.fixture
def pauses() -> list[float]:
    return []


OpenSession = Callable[..., Session]


@pytest.fixture
def open_session(server: RawServer, records: list[CallRecord], pauses: list[float]) -> Iterator[OpenSession]:
    """Sessions to the server, whose waits between attempts are noted instead of slept."""
    opened: list[Session] = []

    def open_it(**changes: Any) -> Session:
        options: dict[str, Any] = {
            "vendor": "Vendor",
            "base_url": server.url,
            "allow_private": True,
            "recorder": records.append,
            "sleep": pauses.append,
            "deadline": 5,
        }
        opened.append(Session(**{**options, **changes}))
        return opened[-1]

    yield open_it
    for session in opened:
        session.close()
