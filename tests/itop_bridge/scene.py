"""A client whose iTop is bridged to the provider's, with a simulator of each. Built with plain rows."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import time_machine
from django.db import connections
from django.test import Client as Sender
from django.utils import timezone

from integrations.core.models import (
    Client,
    Connection,
    HeldItem,
    Integration,
    IntegrationRole,
    RecordLink,
    Stream,
    SyncRun,
    WebhookDelivery,
)
from integrations.core.opening import set_secrets
from integrations.core.running import run_due_jobs
from integrations.core.streams import run_now, streams_of
from integrations.itop_bridge.models import BridgeOptions
from integrations.vendors.itop.simulator import BRIDGE, PASSWORD
from integrations.vendors.itop.simulator.world import AGENT, CALLER, ORG, TEAM
from tests.vendors.itop.saying import PATH, SayingItop, both

SECRETS = {"external": "a-webhook-secret-of-outside", "internal": "another-webhook-secret-of-inside"}
DEFAULTS = {"org_id": ORG, "caller_id": CALLER, "agent_id": AGENT, "team_id": TEAM}


@dataclass
class Scene:
    integration: Integration
    external: SayingItop
    internal: SayingItop
    clock: time_machine.Traveller

    # --- the portal at work

    @property
    def stream(self) -> Stream:
        found: Stream = Stream.objects.get(integration=self.integration, slug="reconcile")
        return found

    def reconcile(self, *, minutes: float = 5, is_dry: bool = False) -> SyncRun:
        """One run, an interval after what happened before."""
        self.clock.shift(minutes * 60)
        return run_now(self.stream, is_dry=is_dry)

    def hint(self, role: str, event: str, body: str, *, work: bool = True) -> int:
        """A webhook of that iTop at the path of the first bridge; the answer's status."""
        answer = self.post(f"/api/v1/{event}", body, SECRETS[role])
        if work:
            self.work()
        return answer

    def post(self, path: str, body: str, secret: str) -> int:
        answer = Sender().post(path, body, content_type="application/json", headers={"X-Webhook-Secret": secret})
        _leave()
        return int(answer.status_code)

    def work(self, *, seconds: float = 1) -> None:
        """Work off what is due, so many seconds from now."""
        self.clock.shift(seconds)
        run_due_jobs()
        _leave()

    def options(self, **values: Any) -> None:
        BridgeOptions.objects.filter(integration=self.integration).update(**values)

    # --- people at work

    def outside(self, act: str, **values: Any) -> Any:
        self.clock.shift(1)
        return self.external.do(act, values)

    def inside(self, act: str, **values: Any) -> Any:
        self.clock.shift(1)
        return self.internal.do(act, values)

    def a_pair(self, **values: Any) -> tuple[int, int]:
        """A ticket raised outside and its twin, both at rest; their ids."""
        ticket = self.outside("new_ticket", **{"title": "Printer is on fire"} | values)
        self.reconcile()
        self.reconcile()
        self.forget()
        return ticket, self.twin_of(ticket)

    # --- what is there

    def link(self, ticket: int) -> RecordLink:
        rows = RecordLink.objects.filter(integration=self.integration, object_type="ticket", left_id=str(ticket))
        return rows.exclude(state=RecordLink.State.REPLACED).get()

    def twin_of(self, ticket: int) -> int:
        return int(self.link(ticket).right_id)

    def tickets(self, itop: SayingItop) -> list[dict[str, Any]]:
        return list(itop.data.all("Ticket"))

    def ticket(self, itop: SayingItop, number: int) -> dict[str, Any]:
        found = itop.data.get("Ticket", number)
        assert found is not None
        return found

    def log(self, itop: SayingItop, number: int) -> list[tuple[str, str]]:
        """Author and text of each entry of the private log, oldest first."""
        return [(entry["user_login"], entry["message"]) for entry in self.ticket(itop, number)["private_log"]]

    def files(self, itop: SayingItop, number: int) -> list[tuple[str, bytes]]:
        found = itop.data.attachments_of(self.ticket(itop, number))
        return sorted((one["contents"].name, one["contents"].content) for one in found)

    def writes(self, itop: SayingItop) -> list[str]:
        """The writes in its ledger: `core/update UserRequest::1`."""
        said = [call.path.removeprefix(PATH).strip() for call in itop.calls]
        return [one for one in said if not one.startswith(("core/get", "list_operations", "/pages"))]

    def all_writes(self) -> list[str]:
        return self.writes(self.external) + self.writes(self.internal)

    def reads(self) -> list[str]:
        said = [call.path.removeprefix(PATH).strip() for itop in (self.external, self.internal) for call in itop.calls]
        return [one for one in said if one.startswith("core/get")]

    def forget(self) -> None:
        """The ledgers begin here."""
        self.external.calls.clear()
        self.internal.calls.clear()

    def held(self) -> list[str]:
        rows = HeldItem.objects.filter(stream__integration=self.integration, state=HeldItem.State.HELD)
        return [row.sentence for row in rows]

    def deliveries(self) -> list[str]:
        return list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))


def _leave() -> None:
    """A webhook that is sent inside a call runs in the simulator's thread, whose connections nobody else closes."""
    if threading.current_thread() is not threading.main_thread():
        connections.close_all()


def set_scene(external: tuple[str, str], internal: tuple[str, str]) -> Integration:
    """The rows of the client, its two connections, by address and zone, and its integration, with its stream
    approved."""
    client = Client.objects.create(slug="elite", name="Elite")
    integration = Integration.objects.create(client=client, slug="bridge", kind="itop_bridge")
    for role, (url, zone) in (("external", external), ("internal", internal)):
        connection = Connection(
            client=client,
            slug=f"itop-{role}",
            vendor="itop",
            base_url=url,
            allow_private_address=True,
            identity={"username": BRIDGE},
            settings={"time_zone": zone},
        )
        set_secrets(connection, {"password": PASSWORD, "webhook_secret": SECRETS[role]}, by="anna")
        connection.save()
        IntegrationRole.objects.create(integration=integration, role=role, connection=connection)
    BridgeOptions.objects.create(integration=integration, external=DEFAULTS, internal=DEFAULTS)
    streams_of(integration)
    Stream.objects.filter(integration=integration).update(approved_at=timezone.now())
    return integration


def place_of(itop: SayingItop) -> tuple[str, str]:
    """Its address and its zone."""
    return itop.url, itop.data.clock.zone


@contextmanager
def a_scene() -> Iterator[Scene]:
    external, internal = both()
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as clock:
        yield Scene(set_scene(place_of(external), place_of(internal)), external, internal, clock)
