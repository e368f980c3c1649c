"""A vendor that sends webhooks, made up for tests of the inbox, and an integration that heeds them.

What is true at the vendor stands in `Loft.birds`; the integration reads it there, and its ledger is every look it took
and every change it made of what it knows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from integrations.core import registry
from integrations.core.models import Client, Connection, Integration, IntegrationRole
from integrations.core.opening import set_secrets
from integrations.core.registry import IntegrationKind, Role, StreamKind
from integrations.core.streams import Work
from integrations.vendors import Vendor
from integrations.vendors.webhooks import Hint, Instruction, Received, Unreadable, Webhooks

SECRET = "a-secret-that-only-pigeons-know"
SOLD = "The pigeons were <sold>. Buy others."


def parse(received: Received) -> list[Hint]:
    body = received.json()
    items = body if isinstance(body, list) else [body]
    if not items or not all(isinstance(item, dict) and "bird" in item for item in items):
        raise Unreadable("The body names no bird.")
    return [
        Hint(
            subject=f"bird:{item['bird']}",
            ignored="Only flying birds matter." if item.get("sits") else "",
            trouble=SOLD if item.get("sold") else "",
            body=json.dumps(item).encode() if isinstance(body, list) else b"",
            delivery_id=str(item.get("call", "")),
        )
        for item in items
    ]


def is_signed(received: Received, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), received.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(received.headers.get("x-seal", ""), wanted)


def instructions(address: Callable[[str], str]) -> list[Instruction]:
    return [Instruction("Send pigeons", "Let them fly here.", address("bird"))]


EVENTS = (("bird", "A bird moved"),)
PATHS = {"api/v0/pigeon-came": "bird"}  # fixed in lofts of long ago
PIGEON = Vendor("pigeon", "Pigeon", api=object, webhooks=Webhooks(EVENTS, parse, instructions, paths=PATHS))
SEALED_PIGEON = Vendor(
    "sealed",
    "Sealed pigeon",
    api=object,
    webhooks=Webhooks(EVENTS, parse, instructions, is_signed, frozenset({"x-leg"})),
)


@dataclass
class Loft:
    """The truth at the vendor, and what the integration made of it."""

    birds: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)
    effects: list[tuple[str, int]] = field(default_factory=list)
    troubles: deque[Exception] = field(default_factory=deque)
    meanwhile: list[Callable[[], Any]] = field(default_factory=list)  # what happens while a look is taken

    def look(self, work: Work, subject: str) -> str:
        work.claim.check()
        bird = subject.removeprefix("bird:")
        self.looks.append(bird)
        seen = self.birds.get(bird, 0)
        while self.meanwhile:
            self.meanwhile.pop()()
        if self.troubles:
            raise self.troubles.popleft()
        if self.known.get(bird) == seen:
            return "Unchanged."
        self.known[bird] = seen
        self.effects.append((bird, seen))
        return f"Bird {bird} is now at {seen}."


@contextmanager
def kept() -> Iterator[Loft]:
    """The kind is installed while this lasts."""
    loft = Loft()
    kind = IntegrationKind(
        slug="loft",
        label="Loft",
        roles=(Role("sender", "Sender", PIGEON), Role("sealed", "Sealed sender", SEALED_PIGEON)),
        streams=(
            StreamKind("birds", "Birds", lambda work: None, 60, hinted_by=("sender",), run_hint=loft.look),
            StreamKind(
                "sealed_birds", "Sealed birds", lambda work: None, 60, hinted_by=("sealed",), run_hint=loft.look
            ),
        ),
    )
    registry.register(kind)
    try:
        yield loft
    finally:
        registry._kinds.pop(kind.slug)


def make_world(*, integration: bool = True, vendor: str = "pigeon") -> Connection:
    """The client Elite with a connection that may send, and the integration that heeds it."""
    client = Client.objects.get_or_create(slug="elite", name="Elite")[0]
    connection = Connection(client=client, slug=vendor, vendor=vendor)
    set_secrets(connection, {"webhook_secret": SECRET}, by="anna")
    connection.save()
    if integration:
        row = Integration.objects.get_or_create(client=client, slug="loft", kind="loft")[0]
        role = "sender" if vendor == "pigeon" else "sealed"
        IntegrationRole.objects.create(integration=row, role=role, connection=connection)
        _fill_other_role(row, role)
    return connection


def _fill_other_role(row: Integration, played: str) -> None:
    """The role that the test is not about is played by somebody silent."""
    role, vendor = ("sealed", "sealed") if played == "sender" else ("sender", "pigeon")
    silent = Connection.objects.create(client=row.client, slug=f"silent-{vendor}", vendor=vendor)
    IntegrationRole.objects.create(integration=row, role=role, connection=silent)
