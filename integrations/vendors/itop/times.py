"""iTop's times: "YYYY-MM-DD HH:MM:SS" by the clock on the server's wall, without an offset (fact sheet, section 2).

Once a year an hour comes twice. A time in it is read as the earlier of its two moments, so that whoever reads on from
it reads an hour again and misses nothing; who asks for what happened since a moment asks from the earliest time that
the clock showed at that moment or later. A time that the clock skipped in spring is read with the offset before.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from integrations.texts import gettext as _
from integrations.transport.errors import ConfigurationError
from integrations.vendors.zones import zone_problem

FORMAT = "%Y-%m-%d %H:%M:%S"
DEFAULT_ZONE = "Europe/Paris"  # of an iTop that nobody configured
_UNSET = frozenset({"", "0000-00-00 00:00:00", "0000-00-00"})
_LONGEST_SHIFT = timedelta(hours=3)  # by which a clock is ever put back


def zone_of(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises ConfigurationError."""
    try:
        return ZoneInfo(name.strip() or DEFAULT_ZONE)
    except (KeyError, ValueError, OSError):  # unknown names, names of folders, names that lead elsewhere
        problem = zone_problem(name) or _("There is no time zone {name!r} on this machine.").format(
            name=name.strip()[:60]
        )
        raise ConfigurationError(
            _("{problem} Enter it on the connection as iTop's configuration has it.").format(problem=problem)
        ) from None


def heard(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment in UTC; None for an unset one. Raises ValueError for what is no time."""
    if text in _UNSET:
        return None
    try:
        local = datetime.strptime(text, FORMAT if len(text) > len("2026-01-01") else "%Y-%m-%d")  # noqa: DTZ007
        return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    except OverflowError:
        raise ValueError("a time beyond the calendar") from None


def spoken(moment: datetime, zone: ZoneInfo) -> str:
    """What the clock shows at this moment (aware)."""
    return moment.astimezone(zone).strftime(FORMAT)


def asked_from(moment: datetime, zone: ZoneInfo) -> str:
    """The earliest time that the clock shows at this moment or later: the bound for "changed since"."""
    start = moment.astimezone(UTC)
    try:
        end = start + _LONGEST_SHIFT
        if end.astimezone(zone).utcoffset() >= start.astimezone(zone).utcoffset():  # type: ignore[operator]
            return spoken(start, zone)
    except OverflowError:
        return spoken(start, zone)
    return min(spoken(start, zone), spoken(_put_back(start, end, zone), zone))


def _put_back(start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """When, to the second, the clock is put back between these two."""
    before = start.astimezone(zone).utcoffset()
    while end - start > timedelta(seconds=1):
        middle = start + (end - start) / 2
        start, end = (middle, end) if middle.astimezone(zone).utcoffset() == before else (start, middle)
    return end.replace(microsecond=0)
