"""What simulated vendors that send webhooks share: a queue, a ledger, and the ways in which calls go astray.

A vendor's sender says what a call looks like (`address_of`, `headers_of`), and whether and when a failed one comes
again (`pause_after`). The ledger says what was sent and what was answered.
"""

from __future__ import annotations

import http.client
import random
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

MODES = ("by hand", "at once", "by itself")


@dataclass(slots=True)
class Sent:
    """One line of the ledger. `status` is None where no answer came; `dropped`: never sent at all."""

    number: int
    event: str
    ticket: int
    attempt: int
    at: str
    body: str
    status: int | None = None
    error: str = ""
    dropped: bool = False

    @property
    def arrived(self) -> bool:
        """Whether it was accepted."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that is still to be sent, for the first time or again."""

    event: str
    ticket: int
    body: str = field(repr=False)
    attempt: int
    due: datetime


class Settings:
    """How the webhook is set up, and how the way to the portal behaves. Set by the act `webhook`, until a reset."""

    url: str = ""  # nothing is sent without one
    secret: str = ""
    mode: str = "by hand"
    timeout: float = 10.0  # seconds
    scale: float = 1.0  # of the pauses before a call comes again
    copies: int = 1
    shuffled: bool = False
    drop_rate: float = 0.0
    threads: int = 1  # calls under way at the same time

    @classmethod
    def names(cls) -> list[str]:
        """Of all settings, inherited ones first."""
        return [
            name for base in reversed(cls.__mro__) for name in vars(base).get("__annotations__", {}) if name[0] != "_"
        ]


class Sender(Settings):
    """Thread-safe. `queue` has calls sent; `pump` sends what is due; in the mode "by itself" a thread does."""

    settings: ClassVar[type[Settings]] = Settings

    def __init__(self, now: Callable[[], datetime], stopping: threading.Event) -> None:
        self.sent: list[Sent] = []
        self._now, self._stopping = now, stopping
        self._waiting: list[Waiting] = []
        self._gate, self._pumping = threading.Lock(), threading.Lock()
        self._chance = random.Random(0)  # noqa: S311 — chances of a rehearsal, no secret
        self._thread: threading.Thread | None = None

    # --- what a vendor's sender says

    def address_of(self, one: Waiting) -> str:
        """Where a call goes; nothing is sent to an empty one."""
        return self.url

    def headers_of(self, one: Waiting) -> dict[str, str]:
        raise NotImplementedError

    def pause_after(self, attempt: int) -> timedelta | None:
        """How long after so many failed attempts the call comes again; None: it does not."""
        raise NotImplementedError

    def may_send(self, one: Waiting) -> bool:
        """Whether the vendor lets this call go; otherwise it is lost."""
        return True

    def over(self, one: Waiting, *, arrived: bool) -> None:
        """A call was accepted, or given up."""

    # --- steering

    @property
    def waiting(self) -> int:
        """How many calls are still to be sent, again or for the first time."""
        with self._gate:
            return len(self._waiting)

    def set(self, values: dict[str, Any]) -> None:
        """Raises ValueError for an unknown setting or a value of another kind."""
        for name, value in values.items():
            if name == "seed":
                self._chance.seed(value)
                continue
            known = getattr(self.settings, name, None) if name in self.settings.names() else None
            given = tuple(value) if isinstance(known, tuple) else value
            kinds = (int, float) if isinstance(known, float) else type(known)
            if known is None or not isinstance(given, kinds):
                raise ValueError(f"no such setting of webhooks or value: {name}")
            if name == "mode" and given not in MODES:
                raise ValueError(f"unknown mode; known: {', '.join(MODES)}")
            setattr(self, name, given)

    def queue(self, event: str, ticket: int, body: str) -> None:
        """Have this call sent, as often as copies are wanted; each may get lost."""
        calls = self.drawn(event, ticket, body)
        with self._gate:
            self._waiting += calls

    def drawn(self, event: str, ticket: int, body: str) -> list[Waiting]:
        """The call, as often as copies are wanted; what gets lost is in the ledger alone."""
        calls: list[Waiting] = []
        with self._gate:
            for _ in range(self.copies):
                if self._chance.random() < self.drop_rate:
                    self._note(Waiting(event, ticket, body, 0, self._now())).dropped = True
                else:
                    calls.append(Waiting(event, ticket, body, 1, self._now()))
        return calls

    def settle(self) -> None:
        """What follows a change, once nothing is locked any more."""
        if self.mode == "at once":
            while self._is_due() and self._pumping.acquire(blocking=False):
                try:
                    self._pass(all=False)
                finally:
                    self._pumping.release()
        elif self.mode == "by itself" and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()

    def pump(self, *, all: bool = False) -> int:  # noqa: A002 — as the act names it
        """Send what is due, with `all` what waits for its retry too; how many calls were sent."""
        with self._pumping:
            return self._pass(all=all)

    def forget_waiting(self) -> None:
        """What was not sent yet never will be."""
        with self._gate:
            self._waiting.clear()

    def reset(self) -> None:
        with self._gate:
            self.sent.clear()
            self._waiting.clear()
            self._chance.seed(0)
        for name in self.settings.names():
            self.__dict__.pop(name, None)

    # --- sending

    def send(self, calls: Iterable[Waiting]) -> None:
        """One after the other, on each thread."""
        with ThreadPoolExecutor(max(1, self.threads)) as threads:
            for _ in threads.map(self._send, calls):
                pass

    def _pass(self, *, all: bool) -> int:  # noqa: A002
        now = self._now()
        with self._gate:
            due = [one for one in self._waiting if all or one.due <= now]
            self._waiting = [] if all else [one for one in self._waiting if one.due > now]
            if self.shuffled:
                self._chance.shuffle(due)
        self.send(due)
        return len(due)

    def _is_due(self) -> bool:
        now = self._now()
        with self._gate:
            return any(one.due <= now for one in self._waiting)

    def _note(self, one: Waiting) -> Sent:
        at = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = Sent(len(self.sent) + 1, one.event, one.ticket, one.attempt, at, one.body)
        self.sent.append(line)
        return line

    def _send(self, one: Waiting) -> None:
        with self._gate:
            allowed = self.may_send(one)
            line = self._note(one)
            if not allowed:
                line.dropped = True
                return
        try:
            line.status = self._post(one)
        except (OSError, http.client.HTTPException, ValueError) as problem:  # the last: what no header can hold
            line.error = type(problem).__name__
        pause = None if line.arrived else self.pause_after(one.attempt)
        if pause is None:
            self.over(one, arrived=line.arrived)
            return
        with self._gate:
            due = self._now() + pause * self.scale
            self._waiting.append(Waiting(one.event, one.ticket, one.body, one.attempt + 1, due))

    def _post(self, one: Waiting) -> int:
        parts = urlsplit(self.address_of(one))
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, one.body.encode("utf-8", "replace"), self.headers_of(one))
            answer = connection.getresponse()
            answer.read(65_536)
            return answer.status
        finally:
            connection.close()

    def _run(self) -> None:
        while not self._stopping.wait(0.05):
            if self.mode == "by itself":
                self.pump()
