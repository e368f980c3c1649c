"""A vendor made up for tests of core: one local HTTP server that answers what it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from integrations.core import registry
from integrations.core.registry import IntegrationKind, Role
from integrations.transport.session import Session, raise_for_status
from integrations.vendors import Field, Limits, Vendor


@dataclass
class Wire:
    """What the vendor saw, and what it says next."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


class ParrotApi:
    """The vendor's Api: sends what it is told."""

    def __init__(
        self,
        session: Session,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        facts: MutableMapping[str, Any],
    ) -> None:
        self.session, self.facts, self.credentials, self.settings = session, facts, credentials, settings
        session.trust(base_url, {"X-Key": credentials["key"]})

    def ask(self, method: str = "GET", path: str = "/birds", **more: Any) -> Any:
        answer = self.session.call(method, path, **more)
        raise_for_status(answer, safe=method == "GET")
        return answer.json()

    def ask_each(self, times: int) -> Iterator[Any]:
        """So many answers, each asked for when it is wanted."""
        for _ in range(times):
            yield self.ask()


PARROT = Vendor(
    slug="parrot",
    label="Parrot",
    api=ParrotApi,
    credentials=(
        Field("user", "User"),
        Field("key", "Key", secret=True),
        Field("pin", "Pin", secret=True, required=False),
    ),
    settings=(Field("region", "Region", required=False, choices=(("eu", "Europe"), ("us", "America"))),),
    limits=Limits(in_flight_per_endpoint=2, calls_per_hour=100),
)
AVIARY = IntegrationKind(slug="aviary", label="Aviary", roles=(Role("bird", "Bird", PARROT),))


def aviary_with(**changes: Any) -> IntegrationKind:
    """The kind, with a vendor that declares these things differently."""
    return replace(AVIARY, roles=(Role("bird", "Bird", replace(PARROT, **changes)),))


@contextmanager
def installed(kind: IntegrationKind = AVIARY) -> Iterator[None]:
    """The kind is registered while this lasts."""
    registry.register(kind)
    try:
        yield
    finally:
        registry._kinds.pop(kind.slug)


@contextmanager
def serving() -> Iterator[Wire]:
    wire = Wire()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            wire.seen.append((self.command, self.path, dict(self.headers)))
            self.send_response(wire.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(wire.body)))
            self.end_headers()
            self.wfile.write(wire.body)

        do_GET = do_POST = answer  # noqa: N815 — names of http.server

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    wire.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
