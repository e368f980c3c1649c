"""Autotask's ticket webhook: signed, tried five times within two minutes, switched off after 25 failed calls in a row.

Where the vendor says nothing (what the call at the end looks like, and whether it is signed), there is a setting. Times
go by our clock, moved ahead by the act `pass_minutes`.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.vendors import simulation_sender
from integrations.vendors.simulation_sender import Waiting

from .world import ME, SOMEBODY, Record

GUID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "webhook.autotask.example.com"))
ATTEMPTS, PAUSE = 5, timedelta(seconds=30)
ESCAPED = str.maketrans({sign: f"\\u{ord(sign):04X}" for sign in "&<>'+`"})  # so the vendor writes its JSON


class Settings(simulation_sender.Settings):
    """How the webhook is set up, beside what all senders have. Set with a `url` it is active."""

    deactivation_url: str = ""
    actions: tuple[str, ...] = ("Update", "Delete")
    fields: tuple[str, ...] = ("status", "title", "companyID")  # a change of none of these sets nothing off
    leaves_out_own: bool = True  # the API user is an excluded resource
    is_active: bool = True
    failures_allowed: int = 25  # calls in a row, each given up after its attempts
    deactivation_signed: bool = True


class Sender(Settings, simulation_sender.Sender):
    """`changed` queues a call for what the webhook is subscribed to."""

    settings = Settings

    def __init__(self, stopping: threading.Event) -> None:
        super().__init__(self._moved, stopping)
        self._ahead = timedelta()
        self._failed = self._numbered = 0

    def _moved(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def pass_minutes(self, minutes: float) -> None:
        self._ahead += timedelta(minutes=minutes)

    def set(self, values: dict[str, Any]) -> None:
        super().set(values)
        if values.get("is_active"):
            self._failed = 0

    def reset(self) -> None:
        super().reset()
        self._ahead = timedelta()
        self._failed = self._numbered = 0

    # --- what happens to tickets and to the webhook

    def changed(self, action: str, ticket: Record, *, by: int, fields: frozenset[str] = frozenset()) -> None:
        """`Create`, `Update` (of these fields) or `Delete` of a ticket, by this resource."""
        ready = self.url and self.fields and self.is_active
        wanted = action in self.actions and (action != "Update" or not fields.isdisjoint(self.fields))
        if not ready or not wanted or (self.leaves_out_own and by == ME):
            return
        values = {name: ticket.get(name) for name in self.fields}
        self.queue(
            action, ticket["id"], self._body(action, {"EntityType": "Ticket", "Id": ticket["id"]}, values, by=by)
        )

    def switch_off(self) -> None:
        """It failed too often, or somebody switches it off: what waits is lost, and the other address is told."""
        self.is_active = False
        self.forget_waiting()
        if self.deactivation_url:
            self.queue("Deactivated", 0, self._body("Deactivated", {}, {}, by=SOMEBODY))

    def _body(self, action: str, record: dict[str, Any], fields: dict[str, Any], *, by: int) -> str:
        self._numbered += 1
        at = self._now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        said = {"Action": action, "Guid": GUID, **record, "Fields": fields}
        said |= {"EventTime": at, "SequenceNumber": self._numbered, "PersonID": by}
        return json.dumps(said, separators=(",", ":")).translate(ESCAPED)

    # --- what a call is like

    def address_of(self, one: Waiting) -> str:
        return self.deactivation_url if one.event == "Deactivated" else self.url

    def headers_of(self, one: Waiting) -> dict[str, str]:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if one.event == "Deactivated" and not self.deactivation_signed:
            return headers
        digest = hmac.new(self.secret.encode(), one.body.encode(), "sha1").digest()
        return {**headers, "X-Hook-Signature": f"sha1={base64.b64encode(digest).decode()}"}

    def pause_after(self, attempt: int) -> timedelta | None:
        return PAUSE if attempt < ATTEMPTS else None

    def may_send(self, one: Waiting) -> bool:
        return self.is_active or one.event == "Deactivated"

    def over(self, one: Waiting, *, arrived: bool) -> None:
        if one.event == "Deactivated":
            return
        self._failed = 0 if arrived else self._failed + 1
        if self._failed >= self.failures_allowed and self.is_active:
            self.switch_off()
