"""EspoCRM's writes of a merge: both arrays, each whole, as it shall be. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from django.utils.translation import gettext

from .lines import Found, Line, Step, Value, hold
from .mapping import KINDS, Channel, normal
from .plans import Item, Plan, Rules

GIVES = (Step.GIVE, Step.KEEP_BOTH)


def plan_arrays(
    plan: Plan, lines: list[Line], items: Sequence[Item], there: Container[Value], found: list[Found], rules: Rules
) -> None:
    """Put the arrays into the plan that shall be other ones; `there` is what EspoCRM has, `found` what is not settled.

    What stays keeps its place and flags; a changed value takes the place of the old. Values for which there is no room
    are held.
    """
    leaving = {one.value: one for one in found if not stays(one)}
    for channel in Channel:
        array = _Array(plan, channel, there, leaving, rules)
        before = [item for item in items if item.channel is channel]
        for item in before:
            array.keep_or_replace(item)
        for line in lines:
            if line.step in GIVES and line.channel is channel:
                array.add(line)
        after = array.with_a_primary()
        if rules.gives and after != before:
            if channel is Channel.EMAIL:
                plan.emails = after
            else:
                plan.phones = after


class _Array:
    """One array as it shall be."""

    def __init__(
        self, plan: Plan, channel: Channel, there: Container[Value], leaving: Mapping[Value, Found], rules: Rules
    ) -> None:
        self._plan, self._channel, self._rules = plan, channel, rules
        self._there, self._leaving = there, leaving
        self._new: set[Value] = set()
        self._items: list[Item] = []

    def keep_or_replace(self, item: Item) -> None:
        value = item.channel, normal(item.channel, item.value, self._rules.region)
        if value not in self._leaving:
            self._items.append(item)
            return
        self._plan.given[self._channel] += 1
        lines = [line for line in self._leaving[value].lines if line.step is Step.GIVE and not self._has(line.value)]
        if lines:
            self._append(lines[0], item.type, primary=item.primary)

    def add(self, line: Line) -> None:
        if self._has(line.value):
            return
        if line.entry is not None and (why := _no_room(line, len(self._items), self._rules)):
            hold(self._plan, line, line.entry.value, why)
            return
        self._plan.given[self._channel] += 1
        self._append(line, KINDS[line.komm_kz].type, primary=False)

    def with_a_primary(self) -> list[Item]:
        """The array, with the first item as the primary one where none is left."""
        if self._items and not any(item.primary for item in self._items):
            self._items[0] = replace(self._items[0], primary=True)
        return self._items

    def _has(self, value: Value) -> bool:
        return value in self._new or (value in self._there and value not in self._leaving)

    def _append(self, line: Line, type_: str, *, primary: bool) -> None:
        """Its flags belong to the value: EspoCRM shares them with all who hold it."""
        self._new.add(line.value)
        self._plan.added.append(line.value)
        opt_out, invalid = self._rules.flags.get(line.value, (False, False))
        self._items.append(Item(line.channel, line.sent, type_, primary, opt_out, invalid))


def _no_room(line: Line, length: int, rules: Rules) -> str:
    """Why there is no place for one more value of its kind; empty where there is."""
    if length >= rules.most[line.channel]:
        return gettext("EspoCRM takes {n} of a kind at most.").format(n=rules.most[line.channel])
    type_ = KINDS[line.komm_kz].type
    if not type_ or type_ in rules.types:
        return ""
    return gettext("EspoCRM has no phone type {name}.").format(name=type_)


def stays(one: Found) -> bool:
    """Whether a line still wants the item; nobody's item is one that waits."""
    return not one.lines or any(line.step not in (Step.GIVE, Step.WITHDRAW) for line in one.lines)
