"""Two iTops that say what a test tells them to, over HTTP: the simulators' answers, or others in their place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from integrations.transport.session import CallRecord, Session
from integrations.vendors.itop import VENDOR
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.simulator import BRIDGE, EXTERNAL, INTERNAL, PASSWORD, ItopSimulator
from integrations.vendors.simulation import Reply, Request
from integrations.vendors.simulation_server import Server

Change = Callable[[Request, Reply], Reply]
CAPTURES = Path(__file__).parent / "captures"
PATH = "/webservices/rest.php"


class SayingItop(ItopSimulator):
    """`change` makes of each answer another one."""

    change: Change = staticmethod(lambda request, reply: reply)

    def handle(self, request: Request) -> Reply:
        return self.change(request, super().handle(request))


@cache
def server(kind: str = EXTERNAL) -> Server:
    """One of each kind for all tests: starting and ending a port takes longer than most of them."""
    return Server(SayingItop(kind))


def as_started(kind: str = EXTERNAL) -> SayingItop:
    """The simulator as it is after its start."""
    itop = server(kind).simulator
    assert isinstance(itop, SayingItop)
    itop.change = SayingItop.change
    itop.reset()
    return itop


@contextmanager
def client_of(
    itop: ItopSimulator,
    *,
    username: str = BRIDGE,
    password: str = PASSWORD,
    base_url: str = "",
    records: list[CallRecord] | None = None,
    deadline: float = 10,
    **settings: Any,
) -> Iterator[ItopApi]:
    """A client; pauses between its attempts are not waited for."""
    url = base_url or itop.url
    with Session(
        vendor=VENDOR.label,
        base_url=url,
        secrets=[password],
        allow_private=True,
        endpoint_of=VENDOR.endpoint_of,
        recorder=None if records is None else records.append,
        deadline=deadline,
        sleep=lambda seconds: None,
    ) as session:
        yield ItopApi(
            session,
            base_url=url,
            credentials={"username": username, "password": password},
            settings={"time_zone": itop.data.clock.zone} | settings,
            facts={},
        )


@contextmanager
def saying(change: Change | None = None, **client: Any) -> Iterator[tuple[SayingItop, ItopApi]]:
    """The external one, saying other things, and a client of it."""
    itop = as_started()
    if change is not None:
        itop.change = change
    with client_of(itop, **client) as api:
        yield itop, api


def both() -> tuple[SayingItop, SayingItop]:
    return as_started(EXTERNAL), as_started(INTERNAL)


def capture(name: str) -> Any:
    """A recorded call and its answer; passwords are masked, hosts replaced."""
    return json.loads((CAPTURES / f"{name}.json").read_text(encoding="utf-8"))


def always(body: Any, *, status: int = 200, **headers: str) -> Change:
    """This body to every call."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, real: Reply(status, raw, {"Content-Type": "application/json", **named})


def recorded(name: str) -> Change:
    """The recorded answer to every call."""
    answer = capture(name)["response"]
    return always(answer["body"], status=answer["http_status"])
