"""The wall clock of a simulated iTop: its zone, ahead of ours or stopped on order, so that a day or an hour that comes
twice passes in a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FORMAT = "%Y-%m-%d %H:%M:%S"


class Clock:
    """What it is ahead is added to our time, or to the moment at which it was stopped."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._ahead = timedelta()
        self._stopped: datetime | None = None

    def now(self) -> datetime:
        """In UTC."""
        return (self._stopped or datetime.now(UTC)) + self._ahead

    def stamp(self, moment: datetime | None = None) -> str:
        """As iTop writes times: local, by the second, without an offset."""
        return (moment or self.now()).astimezone(ZoneInfo(self.zone)).strftime(FORMAT)

    def pass_seconds(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def stop(self, moment: datetime | None = None) -> None:
        """From now on it stands still, at this moment."""
        self._stopped, self._ahead = moment or self.now(), timedelta()

    def ahead_seconds(self) -> float:
        return (self.now() - datetime.now(UTC)).total_seconds()

    def reset(self, zone: str) -> None:
        self.zone, self._stopped, self._ahead = zone, None, timedelta()
