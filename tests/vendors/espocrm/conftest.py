"""A simulated EspoCRM, a client of it, and a bare HTTP caller that knows nothing but the wire."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from integrations.transport.session import CallRecord
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.simulator import API_KEY, EspocrmSimulator

from .saying import ROOT, as_started, client_of, server

OpenApi = Callable[..., EspocrmApi]
KEY = {"X-Api-Key": API_KEY}


@dataclass(frozen=True)
class Seen:
    """An answer as it was on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        return self.headers.get("x-status-reason", "")


class Wire:
    """Calls to the simulator, each over a connection of its own."""

    def __init__(self, url: str) -> None:
        self._port = urlsplit(url).port or 0

    def __call__(self, method: str, path: str, body: Any = None, *, key: str = API_KEY, **headers: str) -> Seen:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            shown = {"X-Api-Key": key} if key else {}
            connection.request(method, path if path.startswith("/") else ROOT + path, data, shown | named)
            answer = connection.getresponse()
            return Seen(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        seen = self("GET", path)
        assert seen.status == 200, (seen.status, seen.reason)
        return seen.json

    def put(self, party: str, entity: str = "CBeteiligte", /, **body: Any) -> Any:
        seen = self("PUT", f"{entity}/{party}", body)
        assert seen.status == 200, (seen.status, seen.reason)
        return seen.json

    def party(self, party: str, entity: str = "CBeteiligte") -> Any:
        return self.get(f"{entity}/{party}")

    def do(self, action: str, **arguments: Any) -> Any:
        """An act of somebody else, over HTTP."""
        seen = self("POST", "/_simulator/do", {"action": action, **arguments})
        assert seen.status == 200, seen.body
        return seen.json["done"]


@pytest.fixture(scope="session", autouse=True)
def _server() -> Iterator[None]:
    with server():
        yield


@pytest.fixture
def espocrm() -> EspocrmSimulator:
    return as_started()


@pytest.fixture
def wire(espocrm: EspocrmSimulator) -> Wire:
    return Wire(espocrm.url)


@pytest.fixture
def records() -> list[CallRecord]:
    return []


@pytest.fixture
def open_api(espocrm: EspocrmSimulator, records: list[CallRecord]) -> Iterator[OpenApi]:
    """`open_api(api_key=…, entity=…)`: an opened client."""
    with ExitStack() as stack:
        yield lambda **given: stack.enter_context(client_of(espocrm, records=records, **given))


@pytest.fixture
def api(open_api: OpenApi) -> EspocrmApi:
    return open_api()


def sent(espocrm: EspocrmSimulator) -> list[str]:
    """The ledger in short: `GET CBeteiligte/6b02…`."""
    return [f"{call.method} {call.path.removeprefix(ROOT)}" for call in espocrm.calls]
