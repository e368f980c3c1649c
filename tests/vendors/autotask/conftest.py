"""A simulated Autotask on a port, a client of it, and a bare HTTP caller that knows nothing but the wire."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from integrations.transport.session import Session
from integrations.vendors.autotask import simulator as simulated
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.schemas import TicketDraft
from integrations.vendors.autotask.simulator import AutotaskSimulator
from integrations.vendors.autotask.tenant import endpoint_of
from integrations.vendors.simulation_server import Server

HEADERS = {
    "UserName": simulated.USERNAME,
    "Secret": simulated.SECRET,
    "ApiIntegrationCode": simulated.INTEGRATION_CODE,
    "Content-Type": "application/json",
}
ROOT = "/ATServicesRest/v1.0/"
TICKET: dict[str, Any] = {"companyID": 101, "title": "Backup failed", "status": 1, "priority": 2, "queueID": 8}
DRAFT = TicketDraft(
    title="Backup failed", description="d", company_id=0, queue=8, source=8, status=1, priority=2, external_id="key"
)
OpenApi = Callable[..., AutotaskApi]


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
    def sentence(self) -> str:
        """The vendor's words, of either envelope."""
        return str(self.json.get("errors", self.json.get("message")))


class Wire:
    """Calls to the simulator, each over a connection of its own."""

    def __init__(self, server: Server) -> None:
        self._port = int(server.url.rsplit(":", 1)[1])

    def __call__(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, root: str = ROOT
    ) -> Seen:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            address = path if path.startswith("/") else root + path
            connection.request(method, address, data, HEADERS if headers is None else headers)
            answer = connection.getresponse()
            return Seen(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def create(self, **values: Any) -> int:
        """A ticket with these values; its id."""
        seen = self("POST", "Tickets", TICKET | values)
        assert seen.status == 200, seen.body
        return int(seen.json["itemId"])

    def find(self, entity: str, *filters: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        """The rows of a search, by POST."""
        seen = self("POST", f"{entity}/query", {"filter": list(filters) or [ALL], **more})
        assert seen.status == 200, seen.body
        rows: list[dict[str, Any]] = seen.json["items"]
        return rows


ALL = {"op": "exist", "field": "id"}


def eq(field: str, value: Any) -> dict[str, Any]:
    return {"op": "eq", "field": field, "value": value}


@pytest.fixture
def server() -> Iterator[Server]:
    with simulated.serve() as running:
        yield running


@pytest.fixture
def autotask(server: Server) -> AutotaskSimulator:
    simulator = server.simulator
    assert isinstance(simulator, AutotaskSimulator)
    return simulator


@pytest.fixture
def wire(server: Server) -> Wire:
    return Wire(server)


@pytest.fixture
def open_api(server: Server) -> Iterator[OpenApi]:
    """`open_api(facts={…}, secret=…)`: an opened client; pauses between its attempts are not waited for."""
    with ExitStack() as stack:

        def opened(*, facts: dict[str, Any] | None = None, **credentials: str) -> AutotaskApi:
            known = {
                "username": simulated.USERNAME,
                "secret": simulated.SECRET,
                "integration_code": simulated.INTEGRATION_CODE,
            }
            session = Session(
                vendor="Autotask",
                base_url=server.url,
                secrets=[simulated.SECRET, simulated.INTEGRATION_CODE],
                allow_private=True,
                endpoint_of=endpoint_of,
                deadline=10,
                sleep=lambda seconds: None,
            )
            return AutotaskApi(
                stack.enter_context(session),
                base_url=server.url,
                credentials=known | credentials,
                settings={},
                facts={} if facts is None else facts,
            )

        yield opened


@pytest.fixture
def api(open_api: OpenApi) -> AutotaskApi:
    return open_api()


def sent(autotask: AutotaskSimulator) -> list[str]:
    """The ledger in short: `POST Tickets/query`, without root and zone."""
    return [f"{call.method} {call.path.split('/v1.0/')[-1]}" for call in autotask.calls]
