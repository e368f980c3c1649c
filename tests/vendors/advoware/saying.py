"""An Advoware that says what a test tells it to, over HTTP: the simulator's answers, or others in their place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from integrations.transport.session import CallRecord, Session
from integrations.vendors.advoware import VENDOR
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.simulator import CREDENTIALS, AdvowareServer, AdvowareSimulator
from integrations.vendors.simulation import Reply, Request

Change = Callable[[Request, Reply], Reply]


class SayingAdvoware(AdvowareSimulator):
    """`change` makes of each answer of the API another one, `change_login` of each answer of the vendor's own hosts."""

    change: Change = staticmethod(lambda request, reply: reply)
    change_login: Change = staticmethod(lambda request, reply: reply)

    def handle(self, request: Request) -> Reply:
        is_api = request.path.startswith("/api/v1/advonet")
        return (self.change if is_api else self.change_login)(request, super().handle(request))


@cache
def server() -> AdvowareServer:
    """One for all tests: starting and ending a port takes longer than most of them."""
    return AdvowareServer(SayingAdvoware())


def as_started() -> SayingAdvoware:
    """The simulator as it is after its start."""
    advoware = server().simulator
    assert isinstance(advoware, SayingAdvoware)
    advoware.__dict__.pop("change", None)
    advoware.__dict__.pop("change_login", None)
    advoware.reset()
    return advoware


@contextmanager
def client_of(
    advoware: AdvowareSimulator,
    *,
    facts: MutableMapping[str, Any] | None = None,
    records: list[CallRecord] | None = None,
    base_url: str = "",
    deadline: float = 10,
    settings: dict[str, Any] | None = None,
    **credentials: str,
) -> Iterator[AdvowareApi]:
    """A client; pauses between its attempts are not waited for."""
    given = CREDENTIALS | credentials
    url = base_url or advoware.url
    with Session(
        vendor=VENDOR.label,
        base_url=url,
        secrets=[given[name] for name in VENDOR.secret_names()],
        allow_private=True,
        endpoint_of=VENDOR.endpoint_of,
        recorder=None if records is None else records.append,
        deadline=deadline,
        sleep=lambda seconds: None,
    ) as session:
        yield AdvowareApi(
            session,
            base_url=url,
            credentials=given,
            settings=settings or {},
            facts={} if facts is None else facts,
        )


def always(body: Any, *, status: int = 200) -> Change:
    """This body to every call."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda request, real: Reply(status, raw, {"Content-Type": "application/json"}, real.committed)


def sent(advoware: AdvowareSimulator) -> list[str]:
    """The ledger in short: `GET Beteiligte/104860`, `POST Token`, `GET Url`."""
    roots = ("/api/v1/advonet/", "/api/v1/", "/AdvonetConfigurator/api/")
    found = []
    for call in advoware.calls:
        root = next((one for one in roots if call.path.startswith(one)), "")
        found.append(f"{call.method} {call.path.removeprefix(root)}")
    return found
