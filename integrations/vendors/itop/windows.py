"""Reading many objects of iTop in order of their ids, although it knows neither an order nor a dependable page.

Its pages come in an order of the class's own, and shift while objects are made. So a query is asked with a limit, and
iTop tells how many objects match in all: if more than the limit, the window of ids is halved until all of it fits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from integrations.texts import gettext
from integrations.transport.errors import MalformedResponseError

ASKED_AGAIN = 3  # times, where an answer does not show all that it says it found

Row = TypeVar("Row")
Ask = Callable[[int, int | None], tuple[Sequence[tuple[int, Row]], int]]
"""`ask(after, up_to)`: some rows by id, and how many there are, of those with `after` < id <= `up_to`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading goes on: ids above `after`, in steps of `width` up to `top`; without a width all at once."""

    after: int = 0
    width: int = 0
    top: int = 0

    @classmethod
    def of(cls, cursor: str) -> Place:
        return cls(**json.loads(cursor)) if cursor else cls()

    def cursor(self) -> str:
        return json.dumps(asdict(self))


def page(ask: Ask[Row], cursor: str, *, limit: int) -> tuple[list[Row], str]:
    """The next rows, at most `limit`, in order of their ids, and where the page after them begins; "" at the end.

    A row is shown as long as it matches when its window is read; what changes behind the windows is for the next time.
    Raises MalformedResponseError where iTop keeps showing less than it found.
    """
    place = Place.of(cursor)
    while True:
        rows, place, is_last = _window(ask, place, limit)
        if rows or is_last:
            return [row for _, row in sorted(rows, key=lambda one: one[0])], "" if is_last else place.cursor()


def _window(ask: Ask[Row], place: Place, limit: int) -> tuple[Sequence[tuple[int, Row]], Place, bool]:
    after, width, top = place.after, place.width, place.top
    up_to = min(after + width, top) if width and after < top else None
    rows, found = _whole(ask, after, up_to, limit)
    while found > limit:
        if up_to is None:
            top = max((number for number, _ in rows), default=after)
        width = max(1, ((up_to or top) - after) // 2)
        if up_to == after + width:
            raise MalformedResponseError(gettext("iTop found more objects than there are ids."))
        up_to = after + width
        rows, found = _whole(ask, after, up_to, limit)
    if up_to is None:
        return rows, place, True
    return rows, Place(up_to, width * 2 if found <= limit // 2 else width, top), False


def _whole(ask: Ask[Row], after: int, up_to: int | None, limit: int) -> tuple[Sequence[tuple[int, Row]], int]:
    """One window; asked again where it does not show all it found: something may just have come or gone."""
    for _ in range(ASKED_AGAIN):
        rows, found = ask(after, up_to)
        outside = any(number <= after or (up_to is not None and number > up_to) for number, _ in rows)
        if not outside and len(rows) >= min(found, limit):
            return rows, found
    raise MalformedResponseError(gettext("iTop does not show the objects that it says it found."))
