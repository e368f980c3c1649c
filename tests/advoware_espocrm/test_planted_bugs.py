"""Bugs planted in the merge, of kinds that lose, double or bring back values elsewhere: the histories find them."""

from __future__ import annotations

import pytest

from integrations.advoware_espocrm.merge import merge
from tests.advoware_espocrm.planting import planted
from tests.advoware_espocrm.test_histories import STORIES, tell

HUNT = 400  # histories of each story

BUGS = {
    "a value deleted in EspoCRM is given back": (
        "merge",
        "(State.SAME, State.GONE): Step.EMPTY",
        "(State.SAME, State.GONE): Step.GIVE",
    ),
    "a value deleted in Advoware is taken back": (
        "merge",
        "(State.GONE, State.SAME): Step.WITHDRAW",
        "(State.GONE, State.SAME): Step.WAIT",
    ),
    "a value changed in Advoware is forgotten where EspoCRM lost the old one": (
        "merge",
        "(State.CHANGED, State.GONE): Step.GIVE",
        "(State.CHANGED, State.GONE): Step.EMPTY",
    ),
    "a conflict is decided without being told": (
        "merge",
        "    plan.conflicts.append(",
        "    [].append(",
    ),
    "a direction is not minded": ("merge", "        return rules.gives\n", "        return True\n"),
    "a decision for both keeps one": ("merge", "Choice.BOTH: Step.KEEP_BOTH", "Choice.BOTH: Step.TAKE"),
    "what EspoCRM refuses is sent": ("merge", "    if why:\n        hold(plan, line, line.entry.value, why)\n", ""),
    "a value that two entries have leaves with the first": (
        "arrays",
        "any(line.step not in (Step.GIVE, Step.WITHDRAW) for line in one.lines)",
        "all(line.step not in (Step.GIVE, Step.WITHDRAW) for line in one.lines)",
    ),
    "an array has no primary": (
        "arrays",
        "if self._items and not any(item.primary for item in self._items)",
        "if False",
    ),
    "the array is given more than it takes": ("arrays", "if length >= rules.most[line.channel]", "if False"),
    "what was begun is not known": ("recognising", "for entry in entries if begun.of else ():", "for entry in ():"),
    "the base is not told of slots": (
        "merge",
        "    plan.base += [Agreed(line.entry.id, line.komm_kz) for line in read.slots if line.entry is not None]\n",
        "",
    ),
    "slots are not used again": ("entries", "if not self._of[komm_kz]:", "if True:"),
    "a slot is used twice": ("entries", "self._of[komm_kz].pop(0)", "self._of[komm_kz][0]"),
    "the text behind the marker is dropped": (
        "entries",
        "_with_room(marked(value, komm_kz, text), text, rules)",
        '_with_room(marked(value, komm_kz, ""), text, rules)',
    ),
    "a marker is written again and again": (
        "entries",
        "== line.key:\n        return False",
        "== line.key:\n        return True",
    ),
    "a settled value is not minded by its double": (
        "recognising",
        "    unsettle(settled, entries, lines, begun)\n",
        "",
    ),
    "an item that a settled entry has is new": ("merge", "if value not in read.settled}", "}"),
}


def hunt(bug: tuple[str, str, str]) -> None:
    merge_with_bug = planted(*bug)
    for number in range(HUNT):
        for story in STORIES:
            tell(story, number, merge_with_bug)


@pytest.mark.proof
@pytest.mark.parametrize("bug", BUGS)
def test_the_histories_find(bug: str) -> None:
    with pytest.raises((AssertionError, KeyError, IndexError)):
        hunt(BUGS[bug])


def test_without_a_bug_nothing_is_found() -> None:
    again = planted("merge", "plan, about = Plan(), Begun(begun)", "plan, about = Plan(), Begun(begun)")
    assert again is not merge
    for story in STORIES:
        tell(story, 1, again)
