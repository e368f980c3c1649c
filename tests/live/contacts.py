"""Contact data between a simulated Advoware and an EspoCRM, simulated or living, in a portal of its own.

A living one holds other people's records. Their party numbers are none of the simulated Advoware's, so that they are
read at most; what is made here carries the title of the contract's tests, and is deleted when the test is over.
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

from integrations.core.models import Integration, Stream, SyncRun
from integrations.core.opening import set_secrets
from integrations.core.running import run_due_jobs
from integrations.core.streams import run_now
from integrations.vendors.espocrm.api import ENTITY, NUMBER_FIELD
from integrations.vendors.espocrm.schemas import Email, Party, Phone
from integrations.vendors.espocrm.simulator import API_KEY
from integrations.vendors.espocrm.webhooks import signature
from tests.advoware_espocrm.scene import HOOK_SECRET, set_scene
from tests.vendors.advoware.saying import SayingAdvoware
from tests.vendors.advoware.saying import as_started as advoware_as_started
from tests.vendors.espocrm import contract
from tests.vendors.espocrm.contract import Instance, told
from tests.vendors.espocrm.saying import as_started as espocrm_as_started

EARLIER = dt.timedelta(minutes=3)  # what changed before is not asked for: a living EspoCRM may hold very much


@dataclass
class Contacts:
    advoware: SayingAdvoware
    espocrm: Instance
    integration: Integration
    wait: Callable[[float], object]

    @property
    def number(self) -> int:
        """The party's, in both programs."""
        return self.espocrm.party_number

    def reconcile(self) -> SyncRun:
        """One run, a moment after what happened before: EspoCRM's times are whole seconds."""
        self.wait(3)
        return run_now(Stream.objects.get(integration=self.integration, slug="reconcile"))

    def hint(self, record: Party) -> None:
        """A signed webhook about the record at the portal's own door, and what comes of it."""
        body = json.dumps([{"id": record.id}]).encode()
        headers = {"Signature": signature("a-webhook", HOOK_SECRET, body)}
        path = "/webhooks/firm/espocrm/update"
        answer = Sender().post(path, body, content_type="application/json", headers=headers)
        assert answer.status_code == 202
        run_due_jobs()

    def a_pair(self, *entries: tuple[int, str], emails: list[Email] | None = None) -> Party:
        """A party with these entries and its record, both at rest; the record."""
        self.advoware.do("new_party", {"name": "Party", "betnr": self.number})
        for komm_kz, value in entries:
            self.enter(komm_kz, value)
        made = self.espocrm.new("pair", emails=emails)
        for _ in range(2):
            self.reconcile()
        return self.now(made)

    def enter(self, komm_kz: int, value: str) -> None:
        """Somebody adds an entry in Advoware."""
        self.advoware.do("new_entry", {"betnr": self.number, "tlf": value, "komm_kz": komm_kz})

    def edit(self, old: str, value: str) -> None:
        """Somebody changes an entry in Advoware; to nothing, where the value is empty."""
        (entry,) = (row["id"] for row in self.advoware.data.entries_of(self.number) if row["tlf"] == old)
        self.advoware.do("edit_entry", {"entry": entry, "tlf": value})

    def save(self, record: Party, **values: Any) -> Party:
        """Somebody saves the record in EspoCRM."""
        return self.espocrm.api.update_party(record.id, **values)

    def now(self, record: Party) -> Party:
        return self.espocrm.api.party(record.id)

    def entries(self) -> list[tuple[int, str]]:
        """Kind and value of each entry of Advoware."""
        return sorted((row["kommKz"], row["tlf"]) for row in self.advoware.data.entries_of(self.number))

    def addresses(self, record: Party) -> list[str]:
        return sorted(one.key for one in self.now(record).emails)

    def numbers(self, record: Party) -> list[tuple[str, str]]:
        return sorted((one.number, one.type) for one in self.now(record).phones)


def of(*addresses: str) -> list[Email]:
    return [Email(address=address, primary=not place) for place, address in enumerate(addresses)]


def phone(number: str, type_: str) -> list[Phone]:
    return [Phone(number=number, type=type_, primary=True)]


@contextmanager
def contacts(where: str) -> Iterator[Contacts]:
    """Both sides, approved and still without a pair. Skips where the environment names no EspoCRM."""
    advoware = advoware_as_started()
    with _opened(where) as (espocrm, secrets), _time(where) as wait:
        integration = set_scene(advoware, espocrm)
        connection = integration.connection("espocrm")
        connection.settings = espocrm.settings
        set_secrets(connection, {**secrets, "webhook_secret": HOOK_SECRET}, by="anna")
        connection.save()
        Stream.objects.filter(integration=integration).update(watermark=timezone.now() - EARLIER)
        yield Contacts(advoware, espocrm, integration, wait)


@contextmanager
def _opened(where: str) -> Iterator[tuple[Instance, dict[str, str]]]:
    if where == "living":
        with contract.living() as espocrm:
            secrets = {"api_key": told("API_KEY"), "secret_key": told("SECRET_KEY")}
            yield espocrm, {name: value for name, value in secrets.items() if value}
        return
    names = {"entity": ENTITY, "number_field": NUMBER_FIELD}
    with contract.opened(espocrm_as_started().url, API_KEY, **names) as espocrm:
        yield espocrm, {"api_key": API_KEY}


@contextmanager
def _time(where: str) -> Iterator[Callable[[float], object]]:
    """How time passes: the clock of the simulators is moved, the living one is waited for."""
    if where == "living":
        yield time.sleep
        return
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as clock:
        yield clock.shift
