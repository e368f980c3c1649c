"""A bridge between two iTops, simulated or living, in a portal of its own. Nothing here knows which they are.

Living ones hold other people's tickets. Those that changed since the test began are parked before each run, by the
portal's own means, so that nothing is written to them and nothing is made of them.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import time_machine
from django.test import Client as Sender
from django.utils import timezone

from integrations.core.models import (
    Client,
    Connection,
    Integration,
    IntegrationRole,
    RecordLink,
    Stream,
    SyncRun,
    User,
)
from integrations.core.opening import set_secrets
from integrations.core.running import run_due_jobs
from integrations.core.streams import run_now, streams_of
from integrations.itop_bridge import pairs, relinking
from integrations.itop_bridge.models import BridgeOptions, Pair
from integrations.vendors.itop.schemas import Ticket
from integrations.vendors.itop.simulator import EXTERNAL, INTERNAL
from tests.vendors.itop.saying import capture

from .instances import IDS, Instance, opened, skip_unless_told

SECRETS = {EXTERNAL: "a-webhook-secret-of-outside", INTERNAL: "another-webhook-secret-of-inside"}
SEEN_TWICE = 12  # seconds, a little more than between two looks at what is missing
EARLIER = dt.timedelta(minutes=3)  # more than the overlap of two runs, for clocks that differ


@dataclass
class Bridge:
    external: Instance
    internal: Instance
    integration: Integration
    wait: Callable[[float], object]

    @property
    def stream(self) -> Stream:
        found: Stream = Stream.objects.get(integration=self.integration, slug="reconcile")
        return found

    def reconcile(self) -> SyncRun:
        """One run, a moment after what happened before: iTop's times are whole seconds."""
        self.wait(3)
        self._park_strangers()
        run = run_now(self.stream)
        for link in self.links():  # also what the run made last is tidied up
            self.internal.made.add(int(link.right_id))
        return run

    def hint(self, name: str, **ids: int) -> None:
        """The recorded webhook of that name, about other ids, at the portal's own door; and what comes of it."""
        recorded = capture(f"webhook_{name}")["request"]
        body = json.loads(recorded["body_raw"]) | {key: str(value) for key, value in ids.items()}
        secret = SECRETS[INTERNAL if name in ("private_log", "state_change") else EXTERNAL]
        answer = Sender().post(
            recorded["path"], json.dumps(body), content_type="application/json", headers={"X-Webhook-Secret": secret}
        )
        assert answer.status_code == 202
        self.work()

    def work(self, *, after: float = 0) -> None:
        self.wait(after)
        self._park_strangers()
        run_due_jobs()

    def a_pair(self, about: str, **fields: Any) -> tuple[Ticket, Ticket]:
        """A ticket raised outside, and its twin."""
        ticket = self.external.new(about, **fields)
        self.reconcile()
        return ticket, self.twin_of(ticket)

    def twin_of(self, ticket: Ticket) -> Ticket:
        (link,) = (one for one in self.links() if one.left_id == str(ticket.id))
        self.internal.made.add(int(link.right_id))
        return self.internal.api.ticket(int(link.right_id))

    def relink(self, ticket: Ticket, other: Ticket) -> None:
        """A person gives the pair of this external ticket another internal one."""
        pair = Pair.objects.exclude(link__state="replaced").get(link__left_id=str(ticket.id))
        relinking.ask_for(pair, other.id, user=User.objects.create_superuser("anna", password="made-up-of-anna"))
        for _ in range(2):
            self.work(after=1)

    def links(self) -> list[RecordLink]:
        rows = RecordLink.objects.filter(integration=self.integration, object_type="ticket").exclude(right_id="")
        return list(rows.exclude(state=RecordLink.State.REPLACED))

    def writes_about(self, ticket: Ticket, run: SyncRun) -> list[str]:
        """What the run wrote to this pair, in the portal's words."""
        return [said for entry in run.entries.filter(record_id=str(ticket.id)) for said in entry.writes]

    def held(self, ticket: Ticket) -> list[str]:
        rows = self.stream.held_items.filter(record_id=str(ticket.id), state="held")
        return [row.sentence for row in rows]

    def _park_strangers(self) -> None:
        cursor = ""
        since = BridgeOptions.objects.get(integration=self.integration).start_at
        while True:
            rows, cursor = self.external.api.changed_tickets("Ticket", since, cursor)
            for row in rows:
                if row.id not in self.external.made:
                    link, made = RecordLink.objects.get_or_create(
                        integration=self.integration, object_type="ticket", left_id=str(row.id)
                    )
                    if made:
                        pairs.park(link, "Somebody else's.")
            if not cursor:
                return


@contextmanager
def a_bridge(where: str) -> Iterator[Bridge]:
    """The bridge, its first run approved and still to come. Skips where the environment does not name both iTops."""
    if where == "living":
        skip_unless_told(EXTERNAL, INTERNAL)
        skip_unless_told(INTERNAL, names=IDS)
        skip_unless_told(EXTERNAL, names=IDS)
    with opened(EXTERNAL, where) as external, opened(INTERNAL, where) as internal, _time(where) as wait:
        yield Bridge(external, internal, _set_up(external, internal), wait)


@contextmanager
def _time(where: str) -> Iterator[Callable[[float], object]]:
    """How time passes: the clock of the simulators is moved, the living one is waited for."""
    if where == "living":
        yield time.sleep
        return
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as clock:
        yield clock.shift


def _set_up(external: Instance, internal: Instance) -> Integration:
    client = Client.objects.create(slug="elite", name="Elite")
    integration = Integration.objects.create(client=client, slug="bridge", kind="itop_bridge")
    for itop in (external, internal):
        connection = Connection(
            client=client,
            slug=f"itop-{itop.kind}",
            vendor="itop",
            base_url=itop.url,
            allow_private_address=True,
            identity={"username": itop.account["username"]},
            settings={"time_zone": itop.zone},
        )
        secrets = {"password": itop.account["password"], "webhook_secret": SECRETS[itop.kind]}
        set_secrets(connection, secrets, by="anna")
        connection.save()
        IntegrationRole.objects.create(integration=integration, role=itop.kind, connection=connection)
    BridgeOptions.objects.create(
        integration=integration,
        external=external.defaults(),
        internal=internal.defaults(),
        start_at=timezone.now() - EARLIER,
    )
    streams_of(integration)
    Stream.objects.filter(integration=integration).update(approved_at=timezone.now())
    return integration
