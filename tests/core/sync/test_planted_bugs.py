"""Bugs planted in the engine, each of a kind that loses or doubles records elsewhere: the histories find them."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.core.sync.machine import SyncMachine
from tests.core.sync.planting import planted

pytestmark = pytest.mark.django_db
HUNT = settings(
    max_examples=1500,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)

BUGS = {
    "a create that got no answer is sent again without looking": (
        "linking",
        "if found := find(link.key):",
        "if found := None:",
    ),
    "the intent is not noted before the create call": (
        "linking",
        "    _mark_sent(link, timezone.now(), fields)\n    try:",
        "    try:",
    ),
    "what the other direction is making is not adopted": ("engine", "        one.adopt()\n", ""),
    "a failed record is forgotten": ("engine", "        results.held.append((record, error))\n", ""),
    "held records are not tried again": ("engine", "        one.try_held()\n", ""),
    "a record that has a link counts as done": (
        "engine",
        "not record.is_news and known.get(record.id) == record.fingerprint",
        "record.id in known",
    ),
    "the watermark passes the failures of an outage": (
        "engine",
        "            results.waiting.append((record, error))\n",
        "            results.waiting.append((record, error))\n            results.decided = record\n",
    ),
    "the watermark follows a vendor's clock that is ahead": (
        "committing",
        "reached = min(reached, self.run.started_at)",
        "reached = reached",
    ),
    "the watermark is what was read, not what was dealt with": (
        "committing",
        "reached = results.decided.changed_at if results.decided else None",
        "reached = page.records[-1].changed_at if page.records else None",
    ),
    "an update is not noted before its call": (
        "engine",
        "            note_sent(link, self.flow.side.other, plan.base)",
        "            pass",
    ),
    "what both sides agreed on is not kept": (
        "linking",
        '    if base is not None:\n        values["base"] = base',
        "    if base is not None:\n        pass",
    ),
}


def hunt(engine: ModuleType, linking: ModuleType) -> None:
    run_state_machine_as_test(type("Planted", (SyncMachine,), {"engine": engine, "linking": linking}), settings=HUNT)


FOUND_SOON = {  # in a second or two; the others are hunted by `make proof`
    "a create that got no answer is sent again without looking",
    "a record that has a link counts as done",
    "what both sides agreed on is not kept",
}


@pytest.mark.parametrize(
    "bug", [pytest.param(bug, marks=() if bug in FOUND_SOON else pytest.mark.proof) for bug in BUGS]
)
def test_the_histories_find(bug: str) -> None:
    with pytest.raises(BaseException) as found:  # noqa: PT011 — an assertion, or what the machine tripped over
        hunt(*planted(*BUGS[bug]))
    assert not isinstance(found.value, KeyboardInterrupt)


@pytest.mark.proof
def test_without_a_bug_nothing_is_found() -> None:
    hunt(*planted("engine", "one = _Run(work, flow)", "one = _Run(work, flow)"))
