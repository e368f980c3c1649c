"""Names of time zones, as people enter them for a vendor whose times do not say theirs."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from integrations.texts import gettext as _

_OFFSET = re.compile(r"(?:UTC|GMT)?\s*[+-]\s*\d{1,2}(?::?\d\d)?", re.IGNORECASE)


def zone_problem(name: str) -> str:
    """Why there is no such zone (IANA), and which may be meant; empty when there is one, or no name."""
    given = name.strip()
    if not given or given in _names():
        return ""
    if _OFFSET.fullmatch(given):
        return _(
            "{given} is an offset, which changes with the seasons: enter a time zone such as Europe/Paris."
        ).format(given=given)
    meant = _meant(given)
    advice = (
        _("Is {meant} meant?").format(meant=meant) if meant else _("Enter one such as Europe/Paris or Asia/Jakarta.")
    )
    return _("There is no time zone {given!r}. {advice}").format(given=given[:60], advice=advice)


def _meant(given: str) -> str:
    """The zone that ends so whatever the case, `jakarta` say; else one that is written nearly so."""
    wanted = given.lower().replace(" ", "_")
    by_lower = {name.lower(): name for name in sorted(_names())}
    by_city = {name.rpartition("/")[2]: name for name in by_lower}
    city = wanted.rpartition("/")[2]
    if wanted in by_lower or city in by_city:
        return by_lower.get(wanted) or by_lower[by_city[city]]
    near = get_close_matches(wanted, by_lower, 1, 0.8) or get_close_matches(city, by_city, 1, 0.8)
    return by_lower[by_city.get(near[0], near[0])] if near else ""


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
