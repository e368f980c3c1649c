"""A client whose Freshservice is brought to TOGA 2, with a simulator of each. Built with plain rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import time_machine
from django.test import Client as Sender
from django.utils import timezone

from integrations.core.crypto import Sealed
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
from integrations.freshservice_toga.models import FreshserviceOptions
from integrations.vendors.freshservice.simulator import API_KEY as FRESH_KEY
from integrations.vendors.simulation import Reply, Request
from integrations.vendors.simulation_server import Server
from integrations.vendors.toga.simulator import API_KEY, API_SECRET, CLIENT_UUID, TogaSimulator
from tests.vendors.freshservice.saying import SayingFreshservice, as_started

SECRET = "a-webhook-secret-of-the-tests"
SET = {"at": "2026-01-01T00:00:00+00:00", "by": "anna"}


@dataclass
class Scene:
    integration: Integration
    fresh: SayingFreshservice
    toga: TogaSimulator
    clock: time_machine.Traveller

    # --- the portal at work

    @property
    def stream(self) -> Stream:
        found: Stream = Stream.objects.get(integration=self.integration, slug="catch_up")
        return found

    def catch_up(self, *, is_dry: bool = False, after: float = 10) -> SyncRun:
        """One run, so many seconds after what happened before."""
        self.clock.shift(after)
        return run_now(self.stream, is_dry=is_dry)

    def still_there(self, *, hours: float = 3, is_dry: bool = False) -> SyncRun:
        """One pass of the check for tickets that are gone, so many hours from now."""
        self.clock.shift(hours * 3600)
        return run_now(Stream.objects.get(integration=self.integration, slug="still_there"), is_dry=is_dry)

    def hint(self, ticket: int | str, *, work: bool = True) -> int:
        """A webhook about that ticket, worked off unless told otherwise; the answer's status."""
        body = b'{"freshservice_webhook": {"ticket_id": "INC-%s"}}' % str(ticket).encode()
        headers = {"X-Webhook-Secret": SECRET}
        path = "/webhooks/elite/freshservice/ticket"
        answer = Sender().post(path, body, content_type="application/json", headers=headers)
        if work:
            self.work()
        return int(answer.status_code)

    def work(self, *, minutes: float = 0) -> None:
        """Work off what is due, so many minutes from now."""
        self.clock.shift(1 + minutes * 60)
        run_due_jobs()

    def unhurried(self) -> None:
        """From now on each call to Freshservice takes a second, so that no minute of the plan is ever spent."""
        change = self.fresh.change

        def slowly(request: Request, reply: Reply) -> Reply:
            self.clock.shift(1)
            return change(request, reply)

        self.fresh.change = slowly

    # --- people at work

    def do(self, act: str, **values: Any) -> Any:
        return self.fresh.do(act, values)

    # --- what is there

    def records(self, resource: str) -> list[dict[str, Any]]:
        return list(self.toga.data.records[resource].values())

    def notes(self) -> list[tuple[str, bool]]:
        """What the notes of TOGA 2 say, in the order in which they were made, and whether customers see them."""
        return [(row["note"], row["isExternal"]) for row in self.records("ticket-notes")]

    def files(self) -> list[tuple[str, bytes]]:
        """The files that hang on notes, by name."""
        hung = [row["file"] for row in self.records("ticket-note-files")]
        return sorted((self.toga.data.records["files"][key]["name"], self.content(key)) for key in hung)

    def content(self, file: str) -> bytes:
        return bytes(self.toga.data.records["files"][file]["content"])

    def writes(self) -> list[str]:
        """The writes in TOGA 2's ledger."""
        return [f"{call.method} {call.path.removeprefix('/v2/')}" for call in self.toga.calls if call.method != "GET"]

    def reads(self) -> list[str]:
        """The reads in Freshservice's ledger."""
        return [f"{call.method} {call.path.removeprefix('/api/v2/')}" for call in self.fresh.calls]

    def pair(self, ticket: int) -> tuple[str, str]:
        """The state of the ticket's pair, and why it is so."""
        link = RecordLink.objects.get(integration=self.integration, object_type="ticket", left_id=str(ticket))
        return link.state, link.cause

    def held(self) -> list[str]:
        rows = HeldItem.objects.filter(stream__integration=self.integration, state=HeldItem.State.HELD)
        return [row.sentence for row in rows]

    def deliveries(self) -> list[str]:
        return list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))


def set_scene(fresh_url: str, files: str, toga_url: str, *, plan: str = "enterprise") -> Integration:
    """The rows of the client, its two connections and its integration, with its stream approved; `files` is the place
    of Freshservice's files, as the connection names it."""
    client = Client.objects.create(slug="elite", name="Elite")
    toga = Connection.objects.create(
        client=client,
        slug="toga",
        vendor="toga",
        base_url=f"{toga_url}/v2",
        allow_private_address=True,
        identity={"client_uuid": CLIENT_UUID},
        credentials=Sealed.of({"api_key": API_KEY, "api_secret": API_SECRET}),
        credentials_set=dict.fromkeys(("api_key", "api_secret"), SET),
    )
    freshservice = Connection(
        client=client,
        slug="freshservice",
        vendor="freshservice",
        base_url=fresh_url,
        allow_private_address=True,
        settings={"attachment_hosts": files, "plan": plan},
    )
    set_secrets(freshservice, {"api_key": FRESH_KEY, "webhook_secret": SECRET}, by="anna")
    freshservice.save()
    integration = Integration.objects.create(client=client, slug="freshservice", kind="freshservice_toga")
    for role, connection in (("freshservice", freshservice), ("toga", toga)):
        IntegrationRole.objects.create(integration=integration, role=role, connection=connection)
    FreshserviceOptions.objects.create(integration=integration, custom_field_prefix="elite")
    streams_of(integration)
    Stream.objects.filter(integration=integration).update(approved_at=timezone.now())
    return integration


@contextmanager
def a_scene() -> Iterator[Scene]:
    fresh = as_started()
    fresh.limited = False
    with Server(TogaSimulator()) as toga, time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as clock:
        simulator = toga.simulator
        assert isinstance(simulator, TogaSimulator)
        yield Scene(set_scene(fresh.url, fresh.files.place, toga.url), fresh, simulator, clock)
