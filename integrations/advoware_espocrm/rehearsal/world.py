"""A law firm: the people and companies of its matters, in Advoware and in EspoCRM, each with what that side knows."""

from __future__ import annotations

import secrets
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from django.utils import timezone

from integrations.advoware_espocrm.sides import PARTY
from integrations.core.config import apply_config
from integrations.core.models import Connection, HeldItem, Integration, RecordLink, Stream, SyncRun, WebhookDelivery
from integrations.vendors.advoware import simulator as advoware_simulator
from integrations.vendors.espocrm import simulator as espocrm_simulator

Entries = tuple[tuple[int, str, str], ...]  # kommKz, value, remark
EVENTS = ("create", "update", "delete")
SAFE_ID = "DE.BRAK.2f0c61d4.9a3e"  # of a lawyer's beA: no e-mail address, so that EspoCRM takes none


class Known(NamedTuple):
    """A party: what Advoware has of it, and the addresses and numbers that EspoCRM has."""

    betnr: int
    name: str
    entries: Entries
    values: tuple[Any, ...] = ()


ROSA, HARBOUR, LAWYER, COURT, NEIGHBOUR = 104_860, 104_861, 104_900, 104_901, 104_902
PARTIES = (
    Known(
        ROSA, "Lindqvist", ((1, "0511/12345-60", ""), (3, "0170 5550123", "nur abends"), (4, "rosa@example.com", ""))
    ),
    Known(HARBOUR, "Hafenlogistik Muster GmbH", (), ("kontor@example.com", "+49405550110")),
    Known(LAWYER, "Dr. Brandt", ((12, SAFE_ID, ""), (4, "kanzlei@brandt.example.com", ""), (2, "0511 5550144", ""))),
    Known(COURT, "Amtsgericht Musterstadt", ((1, "0511 5550100", "Zentrale"),), ("poststelle@ag.example.com",)),
    Known(NEIGHBOUR, "Petersen", ((6, "0511 5550177", ""), (4, "p.petersen@example.com", "")), ("+491705550188",)),
)


def integration() -> Integration:
    found: Integration = Integration.objects.get(client__slug="muster", slug="contacts")
    return found


def build(advoware: Any, espocrm: Any, portal_url: str) -> str:
    """`advoware` and `espocrm` are the running simulators. An EspoCRM that is empty is a new one: both get their
    parties, and what the portal knew of an earlier firm is forgotten. From now on both tell the portal what changes.
    """
    hint_secret, hook_secrets = secrets.token_urlsafe(24), [secrets.token_hex(16) for _ in EVENTS]
    text = Template(Path(__file__).with_name("rehearsal.toml").read_text(encoding="utf-8"))
    account = advoware_simulator.CREDENTIALS
    apply_config(
        text.substitute(
            {name: account[name] for name in ("kanzlei", "database", "user", "password", "app_id")},
            advoware=advoware.url,
            advoware_key=account["api_key"],
            hint_secret=hint_secret,
            party=ROSA,
            espocrm=espocrm.url,
            espocrm_key=espocrm_simulator.API_KEY,
            hook_secrets=" ".join(hook_secrets),
        )
    )
    firm, crm = advoware.simulator, espocrm.simulator
    if not crm.data.records[espocrm_simulator.PARTY]:
        _forget(integration())
        _seed(firm, crm)
    doors = f"{portal_url}/webhooks/muster"
    firm.do("webhook", {"url": f"{doors}/advoware/party", "secret": hint_secret, "mode": "by itself"})
    crm.data.webhooks.clear()
    for event, secret in zip(EVENTS, hook_secrets, strict=True):
        name, url = f"{espocrm_simulator.PARTY}.{event}", f"{doors}/espocrm/{event}"
        crm.do("subscribe", {"event": name, "url": url, "secret": secret})
    crm.do("webhook", {"mode": "by itself"})
    return f"{len(PARTIES)} parties in Advoware and in EspoCRM, which both tell the portal what changes"


def _forget(row: Integration) -> None:
    """What the portal knew of a firm that is gone."""
    connections = Connection.objects.filter(roles__integration=row)
    connections.update(facts={})
    told = WebhookDelivery.objects.filter(connection__in=connections, over_at=None)
    told.update(state=WebhookDelivery.State.IGNORED, outcome="Of an earlier rehearsal.", over_at=timezone.now())
    HeldItem.objects.filter(stream__integration=row).delete()
    SyncRun.objects.filter(stream__integration=row).delete()
    RecordLink.objects.filter(integration=row, object_type=PARTY).delete()
    Stream.objects.filter(integration=row).update(watermark=None, started_at=None, in_hand={}, approved_at=None)


def _seed(firm: Any, crm: Any) -> None:
    for betnr in list(firm.data.parties):
        firm.do("delete_party", {"betnr": betnr})
    for known in PARTIES:
        firm.do("new_party", {"name": known.name, "betnr": known.betnr})
        for komm_kz, value, remark in known.entries:
            firm.do("new_entry", {"betnr": known.betnr, "tlf": value, "komm_kz": komm_kz, "bemerkung": remark})
        emails = [one for one in known.values if "@" in one]
        phones = [one for one in known.values if "@" not in one]
        arrays = {"emails": emails, "phones": phones}
        crm.do("new_party", {"last_name": known.name, "number": known.betnr, **arrays})
