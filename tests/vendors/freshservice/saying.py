"""A Freshservice that says what a test tells it to, over HTTP: the simulator's answers, or others in their place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from integrations.transport.session import Session
from integrations.vendors.freshservice.api import FreshserviceApi
from integrations.vendors.freshservice.simulator import API_KEY, FreshserviceServer, FreshserviceSimulator
from integrations.vendors.simulation import Reply, Request

Change = Callable[[Request, Reply], Reply]
CAPTURES = Path(__file__).parent / "captures"


class SayingFreshservice(FreshserviceSimulator):
    """`change` makes of each answer another one."""

    change: Change = staticmethod(lambda request, reply: reply)

    def handle(self, request: Request) -> Reply:
        return self.change(request, super().handle(request))


@contextmanager
def client_of(freshservice: FreshserviceSimulator, **settings: Any) -> Iterator[FreshserviceApi]:
    """A client; pauses between its attempts are not waited for."""
    url = freshservice.url
    with Session(
        vendor="Freshservice", base_url=url, allow_private=True, deadline=10, sleep=lambda seconds: None
    ) as session:
        yield FreshserviceApi(
            session,
            base_url=url,
            credentials={"api_key": API_KEY},
            settings={"attachment_hosts": freshservice.files.place} | settings,
            facts={},
        )


@cache
def server() -> FreshserviceServer:
    """One for all tests: starting and ending two ports takes longer than most of them."""
    return FreshserviceServer(SayingFreshservice())


def as_started() -> SayingFreshservice:
    """The simulator as it is after its start."""
    freshservice = server().simulator
    assert isinstance(freshservice, SayingFreshservice)
    freshservice.change = SayingFreshservice.change
    freshservice.reset()
    return freshservice


@contextmanager
def saying(change: Change | None = None) -> Iterator[tuple[SayingFreshservice, FreshserviceApi]]:
    """The simulator without its limits, saying other things, and a client of it."""
    freshservice = as_started()
    freshservice.limited = False
    if change is not None:
        freshservice.change = change
    with client_of(freshservice) as api:
        yield freshservice, api


def capture(name: str) -> Any:
    """A recorded answer, as the fact sheet's samples show it, with made-up people."""
    return json.loads((CAPTURES / f"{name}.json").read_text(encoding="utf-8"))


def always(body: Any, *, status: int = 200, **headers: str) -> Change:
    """This body to every call."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, real: Reply(status, raw, {"Content-Type": "application/json", **named})
