"""How lines meet EspoCRM's items.

Items have no ids: one that left and one that arrived are a change when they are of one type, in the order of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .lines import Begun, Found, Line, State, Value
from .mapping import KINDS, NEW_EMAIL, NEW_PHONE, Channel, normal
from .plans import Item


def by_value(items: Sequence[Item], region: str) -> dict[Value, Item]:
    """EspoCRM's items, in their order. A number may stand there twice where numbers are as typed: the first counts."""
    there: dict[Value, Item] = {}
    for item in items:
        if key := normal(item.channel, item.value, region):
            there.setdefault((item.channel, key), item)
    return there


def meet(lines: list[Line], found: Mapping[Value, Found], begun: Begun) -> None:
    """Give each line its item, where it has one, and add a line for each item that is new.

    A line's item has the base's value, the entry's or the one the entry was about to get; else it is what arrived for
    what left. An item with a value that Advoware has is nothing new, whichever line it belongs to; one for which a run
    that died was about to make an entry is no change of another. A value that was entered anew in Advoware has not
    left.
    """
    left: dict[Value, list[Line]] = {}
    for line in lines:
        one = _of(line, found, begun)
        if one is not None:
            _join(line, one)
        elif line.base is not None:
            left.setdefault((line.channel, line.base.key), []).append(line)
    typed = {line.value for line in lines if line.key}
    entered = {line.value for line in lines if line.key and line.advoware is not State.SAME}
    arrived = {value: one for value, one in found.items() if value not in typed and not one.lines}
    unclaimed = [one for value, one in arrived.items() if not begun.made.get(value)]
    _pair([group for value, group in left.items() if value not in entered], unclaimed)
    lines += [Line(kind_of(one.item), item=one) for one in arrived.values() if not one.lines]


def _of(line: Line, found: Mapping[Value, Found], begun: Begun) -> Found | None:
    if line.base is None:
        return found.get(line.value)
    one = found.get((line.channel, line.base.key))
    if one is None and line.key:
        about = begun.of.get(line.base.entry_id)
        one = found.get(line.value) or found.get((line.channel, about.key if about else ""))
    return one


def _pair(left: list[list[Line]], arrived: list[Found]) -> None:
    """What left and what arrived, of one type, in their order. Entries that Advoware deleted too are no change.

    Where several entries had the value, it belongs to those that still have it: what others became is no conflict.
    """
    by_type: dict[tuple[Channel, str], list[Found]] = defaultdict(list)
    for one in reversed(arrived):
        by_type[one.item.channel, one.item.type].append(one)
    for group in left:
        alive = [line for line in group if line.advoware is State.SAME] or [line for line in group if line.key]
        base = group[0].base
        assert base is not None
        waiting = by_type[group[0].channel, base.type or KINDS[base.komm_kz].type]
        if alive and waiting:
            one = waiting.pop()
            for line in alive:
                _join(line, one)


def _join(line: Line, one: Found) -> None:
    line.item = one
    one.lines.append(line)


def kind_of(item: Item) -> int:
    """The kommKz of an entry for a new item; 0 where Advoware has none for its type."""
    return NEW_EMAIL if item.channel is Channel.EMAIL else NEW_PHONE.get(item.type, 0)
