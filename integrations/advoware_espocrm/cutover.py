"""Cut-over: pairs that somebody has written down, as party number and id of EspoCRM, become links, with a report.

All rows are judged first, by the file, the links there are and EspoCRM's own list of its parties. Links are made of
what is certain alone: in a pair of two people their contact data would be mixed. Nothing is written to either program,
and Advoware is not asked: it has no list, and the next runs look at each new pair anyway.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from django.db import IntegrityError

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import links_of

from . import pairs
from .sides import PARTY, Sides

COLUMNS = ("betnr", "espocrm_id")
BATCH, EXAMPLES = 500, 10
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


Told = Callable[[str], object]


class Verdict(StrEnum):
    """What becomes of a row."""

    NEW = "to be linked"
    LINKED = "linked"
    KNOWN = "linked already"
    UNREADABLE = "not a number and an id"
    DOUBLED = "in several rows"
    TAKEN = "linked to something else"
    UNKNOWN = "not shown by EspoCRM"
    OTHER = "of another party by EspoCRM's own number"


GOOD = (Verdict.NEW, Verdict.LINKED, Verdict.KNOWN)


class UnreadablePairs(ValueError):
    """The file is not a table of pairs; the message says what is wrong with it."""


@dataclass
class Row:
    """One row of the file, with the line a person finds it in."""

    line: int
    betnr: str
    contact: str
    verdict: Verdict = Verdict.NEW


def read(text: str) -> list[Row]:
    """The rows of a CSV file whose first row names both columns. Raises `UnreadablePairs`."""
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    table = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(table, [])]
        if missing := [name for name in COLUMNS if name not in names]:
            raise UnreadablePairs(f"The first row must name the columns {' and '.join(COLUMNS)}: no {missing[0]}.")
        places = [names.index(name) for name in COLUMNS]
        return [_row(table.line_num, cells, places) for cells in table if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise UnreadablePairs(f"Line {table.line_num} is no line of a CSV file: {error}.") from None


def _row(line: int, cells: list[str], places: list[int]) -> Row:
    betnr, contact = (cells[place].strip() if place < len(cells) else "" for place in places)
    is_readable = _NUMBER.fullmatch(betnr) and _ID.fullmatch(contact)
    return Row(line, betnr, contact, Verdict.NEW if is_readable else Verdict.UNREADABLE)


def judge(sides: Sides, rows: list[Row], *, told: Told = lambda said: None) -> None:
    """Give each row its verdict. EspoCRM's list of parties is read whole; `told` hears of each of its pages, and what
    it raises ends the reading. Raises VendorError."""
    numbers = _numbers(sides, told)
    times = Counter(of for row in rows if row.verdict is Verdict.NEW for of in (row.betnr, row.contact))
    readable = [row for row in rows if row.verdict is Verdict.NEW]
    for batch in (readable[at : at + BATCH] for at in range(0, len(readable), BATCH)):
        left = links_of(sides.integration, PARTY, Side.LEFT, [row.betnr for row in batch])
        right = links_of(sides.integration, PARTY, Side.RIGHT, [row.contact for row in batch])
        for row in batch:
            row.verdict = _by_file_and_links(row, times, left.get(row.betnr), right.get(row.contact))
            if row.verdict is Verdict.NEW:
                row.verdict = _by_espocrm(row, numbers)


def _numbers(sides: Sides, told: Told) -> dict[str, int | None]:
    """The party number of every record of EspoCRM, as far as it has one."""
    found: dict[str, int | None] = {}
    cursor = ""
    while True:
        told(f"{len(found):,} records of EspoCRM read")
        listed, cursor = sides.espocrm.changed_parties(None, cursor)
        found.update((one.id, one.number) for one in listed)
        if not cursor:
            told(f"{len(found):,} records of EspoCRM read")
            return found


def _by_file_and_links(row: Row, times: Counter[str], left: RecordLink | None, right: RecordLink | None) -> Verdict:
    if left is not None and left.right_id == row.contact:
        return Verdict.KNOWN
    if left is not None or right is not None:
        return Verdict.TAKEN
    return Verdict.DOUBLED if times[row.betnr] > 1 or times[row.contact] > 1 else Verdict.NEW


def _by_espocrm(row: Row, numbers: dict[str, int | None]) -> Verdict:
    if row.contact not in numbers:
        return Verdict.UNKNOWN
    return Verdict.NEW if numbers[row.contact] in (None, int(row.betnr)) else Verdict.OTHER


def link(sides: Sides, rows: list[Row], *, told: Told = lambda said: None) -> None:
    """Make pairs of what is certain, each by itself. Can be repeated, and goes on where it was stopped; what got a link
    meanwhile is left as it is. `told` hears of each row, and what it raises ends the work."""
    for done, row in enumerate(rows, start=1):
        if row.verdict is Verdict.NEW:
            row.verdict = Verdict.TAKEN
            with suppress(IntegrityError):
                pairs.link_by_hand(sides.integration, int(row.betnr), row.contact)
                row.verdict = Verdict.LINKED
        told(f"{done:,} of {len(rows):,} rows")


def report(rows: list[Row]) -> Iterator[str]:
    """How many rows of each verdict, with the lines of those that a person should look at."""
    counts = Counter(row.verdict for row in rows)
    for verdict in Verdict:
        if counts[verdict]:
            lines = [str(row.line) for row in rows if row.verdict is verdict]
            shown = ", ".join(lines[:EXAMPLES]) + (" …" if len(lines) > EXAMPLES else "")
            yield f"{counts[verdict]:,} {verdict}" + ("" if verdict in GOOD else f" (look at line {shown})")
