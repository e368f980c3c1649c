"""A portal in this process, where a simulated iTop sends its webhooks to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from integrations.vendors.itop.simulator import ItopSimulator
from integrations.vendors.itop.webhooks import WEBHOOKS
from integrations.vendors.webhooks import Received

SECRET = "made-up-secret-of-the-webhook"
ROOT = "/webhooks/elite/external"


class Portal:
    """Stands where the portal would, in this process: keeps what comes, and answers what it is told to."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.status = "202 Accepted"
        self.meanwhile: Any = None  # called while the sender waits

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        assert environ["PATH_INFO"].startswith(ROOT)
        self.received.append(Received(environ["PATH_INFO"].rpartition("/")[2], headers, body))
        if self.meanwhile is not None:
            self.meanwhile()
        start_response(self.status, [("Content-Type", "application/json")])
        return [b"{}"]

    @property
    def events(self) -> list[str]:
        return [received.event for received in self.received]

    @property
    def subjects(self) -> list[str]:
        return [hint.subject for one in self.received for hint in WEBHOOKS.parse(one) if not hint.ignored]


def set_up(itop: ItopSimulator, portal: Portal, **settings: Any) -> None:
    itop.do("webhook", {"url": f"http://portal.example.com{ROOT}", "secret": SECRET, **settings})
    itop.sender.app = portal
