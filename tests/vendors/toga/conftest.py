"""A simulated TOGA 2 on a port, and a client of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from integrations.transport.session import Session
from integrations.vendors.simulation_server import Server
from integrations.vendors.toga import simulator as simulated
from integrations.vendors.toga.api import TogaApi
from integrations.vendors.toga.simulator import TogaSimulator

CREDENTIALS = {
    "client_uuid": simulated.CLIENT_UUID,
    "api_key": simulated.API_KEY,
    "api_secret": simulated.API_SECRET,
}
OpenApi = Callable[..., TogaApi]


@pytest.fixture
def toga() -> Iterator[TogaSimulator]:
    with Server(TogaSimulator()) as server:
        assert isinstance(server.simulator, TogaSimulator)
        yield server.simulator


@pytest.fixture
def open_api(toga: TogaSimulator) -> Iterator[OpenApi]:
    """`open_api(where_style=…)`: an opened client; pauses between its attempts are not waited for."""
    with ExitStack() as stack:

        def opened(credentials: dict[str, str] = CREDENTIALS, **settings: Any) -> TogaApi:
            root = f"{toga.url}/v2"
            session = Session(
                vendor="TOGA 2",
                base_url=root,
                secrets=[simulated.API_KEY, simulated.API_SECRET],
                allow_private=True,
                deadline=10,
                sleep=lambda seconds: None,
            )
            return TogaApi(
                stack.enter_context(session), base_url=root, credentials=credentials, settings=settings, facts={}
            )

        yield opened


@pytest.fixture
def api(open_api: OpenApi) -> TogaApi:
    return open_api()


def sent(toga: TogaSimulator) -> list[str]:
    """The ledger in short: `GET tickets`."""
    return [f"{call.method} {call.path.removeprefix('/v2/')}" for call in toga.calls]
