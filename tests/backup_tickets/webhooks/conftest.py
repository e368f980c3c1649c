"""The simulated Autotask sends to the portal over HTTP; what is taken is worked off when a test says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from integrations.backup_tickets.models import TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.core.models import Connection, Stream, SyncRun, WebhookDelivery
from integrations.core.opening import set_secrets
from integrations.core.running import run_due_jobs
from integrations.core.streams import run_now, streams_of
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.fixtures import autotask, autotask_server, claim, scene
from tests.backup_tickets.resolving.acts import sent
from tests.backup_tickets.scene import Scene

from .posting import SECRET

__all__ = ["autotask", "autotask_server", "claim", "scene"]


@dataclass
class Wire:
    """A tenant whose webhook leads to the portal."""

    scene: Scene
    autotask: Autotask
    portal_url: str

    # --- Autotask at work

    def do(self, action: str, **values: Any) -> Any:
        return self.autotask.simulator.do(action, values)

    def pump(self, *, all: bool = False) -> int:  # noqa: A002 — as the act names it
        """Send what is due; how many calls."""
        return int(self.do("pump", all=all))

    @property
    def answers(self) -> list[int | None]:
        """What the portal answered, call by call."""
        return [line.status for line in self.autotask.simulator.sender.sent if not line.dropped]

    # --- the portal at work

    def tickets(self, count: int = 1) -> list[TicketLink]:
        """So many runs with a ticket each; the ledger begins after them."""
        made = [create_ticket(self.scene.another_run(f"own-{n}"), user=self.scene.operator) for n in range(count)]
        self.autotask.simulator.calls.clear()
        return made

    def work(self) -> list[str]:
        """Work off what was taken; the calls that went to Autotask for it."""
        self.autotask.simulator.calls.clear()
        run_due_jobs()
        return sent(self.autotask)

    def validate(self) -> SyncRun:
        """The scheduled validation, now."""
        streams_of(self.scene.integration)
        return run_now(Stream.objects.get(integration=self.scene.integration, slug="link_validation"))

    # --- what is there

    @property
    def connection(self) -> Connection:
        return Connection.objects.get(pk=self.scene.connection.pk)

    def deliveries(self) -> list[tuple[str, str]]:
        """State and outcome of each, oldest first."""
        return list(WebhookDelivery.objects.order_by("pk").values_list("state", "outcome"))


def id_of(link: TicketLink) -> int:
    """The number Autotask knows the ticket by."""
    assert link.ticket is not None
    return int(link.ticket.ticket_id)


def states(links: list[TicketLink]) -> list[str]:
    found = TicketLink.objects.filter(pk__in=[link.pk for link in links])
    return list(found.order_by("pk").values_list("state", flat=True))


@pytest.fixture
def wire(scene: Scene, autotask: Autotask, live_server: Any) -> Wire:
    set_secrets(scene.connection, {"webhook_secret": SECRET}, by="anna")
    scene.connection.save()
    made = Wire(scene, autotask, f"{live_server.url}/webhooks/elite/psa/")
    urls = {"url": f"{made.portal_url}ticket", "deactivation_url": f"{made.portal_url}deactivated"}
    made.do("webhook", **urls, secret=SECRET)
    return made
