"""The simulated EspoCRM's clock: ours, moved ahead or stopped on order, so that an hour passes in a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """UTC. What it is ahead is added to our time, or to the moment at which it was stopped."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._stopped: datetime | None = None

    def now(self) -> datetime:
        return (self._stopped or datetime.now(UTC)) + self._ahead

    def stamp(self) -> str:
        """As EspoCRM writes times: in UTC, by the second, without a zone."""
        return self.now().strftime("%Y-%m-%d %H:%M:%S")

    def pass_seconds(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def stop(self, moment: datetime | None = None) -> None:
        """From now on it stands still, at this moment."""
        self._stopped, self._ahead = moment or self.now(), timedelta()

    def ahead_seconds(self) -> float:
        """How far it is ahead of ours."""
        return (self.now() - datetime.now(UTC)).total_seconds()
