"""The Workflow Automator's webhooks: sent once or more, late, again after a failure, in another order, or lost.

Nothing is promised by the vendor; what can be set here is what receivers have seen (fact sheet, section 10). Times go
by the simulated clock. The ledger says what was sent and what was answered.
"""

from __future__ import annotations

import base64
import http.client
import random
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from .clock import Clock
from .world import PORTAL_AGENT

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


@dataclass(frozen=True, slots=True)
class _Waiting:
    event: str
    ticket: int
    body: str = field(repr=False)
    attempt: int
    due: datetime


class Settings:
    """How the automator is set up, and how the way to it behaves. Set by the act `webhook`; a reset restores them."""

    url: str = ""  # nothing is sent without one
    secret: str = ""
    auth: str = "header"  # or "basic", "bearer", "none"
    wrapped: bool = False
    ids: str = "numeric"  # or "number", "display" (INC-…), "hash" (#…)
    with_subject: bool = False  # the subject stands in the body as it is: a quote in it breaks the JSON
    leaves_out_own: bool = True  # what the portal's agent does fires nothing
    workspaces: tuple[int, ...] = ()  # those with an automator; empty for all
    silent: tuple[str, ...] = ()  # events without an automator
    mode: str = "by hand"
    timeout: float = 10.0  # seconds; 5 to 15 were seen
    retry_minutes: tuple[float, ...] = (3, 5, 9, 17)
    scale: float = 1.0  # of those minutes
    copies: int = 1
    shuffled: bool = False
    drop_rate: float = 0.0
    calls_per_hour: int = 0  # 0 for any number


class Sender(Settings):
    """Thread-safe. `changed` queues; `pump` sends what is due; in the mode "by itself" a thread does."""

    def __init__(self, clock: Clock, stopping: threading.Event) -> None:
        self.sent: list[Sent] = []
        self._clock, self._stopping = clock, stopping
        self._waiting: list[_Waiting] = []
        self._gate, self._pumping = threading.Lock(), threading.Lock()
        self._chance = random.Random(0)  # noqa: S311 — chances of a rehearsal, no secret
        self._thread: threading.Thread | None = None

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
            known = getattr(Settings, name, None)
            given = tuple(value) if isinstance(known, tuple) else value
            kinds = (int, float) if isinstance(known, float) else type(known)
            if known is None or name.startswith("_") or not isinstance(given, kinds):
                raise ValueError(f"no such setting of webhooks or value: {name}")
            if name == "mode" and given not in MODES:
                raise ValueError(f"unknown mode; known: {', '.join(MODES)}")
            setattr(self, name, given)

    def changed(self, event: str, ticket: dict[str, Any], *, by: int) -> None:
        """Something happened to a ticket."""
        fits = not self.workspaces or ticket["workspace_id"] in self.workspaces
        if not self.url or not fits or event in self.silent or (self.leaves_out_own and by == PORTAL_AGENT):
            return
        body = self._body(event, ticket)
        with self._gate:
            for _ in range(self.copies):
                if self._chance.random() < self.drop_rate:
                    self._note(event, ticket["id"], 0, body).dropped = True
                else:
                    self._waiting.append(_Waiting(event, ticket["id"], body, 1, self._clock.now()))

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

    def _pass(self, *, all: bool) -> int:  # noqa: A002
        now = self._clock.now()
        with self._gate:
            due = [one for one in self._waiting if all or one.due <= now]
            self._waiting = [] if all else [one for one in self._waiting if one.due > now]
            if self.shuffled:
                self._chance.shuffle(due)
        for one in due:
            self._send(one)
        return len(due)

    def _is_due(self) -> bool:
        now = self._clock.now()
        with self._gate:
            return any(one.due <= now for one in self._waiting)

    def reset(self) -> None:
        with self._gate:
            self.sent.clear()
            self._waiting.clear()
            self._chance.seed(0)
        for name in Settings.__annotations__:
            self.__dict__.pop(name, None)

    # --- one call -----------------------------------------------------------------------------------------------

    def _body(self, event: str, ticket: dict[str, Any]) -> str:
        number = ticket["id"]
        prefix = "SR" if ticket["type"] == "Service Request" else "INC"
        shown = {"numeric": f'"{number}"', "number": f"{number}", "display": f'"{prefix}-{number}"'}
        subject = f',"subject":"{ticket["subject"]}"' if self.with_subject else ""
        bare = f'{{"ticket_id":{shown.get(self.ids, f"{chr(34)}#{number}{chr(34)}")},"event":"{event}"{subject}}}'
        return f'{{"freshservice_webhook":{bare}}}' if self.wrapped else bare

    def _headers(self) -> dict[str, str]:
        basic = base64.b64encode(f"freshservice:{self.secret}".encode()).decode()
        proofs = {
            "header": {"X-Webhook-Secret": self.secret},
            "basic": {"Authorization": f"Basic {basic}"},
            "bearer": {"Authorization": f"Bearer {self.secret}"},
        }
        return {"Content-Type": "application/json", "User-Agent": "Freshservice", **proofs.get(self.auth, {})}

    def _note(self, event: str, ticket: int, attempt: int, body: str) -> Sent:
        line = Sent(len(self.sent) + 1, event, ticket, attempt, self._clock.stamp(), body)
        self.sent.append(line)
        return line

    def _send(self, one: _Waiting) -> None:
        with self._gate:
            hour = self._clock.stamp()[:13]
            used = sum(1 for line in self.sent if line.at.startswith(hour) and not line.dropped)
            line = self._note(one.event, one.ticket, one.attempt, one.body)
            if self.calls_per_hour and used >= self.calls_per_hour:
                line.dropped = True
                return
        try:
            line.status = self._post(one.body)
        except (OSError, http.client.HTTPException) as problem:
            line.error = type(problem).__name__
        if line.status is not None and 200 <= line.status < 300:
            return
        if one.attempt <= len(self.retry_minutes):
            pause = timedelta(minutes=self.retry_minutes[one.attempt - 1] * self.scale)
            with self._gate:
                self._waiting.append(
                    _Waiting(one.event, one.ticket, one.body, one.attempt + 1, self._clock.now() + pause)
                )

    def _post(self, body: str) -> int:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body.encode("utf-8", "replace"), self._headers())
            answer = connection.getresponse()
            answer.read(65_536)
            return answer.status
        finally:
            connection.close()

    def _run(self) -> None:
        while not self._stopping.wait(0.05):
            if self.mode == "by itself":
                self.pump()
