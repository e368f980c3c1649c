"""Both lists of one party, brought to agreement entry by entry against what both last agreed on. Pure.

| Advoware against the base | EspoCRM against the base | step                                                     |
|---------------------------|--------------------------|----------------------------------------------------------|
| same                      | same                     | agree                                                    |
| changed                   | same                     | give: EspoCRM takes the value                            |
| same                      | changed                  | take: Advoware takes the value                           |
| same                      | gone                     | empty: the entry becomes an empty slot                   |
| gone                      | same                     | withdraw: the value leaves EspoCRM                       |
| new                       | –                        | give                                                     |
| –                         | new                      | take, into an empty slot of its kind where there is one  |
| new                       | the same value, new      | agree                                                    |
| changed                   | changed to the same      | agree                                                    |
| changed                   | changed otherwise        | conflict, by the rules                                   |
| changed                   | gone                     | give: the change survives                                |
| gone                      | changed                  | take: the change survives                                |
| gone                      | gone                     | forget                                                   |

EspoCRM's items have no ids: one that left and one that arrived are a change when they are of one type, in the order of
both. What a direction forbids waits, and keeps its base.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from .mapping import (
    KINDS,
    NEW_EMAIL,
    NEW_PHONE,
    Channel,
    Mirrors,
    Remark,
    Unsendable,
    detect,
    for_espocrm,
    marked,
    mirrors,
    normal,
    read_remark,
    slot,
)


class Direction(StrEnum):
    """Which side is written."""

    BOTH = "both"
    TO_ESPOCRM = "to_espocrm"
    TO_ADVOWARE = "to_advoware"


class Choice(StrEnum):
    """What becomes of a value that was changed on both sides. `ASK` leaves both as they are; `BOTH` keeps both."""

    ESPOCRM = "espocrm"
    ADVOWARE = "advoware"
    BOTH = "both"
    ASK = "ask"


# --- what goes in -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """A Kommunikation of Advoware. `komm_kz` is 0 where Advoware does not tell."""

    id: int
    value: str
    note: str = ""
    online: bool = True
    komm_kz: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """An item of EspoCRM's arrays, as a GET shows it."""

    channel: Channel
    value: str
    type: str = ""
    primary: bool = False
    opt_out: bool = False
    invalid: bool = False


@dataclass(frozen=True, slots=True)
class Agreed:
    """One entry as both sides last had it; an empty `key` is a slot. `key` is the value's normal form."""

    entry_id: int  # 0: it is about to be made
    komm_kz: int
    key: str = ""
    value: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the integration is set to, what EspoCRM's settings say, and what people decided."""

    direction: Direction = Direction.BOTH
    policy: Choice = Choice.ESPOCRM
    policy_of: Mapping[int, Choice] = field(default_factory=dict)  # by kommKz, before `policy`
    decided: Mapping[tuple[int, str, str], Choice] = field(default_factory=dict)  # by entry and both normal forms
    region: str = "DE"
    writes_markers: bool = True
    longest: int = 500  # characters of a value or a remark that Advoware is sent
    is_international: bool = True
    most: Mapping[Channel, int] = field(default_factory=lambda: {Channel.EMAIL: 10, Channel.PHONE: 10})
    types: frozenset[str] = frozenset(NEW_PHONE)
    shared: frozenset[str] = frozenset()  # numbers other records hold too: their type is not compared
    refused: Mapping[tuple[Channel, str], str] = field(default_factory=dict)  # by normal form: what EspoCRM said
    flags: Mapping[tuple[Channel, str], tuple[bool, bool]] = field(default_factory=dict)  # opt-out, invalid elsewhere

    @property
    def gives(self) -> bool:
        """Whether EspoCRM is written."""
        return self.direction is not Direction.TO_ADVOWARE

    @property
    def takes(self) -> bool:
        """Whether Advoware's values are written."""
        return self.direction is not Direction.TO_ESPOCRM


# --- what comes out ---------------------------------------------------------------------------------------------------


class Why(StrEnum):
    """What a write to Advoware is for."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    MARKED = "marked"


@dataclass(frozen=True, slots=True)
class Put:
    """An entry as it shall be. `key` is the normal form of the value, empty for a slot."""

    entry_id: int
    komm_kz: int
    value: str
    note: str
    online: bool
    why: Why
    key: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """An entry that shall be made."""

    komm_kz: int
    value: str
    note: str
    key: str
    type: str = ""
    why: Why = Why.CREATED


@dataclass(frozen=True, slots=True)
class Held:
    """A value that stays on its side, and why, in a sentence that does not repeat it."""

    entry_id: int  # 0: it is EspoCRM's
    komm_kz: int
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that was changed on both sides, and whose value counts."""

    entry_id: int
    komm_kz: int
    before: str
    advoware: str
    espocrm: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class Retyped:
    """A number whose type was changed in EspoCRM: Advoware cannot, so the entry is emptied and another one made."""

    entry_id: int
    key: str
    old: int  # kommKz
    new: int


@dataclass(slots=True)
class Plan:
    """The writes of both sides, and what is agreed on as things are now: `base` can be stored whatever follows."""

    advoware: list[Put | Post] = field(default_factory=list)
    later: list[Put | Post] = field(default_factory=list)  # what follows once the slots are empty
    emails: list[Item] | None = None  # the whole array as it shall be; None: not written
    phones: list[Item] | None = None
    given: Counter[Channel] = field(default_factory=Counter)  # values EspoCRM gets, or loses
    added: list[tuple[Channel, str]] = field(default_factory=list)  # new in EspoCRM's record: normal forms
    base: list[Agreed] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    retyped: list[Retyped] = field(default_factory=list)
    slots: int = 0

    @property
    def writes_espocrm(self) -> bool:
        return self.emails is not None or self.phones is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written."""
        return not self.advoware and not self.writes_espocrm

    def begun(self) -> list[Agreed]:
        """What the writes to Advoware will make agreed on. Stored before the first: who dies after a write finds it."""
        values = [write for write in self.advoware if write.why is not Why.MARKED]  # a marker says nothing new
        rows = [Agreed(_entry_of(write), write.komm_kz, write.key, write.value, write.type) for write in values]
        return rows + [Agreed(0, write.komm_kz, write.key, write.value, write.type) for write in self.later]

    def digest(self) -> str:
        """The same for the same writes: what was approved is carried out only while nothing moved."""
        arrays = [None if one is None else [asdict(item) for item in one] for one in (self.emails, self.phones)]
        writes = [[type(write).__name__, asdict(write)] for write in (*self.advoware, *self.later)]
        return hashlib.sha256(json.dumps([arrays, writes], sort_keys=True).encode()).hexdigest()


def _entry_of(write: Put | Post) -> int:
    return write.entry_id if isinstance(write, Put) else 0


# --- the table --------------------------------------------------------------------------------------------------------


class State(StrEnum):
    """What became of one side of an entry since the base."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    NEW = "new"
    NONE = "–"


class Step(StrEnum):
    AGREE = "agree"
    GIVE = "give"
    TAKE = "take"
    EMPTY = "empty"
    WITHDRAW = "withdraw"
    FORGET = "forget"
    CONFLICT = "conflict"
    KEEP_BOTH = "keep both"
    WAIT = "wait"


TABLE: dict[tuple[State, State], Step] = {
    (State.SAME, State.SAME): Step.AGREE,
    (State.CHANGED, State.SAME): Step.GIVE,
    (State.SAME, State.CHANGED): Step.TAKE,
    (State.SAME, State.GONE): Step.EMPTY,
    (State.GONE, State.SAME): Step.WITHDRAW,
    (State.NEW, State.NONE): Step.GIVE,
    (State.NONE, State.NEW): Step.TAKE,
    (State.NEW, State.NEW): Step.AGREE,
    (State.CHANGED, State.CHANGED): Step.CONFLICT,  # unless it is the same value
    (State.CHANGED, State.GONE): Step.GIVE,
    (State.GONE, State.CHANGED): Step.TAKE,
    (State.GONE, State.GONE): Step.FORGET,
}


@dataclass(slots=True, eq=False)
class _Line:
    """One entry on both sides and in the base, as far as it is there."""

    komm_kz: int
    base: Agreed | None = None
    entry: Entry | None = None
    remark: Remark = field(default_factory=lambda: Remark(""))
    key: str = ""  # of the entry's value
    item: _Item | None = None
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
class _Item:
    """An item of EspoCRM with its normal form and the lines it belongs to."""

    item: Item
    key: str
    lines: list[_Line] = field(default_factory=list)


def merge(
    entries: Sequence[Entry],
    fields: Mapping[int, str],
    items: Sequence[Item],
    base: Iterable[Agreed],
    rules: Rules,
    begun: Iterable[Agreed] = (),
) -> Plan:
    """What to write on both sides so that they say the same.

    `fields` are the party's own by kommKz; `items` both arrays in EspoCRM's order; `begun` what writes to Advoware that
    may have been carried out were to make agreed on. Never raises for what people entered: it is held with a reason.
    """
    plan = Plan()
    begun = list(begun)
    meant = {row.entry_id: row for row in begun if row.entry_id}
    known = _known(entries, base, meant, rules.region)
    found = [_Item(item, normal(item.channel, item.value, rules.region)) for item in items]
    lines, slots = _lines_of(entries, mirrors(fields, rules.region), known, begun, rules)
    _meet(lines, found, meant)
    typed_too = _keys(lines)
    lines += [_Line(0, item=one) for one in found if not one.lines and (one.item.channel, one.key) not in typed_too]
    for line in lines:
        _decide(plan, line, rules)
    _mind_the_others(lines, found)
    for line in [line for line in lines if line.step is Step.KEEP_BOTH and rules.takes]:
        lines.append(_Line(0, item=line.item))
        _decide(plan, lines[-1], rules)
    _fill_espocrm(plan, lines, found, rules)
    _fill_advoware(plan, lines, slots, {row.key: row.value for row in begun if row.key}, rules)
    return plan


# --- lines ------------------------------------------------------------------------------------------------------------


def _known(
    entries: Sequence[Entry], base: Iterable[Agreed], meant: Mapping[int, Agreed], region: str
) -> dict[int, Agreed]:
    """The base by entry; a write that was meant and has been carried out counts."""
    known = {row.entry_id: row for row in base}
    for entry in entries:
        row = meant.get(entry.id)
        channel = KINDS[row.komm_kz].channel if row else None
        if row and channel and (normal(channel, entry.value, region) if entry.value.strip() else "") == row.key:
            known[entry.id] = row
    return known


def _lines_of(
    entries: Sequence[Entry],
    fields: Mirrors,
    known: dict[int, Agreed],
    begun: Iterable[Agreed],
    rules: Rules,
) -> tuple[list[_Line], list[_Line]]:
    """A line for each entry that is synchronised, and for each base whose entry is gone; the empty slots apart."""
    made: dict[str, list[Agreed]] = defaultdict(list)
    for row in begun:
        if not row.entry_id:
            made[row.key].append(row)
    lines: list[_Line] = []
    slots: list[_Line] = []
    for entry in entries:
        remark, base = read_remark(entry.note), known.pop(entry.id, None)
        value = entry.value.strip()
        if base is None and remark.value and KINDS.get(remark.komm_kz, KINDS[5]).channel:
            base = _by_marker(entry, remark, rules.region)
        if not value:
            if base is not None and base.key and not remark.is_slot:
                lines.append(_Line(base.komm_kz, base, entry, remark))
            elif remark.is_slot or base is not None:
                komm_kz = base.komm_kz if base else remark.komm_kz
                slots += [_Line(komm_kz, base, entry, remark, step=Step.FORGET)] if komm_kz else []
            continue
        if base is not None:
            line = _Line(base.komm_kz, base if base.key else None, entry, remark)
        else:
            kind = detect(entry.value, remark, entry.komm_kz, fields, rules.region)
            line = _Line(kind.komm_kz, None, entry, remark, is_known=kind.is_known)
        if KINDS[line.komm_kz].channel is None:
            continue
        line.key = normal(line.channel, entry.value, rules.region)
        if line.base is None and made.get(line.key):
            about = made[line.key].pop()
            line.base, line.komm_kz = replace(about, entry_id=entry.id), about.komm_kz
        lines.append(line)
    lines += [_Line(base.komm_kz, base) for base in known.values() if base.key]
    return lines, slots


def _by_marker(entry: Entry, remark: Remark, region: str) -> Agreed:
    kind = KINDS[remark.komm_kz]
    assert kind.channel is not None
    key = normal(kind.channel, remark.value, region)
    return Agreed(entry.id, remark.komm_kz, key, remark.value, "")


def _meet(lines: list[_Line], found: list[_Item], meant: Mapping[int, Agreed]) -> None:
    """Give each line its item: by the base's value, the entry's, the one it was about to get; else by what left and
    what arrived, of one type, in their order."""
    by_key = {(one.item.channel, one.key): one for one in found}
    gone: dict[tuple[Channel, str], list[_Line]] = {}
    for line in lines:
        key = line.base.key if line.base else line.key
        one = by_key.get((line.channel, key))
        if one is None and line.base is not None and line.key:
            about = meant.get(line.base.entry_id)
            one = by_key.get((line.channel, line.key)) or by_key.get((line.channel, about.key if about else ""))
        if one is not None:
            _join(line, one)
        elif line.base is not None:
            gone.setdefault((line.channel, key), []).append(line)
    arrived: dict[tuple[Channel, str], list[_Item]] = defaultdict(list)
    typed_too = _keys(lines)
    for one in found:
        if not one.lines and (one.item.channel, one.key) not in typed_too:
            arrived[one.item.channel, one.item.type].append(one)
    left: dict[tuple[Channel, str], list[list[_Line]]] = defaultdict(list)
    for (channel, _), group in gone.items():
        alive = [line for line in group if line.key]
        base = group[0].base
        if alive and base is not None:
            left[channel, base.type or KINDS[base.komm_kz].type].append(alive)
    for which, groups in left.items():
        for group, one in zip(groups, arrived[which], strict=False):
            for line in group:
                _join(line, one)


def _keys(lines: list[_Line]) -> set[tuple[Channel, str]]:
    """What Advoware has: an item with such a value is nothing new, whichever line it will belong to."""
    return {(line.channel, line.key) for line in lines if line.key}


def _join(line: _Line, one: _Item) -> None:
    line.item = one
    one.lines.append(line)


# --- steps ------------------------------------------------------------------------------------------------------------


_GIVES = (Step.GIVE, Step.KEEP_BOTH)


def _decide(plan: Plan, line: _Line, rules: Rules) -> None:
    if line.entry is None and line.base is None:
        line.step = _of_new_item(plan, line, rules)
        return
    if line.item is not None and line.key == line.item.key:
        line.step = Step.AGREE
    else:
        line.step = TABLE[line.advoware, line.espocrm]
    if line.step is Step.CONFLICT:
        line.step = _of_conflict(plan, line, rules)
    if line.step in (*_GIVES, Step.WITHDRAW) and not rules.gives:
        line.step = Step.WAIT
    if line.step in (Step.TAKE, Step.EMPTY) and not rules.takes:
        line.step = Step.WAIT
    if line.step in _GIVES:
        _check_given(plan, line, rules)
    if line.step is Step.TAKE and line.item is not None and (why := _too_long(line.item.item, rules)):
        line.step = _hold(plan, line, line.item.item.value, why)
    if line.step is Step.AGREE or (line.step in _GIVES and line.item):
        _look_at_type(plan, line, rules)


def _mind_the_others(lines: list[_Line], found: list[_Item]) -> None:
    """What several entries have: it leaves neither EspoCRM nor Advoware while one of them wants it there."""
    by_key = {(one.item.channel, one.key): one for one in found}
    given = {(line.channel, line.key) for line in lines if line.step in _GIVES}
    for line in lines:
        if line.step is Step.WITHDRAW and line.item is not None and _stays(line.item):
            line.step = Step.FORGET
        elif line.step is Step.EMPTY and (line.channel, line.key) in given:
            line.step = Step.WAIT
        elif line.step is Step.GIVE and line.item is not None and _stays(line.item):
            there = by_key.get((line.channel, line.key))
            if there is not None:
                line.step, line.item = Step.AGREE, there


def _look_at_type(plan: Plan, line: _Line, rules: Rules) -> None:
    """A number's type belongs to the number in EspoCRM: where others hold it too, it says nothing about this entry."""
    assert line.item is not None
    assert line.entry is not None
    type_, base = line.item.item.type, line.base
    if line.channel is Channel.EMAIL:
        return
    if base is None:
        if not line.is_known:
            line.komm_kz = NEW_PHONE.get(type_, line.komm_kz)
        return
    if len(line.item.lines) > 1 or line.item.key in rules.shared:
        return
    if not base.type or type_ in (base.type, KINDS[line.komm_kz].type):
        return
    line.new_kind = NEW_PHONE.get(type_, 0)
    if line.new_kind:
        plan.retyped.append(Retyped(line.entry.id, line.item.key, line.komm_kz, line.new_kind))
    else:
        _hold(plan, line, line.entry.value, f"Advoware has no kind of entry for the type {type_}.")


def _of_new_item(plan: Plan, line: _Line, rules: Rules) -> Step:
    assert line.item is not None
    item = line.item.item
    komm_kz = NEW_EMAIL if item.channel is Channel.EMAIL else NEW_PHONE.get(item.type, 0)
    if not rules.takes:
        return Step.WAIT
    if not komm_kz:
        return _hold(plan, line, item.value, f"Advoware has no kind of entry for the type {item.type}.")
    line.komm_kz = komm_kz
    if why := _too_long(item, rules):
        return _hold(plan, line, item.value, why)
    return Step.TAKE


def _too_long(item: Item, rules: Rules) -> str:
    return f"Advoware is sent {rules.longest} characters at most." if len(item.value) > rules.longest else ""


def _of_conflict(plan: Plan, line: _Line, rules: Rules) -> Step:
    assert line.base is not None
    assert line.entry is not None
    assert line.item is not None
    decided = rules.decided.get((line.entry.id, line.key, line.item.key))
    choice = decided or rules.policy_of.get(line.komm_kz) or rules.policy
    plan.conflicts.append(
        Conflict(line.entry.id, line.komm_kz, line.base.value, line.entry.value, line.item.item.value, choice)
    )
    if choice is Choice.ESPOCRM:
        return Step.TAKE
    return {Choice.ADVOWARE: Step.GIVE, Choice.BOTH: Step.KEEP_BOTH}.get(choice, Step.WAIT)


def _check_given(plan: Plan, line: _Line, rules: Rules) -> None:
    """Whether EspoCRM takes the value: what it would refuse is held alone, since it refuses the whole list."""
    assert line.entry is not None
    why = rules.refused.get((line.channel, line.key), "")
    if line.channel is Channel.PHONE and not line.item and KINDS[line.komm_kz].type not in rules.types:
        why = f"EspoCRM has no phone type {KINDS[line.komm_kz].type}."
    try:
        line.sent = for_espocrm(line.channel, line.entry.value, rules.region, is_international=rules.is_international)
    except Unsendable as problem:
        why = str(problem)
    if why:
        line.step = _hold(plan, line, line.entry.value, why)


def _hold(plan: Plan, line: _Line, value: str, why: str) -> Step:
    plan.held.append(Held(line.entry.id if line.entry else 0, line.komm_kz, value, why))
    return Step.WAIT


# --- EspoCRM: both arrays, whole --------------------------------------------------------------------------------------


def _fill_espocrm(plan: Plan, lines: list[_Line], found: list[_Item], rules: Rules) -> None:
    for channel in Channel:
        before = [one.item for one in found if one.item.channel is channel]
        after = _array(plan, channel, lines, [one for one in found if one.item.channel is channel], rules)
        if after != before and rules.gives:
            if channel is Channel.EMAIL:
                plan.emails = after
            else:
                plan.phones = after


def _array(plan: Plan, channel: Channel, lines: list[_Line], found: list[_Item], rules: Rules) -> list[Item]:
    """The array as it shall be: what stays keeps its place and flags; a changed value takes the place of the old."""
    giving = [line for line in lines if line.step in _GIVES and line.channel is channel]
    there = {one.key for one in found if _stays(one)}
    after: list[Item] = []
    for one in found:
        if _stays(one):
            after.append(one.item)
            continue
        plan.given[channel] += 1
        successor = next((line for line in one.lines if line.step is Step.GIVE and line.key not in there), None)
        if successor is not None:
            there.add(successor.key)
            after.append(_new_item(plan, successor, rules, type_=one.item.type, primary=one.item.primary))
    for line in giving:
        if line.key in there:
            continue
        if len(after) >= rules.most[channel]:
            line.step = _hold(plan, line, line.sent, f"EspoCRM takes {rules.most[channel]} of a kind at most.")
            continue
        there.add(line.key)
        plan.given[channel] += 1
        after.append(_new_item(plan, line, rules, type_=KINDS[line.komm_kz].type, primary=False))
    if after and not any(item.primary for item in after):
        after[0] = replace(after[0], primary=True)
    return after


def _stays(one: _Item) -> bool:
    """Whether a line still wants the item; nobody's item is one that waits."""
    return not one.lines or any(line.step not in (Step.GIVE, Step.WITHDRAW) for line in one.lines)


def _new_item(plan: Plan, line: _Line, rules: Rules, *, type_: str, primary: bool) -> Item:
    """Its flags belong to the value: EspoCRM shares them with all who hold it."""
    plan.added.append((line.channel, line.key))
    opt_out, invalid = rules.flags.get((line.channel, line.key), (False, False))
    return Item(line.channel, line.sent, type_, primary, opt_out, invalid)


# --- Advoware: one write for each entry that shall be another ---------------------------------------------------------


def _fill_advoware(plan: Plan, lines: list[_Line], slots: list[_Line], typed: Mapping[str, str], rules: Rules) -> None:
    """First what is emptied, then values, then markers; what is empty is used again before anything new is made.

    While something is to be emptied, new entries come later: so it is the same slot that each gets, wherever a run
    ends. `typed` is how values that were about to be written are written, by their normal form.
    """
    forgotten = [line for line in lines if line.step is Step.FORGET and line.entry is not None]
    emptied = [line for line in lines if line.step is Step.EMPTY or (line.new_kind and rules.takes)]
    free: dict[int, list[_Line]] = defaultdict(list)
    for line in sorted((*slots, *forgotten, *emptied), key=_by_use):
        free[line.komm_kz].append(line)
    used: set[int] = set()
    values = [_value(line, free, used, typed, rules) for line in lines if _needs_value(line, rules)]
    made = [write for write in values if write.why is Why.CREATED]
    plan.advoware = [_slot(line, rules) for line in emptied]
    plan.advoware += [write for write in values if write.why is not Why.CREATED]
    if emptied:
        plan.later = made
    else:
        plan.advoware += made
        unmarked = [line for line in (*slots, *forgotten) if rules.writes_markers and not line.remark.is_slot]
        plan.advoware += [_slot(line, rules) for line in unmarked if line.entry and line.entry.id not in used]
    plan.advoware += [_mark(line, rules) for line in lines if _needs_mark(line, rules)]
    plan.slots = len(slots)
    plan.base = [row for line in lines if (row := _agreed(line)) is not None]
    plan.base += [Agreed(line.entry.id, line.komm_kz) for line in slots if line.entry is not None]


def _needs_value(line: _Line, rules: Rules) -> bool:
    return line.step is Step.TAKE or bool(line.new_kind and rules.takes)


def _by_use(line: _Line) -> tuple[bool, int]:
    """Slots that carry no text first; the same whenever a run begins anew."""
    return bool(line.remark.text), line.entry.id if line.entry else 0


def _value(
    line: _Line, free: dict[int, list[_Line]], used: set[int], typed: Mapping[str, str], rules: Rules
) -> Put | Post:
    """The write that puts EspoCRM's value into Advoware; of a number of another type, the entry's own value."""
    assert line.item is not None
    if line.new_kind and line.entry is not None:
        komm_kz, value, key = line.new_kind, line.entry.value, line.key
    else:
        komm_kz, key = line.komm_kz, line.item.key
        value = typed.get(key, line.item.item.value)
    type_ = line.item.item.type
    if line.entry is not None and not line.new_kind:
        note = _note(value, komm_kz, line.remark.text, rules)
        return Put(line.entry.id, komm_kz, value, note, online=True, why=Why.UPDATED, key=key, type=type_)
    if free[komm_kz]:
        old = free[komm_kz].pop(0)
        assert old.entry is not None
        used.add(old.entry.id)
        note = _note(value, komm_kz, old.remark.text, rules)
        return Put(old.entry.id, komm_kz, value, note, online=True, why=Why.CREATED, key=key, type=type_)
    return Post(komm_kz, value, _note(value, komm_kz, "", rules), key, type_)


def _note(value: str, komm_kz: int, text: str, rules: Rules) -> str:
    """The remark with its marker; the user's text alone where markers are off, or the whole is too long."""
    note = marked(value, komm_kz, text) if rules.writes_markers else text
    return note if len(note) <= rules.longest else text


def _slot(line: _Line, rules: Rules) -> Put:
    assert line.entry is not None
    note = slot(line.komm_kz, line.remark.text) if rules.writes_markers else line.remark.text
    why = Why.MARKED if line.step is Step.FORGET else Why.DELETED
    return Put(line.entry.id, line.komm_kz, "", note, online=False, why=why)


def _needs_mark(line: _Line, rules: Rules) -> bool:
    if line.step not in (Step.AGREE, *_GIVES) or line.new_kind or line.entry is None or not rules.writes_markers:
        return False
    remark = line.remark
    if remark.value and remark.komm_kz == line.komm_kz:
        return normal(line.channel, remark.value, rules.region) != line.key
    return len(marked(line.entry.value, line.komm_kz, remark.text)) <= rules.longest


def _mark(line: _Line, rules: Rules) -> Put:
    entry = line.entry
    assert entry is not None
    note = _note(entry.value, line.komm_kz, line.remark.text, rules)
    return Put(entry.id, line.komm_kz, entry.value, note, online=entry.online, why=Why.MARKED, key=line.key)


def _agreed(line: _Line) -> Agreed | None:
    """What the base says of this line as things are now."""
    if line.step is Step.FORGET:
        return Agreed(line.entry.id, line.komm_kz) if line.entry is not None else None
    if line.step is Step.AGREE and line.entry is not None and line.item is not None:
        type_ = line.base.type if line.base and line.new_kind else line.item.item.type
        return Agreed(line.entry.id, line.komm_kz, line.item.key, line.entry.value, type_)
    return line.base
