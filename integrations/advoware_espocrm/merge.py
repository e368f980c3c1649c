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

`plans` says what goes in and comes out. `recognising` makes a line of each entry, `meeting` finds EspoCRM's item of
each line; here each line gets its step; `arrays` and `entries` turn steps into writes. What a direction forbids waits,
and keeps its base.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext

from .arrays import GIVES, plan_arrays, stays
from .entries import plan_entries
from .lines import Begun, Found, Line, State, Step, Value, hold
from .mapping import KINDS, NEW_PHONE, Channel, Unsendable, for_espocrm
from .meeting import by_value, kind_of, meet
from .plans import (
    Agreed,
    Choice,
    Conflict,
    Direction,
    Entry,
    Held,
    Item,
    Plan,
    Post,
    Put,
    Retyped,
    Rules,
    Why,
)
from .recognising import read_entries

__all__ = [
    "Agreed",
    "Choice",
    "Conflict",
    "Direction",
    "Entry",
    "Held",
    "Item",
    "Plan",
    "Post",
    "Put",
    "Retyped",
    "Rules",
    "Why",
    "merge",
]

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
STEP_OF: dict[Choice, Step] = {
    Choice.ESPOCRM: Step.TAKE,
    Choice.ADVOWARE: Step.GIVE,
    Choice.BOTH: Step.KEEP_BOTH,
    Choice.ASK: Step.WAIT,
}


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
    plan, about = Plan(), Begun(begun)
    there = by_value(items, rules.region)
    read = read_entries(entries, fields, there, base, about, rules)
    lines = read.lines
    found = {value: Found(item, value[1]) for value, item in there.items() if value not in read.settled}
    meet(lines, found, about)
    for line in lines:
        _decide(plan, line, rules)
    _mind_the_others(lines, found)
    _keep_both(plan, lines, rules)
    plan_arrays(plan, lines, items, there, list(found.values()), rules)
    plan_entries(plan, lines, read.slots, about, rules)
    plan.slots = len(read.slots)
    plan.base = list(read.settled.values())
    plan.base += [row for line in lines if (row := _agreed(line)) is not None]
    plan.base += [Agreed(line.entry.id, line.komm_kz) for line in read.slots if line.entry is not None]
    return plan


# --- the step of a line -----------------------------------------------------------------------------------------------


def _decide(plan: Plan, line: Line, rules: Rules) -> None:
    if line.item is not None and line.key == line.item.key:
        line.step = Step.AGREE
    else:
        line.step = TABLE[line.advoware, line.espocrm]
    if line.step is Step.CONFLICT:
        line.step = _of_conflict(plan, line, rules)
    if not _is_allowed(line.step, rules):
        line.step = Step.WAIT
    elif line.step in GIVES:
        _check_given(plan, line, rules)
    elif line.step is Step.TAKE:
        _check_taken(plan, line, rules)
    if line.step is Step.AGREE or (line.step in GIVES and line.item):
        _look_at_type(plan, line, rules)


def _is_allowed(step: Step, rules: Rules) -> bool:
    """Whether the direction allows it."""
    if step in (*GIVES, Step.WITHDRAW):
        return rules.gives
    return rules.takes or step not in (Step.TAKE, Step.EMPTY)


def _of_conflict(plan: Plan, line: Line, rules: Rules) -> Step:
    assert line.base is not None
    assert line.entry is not None
    assert line.item is not None
    decided = rules.decided.get((line.entry.id, line.key, line.item.key))
    choice = decided or rules.policy_of.get(line.komm_kz) or rules.policy
    plan.conflicts.append(
        Conflict(line.entry.id, line.komm_kz, line.base.value, line.entry.value, line.item.item.value, choice)
    )
    return STEP_OF[choice]


def _check_given(plan: Plan, line: Line, rules: Rules) -> None:
    """Whether EspoCRM takes the value: what it would refuse is held alone, since it refuses the whole list."""
    assert line.entry is not None
    why = rules.refused.get(line.value, "")
    try:
        line.sent = for_espocrm(line.channel, line.entry.value, rules.region, is_international=rules.is_international)
    except Unsendable as problem:
        why = str(problem)
    if why:
        hold(plan, line, line.entry.value, why)


def _check_taken(plan: Plan, line: Line, rules: Rules) -> None:
    """Whether Advoware takes the value."""
    assert line.item is not None
    item = line.item.item
    if not line.komm_kz:
        hold(plan, line, item.value, _no_kind(item.type))
    elif len(item.value) > rules.longest:
        hold(plan, line, item.value, gettext("Advoware is sent {n} characters at most.").format(n=rules.longest))


def _look_at_type(plan: Plan, line: Line, rules: Rules) -> None:
    """A number's type belongs to the number in EspoCRM: where others hold it too, it says nothing about this entry."""
    assert line.item is not None
    assert line.entry is not None
    if line.channel is Channel.EMAIL:
        return
    type_, base = line.item.item.type, line.base
    if base is None:
        line.komm_kz = line.komm_kz if line.is_known else NEW_PHONE.get(type_, line.komm_kz)
        return
    if len(line.item.lines) > 1 or line.item.key in rules.shared:
        return
    if not base.type or type_ in (base.type, KINDS[line.komm_kz].type):
        return
    line.keeps_type = True
    if kind_of(line.item.item) and rules.takes:
        line.new_kind = kind_of(line.item.item)
        plan.retyped.append(Retyped(line.entry.id, line.item.key, line.komm_kz, line.new_kind))
    elif not kind_of(line.item.item):
        plan.held.append(Held(line.entry.id, line.komm_kz, line.entry.value, _no_kind(type_)))


def _no_kind(type_: str) -> str:
    return gettext("Advoware has no kind of entry for the type {name}.").format(name=type_)


# --- several lines with one value -------------------------------------------------------------------------------------


def _mind_the_others(lines: list[Line], found: Mapping[Value, Found]) -> None:
    """What several entries have: it leaves neither EspoCRM nor Advoware while one of them wants it there."""
    given = {line.value for line in lines if line.step in GIVES}
    for line in lines:
        if line.step is Step.WITHDRAW and line.item is not None and stays(line.item):
            line.step = Step.FORGET
        elif line.step is Step.EMPTY and line.value in given:
            line.step = Step.WAIT
        elif line.step is Step.GIVE and line.item is not None and stays(line.item) and line.value in found:
            line.step, line.item = Step.AGREE, found[line.value]


def _keep_both(plan: Plan, lines: list[Line], rules: Rules) -> None:
    """EspoCRM's value of such a conflict becomes an entry too."""
    items = {id(line.item): line.item for line in lines if line.step is Step.KEEP_BOTH and line.item}
    for one in items.values():
        if rules.takes and not any(line.step is Step.TAKE for line in one.lines):
            lines.append(Line(kind_of(one.item), item=one))
            _decide(plan, lines[-1], rules)


def _agreed(line: Line) -> Agreed | None:
    """What the base says of this line as things are now."""
    if line.step is Step.FORGET:
        return Agreed(line.entry.id, line.komm_kz) if line.entry is not None else None
    if line.step is Step.AGREE and line.entry is not None and line.item is not None:
        type_ = line.base.type if line.base and line.keeps_type else line.item.item.type
        return Agreed(line.entry.id, line.komm_kz, line.item.key, line.entry.value, type_)
    return line.base
