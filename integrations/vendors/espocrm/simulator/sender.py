"""The webhook queue of the simulated EspoCRM: a scheduled job that sends 20 events a run, in batches per webhook.

What is answered decides: 2xx and 3xx count as delivered; some statuses come again after ten minutes, four times in
all; every other one loses the events at once; 410 deletes the webhook. Source: fact sheet, section 8.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integrations.vendors import simulation_sender
from integrations.vendors.simulation_sender import Sent, Waiting

from .world import Record, User

ATTEMPTS = 4
RETRIED = frozenset({None, 401, 403, 404, 405, 408, 500, 503})  # None: no answer, or none in time
AGAIN_AFTER = timedelta(minutes=10)
GONE = 410


class Settings(simulation_sender.Settings):
    """How the job runs, beside what all senders have. Addresses and secrets are those of the webhooks."""

    portion: int = 20  # events of a run
    batch: int = 50  # of a webhook


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a record; who did it counts for `skipOwn`."""

    name: str
    record: str
    payload: Record = field(repr=False)
    user: str


@dataclass(slots=True)
class Item:
    """An event on its way to one webhook."""

    number: int
    webhook: str
    event: Event
    due: datetime
    attempt: int = 1
    status: str = "Pending"  # Sent, Failed


@dataclass(frozen=True, slots=True)
class Batch(Waiting):
    """What goes out in one call."""

    webhook: Record = field(repr=False)
    items: tuple[Item, ...] = field(repr=False)


class Sender(Settings, simulation_sender.Sender):
    """`pump` is a run of the job. In the ledger a call has its event, and the number of its first item in the place of
    the ticket's."""

    settings = Settings

    def __init__(
        self,
        now: Callable[[], datetime],
        stopping: threading.Event,
        webhooks: Callable[[], dict[str, Record]],
        is_readable: Callable[[Event], bool],
    ) -> None:
        super().__init__(now, stopping)
        self.items: list[Item] = []
        self._webhooks, self._is_readable = webhooks, is_readable
        self._events: list[Event] = []

    @property
    def waiting(self) -> int:
        with self._gate:
            return len(self._events) + sum(1 for item in self.items if item.status == "Pending")

    def happened(self, event: str, record: str, payload: Record, user: User) -> None:
        """Queued whether a webhook wants it or not: one that is made before the job runs gets it too."""
        if self._webhooks():
            with self._gate:
                self._events.append(Event(event, record, payload, user.id))

    def pump(self, *, all: bool = False) -> int:  # noqa: A002 — as the act names it
        """One run of the job; with `all` as many as it takes, and without waiting for what comes again."""
        with self._pumping:
            done = self._pass(all=all)
            while all and self.waiting:
                done += self._pass(all=True)
            return done

    def reset(self) -> None:
        super().reset()
        with self._gate:
            self.items.clear()
            self._events.clear()

    def forget_waiting(self) -> None:
        with self._gate:
            self._events.clear()
            self.items = [item for item in self.items if item.status != "Pending"]

    # --- a run --------------------------------------------------------------------------------------------------

    def _is_due(self) -> bool:
        now = self._now()
        with self._gate:
            return bool(self._events) or any(item.status == "Pending" and item.due <= now for item in self.items)

    def _pass(self, *, all: bool) -> int:  # noqa: A002
        now = self._now()
        with self._gate:
            self._distribute(now)
            batches = [batch for webhook in self._webhooks().values() for batch in self._batches(webhook, now, all)]
            if self.shuffled:
                self._chance.shuffle(batches)
        self.send(batches)
        return len(batches)

    def _distribute(self, now: datetime) -> None:
        portion, self._events = self._events[: self.portion], self._events[self.portion :]
        for event in portion:
            for webhook in self._webhooks().values():
                own = webhook["skipOwn"] and webhook["createdById"] == event.user
                if webhook["event"] != event.name or not webhook["isActive"] or own:
                    continue
                item = Item(len(self.items) + 1, webhook["id"], event, now)
                self.items.append(item)
                if self._chance.random() < self.drop_rate:
                    item.status = "Failed"
                    self._note(Waiting(event.name, item.number, "", 0, now)).dropped = True

    def _batches(self, webhook: Record, now: datetime, all: bool) -> list[Batch]:  # noqa: A002
        due = [
            item
            for item in self.items
            if item.webhook == webhook["id"] and item.status == "Pending" and (all or item.due <= now)
        ][: self.batch]
        for item in due:
            if not self._is_readable(item.event):
                item.status = "Failed"
        due = [item for item in due if item.status == "Pending"]
        if self.shuffled:
            self._chance.shuffle(due)
        if not due:
            return []
        body = json.dumps([item.event.payload for item in due], separators=(",", ":")).replace("/", "\\/")
        first = due[0]
        return [Batch(webhook["event"], first.number, body, first.attempt, now, webhook, tuple(due))] * self.copies

    def _send(self, one: Waiting) -> None:
        assert isinstance(one, Batch)
        with self._gate:
            line: Sent = self._note(one)
        try:
            line.status = self._post(one)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            line.error = type(problem).__name__
        with self._gate:
            for item in one.items:
                self._judge(item, line.status)
            if line.status == GONE:
                self._webhooks().pop(one.webhook["id"], None)

    def _judge(self, item: Item, status: int | None) -> None:
        if status is not None and 200 <= status < 400:
            item.status = "Sent"
        elif status in RETRIED and item.attempt < ATTEMPTS:
            item.attempt += 1
            item.due = self._now() + AGAIN_AFTER * self.scale
        else:
            item.status = "Failed"

    # --- what a call is like ------------------------------------------------------------------------------------

    def address_of(self, one: Waiting) -> str:
        assert isinstance(one, Batch)
        return str(one.webhook["url"])

    def headers_of(self, one: Waiting) -> dict[str, str]:
        assert isinstance(one, Batch)
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            **signatures(one.webhook["id"], one.webhook["secretKey"], one.body.encode("utf-8", "replace")),
        }

    def pause_after(self, attempt: int) -> timedelta | None:
        """Never asked: here the status decides too."""
        raise NotImplementedError


def signatures(webhook_id: str, secret: str, body: bytes) -> dict[str, str]:
    """Both headers, the newer one in hex and the older one with the raw digest."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256)
    name = f"{webhook_id}:".encode()
    return {
        "Signature": base64.b64encode(name + digest.hexdigest().encode()).decode(),
        "X-Signature": base64.b64encode(name + digest.digest()).decode(),
    }
