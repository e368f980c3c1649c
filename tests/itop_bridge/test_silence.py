"""P11 and P13: whatever people do on both sides, once they stop the bridge falls silent, and nothing is lost."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .scene import Scene, a_scene

STIMULI = ("ev_assign", "ev_pending", "ev_resolve", "ev_reopen", "ev_reassign")
FAULTS = ("answer_lost", "garbage", "html_503", "truncated")
ACTS = ("title", "urgency", "out", "in", "file_out", "file_in", "state", "lost", "hint", "reconcile")


def _happens(scene: Scene, ticket: int, twin: int, act: str, number: int) -> None:
    """One thing that somebody does, or that goes wrong."""
    if act == "title":
        scene.outside("edit_ticket", ticket=ticket, title=f"Title {number}")
    elif act == "urgency":
        scene.inside("edit_ticket", ticket=twin, urgency=str(number % 4 + 1))
    elif act == "out":
        scene.outside("add_log", ticket=ticket, text=f"out {number}")
    elif act == "in":
        scene.inside("add_log", ticket=twin, text=f"in {number}")
    elif act == "file_out":
        scene.outside("attach", ticket=ticket, name="out", text=str(number))
    elif act == "file_in":
        scene.inside("attach", ticket=twin, name="in", text=str(number))
    elif act == "state":
        with suppress(ValueError):  # not in this state
            scene.inside("stimulate", ticket=twin, stimulus=STIMULI[number % len(STIMULI)])
    elif act == "lost":
        itop = (scene.external, scene.internal)[number % 2]
        itop.fault(FAULTS[number % len(FAULTS)], path="core/(update|apply|create)")
    elif act == "hint":
        scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    else:
        scene.reconcile()


@given(happened=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 9)), min_size=3, max_size=14))
@settings(
    max_examples=5,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example empties the tables itself
)
@pytest.mark.django_db(transaction=True)
def test_after_whatever_happened_on_both_sides_there_is_silence_and_agreement(
    happened: list[tuple[str, int]],
) -> None:
    call_command("flush", verbosity=0, interactive=False)
    with a_scene() as scene:
        ticket, twin = scene.a_pair()
        for act, number in happened:
            _happens(scene, ticket, twin, act, number)
        scene.external.faults.clear()
        scene.internal.faults.clear()
        for _ in range(5):
            scene.reconcile(minutes=6)
        scene.forget()
        scene.reconcile()
        scene.reconcile()
        assert scene.all_writes() == []
        assert scene.held() == []
        outside, inside = scene.ticket(scene.external, ticket), scene.ticket(scene.internal, twin)
        said, heard = scene.log(scene.external, ticket), scene.log(scene.internal, twin)
        assert sorted(text for _, text in said) == sorted(text for _, text in heard)
        assert len(said) == sum(act in ("out", "in") for act, _ in happened)
        assert scene.files(scene.external, ticket) == scene.files(scene.internal, twin)
        assert outside["status"] == inside["status"]
        assert inside["title"].endswith(outside["title"])
