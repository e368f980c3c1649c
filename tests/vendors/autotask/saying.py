"""An Autotask that says what a test tells it to, over HTTP: the real simulator's answers, or others in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from integrations.transport.session import Session
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.simulator import INTEGRATION_CODE, SECRET, USERNAME, AutotaskSimulator
from integrations.vendors.simulation import Reply, Request
from integrations.vendors.simulation_server import Server

CREDENTIALS = {"username": USERNAME, "secret": SECRET, "integration_code": INTEGRATION_CODE}
Change = Callable[[Request, Reply], Reply]


class SayingAutotask(AutotaskSimulator):
    """`change` makes of each answer another one."""

    change: Change = staticmethod(lambda request, reply: reply)

    def handle(self, request: Request) -> Reply:
        return self.change(request, super().handle(request))


@contextmanager
def client_of(autotask: SayingAutotask) -> Iterator[AutotaskApi]:
    """A client that has not looked its zone up yet; pauses between its attempts are not waited for."""
    url = autotask.url
    with Session(
        vendor="Autotask", base_url=url, allow_private=True, deadline=10, sleep=lambda seconds: None
    ) as session:
        yield AutotaskApi(session, base_url=url, credentials=CREDENTIALS, settings={}, facts={})


@contextmanager
def saying() -> Iterator[tuple[SayingAutotask, AutotaskApi]]:
    """The simulator on a port, and a client of it."""
    autotask = SayingAutotask()
    with Server(autotask), client_of(autotask) as api:
        yield autotask, api


def answering(path: str, reply: Reply) -> Change:
    """This reply to calls whose path ends so; everything else as it is."""
    return lambda request, real: reply if request.path.endswith(path) else real
