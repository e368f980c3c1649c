"""Reading what changed, page by page, in the order of the change.

EspoCRM orders by time and, within a second, by id. A record that is changed while pages are read moves to the end, so
whoever counts rows from the start steps over one. So each page is asked for from the time of the last row seen, and
begins with that row again; where it does not, something in that second moved, and the second is read anew. Nothing is
stepped over; a row may come twice. Deleted records vanish without a trace.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError

from . import times
from .schemas import ListedParty

Ask = Callable[[datetime | None, int], tuple[Sequence[ListedParty], bool]]
"""`ask(since, offset)`: the rows changed at that time or later, oldest change first, and whether more follow."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading goes on: at this time, after so many rows of it, the last of which was this one."""

    at: str = ""
    offset: int = 0
    last: str = ""

    @classmethod
    def of(cls, cursor: str) -> Place:
        return cls(**json.loads(cursor)) if cursor else cls()

    def cursor(self) -> str:
        return json.dumps(asdict(self))


def page(ask: Ask, since: datetime | None, cursor: str) -> tuple[list[ListedParty], str]:
    """The next rows, and where the page after them begins; "" at the end.

    Raises MalformedResponseError for rows that were not asked for: EspoCRM ignores a filter that it does not know.
    """
    place = Place.of(cursor)
    start = times.heard(place.at) if place.at else since
    rows, has_more = _checked(ask, start, place.offset)
    if place.last and (not rows or rows[0].id != place.last):
        place = Place(place.at)
        rows, has_more = _checked(ask, start, 0)
    fresh = rows[1:] if place.last else rows
    if not has_more:
        return fresh, ""
    return fresh, _after(place, rows).cursor()


def _checked(ask: Ask, start: datetime | None, offset: int) -> tuple[list[ListedParty], bool]:
    answered, has_more = ask(start, offset)
    rows = list(answered)
    moments = [row.modified_at for row in rows]
    if moments != sorted(moments) or (start is not None and moments and moments[0] < start.replace(microsecond=0)):
        raise MalformedResponseError(_("EspoCRM shows rows that were not asked for; a filter or an order got lost."))
    if has_more and len(rows) < 2:
        raise MalformedResponseError(_("EspoCRM shows pages without rows; they would have no end."))
    return rows, has_more


def _after(place: Place, rows: list[ListedParty]) -> Place:
    last = rows[-1]
    at = times.spoken(last.modified_at)
    of_that_second = sum(1 for row in rows if row.modified_at == last.modified_at)
    before = place.offset if at == place.at else 0
    return Place(at, before + of_that_second - 1, last.id)
