"""Advoware's writes of a merge: one for each entry that shall be another. Pure.

First what is emptied, then values, then markers; what is empty is used again before anything new is made. While
something is to be emptied, new entries come later: so it is the same slot that each gets, wherever a run ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .arrays import GIVES
from .lines import Begun, Line, Step
from .mapping import marked, normal, slot
from .plans import Plan, Post, Put, Rules, Why


def plan_entries(plan: Plan, lines: list[Line], slots: list[Line], begun: Begun, rules: Rules) -> None:
    """Put the writes to Advoware into the plan."""
    forgotten = [line for line in lines if line.step is Step.FORGET and line.entry is not None]
    emptied = [line for line in lines if line.step is Step.EMPTY or (line.new_kind and rules.takes)]
    free = _Free([*slots, *forgotten, *emptied])
    wanted = [line for line in lines if line.step is Step.TAKE or line.new_kind] if rules.takes else []
    values = [_value(line, free, begun, rules) for line in wanted]
    made = [write for write in values if write.why is Why.CREATED]
    plan.advoware = [_slot(line, rules) for line in emptied]
    plan.advoware += [write for write in values if write.why is not Why.CREATED]
    if emptied:
        plan.later = made
    else:
        plan.advoware += made
        empty = [line for line in (*slots, *forgotten) if line.entry and line.entry.id not in free.used]
        plan.advoware += [_slot(line, rules) for line in empty if _needs_slot_mark(line, rules)]
    plan.advoware += [_mark(line, rules) for line in lines if _needs_mark(line, rules)]


class _Free:
    """Empty entries by kind: those without text first, and always in the same order, wherever a run begins anew."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.used: set[int] = set()
        self._of: dict[int, list[Line]] = defaultdict(list)
        for line in sorted(lines, key=lambda one: (bool(one.remark.text), one.entry.id if one.entry else 0)):
            self._of[line.komm_kz].append(line)

    def take(self, komm_kz: int) -> Line | None:
        if not self._of[komm_kz]:
            return None
        line = self._of[komm_kz].pop(0)
        assert line.entry is not None
        self.used.add(line.entry.id)
        return line


def _value(line: Line, free: _Free, begun: Begun, rules: Rules) -> Put | Post:
    """The write that puts EspoCRM's value into Advoware; of a number of another type, the entry's own value."""
    assert line.item is not None
    type_ = line.item.item.type
    if line.new_kind and line.entry is not None:
        komm_kz, value, key = line.new_kind, line.entry.value, line.key
    else:
        komm_kz, key = line.komm_kz, line.item.key
        value = begun.written.get(line.item.value, line.item.item.value)
    if line.entry is not None and not line.new_kind:
        note = _note(value, komm_kz, line.remark.text, rules)
        return Put(line.entry.id, komm_kz, value, note, online=True, why=Why.UPDATED, key=key, type=type_)
    old = free.take(komm_kz)
    if old is None or old.entry is None:
        return Post(komm_kz, value, _note(value, komm_kz, "", rules), key, type_)
    note = _note(value, komm_kz, old.remark.text, rules)
    return Put(old.entry.id, komm_kz, value, note, online=True, why=Why.CREATED, key=key, type=type_)


def _slot(line: Line, rules: Rules) -> Put:
    assert line.entry is not None
    why = Why.MARKED if line.step is Step.FORGET else Why.DELETED
    return Put(line.entry.id, line.komm_kz, "", _slot_note(line, rules), online=False, why=why)


def _mark(line: Line, rules: Rules) -> Put:
    entry = line.entry
    assert entry is not None
    note = _note(entry.value, line.komm_kz, line.remark.text, rules)
    return Put(entry.id, line.komm_kz, entry.value, note, online=entry.online, why=Why.MARKED, key=line.key)


# --- remarks ----------------------------------------------------------------------------------------------------------


def _needs_mark(line: Line, rules: Rules) -> bool:
    """Whether the remark says something else than what is agreed on. The written form of a value may differ."""
    if line.step not in (Step.AGREE, *GIVES) or line.new_kind or line.entry is None or not rules.writes_markers:
        return False
    remark = line.remark
    if remark.komm_kz == line.komm_kz and remark.value and normal(line.channel, remark.value, rules.region) == line.key:
        return False
    return _note(line.entry.value, line.komm_kz, remark.text, rules) != line.entry.note


def _needs_slot_mark(line: Line, rules: Rules) -> bool:
    assert line.entry is not None
    return rules.writes_markers and not line.remark.is_slot and _slot_note(line, rules) != line.entry.note


def _note(value: str, komm_kz: int, text: str, rules: Rules) -> str:
    return _with_room(marked(value, komm_kz, text), text, rules)


def _slot_note(line: Line, rules: Rules) -> str:
    return _with_room(slot(line.komm_kz, line.remark.text), line.remark.text, rules)


def _with_room(note: str, text: str, rules: Rules) -> str:
    """The remark with its marker; the user's text alone where markers are off, or the whole is too long."""
    return note if rules.writes_markers and len(note) <= rules.longest else text
