"""A law firm whose Advoware and EspoCRM are kept in step, with a simulator of each. Built with plain rows."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import time_machine
from django.db import connections
from django.test import Client as Sender
from django.utils import timezone

from integrations.advoware_espocrm.models import ContactOptions, Pair
from integrations.core.models import Client, Connection, HeldItem, Integration, IntegrationRole, Stream, SyncRun
from integrations.core.opening import set_secrets
from integrations.core.running import run_due_jobs
from integrations.core.streams import run_now, streams_of
from integrations.vendors.advoware.simulator import CREDENTIALS
from integrations.vendors.espocrm.simulator import API_KEY
from integrations.vendors.espocrm.webhooks import signature
from tests.vendors.advoware.saying import SayingAdvoware
from tests.vendors.advoware.saying import as_started as advoware_as_started
from tests.vendors.espocrm.saying import SayingEspocrm
from tests.vendors.espocrm.saying import as_started as espocrm_as_started

SECRET = "a-webhook-secret-of-the-firm"
HOOK_SECRET = "0123456789abcdef0123456789abcdef"
PARTY = 50_001
ENTITY = "CBeteiligte"


class Reachable(Protocol):
    """A vendor's simulator, wherever it runs."""

    url: str


@dataclass
class Scene:
    integration: Integration
    advoware: SayingAdvoware
    espocrm: SayingEspocrm
    clock: time_machine.Traveller

    # --- the portal at work

    @property
    def stream(self) -> Stream:
        found: Stream = Stream.objects.get(integration=self.integration, slug="reconcile")
        return found

    def reconcile(self, *, minutes: float = 15, is_dry: bool = False) -> SyncRun:
        """One run, an interval after what happened before."""
        self.clock.shift(minutes * 60)
        return run_now(self.stream, is_dry=is_dry)

    def hint(self, betnr: int, *, work: bool = True) -> int:
        """A hint of the firm about that party; the answer's status."""
        answer = Sender().post(
            "/webhooks/firm/advoware/party",
            json.dumps({"betnr": betnr}),
            content_type="application/json",
            headers={"X-Webhook-Secret": SECRET},
        )
        if work:
            self.work()
        return int(answer.status_code)

    def webhook(self, contact: str, *, event: str = "update", work: bool = True) -> int:
        """A signed webhook of EspoCRM about that record; the answer's status."""
        body = json.dumps([{"id": contact}]).encode()
        answer = Sender().post(
            f"/webhooks/firm/espocrm/{event}",
            body,
            content_type="application/json",
            headers={"Signature": signature("a-webhook", HOOK_SECRET, body)},
        )
        if work:
            self.work()
        return int(answer.status_code)

    def work(self, *, seconds: float = 1) -> None:
        """Work off what is due, so many seconds from now."""
        self.clock.shift(seconds)
        run_due_jobs()
        _leave()

    def options(self, **values: Any) -> None:
        ContactOptions.objects.filter(integration=self.integration).update(**values)

    # --- people at work

    def in_advoware(self, act: str, **values: Any) -> Any:
        self.clock.shift(3)
        return self.advoware.do(act, values)

    def in_espocrm(self, act: str, **values: Any) -> Any:
        self.clock.shift(3)
        return self.espocrm.do(act, values)

    def a_party(self, *values: tuple[int, str], betnr: int = PARTY) -> int:
        """A party of Advoware with these entries, as kommKz and value."""
        self.in_advoware("new_party", name=f"Party {betnr}", betnr=betnr)
        for komm_kz, value in values:
            self.in_advoware("new_entry", betnr=betnr, tlf=value, komm_kz=komm_kz)
        return betnr

    def a_contact(self, *values: Any, betnr: int = PARTY) -> str:
        """A record of EspoCRM with these addresses and numbers."""
        emails = [one for one in values if "@" in str(one)]
        phones = [one for one in values if "@" not in str(one)]
        made = self.in_espocrm("new_party", last_name=f"Party {betnr}", number=betnr, emails=emails, phones=phones)
        return str(made)

    def a_pair(self, *values: tuple[int, str], betnr: int = PARTY) -> tuple[int, str]:
        """A party with these entries and its record, both at rest."""
        party, contact = self.a_party(*values, betnr=betnr), self.a_contact(betnr=betnr)
        self.reconcile()
        self.reconcile()
        self.forget()
        return party, contact

    # --- what is there

    def entries(self, betnr: int = PARTY) -> list[tuple[int, str, str]]:
        """Kind, value and remark of each entry, as Advoware's own program shows them."""
        rows = self.advoware.data.entries_of(betnr)
        return [(row["kommKz"], row["tlf"], row["bemerkung"] or "") for row in rows]

    def entry_ids(self, betnr: int = PARTY) -> list[int]:
        return [int(row["id"]) for row in self.advoware.data.entries_of(betnr)]

    def emails(self, contact: str) -> list[str]:
        return [item["emailAddress"] for item in self.record(contact)["emailAddressData"]]

    def phones(self, contact: str) -> list[tuple[str, str]]:
        return [(item["phoneNumber"], item["type"]) for item in self.record(contact)["phoneNumberData"]]

    def record(self, contact: str) -> dict[str, Any]:
        world = self.espocrm.data
        found: dict[str, Any] = world.whole(world.records[ENTITY][contact], versions=False)
        return found

    def writes(self) -> list[str]:
        """The writes in both ledgers, in the order of each."""
        said = [
            f"Advoware {call.method} {call.path.rpartition('/advonet/')[2]}"
            for call in self.advoware.calls
            if call.method != "GET" and "/advonet/" in call.path
        ]
        return said + [f"EspoCRM {call.method}" for call in self.espocrm.calls if call.method != "GET"]

    def reads(self) -> list[str]:
        said = [call.path.rpartition("/advonet/")[2] for call in self.advoware.calls if call.method == "GET"]
        return said + [
            call.path.partition("?")[0].removeprefix("/api/v1/") for call in self.espocrm.calls if call.method == "GET"
        ]

    def forget(self) -> None:
        """The ledgers begin here."""
        self.advoware.calls.clear()
        self.espocrm.calls.clear()

    def held(self) -> list[str]:
        rows = HeldItem.objects.filter(stream__integration=self.integration, state=HeldItem.State.HELD)
        return [row.sentence for row in rows]

    def pair(self, betnr: int = PARTY) -> Pair:
        found: Pair = Pair.objects.get(integration=self.integration, betnr=betnr)
        return found


def _leave() -> None:
    """What happens inside a call runs in the simulator's thread, whose connections nobody else closes."""
    if threading.current_thread() is not threading.main_thread():
        connections.close_all()


def set_scene(advoware: Reachable, espocrm: Reachable) -> Integration:
    """The rows of the firm, its two connections and its integration, with its stream approved."""
    client = Client.objects.create(slug="firm", name="Firm")
    integration = Integration.objects.create(client=client, slug="contacts", kind="advoware_espocrm")
    secrets = ("password", "api_key")
    left = Connection(
        client=client,
        slug="advoware",
        vendor="advoware",
        base_url=advoware.url,
        allow_private_address=True,
        identity={name: value for name, value in CREDENTIALS.items() if name not in secrets},
        settings={"calls_per_minute": "100000"},
    )
    set_secrets(left, {**{name: CREDENTIALS[name] for name in secrets}, "webhook_secret": SECRET}, by="anna")
    right = Connection(
        client=client, slug="espocrm", vendor="espocrm", base_url=espocrm.url, allow_private_address=True
    )
    set_secrets(right, {"api_key": API_KEY, "webhook_secret": HOOK_SECRET}, by="anna")
    for role, connection in (("advoware", left), ("espocrm", right)):
        connection.save()
        IntegrationRole.objects.create(integration=integration, role=role, connection=connection)
    ContactOptions.objects.create(integration=integration)
    streams_of(integration)
    Stream.objects.filter(integration=integration).update(approved_at=timezone.now())
    return integration


@contextmanager
def a_scene() -> Iterator[Scene]:
    advoware, espocrm = advoware_as_started(), espocrm_as_started()
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as clock:
        yield Scene(set_scene(advoware, espocrm), advoware, espocrm, clock)
