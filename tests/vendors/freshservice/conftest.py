"""A simulated Freshservice on two ports, a client of it, and a bare HTTP caller that knows nothing but the wire."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from integrations.transport.session import CallRecord, Session
from integrations.vendors.freshservice import simulator as simulated
from integrations.vendors.freshservice.api import FreshserviceApi
from integrations.vendors.freshservice.plans import endpoint_of
from integrations.vendors.freshservice.simulator import FreshserviceSimulator

from .saying import as_started, server

BASIC = {"Authorization": "Basic " + base64.b64encode(f"{simulated.API_KEY}:X".encode()).decode()}
ROOT = "/api/v2/"
TICKET: dict[str, Any] = {
    "subject": "No power",
    "description": "<p>Dead since noon</p>",
    "status": 2,
    "priority": 1,
    "email": "rosa@elite.example.com",
}
OpenApi = Callable[..., FreshserviceApi]


@dataclass(frozen=True)
class Seen:
    """An answer as it was on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """Calls to the simulator, each over a connection of its own."""

    def __init__(self, url: str) -> None:
        self._port = urlsplit(url).port or 0

    def __call__(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, kind: str = ""
    ) -> Seen:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            address = path if path.startswith("/") else ROOT + path
            sent = BASIC if headers is None else headers
            connection.request(method, address, data, sent | ({"Content-Type": kind} if kind else {}))
            answer = connection.getresponse()
            return Seen(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def do(self, action: str, **arguments: Any) -> Any:
        """An act of somebody else, over HTTP."""
        seen = self("POST", "/_simulator/do", {"action": action, **arguments})
        assert seen.status == 200, seen.body
        return seen.json["done"]

    def get(self, path: str) -> Any:
        seen = self("GET", path)
        assert seen.status == 200, seen.body
        return seen.json


def make(wire: Wire, count: int) -> list[int]:
    """So many new tickets."""
    return [wire.do("new_ticket", subject=f"Ticket {number}") for number in range(count)]


def fetch(url: str, **headers: str) -> Seen:
    """A file, from wherever its address leads."""
    parts = urlsplit(url)
    return Wire(f"http://{parts.netloc}")("GET", f"{parts.path}?{parts.query}", headers=headers)


@pytest.fixture(scope="session", autouse=True)
def _server() -> Iterator[None]:
    with server():
        yield


@pytest.fixture
def freshservice() -> FreshserviceSimulator:
    return as_started()


@pytest.fixture
def wire(freshservice: FreshserviceSimulator) -> Wire:
    return Wire(freshservice.url)


@pytest.fixture
def records() -> list[CallRecord]:
    return []


@pytest.fixture
def open_api(freshservice: FreshserviceSimulator, records: list[CallRecord]) -> Iterator[OpenApi]:
    """`open_api(api_key=…, plan=…)`: an opened client; pauses between its attempts are not waited for."""
    with ExitStack() as stack:

        def opened(*, api_key: str = simulated.API_KEY, base_url: str = "", **settings: Any) -> FreshserviceApi:
            url = base_url or freshservice.url
            session = Session(
                vendor="Freshservice",
                base_url=url,
                secrets=[api_key],
                allow_private=True,
                endpoint_of=endpoint_of,
                recorder=records.append,
                deadline=10,
                sleep=lambda seconds: None,
            )
            return FreshserviceApi(
                stack.enter_context(session),
                base_url=url,
                credentials={"api_key": api_key},
                settings={"attachment_hosts": freshservice.files.place} | settings,
                facts={},
            )

        yield opened


@pytest.fixture
def api(open_api: OpenApi) -> FreshserviceApi:
    return open_api()


def sent(freshservice: FreshserviceSimulator) -> list[str]:
    """The ledger in short: `GET tickets`."""
    return [f"{call.method} {call.path.removeprefix(ROOT)}" for call in freshservice.calls]


def stop_the_clock(freshservice: FreshserviceSimulator) -> None:
    """At the first second of a minute, an hour ahead, so that no minute turns by itself."""
    now = freshservice.data.clock.now().timestamp()
    freshservice.data.clock.pass_seconds(3600 - now % 60)
    freshservice.data.clock.stop(freshservice.data.clock.now().replace(second=0, microsecond=0))


def wait_for(condition: Callable[[], bool], *, bound: float = 20) -> None:
    """Until it holds; fails after `bound` seconds."""
    ends = time.monotonic() + bound
    while not condition():
        assert time.monotonic() < ends, "it never came about"
        threading.Event().wait(0.005)
