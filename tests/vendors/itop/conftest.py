"""Two simulated iTops, a client of the external one, and a bare HTTP caller that knows nothing but the wire."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from integrations.transport.session import CallRecord
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.schemas import Ticket
from integrations.vendors.itop.simulator import BRIDGE, EXTERNAL, INTERNAL, PASSWORD, ItopSimulator

from .saying import PATH, as_started, client_of, server

OpenApi = Callable[..., ItopApi]


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
    """Calls to one iTop, each over a connection of its own."""

    def __init__(self, url: str) -> None:
        self._port = urlsplit(url).port or 0

    def __call__(
        self, method: str, path: str, body: bytes | None = None, *, headers: dict[str, str] | None = None
    ) -> Seen:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Seen(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def form(self, fields: dict[str, str], *, query: str = "") -> Seen:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self("POST", PATH + query, urlencode(fields).encode(), headers=headers)

    def rest(self, operation: str, *, user: str = BRIDGE, password: str = PASSWORD, **given: Any) -> Any:
        """What the REST services answer; the bridge's comment is there unless it is None."""
        document = {"operation": operation, "comment": "test"} | given
        document = {name: value for name, value in document.items() if value is not None}
        fields = {"version": "1.3", "auth_user": user, "auth_pwd": password, "json_data": json.dumps(document)}
        seen = self.form(fields)
        assert seen.status == 200, seen.body
        return seen.json

    def get(self, class_name: str, key: Any, fields: str = "*", **given: Any) -> Any:
        return self.rest("core/get", **{"class": class_name}, key=key, output_fields=fields, **given)

    def create(self, class_name: str, fields: dict[str, Any], output: str = "*", **given: Any) -> Any:
        return self.rest("core/create", **{"class": class_name}, fields=fields, output_fields=output, **given)

    def update(self, class_name: str, key: Any, fields: dict[str, Any], output: str = "*", **given: Any) -> Any:
        return self.rest("core/update", **{"class": class_name}, key=key, fields=fields, output_fields=output, **given)

    def stimulus(self, class_name: str, key: int, stimulus: str, fields: dict[str, Any], **given: Any) -> Any:
        return self.rest(
            "core/apply_stimulus", **{"class": class_name}, key=key, stimulus=stimulus, fields=fields, **given
        )

    def delete(self, class_name: str, key: Any, **given: Any) -> Any:
        return self.rest("core/delete", **{"class": class_name}, key=key, **given)

    def do(self, action: str, **arguments: Any) -> Any:
        """An act of somebody else, over HTTP."""
        seen = self("POST", "/_simulator/do", json.dumps({"action": action, **arguments}).encode())
        assert seen.status == 200, seen.body
        return seen.json["done"]


def only(answer: Any) -> Any:
    """The fields of the one object of an answer."""
    assert answer["code"] == 0, answer
    (one,) = answer["objects"].values()
    return one["fields"]


@pytest.fixture(scope="session", autouse=True)
def _servers() -> Iterator[None]:
    with server(EXTERNAL), server(INTERNAL):
        yield


@pytest.fixture
def itop() -> ItopSimulator:
    """The external one."""
    return as_started()


@pytest.fixture
def wire(itop: ItopSimulator) -> Wire:
    return Wire(itop.url)


@pytest.fixture
def records() -> list[CallRecord]:
    return []


@pytest.fixture
def open_api(itop: ItopSimulator, records: list[CallRecord]) -> Iterator[OpenApi]:
    """`open_api(username=…, password=…, time_zone=…)`: an opened client of the external one."""
    with ExitStack() as stack:
        yield lambda **given: stack.enter_context(client_of(itop, records=records, **given))


@pytest.fixture
def api(open_api: OpenApi) -> ItopApi:
    return open_api()


@pytest.fixture
def ticket(itop: ItopSimulator, api: ItopApi) -> Ticket:
    """One of the external iTop, just made; the ledger begins after it."""
    found = api.ticket(itop.do("new_ticket", {"title": "x"}))
    itop.calls.clear()
    return found


def sent(itop: ItopSimulator) -> list[str]:
    """The ledger in short: `core/get Ticket::1`."""
    return [call.path.removeprefix(PATH).strip() for call in itop.calls]
