"""M14: the three-way merge of one party's contact data, as the pure function it is.

The peer is a bare hash join of the same three lists: it tells for each entry whether it is the same in all of them, and
makes the next base. It looks at no marker, type, rule, direction or double, pairs nothing and plans no write.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks import Figure
from benchmarks.judging import compared, in_turns
from integrations.advoware_espocrm.mapping import KINDS, Channel, marked, normal
from integrations.advoware_espocrm.merge import Agreed, Entry, Item, Rules, merge

SMALL, LARGE, ROUNDS = 2_000, 10_000, 15
REGION = "DE"
RULES = Rules(region=REGION, most=dict.fromkeys(Channel, 1_000_000))


@dataclass(frozen=True, slots=True)
class Lists:
    """Both lists of a party and their base: of a hundred entries one was changed here, one there, one is new on each
    side, one is gone on each side, and the others are as they were."""

    entries: list[Entry]
    items: list[Item]
    base: list[Agreed]


def measure(scale: float, database: str) -> Iterator[Figure]:
    small, large = (_lists(max(100, int(size * scale))) for size in (SMALL, LARGE))
    grown: list[tuple[float, float]] = []
    for lists in (small, large):
        ours, theirs = _milliseconds(lists)
        yield compared(
            "M14", f"{len(lists.base):,} entries", ours, theirs, most=5, unit="ms", than="a bare hash join's"
        )
        grown.append((median(ours), median(theirs)))
    (ours_small, theirs_small), (ours_large, theirs_large) = grown
    ours_grew, theirs_grew = ours_large / ours_small, theirs_large / theirs_small
    seen = f"five times as many entries: {ours_grew:.3g} times as long, a bare hash join {theirs_grew:.3g} times"
    yield Figure("M14", seen, "≤ 1.2× of its growth", ours_grew <= 1.2 * theirs_grew)


def _milliseconds(lists: Lists) -> tuple[list[float], list[float]]:
    _merge(lists)  # normal forms are computed once per value
    return in_turns(ROUNDS, lambda: _timed(_merge, lists), lambda: _timed(_join, lists))


def _lists(size: int) -> Lists:
    lists = Lists([], [], [])
    for number in range(size):
        komm_kz = 4 if number % 2 else 1
        kind, value = KINDS[komm_kz], _value(komm_kz, number)
        assert kind.channel is not None
        key = normal(kind.channel, value, REGION)
        lists.base.append(Agreed(number, komm_kz, key, value, kind.type))
        case = number % 100
        inside = _value(komm_kz, number + size) if case == 10 else value
        outside = _value(komm_kz, number + size) if case == 21 else value
        if case != 32:
            lists.entries.append(Entry(number, inside, marked(value, komm_kz, "")))
        if case != 43:
            lists.items.append(_item(kind.channel, outside, kind.type, lists))
        if case == 54:
            lists.entries.append(Entry(number + size, _value(komm_kz, number + size)))
        if case == 65:
            lists.items.append(_item(kind.channel, _value(komm_kz, number + size), kind.type, lists))
    return lists


def _value(komm_kz: int, number: int) -> str:
    return f"Name{number}@Example.com" if komm_kz == 4 else f"030/{10_000_000 + number}"


def _item(channel: Channel, value: str, type_: str, lists: Lists) -> Item:
    primary = not any(item.channel is channel for item in lists.items[:4])
    return Item(channel, value if channel is Channel.EMAIL else normal(channel, value, REGION), type_, primary)


def _timed(work: Callable[[Lists], object], lists: Lists) -> float:
    """Milliseconds of CPU: other work on the machine does not count."""
    began = time.process_time()
    work(lists)
    return (time.process_time() - began) * 1e3


def _merge(lists: Lists) -> object:
    return merge(lists.entries, {}, lists.items, lists.base, RULES)


def _join(lists: Lists) -> object:
    there = {(item.channel, normal(item.channel, item.value, REGION)): item for item in lists.items}
    known = {row.entry_id: row for row in lists.base}
    base: list[Agreed] = []
    others: list[Entry | Item] = []
    for entry in lists.entries:
        row = known.get(entry.id)
        channel = KINDS[row.komm_kz].channel if row else None
        if row is None or channel is None:
            others.append(entry)
            continue
        key = normal(channel, entry.value, REGION)
        item = there.pop((channel, row.key), None)
        if item is not None and key == row.key:
            base.append(Agreed(entry.id, row.komm_kz, key, entry.value, item.type))
        else:
            others.append(entry)
    return base, others + list(there.values())
