"""Autotask's limits: calls at the same time per entity, and calls in any sixty minutes for the whole tenant."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque

TIMEFRAME = 60  # minutes
# From this share of the hourly threshold each call is held back so many seconds.
LATENCY = ((0.75, 1.0), (0.5, 0.5))


class Limits:
    """Counts, thread-safe. Time can be moved ahead, so that an hour passes in a test."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._inside: dict[int, str] = {}  # call → entity
        self._arrivals: deque[float] = deque()
        self._ahead = 0.0
        self.peak: Counter[str] = Counter()  # most calls at once per entity, the refused one included

    def enter(self, number: int, entity: str, *, most: int) -> bool:
        """Whether the call finds a free thread; it keeps it until `leave`."""
        with self._gate:
            already = sum(1 for other in self._inside.values() if other == entity)
            self.peak[entity] = max(self.peak[entity], already + 1)
            if already >= most:
                return False
            self._inside[number] = entity
            return True

    def leave(self, number: int) -> None:
        with self._gate:
            self._inside.pop(number, None)

    def count(self, *, threshold: int) -> float | None:
        """Count one call; the seconds it is held back, or None when the threshold is used up (not counted then)."""
        with self._gate:
            now = self._now()
            while self._arrivals and self._arrivals[0] <= now - TIMEFRAME * 60:
                self._arrivals.popleft()
            share = len(self._arrivals) / threshold if threshold else 1.0
            if share >= 1:
                return None
            self._arrivals.append(now)
            return next((seconds for least, seconds in LATENCY if share >= least), 0.0)

    @property
    def used(self) -> int:
        with self._gate:
            return sum(1 for arrived in self._arrivals if arrived > self._now() - TIMEFRAME * 60)

    def pass_minutes(self, minutes: float) -> None:
        with self._gate:
            self._ahead += minutes * 60

    def reset(self) -> None:
        with self._gate:
            self._arrivals.clear()
            self.peak.clear()

    def _now(self) -> float:
        return time.monotonic() + self._ahead
