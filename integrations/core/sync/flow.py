"""What an integration gives the engine: how a side is read, and what one record would mean for the other side.

    Flow(object_type="ticket", side=Side.LEFT, reading=Reading(page=…, get=…), plan=plan)

`plan` looks and decides, `Write.do` writes; so a dry run is the same without the second half.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.core.models import RecordLink, SyncEntry

Outcome = SyncEntry.Outcome


class Side(enum.StrEnum):
    """Which id of a link a stream's records are."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was read. `changed_at` is the vendor's time; the fingerprint changes when the record does.

    `is_news`: something that belongs to it changed, which its own fingerprint does not tell.
    """

    id: str
    changed_at: datetime
    fingerprint: str
    data: Any = None
    is_news: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and where the next page begins; no next cursor: it was the last page.

    `began` is when the first page was asked for, by the vendor's clock, where the last page can tell.
    """

    records: Sequence[Record]
    next: str = ""
    began: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a side is read.

    `page(since, cursor)` gives the records that changed at `since` or later (None: all), a page at a time; `get(id)`
    one record, raising NotFoundError. With `ordered`, pages come by (time, id), and each page is a checkpoint; without,
    the watermark moves only after the last page. `overlap` is read again each time: for records that become visible
    late, and for clocks that differ.
    """

    page: Callable[[datetime | None, str], Page]
    get: Callable[[str], Record]
    ordered: bool = False
    overlap: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Write:
    """One write to the other side: what it does, in a sentence, and the doing.

    `do(link)` may be called again after a crash. It returns the other record's fingerprint as it is now, or empty.
    """

    sentence: str
    do: Callable[[RecordLink], str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a record means for the other side. Without writes it is unchanged, or skipped for a reason.

    `base` are the fields both sides have once the writes are done; `linking.base_of` gives those they had before.
    `seen` is the fingerprint of the version the plan itself read, where that is a later one than the record's.
    """

    why: str = ""
    writes: Sequence[Write] = ()
    creates: bool = False
    skipped: bool = False
    base: dict[str, Any] | None = field(default=None)
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction of one kind of record.

    `find(key)` gives the id of the record on this stream's own side that carries the key of a link: what the other
    direction made there may be seen here before its answer was stored. None for one-way streams.
    """

    object_type: str
    side: Side
    reading: Reading
    plan: Callable[[Record, RecordLink | None], Plan]
    find: Callable[[str], str | None] | None = None
