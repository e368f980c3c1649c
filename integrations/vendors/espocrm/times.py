"""EspoCRM's times: "YYYY-MM-DD HH:MM:SS" in UTC, by the second, without a mark of the zone (fact sheet, section 2)."""

from __future__ import annotations

from datetime import UTC, datetime

FORMAT = "%Y-%m-%d %H:%M:%S"


def heard(text: str) -> datetime:
    """The moment, aware. Raises ValueError."""
    return datetime.strptime(text, FORMAT).replace(tzinfo=UTC)


def spoken(moment: datetime) -> str:
    """An aware moment as EspoCRM writes it; what is less than a second is cut off."""
    return moment.astimezone(UTC).strftime(FORMAT)
