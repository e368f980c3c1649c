"""P11 and P13: whatever people do on both sides, once they stop the bridge falls silent, and nothing is lost."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from .scene import Scene

STIMULI = ("ev_assign", "ev_pending", "ev_resolve", "ev_reopen", "ev_reassign")


def somebody_does_something(scene: Scene, ticket: int, twin: int, chance: random.Random, number: int) -> None:
    act = chance.choice(("title", "urgency", "out", "in", "file_out", "file_in", "state", "reconcile", "lost", "hint"))
    if act == "title":
        scene.outside("edit_ticket", ticket=ticket, title=f"Title {number}")
    elif act == "urgency":
        scene.inside("edit_ticket", ticket=twin, urgency=str(chance.randint(1, 4)))
    elif act == "out":
        scene.outside("add_log", ticket=ticket, text=f"out {number}")
    elif act == "in":
        scene.inside("add_log", ticket=twin, text=f"in {number}")
    elif act == "file_out":
        scene.outside("attach", ticket=ticket, name=f"out {number}", text=str(number))
    elif act == "file_in":
        scene.inside("attach", ticket=twin, name=f"in {number}", text=str(number))
    elif act == "state":
        with suppress(ValueError):  # not in this state
            scene.inside("stimulate", ticket=twin, stimulus=chance.choice(STIMULI))
    elif act == "lost":
        chance.choice((scene.external, scene.internal)).fault(
            chance.choice(("answer_lost", "garbage", "html_503")), path="core/(update|apply|create)"
        )
    elif act == "hint":
        scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    else:
        scene.reconcile()


@pytest.mark.parametrize("seed", range(6))
def test_after_edits_at_random_on_both_sides_there_is_silence_and_agreement(scene: Scene, seed: int) -> None:
    ticket, twin = scene.a_pair()
    chance = random.Random(seed)
    scene.options(most_looks=1000)
    for number in range(15):
        somebody_does_something(scene, ticket, twin, chance, number)
    scene.external.faults.clear()
    scene.internal.faults.clear()
    for _ in range(5):
        scene.reconcile(minutes=6)
    scene.forget()
    scene.reconcile()
    scene.reconcile()
    assert scene.all_writes() == []
    assert scene.held() == []
    said = [sorted(text for _, text in scene.log(*one)) for one in ((scene.external, ticket), (scene.internal, twin))]
    assert said[0] == said[1]
    assert scene.files(scene.external, ticket) == scene.files(scene.internal, twin)
    outside, inside = scene.ticket(scene.external, ticket), scene.ticket(scene.internal, twin)
    assert outside["status"] == inside["status"]
    assert inside["title"].endswith(outside["title"])
