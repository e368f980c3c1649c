"""EspoCRM's writes of a merge: both arrays, each whole, as it shall be. Pure."""

from __future__ import annotations

from dataclasses import replace

from .lines import Found, Line, Step, hold
from .mapping import KINDS, Channel
from .plans import Item, Plan, Rules

GIVES = (Step.GIVE, Step.KEEP_BOTH)


def plan_arrays(plan: Plan, lines: list[Line], found: list[Found], rules: Rules) -> None:
    """Put the arrays into the plan that shall be other ones. Values for which there is no room are held."""
    for channel in Channel:
        before = [one for one in found if one.item.channel is channel]
        after = _array(plan, channel, lines, before, rules)
        if rules.gives and after != [one.item for one in before]:
            if channel is Channel.EMAIL:
                plan.emails = after
            else:
                plan.phones = after


def _array(plan: Plan, channel: Channel, lines: list[Line], found: list[Found], rules: Rules) -> list[Item]:
    """The array as it shall be: what stays keeps its place and flags; a changed value takes the place of the old."""
    there = {one.key for one in found if stays(one)}
    after: list[Item] = []
    for one in found:
        if stays(one):
            after.append(one.item)
            continue
        plan.given[channel] += 1
        successor = next((line for line in one.lines if line.step is Step.GIVE and line.key not in there), None)
        if successor is not None:
            there.add(successor.key)
            after.append(_new_item(plan, successor, rules, type_=one.item.type, primary=one.item.primary))
    for line in lines:
        if line.step not in GIVES or line.channel is not channel or line.key in there:
            continue
        if why := _no_room(line, len(after), rules):
            hold(plan, line, line.sent, why)
            continue
        there.add(line.key)
        plan.given[channel] += 1
        after.append(_new_item(plan, line, rules, type_=KINDS[line.komm_kz].type, primary=False))
    if after and not any(item.primary for item in after):
        after[0] = replace(after[0], primary=True)
    return after


def _no_room(line: Line, length: int, rules: Rules) -> str:
    """Why there is no place for one more value of its kind; empty where there is."""
    if length >= rules.most[line.channel]:
        return f"EspoCRM takes {rules.most[line.channel]} of a kind at most."
    type_ = KINDS[line.komm_kz].type
    return f"EspoCRM has no phone type {type_}." if type_ and type_ not in rules.types else ""


def stays(one: Found) -> bool:
    """Whether a line still wants the item; nobody's item is one that waits."""
    return not one.lines or any(line.step not in (Step.GIVE, Step.WITHDRAW) for line in one.lines)


def _new_item(plan: Plan, line: Line, rules: Rules, *, type_: str, primary: bool) -> Item:
    """Its flags belong to the value: EspoCRM shares them with all who hold it."""
    plan.added.append(line.value)
    opt_out, invalid = rules.flags.get(line.value, (False, False))
    return Item(line.channel, line.sent, type_, primary, opt_out, invalid)
