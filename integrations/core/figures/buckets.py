"""Hours and days: where one begins, and those of a span. Days are those of the portal's time zone. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

HOUR, DAY = "hour", "day"


def start_of(every: str, at: datetime, zone: tzinfo) -> datetime:
    """The beginning of the hour or day that a moment lies in."""
    if every == HOUR:
        return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return _midnight(at.astimezone(zone).date(), zone)


def next_of(every: str, start: datetime, zone: tzinfo) -> datetime:
    """The beginning of the next one: a day has 23 to 25 hours."""
    return back_from(every, start, -1, zone)


def back_from(every: str, start: datetime, steps: int, zone: tzinfo) -> datetime:
    """The beginning of the one that lies so many before it."""
    if every == HOUR:
        return start - timedelta(hours=steps)
    return _midnight(start.astimezone(zone).date() - timedelta(days=steps), zone)


def starts(every: str, first: datetime, last: datetime, zone: tzinfo) -> Iterator[datetime]:
    """The beginnings from the first to the last, both included."""
    while first <= last:
        yield first
        first = next_of(every, first, zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
