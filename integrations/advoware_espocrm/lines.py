"""One entry on both sides and in the base is a line, and a line gets a step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from .mapping import KINDS, NO_REMARK, Channel, Remark
from .plans import Agreed, Entry, Held, Item, Plan


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
    keeps_type: bool = False  # the base keeps its type: EspoCRM's is not one that Advoware has, or not yet

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
    """A value that EspoCRM has and that is not settled: its item and the lines it belongs to."""

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
        self.made: dict[Value, list[Agreed]] = defaultdict(list)  # entries that were to be made
        self.written: dict[Value, str] = {}  # how a value was to be written
        for row in rows:
            channel = KINDS[row.komm_kz].channel
            if row.entry_id:
                self.of[row.entry_id] = row
            if channel and row.key:
                self.written[channel, row.key] = row.value
                self.made[channel, row.key] += [] if row.entry_id else [row]


def hold(plan: Plan, line: Line, value: str, why: str) -> None:
    """Let the line wait, and say why."""
    plan.held.append(Held(line.entry.id if line.entry else 0, line.komm_kz, value, why))
    line.step = Step.WAIT
