"""The simulated vendor's clock: ours, moved ahead on order, so that an hour passes in a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

GERMAN = ZoneInfo("Europe/Berlin")


class Clock:
    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def stamp(self) -> str:
        """As `geaendertAm` is written: the firm's own time, without a zone."""
        return self.now().astimezone(GERMAN).strftime("%Y-%m-%dT%H:%M:%S")

    def pass_seconds(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def ahead_seconds(self) -> float:
        return self._ahead.total_seconds()

    def reset(self) -> None:
        self._ahead = timedelta()
