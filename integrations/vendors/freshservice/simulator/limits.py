"""Freshservice's limits: calls of one fixed minute, together and for some kinds of calls, counted in credits."""

from __future__ import annotations

import threading
from collections import Counter

from integrations.vendors.freshservice.plans import ALL, OTHER, PER_MINUTE, endpoint_of
from integrations.vendors.simulation import Request

from .clock import Clock


def cost_of(request: Request) -> int:
    """One credit, and for each include one more for a ticket, two for a list."""
    includes = len([part for part in request.query.get("include", "").split(",") if part])
    is_list = endpoint_of(request.method, request.path) == "list tickets"
    return 1 + includes * (2 if is_list else 1)


class Limits:
    """Counts, thread-safe. A call that is refused or fails counts too."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._gate = clock, threading.Lock()
        self._minute = -1
        self._used: Counter[str] = Counter()

    def count(self, request: Request, *, plan: str) -> int | None:
        """Count one call; None when there is room for it, else the seconds until the next minute (1 to 60)."""
        limits, cost = PER_MINUTE[plan], cost_of(request)
        kind = endpoint_of(request.method, request.path)
        with self._gate:
            second = self._turn()
            for name in {ALL, kind} - {OTHER}:
                self._used[name] += cost
            over = any(self._used[name] > limits[name] for name in {ALL, kind} & limits.keys())
        return 60 - second if over else None

    def headers(self, request: Request, *, plan: str) -> dict[str, str]:
        """What every answer tells of them, in the spelling that was recorded."""
        total = PER_MINUTE[plan][ALL]
        with self._gate:
            self._turn()
            left = max(0, total - self._used[ALL])
        return {
            "X-Ratelimit-Total": str(total),
            "X-Ratelimit-Remaining": str(left),
            "X-Ratelimit-Used-CurrentRequest": str(cost_of(request)),
        }

    def reset(self) -> None:
        with self._gate:
            self._used.clear()

    def _turn(self) -> int:
        """Forget the minute before; the second of this one."""
        minute, second = divmod(int(self._clock.now().timestamp()), 60)
        if minute != self._minute:
            self._minute = minute
            self._used.clear()
        return second
