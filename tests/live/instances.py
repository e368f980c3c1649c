"""One iTop as people use it, over REST: a simulator, or a living one that the environment names (docs/development.md).

What is made here carries TITLE, and is closed and renamed when the test is over.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import nh3
import pytest

from integrations.transport.errors import VendorError
from integrations.transport.session import Session
from integrations.vendors.itop import lifecycle
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.schemas import Ticket
from integrations.vendors.itop.simulator import BRIDGE, PASSWORD
from tests.vendors.itop.saying import as_started

TITLE = "[portal test]"
OVER = "[portal test, over]"
NEEDED = ("URL", "USER", "PASSWORD")
IDS = ("ORG_ID", "CALLER_ID", "AGENT_ID", "TEAM_ID")
WHERE = ["simulated", pytest.param("living", marks=pytest.mark.live)]


def told(kind: str, name: str) -> str:
    """What the environment says of the `external` or the `internal` iTop; empty when nothing."""
    return os.environ.get(f"ITOP_{kind.upper()}_{name}", "").strip()


def skip_unless_told(*kinds: str, names: tuple[str, ...] = NEEDED) -> None:
    missing = [f"ITOP_{kind.upper()}_{name}" for kind in kinds for name in names if not told(kind, name)]
    if missing:
        pytest.skip(f"no living iTop to talk to: set {', '.join(missing)}")


@dataclass
class Instance:
    """One iTop, an account on it, and whom tickets may name there."""

    kind: str
    api: ItopApi
    url: str
    account: dict[str, str]
    zone: str
    org: int
    caller: int
    fields: dict[str, Any]  # what stimuli need
    marker_field: str = ""
    made: set[int] = field(default_factory=set)

    def defaults(self) -> dict[str, Any]:
        """Its half of a bridge's settings."""
        ids = {"org_id": self.org, "caller_id": self.caller, "marker_field": self.marker_field}
        return ids | {name: self.fields[name] for name in ("agent_id", "team_id")}

    def new(self, about: str, /, **fields: Any) -> Ticket:
        given = {"org_id": self.org, "caller_id": self.caller, "title": f"{TITLE} {about}"}
        ticket = self.api.create_ticket("UserRequest", given | fields)
        self.made.add(ticket.id)
        return ticket

    def walk(self, ticket: Ticket, target: str, *, decide: bool = False) -> Ticket:
        for step in lifecycle.path(ticket.ticket_class, ticket.status, target, decide=decide):
            needed = {name: self.fields[name] for name in step.required}
            ticket = self.api.apply_stimulus(ticket.ticket_class, ticket.id, step.stimulus, needed)
        return ticket

    def edit(self, ticket: Ticket, **fields: Any) -> Ticket:
        return self.api.update_ticket(ticket.ticket_class, ticket.id, fields)

    def say(self, ticket: Ticket, html: str) -> None:
        self.api.append_log(ticket.ticket_class, ticket.id, html)

    def said(self, ticket: Ticket) -> list[str]:
        """The private log: the letters alone, since each iTop breaks and nests text as it likes, and without what
        stands before an entry to name its author."""
        entries = self.api.ticket(ticket.id).private_log
        return [letters(entry.html).rpartition("wrote:")[2] for entry in entries]

    def attach(self, ticket: Ticket, name: str, content: bytes) -> int:
        return self.api.create_attachment(
            ticket, io.BytesIO(content), name=name, size=len(content), content_type="application/x-thing"
        )

    def files(self, ticket: Ticket) -> list[tuple[str, bytes]]:
        found = []
        for row in self.api.attachments_of(ticket.ticket_class, ticket.id):
            target = io.BytesIO()
            file = self.api.download_attachment(row.id, io.BytesIO(), target)
            found.append((file.name, target.getvalue()))
        return sorted(found)

    def tidy(self) -> None:
        """Close what was made, and take the marks off its titles: no later run takes it for something of its own."""
        for number in sorted(self.made):
            ticket = self.api.ticket(number)
            with suppress(VendorError, lifecycle.NoPath, KeyError):  # a data model of the customer's own
                self.walk(ticket, "closed", decide=True)
            self.edit(ticket, title=f"{OVER} {ticket.title.rpartition('] ')[2]}"[:255])


def letters(html: str) -> str:
    return "".join(unescape(nh3.clean(html, tags=set())).split())


@contextmanager
def opened(kind: str, where: str) -> Iterator[Instance]:
    """The `external` or the `internal` iTop, tidied up in the end. Skips where the environment names none."""
    if where == "living":
        skip_unless_told(kind)
        url, zone = told(kind, "URL"), told(kind, "TIME_ZONE") or "Europe/Paris"
        account = {"username": told(kind, "USER"), "password": told(kind, "PASSWORD")}
    else:
        itop = as_started(kind)
        url, zone, account = itop.url, itop.data.clock.zone, {"username": BRIDGE, "password": PASSWORD}
    with Session(vendor="iTop", base_url=url, secrets=[account["password"]], allow_private=True) as session:
        api = ItopApi(session, base_url=url, credentials=account, settings={"time_zone": zone}, facts={})
        instance = _with_ids(kind, where, api, url, account, zone)
        try:
            yield instance
        finally:
            instance.tidy()


def _with_ids(kind: str, where: str, api: ItopApi, url: str, account: dict[str, str], zone: str) -> Instance:
    """By the environment; what it does not say is looked up, the first of its kind."""

    names = (*IDS, "SERVICE_ID", "MARKER_FIELD")
    given = {name: told(kind, name) if where == "living" else "" for name in names}
    org, caller, agent, team, service = (int(given[name] or 0) for name in names[:5])
    team = team or api.all_named("Team")[0].id
    org = org or api.named("Team", team).org_id
    person = api.all_named("Person", org_id=org)[0].id if not (caller and agent) else 0
    service = service or next((one.id for one in api.all_named("Service")), 0)
    fields = {
        "team_id": team,
        "agent_id": agent or person,
        "service_id": service,  # 0 where the instance has none; an iTop on PHP 8 takes that
        "pending_reason": "Waits for a part",
        "solution": "Restarted",
        "resolution_code": "assistance",
    }
    return Instance(kind, api, url, account, zone, org, caller or person, fields, given["MARKER_FIELD"])
