"""Telling the entries of a log apart. iTop gives them no id, so each has a fingerprint: its date, its author, a hash of
its HTML, and a number where all these are the same.

An entry's plain text is never asked: pictures are missing from it. Entries are appended in normal use; but a parallel
append can swallow one, and an import can replace all of them. Source: fact sheet, sections 3 and 6.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .pictures import Kind, Picture, with_notes
from .schemas import LogEntry

_BLANKS = re.compile(r"\s+")
# What iTop's parser leaves behind of an entry without anything in it.
_DEBRIS = re.compile(r"<!DOCTYPE[^>]*>|<\?xml[^>]*>", re.IGNORECASE)


def normalised(text: str) -> str:
    """HTML as it is compared: without what differs although nothing was changed.

    Blanks of any number are one; an own picture is known by its id, because its address moves with the instance.
    """
    without_addresses = with_notes(_DEBRIS.sub("", text), _mark)
    return _BLANKS.sub(" ", without_addresses).strip()


def _mark(picture: Picture) -> str:
    if picture.kind is Kind.INLINE:
        return f"<img {picture.id}>"
    return f"<img {hashlib.sha256(picture.source.encode('utf-8', 'replace')).hexdigest()}>"


def hash_of(text: str) -> str:
    """Of HTML, the same for what is the same to people: what an echo is recognised by."""
    return hashlib.sha256(normalised(text).encode("utf-8", "replace")).hexdigest()[:32]


def fingerprints(entries: Iterable[LogEntry]) -> tuple[str, ...]:
    """One for each entry, in their order; two equal entries of one second differ by their number."""
    counted: Counter[str] = Counter()
    found: list[str] = []
    for entry in entries:
        author = hashlib.sha256(entry.author.encode("utf-8", "replace")).hexdigest()[:12]
        plain = f"{entry.stamp}/{author}/{hash_of(entry.html)}"
        found.append(f"{plain}/{counted[plain]}")
        counted[plain] += 1
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of a log since it was read last: entries that are new, with their fingerprints, and those that are
    gone.

    Gone ones were swallowed by a parallel append, or the log was replaced; nobody can delete a single entry.
    """

    new: tuple[tuple[str, LogEntry], ...]
    gone: tuple[str, ...]


def compared(entries: Sequence[LogEntry], known: Sequence[str]) -> Difference:
    """The log as it is now against the fingerprints of what was there; both in the order of the log."""
    now = fingerprints(entries)
    had, have = set(known), set(now)
    return Difference(
        new=tuple((mark, entry) for mark, entry in zip(now, entries, strict=True) if mark not in had),
        gone=tuple(mark for mark in known if mark not in have),
    )


def is_empty(entry: LogEntry) -> bool:
    """Whether there is nothing in it, not even a picture."""
    return not re.sub(r"<[^>]*>", "", normalised(with_notes(entry.html, lambda picture: "picture"))).strip()
