"""An EspoCRM that says what a test tells it to, over HTTP: the simulator's answers, or others in their place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from integrations.transport.session import CallRecord, Session
from integrations.vendors.espocrm import VENDOR
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.simulator import API_KEY, EspocrmSimulator
from integrations.vendors.simulation import Reply, Request
from integrations.vendors.simulation_server import Server

Change = Callable[[Request, Reply], Reply]
CAPTURES = Path(__file__).parent / "captures"
ROOT = "/api/v1/"


class SayingEspocrm(EspocrmSimulator):
    """`change` makes of each answer another one."""

    change: Change = staticmethod(lambda request, reply: reply)

    def handle(self, request: Request) -> Reply:
        return self.change(request, super().handle(request))


@cache
def server() -> Server:
    """One for all tests: starting and ending a port takes longer than most of them."""
    return Server(SayingEspocrm())


def as_started() -> SayingEspocrm:
    """The simulator as it is after its start."""
    espocrm = server().simulator
    assert isinstance(espocrm, SayingEspocrm)
    espocrm.change = SayingEspocrm.change
    espocrm.reset()
    return espocrm


@contextmanager
def client_of(
    espocrm: EspocrmSimulator,
    *,
    api_key: str = API_KEY,
    secret_key: str = "",
    base_url: str = "",
    records: list[CallRecord] | None = None,
    facts: dict[str, Any] | None = None,
    deadline: float = 10,
    **settings: Any,
) -> Iterator[EspocrmApi]:
    """A client; pauses between its attempts are not waited for."""
    url = base_url or espocrm.url
    with Session(
        vendor=VENDOR.label,
        base_url=url,
        secrets=[secret for secret in (api_key, secret_key) if secret],
        allow_private=True,
        endpoint_of=VENDOR.endpoint_of,
        recorder=None if records is None else records.append,
        deadline=deadline,
        sleep=lambda seconds: None,
    ) as session:
        yield EspocrmApi(
            session,
            base_url=url,
            credentials={"api_key": api_key, "secret_key": secret_key},
            settings=settings,
            facts={} if facts is None else facts,
        )


@contextmanager
def saying(change: Change | None = None, **client: Any) -> Iterator[tuple[SayingEspocrm, EspocrmApi]]:
    """The simulator, saying other things, and a client of it."""
    espocrm = as_started()
    if change is not None:
        espocrm.change = change
    with client_of(espocrm, **client) as api:
        yield espocrm, api


def capture(name: str) -> Any:
    """Recorded calls and their answers; keys are masked."""
    return json.loads((CAPTURES / f"{name}.json").read_text(encoding="utf-8"))


def exchanges(name: str) -> list[Any]:
    found: list[Any] = capture(name)["exchanges"]
    return found


def reply_of(response: Any) -> Reply:
    """A recorded answer."""
    body = b"" if response["body"] == "" else json.dumps(response["body"]).encode()
    return Reply(response["status"], body, response["headers"])


def always(body: Any, *, status: int = 200, **headers: str) -> Change:
    """This body to every call."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, real: Reply(status, raw, {"Content-Type": "application/json", **named})


class Recorded:
    """The recorded answers, one after the other; keeps what was asked. The instance's settings are not among them."""

    def __init__(self, recorded: Iterable[Any]) -> None:
        self.left = list(recorded)
        self.asked: list[Request] = []

    def __call__(self, request: Request, real: Reply) -> Reply:
        if request.path == f"{ROOT}Settings":
            return real
        self.asked.append(request)
        return reply_of(self.left.pop(0)["response"])
