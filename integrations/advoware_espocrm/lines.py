"""One entry on both sides and in the base is a line: how lines are read, and how EspoCRM's items are met with them.

EspoCRM's items have no ids: one that left and one that arrived are a change when they are of one type, in the order of
both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .mapping import KINDS, NEW_EMAIL, NEW_PHONE, NO_REMARK, Channel, Mirrors, Remark, detect, normal, read_remark
from .plans import Agreed, Entry, Held, Item, Plan, Rules


class State(StrEnum):
    """What became of one side of an entry since the base."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    NEW = "new"
    NONE = "–"


class Step(StrEnum):
    """What is done with an entry."""

    AGREE = "agree"  # both have the same: the base says so
    GIVE = "give"  # EspoCRM gets Advoware's value
    TAKE = "take"  # Advoware gets EspoCRM's value
    EMPTY = "empty"  # Advoware's entry becomes a slot
    WITHDRAW = "withdraw"  # the value leaves EspoCRM
    FORGET = "forget"  # neither has it: the base forgets it
    CONFLICT = "conflict"
    KEEP_BOTH = "keep both"  # EspoCRM gets Advoware's value beside its own, which becomes an entry too
    WAIT = "wait"  # both stay as they are, and so does the base


Value = tuple[Channel, str]  # a value by its normal form


@dataclass(slots=True, eq=False)
class Line:
    """One entry on both sides and in the base, as far as it is there."""

    komm_kz: int
    base: Agreed | None = None
    entry: Entry | None = None
    remark: Remark = NO_REMARK
    key: str = ""  # the normal form of the entry's value
    item: Found | None = None
    is_known: bool = True  # the kind, for certain
    step: Step = Step.WAIT
    sent: str = ""  # the value as EspoCRM is given it
    new_kind: int = 0  # the kommKz it shall have, where its type was changed in EspoCRM

    @property
    def channel(self) -> Channel:
        channel = KINDS[self.komm_kz].channel
        assert channel is not None, "Internet has no line"
        return channel

    @property
    def value(self) -> Value:
        return self.channel, self.key

    @property
    def advoware(self) -> State:
        if self.base is None:
            return State.NEW if self.key else State.NONE
        if not self.key:
            return State.GONE
        return State.SAME if self.key == self.base.key else State.CHANGED

    @property
    def espocrm(self) -> State:
        if self.base is None:
            return State.NEW if self.item else State.NONE
        if self.item is None:
            return State.GONE
        return State.SAME if self.item.key == self.base.key else State.CHANGED


@dataclass(slots=True, eq=False)
class Found:
    """An item of EspoCRM with its normal form and the lines it was met with."""

    item: Item
    key: str
    lines: list[Line] = field(default_factory=list)

    @property
    def value(self) -> Value:
        return self.item.channel, self.key


class Begun:
    """What writes that may have been carried out were to make agreed on."""

    def __init__(self, rows: Iterable[Agreed]) -> None:
        self.of: dict[int, Agreed] = {}  # by entry
        self.made: dict[str, list[Agreed]] = defaultdict(list)  # entries that were to be made, by their key
        self.written: dict[str, str] = {}  # how a value was to be written, by its key
        for row in rows:
            if row.key:
                self.written[row.key] = row.value
            if row.entry_id:
                self.of[row.entry_id] = row
            else:
                self.made[row.key].append(row)


def hold(plan: Plan, line: Line, value: str, why: str) -> None:
    """Let the line wait, and say why."""
    plan.held.append(Held(line.entry.id if line.entry else 0, line.komm_kz, value, why))
    line.step = Step.WAIT


# --- Advoware ---------------------------------------------------------------------------------------------------------


def read_lines(
    entries: Sequence[Entry], fields: Mirrors, base: Iterable[Agreed], begun: Begun, rules: Rules
) -> tuple[list[Line], list[Line]]:
    """A line for each entry that is synchronised, and for each base whose entry is gone; the empty slots apart."""
    known = _known(entries, base, begun, rules.region)
    lines: list[Line] = []
    slots: list[Line] = []
    for entry in entries:
        remark = read_remark(entry.note)
        row = known.pop(entry.id, None) or _by_marker(entry, remark, rules.region)
        if entry.value.strip():
            lines += _filled(entry, remark, row, fields, begun, rules)
        elif row is not None and row.key and not remark.is_slot:
            lines.append(Line(row.komm_kz, row, entry, remark))
        elif komm_kz := row.komm_kz if row else remark.is_slot and remark.komm_kz:
            slots.append(Line(komm_kz, row, entry, remark, step=Step.FORGET))
    lines += [Line(row.komm_kz, row) for row in known.values() if row.key]
    return lines, slots


def _known(entries: Sequence[Entry], base: Iterable[Agreed], begun: Begun, region: str) -> dict[int, Agreed]:
    """The base by entry; a write that was begun and has been carried out counts."""
    known = {row.entry_id: row for row in base}
    for entry in entries:
        row = begun.of.get(entry.id)
        channel = KINDS[row.komm_kz].channel if row else None
        if row and channel and (normal(channel, entry.value, region) if entry.value.strip() else "") == row.key:
            known[entry.id] = row
    return known


def _by_marker(entry: Entry, remark: Remark, region: str) -> Agreed | None:
    """The marker is the base where the portal has none."""
    channel = KINDS[remark.komm_kz].channel if remark.value and remark.komm_kz else None
    if channel is None:
        return None
    return Agreed(entry.id, remark.komm_kz, normal(channel, remark.value, region), remark.value, "")


def _filled(
    entry: Entry, remark: Remark, base: Agreed | None, fields: Mirrors, begun: Begun, rules: Rules
) -> Iterable[Line]:
    """The line of an entry that has a value; none for a kind that is not synchronised. A filled slot is new."""
    if base is not None:
        line = Line(base.komm_kz, base if base.key else None, entry, remark)
    else:
        kind = detect(entry.value, remark, entry.komm_kz, fields, rules.region)
        line = Line(kind.komm_kz, None, entry, remark, is_known=kind.is_known)
    if KINDS[line.komm_kz].channel is None:
        return
    line.key = normal(line.channel, entry.value, rules.region)
    if line.base is None and begun.made.get(line.key):
        row = begun.made[line.key].pop()
        line.base, line.komm_kz = replace(row, entry_id=entry.id), row.komm_kz
    yield line


# --- EspoCRM ----------------------------------------------------------------------------------------------------------


def find(items: Sequence[Item], region: str) -> list[Found]:
    """EspoCRM's items with their normal forms."""
    return [Found(item, normal(item.channel, item.value, region)) for item in items]


def meet(lines: list[Line], found: list[Found], begun: Begun) -> None:
    """Give each line its item, where it has one, and add a line for each item that is new.

    A line's item has the base's value, the entry's or the one the entry was about to get; else it is what arrived for
    what left. An item with a value that Advoware has is nothing new, whichever line it belongs to.
    """
    there = {one.value: one for one in found}
    left: dict[Value, list[Line]] = {}
    for line in lines:
        one = _of(line, there, begun)
        if one is not None:
            _join(line, one)
        elif line.base is not None:
            left.setdefault((line.channel, line.base.key), []).append(line)
    typed = {line.value for line in lines if line.key}
    arrived = [one for one in found if not one.lines and one.value not in typed]
    _pair(left, arrived)
    lines += [Line(kind_of(one.item), item=one) for one in arrived if not one.lines]


def _of(line: Line, there: Mapping[Value, Found], begun: Begun) -> Found | None:
    if line.base is None:
        return there.get(line.value)
    one = there.get((line.channel, line.base.key))
    if one is None and line.key:
        about = begun.of.get(line.base.entry_id)
        one = there.get(line.value) or there.get((line.channel, about.key if about else ""))
    return one


def _pair(left: Mapping[Value, list[Line]], arrived: list[Found]) -> None:
    """What left and what arrived, of one type, in their order. Entries that Advoware deleted too are no change."""
    by_type: dict[tuple[Channel, str], list[Found]] = defaultdict(list)
    for one in reversed(arrived):
        by_type[one.item.channel, one.item.type].append(one)
    for (channel, _), group in left.items():
        alive = [line for line in group if line.key]
        base = group[0].base
        assert base is not None
        waiting = by_type[channel, base.type or KINDS[base.komm_kz].type]
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
