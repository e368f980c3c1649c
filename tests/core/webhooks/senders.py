"""Many senders of pigeons at the same time, and their ledger: what was sent when, and what was answered."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .pigeons import SECRET

SENDERS = 8
BIRDS = 12  # few, so that calls about one bird meet looks at it
MOST_COPIES = 5
PAUSE = 0.1  # seconds before a call that was not taken is sent again
PATIENCE = 60.0  # seconds for which it is sent again
TIMEOUT = 10.0


@dataclass(slots=True)
class Event:
    """Something that happened at the vendor, told by calls that all carry its number.

    Named ones are told one to five times, each until it is taken; nameless ones once, and given up when that fails;
    forged ones come from somebody who does not know the secret.
    """

    number: int
    kind: str
    bird: str
    happened: float | None = None  # right before its first call left, by the clock of all processes of this machine
    statuses: list[int | None] = field(default_factory=list)  # of its calls; None: no answer came

    @property
    def subject(self) -> str:
        return f"bird:{self.bird}"

    @property
    def is_taken(self) -> bool:
        return any(status is not None and 200 <= status < 300 for status in self.statuses)

    @property
    def body(self) -> bytes:
        name = {"call": f"call-{self.number}"} if self.kind == "named" else {}
        return json.dumps({"bird": self.bird, "number": self.number, **name}).encode()


def drawn_events(count: int, chance: random.Random) -> list[Event]:
    """Forged ones are about birds of their own, which nobody else ever names."""
    kinds = chance.choices(("named", "nameless", "forged"), weights=(6, 3, 1), k=count)
    birds = [f"forged-{n}" if kind == "forged" else str(chance.randrange(BIRDS)) for n, kind in enumerate(kinds)]
    return [Event(number, kind, bird) for number, (kind, bird) in enumerate(zip(kinds, birds, strict=True))]


class Senders:
    """Threads that tell these events, copies of one at the same moment too. `answered` counts the answers so far."""

    def __init__(self, url: str, events: list[Event], chance: random.Random) -> None:
        self._url, self._gate, self._given_up = url, threading.Lock(), threading.Event()
        self.answered = 0
        calls = [one for one in events for _ in range(chance.randint(1, MOST_COPIES) if one.kind == "named" else 1)]
        chance.shuffle(calls)
        self._threads = [
            threading.Thread(target=self._tell, args=(calls[first::SENDERS],), daemon=True) for first in range(SENDERS)
        ]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: object, *_exc: object) -> None:
        if kind is not None:
            self._given_up.set()  # the test has failed; nobody waits for what is left
        for thread in self._threads:
            thread.join()

    def is_over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            if self._given_up.is_set():
                return
            ends = time.monotonic() + PATIENCE
            while self._call(event) != 202 and event.kind == "named" and time.monotonic() < ends:
                time.sleep(PAUSE)

    def _call(self, event: Event) -> int | None:
        with self._gate:
            event.happened = event.happened or time.monotonic()
        status = self._post(event)
        with self._gate:
            event.statuses.append(status)
            self.answered += 1
        return status

    def _post(self, event: Event) -> int | None:
        """The answer's status; None when none came."""
        secret = "a-secret-that-somebody-guessed" if event.kind == "forged" else SECRET
        headers = {"Content-Type": "application/json", "X-Webhook-Secret": secret}
        connection = http.client.HTTPConnection(urlsplit(self._url).netloc, timeout=TIMEOUT)
        try:
            connection.request("POST", "/webhooks/elite/pigeon/bird", event.body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
