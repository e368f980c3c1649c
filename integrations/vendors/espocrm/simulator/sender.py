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


@dataclass(slots=True, eq=False)
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
        self.items: list[Item] = []  # all that ever were
        self._pending: list[Item] = []
        self._webhooks, self._is_readable = webhooks, is_readable
        self._events: list[Event] = []

    @property
    def waiting(self) -> int:
        with self._gate:
            return len(self._events) + len(self._pending)

    def happened(self, event: str, record: str, payload: Record, user: User) -> None:
        """Queued where a webhook has the event, for all that have it when the job runs: later ones too."""
        if any(webhook["event"] == event for webhook in list(self._webhooks().values())):
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
            self._pending.clear()
            self._events.clear()

    def forget_waiting(self) -> None:
        with self._gate:
            self._events.clear()
            self._pending.clear()

    # --- a run --------------------------------------------------------------------------------------------------

    def _is_due(self) -> bool:
        now = self._now()
        with self._gate:
            return bool(self._events) or any(item.due <= now for item in self._pending)

    def _pass(self, *, all: bool) -> int:  # noqa: A002
        now = self._now()
        with self._gate:
            self._distribute(now)
            for item in [item for item in self._pending if item.webhook not in self._webhooks()]:
                self._end(item, "Failed")
            due = [item for item in self._pending if all or item.due <= now]
            batches = [batch for webhook in list(self._webhooks().values()) for batch in self._batches(webhook, due)]
            if self.shuffled:
                self._chance.shuffle(batches)
        self.send(batches)
        return len(batches)

    def _distribute(self, now: datetime) -> None:
        portion, self._events = self._events[: self.portion], self._events[self.portion :]
        for event in portion:
            for webhook in list(self._webhooks().values()):
                own = webhook["skipOwn"] and webhook["createdById"] == event.user
                if webhook["event"] != event.name or not webhook["isActive"] or own:
                    continue
                item = Item(len(self.items) + 1, webhook["id"], event, now)
                self.items.append(item)
                if self._chance.random() < self.drop_rate:
                    item.status = "Failed"
                    self._note(Waiting(event.name, item.number, "", 0, now)).dropped = True
                else:
                    self._pending.append(item)

    def _batches(self, webhook: Record, due: list[Item]) -> list[Batch]:
        """What is due for it, in the order of the queue; a record that is gone by now is not told about."""
        items: list[Item] = []
        for item in [item for item in due if item.webhook == webhook["id"]][: self.batch]:
            if self._is_readable(item.event):
                items.append(item)
            else:
                self._end(item, "Failed")
        if self.shuffled:
            self._chance.shuffle(items)
        if not items:
            return []
        body = json.dumps([item.event.payload for item in items], separators=(",", ":")).replace("/", "\\/")
        first = items[0]
        batch = Batch(webhook["event"], first.number, body, first.attempt, self._now(), webhook, tuple(items))
        return [batch] * self.copies

    def _end(self, item: Item, status: str) -> None:
        item.status = status
        if item in self._pending:
            self._pending.remove(item)

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
            self._end(item, "Sent")
        elif status in RETRIED and item.attempt < ATTEMPTS:
            item.attempt += 1
            item.due = self._now() + AGAIN_AFTER * self.scale
        else:
            self._end(item, "Failed")

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
