"""The state of a ticket, walked as people would."""

from __future__ import annotations

import pytest

from .scene import Scene


def state(scene: Scene, ticket: int) -> str:
    return str(scene.ticket(scene.external, ticket)["status"])


def test_a_state_reached_inside_is_walked_to_outside_with_its_fields(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    scene.inside("stimulate", ticket=twin, stimulus="ev_resolve", solution="A new fuse")
    scene.reconcile()
    outside = scene.ticket(scene.external, ticket)
    assert (outside["status"], outside["solution"]) == ("resolved", "A new fuse")
    assert (outside["agent_id"], outside["team_id"]) == (17, 37)
    assert scene.writes(scene.external) == [f"core/apply_stimulus UserRequest::{ticket}"] * 2
    assert not [call for call in scene.external.calls if '"status"' in call.body]


def test_a_whole_life_inside_is_lived_outside(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    for stimulus, reached in (
        ("ev_wait_for_approval", "waiting_for_approval"),
        ("ev_approve", "approved"),
        ("ev_assign", "assigned"),
        ("ev_pending", "pending"),
        ("ev_assign", "assigned"),
        ("ev_resolve", "resolved"),
        ("ev_reopen", "assigned"),
        ("ev_resolve", "resolved"),
        ("ev_close", "closed"),
    ):
        scene.inside("stimulate", ticket=twin, stimulus=stimulus)
        scene.reconcile()
        assert state(scene, ticket) == reached
    assert scene.held() == []


def test_a_state_that_changed_outside_stays_outside(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("stimulate", ticket=ticket, stimulus="ev_assign")
    scene.reconcile()
    scene.reconcile()
    assert scene.ticket(scene.internal, twin)["status"] == "new"
    assert state(scene, ticket) == "assigned", "nor is it fought"


def test_a_state_goes_inside_where_the_switch_lets_it(scene: Scene) -> None:
    scene.options(state_to_internal=True)
    ticket, twin = scene.a_pair()
    scene.outside("stimulate", ticket=ticket, stimulus="ev_assign")
    for _ in range(3):
        scene.reconcile()
    assert scene.ticket(scene.internal, twin)["status"] == "assigned"
    scene.inside("stimulate", ticket=twin, stimulus="ev_pending")
    for _ in range(3):
        scene.reconcile()
    assert state(scene, ticket) == "pending"


def test_a_state_that_is_reached_already_is_fine(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    scene.outside("stimulate", ticket=ticket, stimulus="ev_assign")
    scene.reconcile()
    assert scene.all_writes() == []
    assert scene.held() == []


def test_a_refusal_holds_the_pair_with_the_vendors_sentence_and_the_log_goes_on(scene: Scene) -> None:
    scene.options(step_defaults={})
    ticket, twin = scene.a_pair()
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    scene.ticket(scene.internal, twin).update(status="pending", pending_reason="")
    scene.inside("add_log", ticket=twin, text="Waits")
    scene.reconcile()
    assert "Missing mandatory attribute(s) for applying the stimulus: pending_reason" in scene.held()[0]
    assert state(scene, ticket) == "assigned", "it stopped at the first refusal"
    assert len(scene.log(scene.external, ticket)) == 1


def test_a_veto_without_a_word_holds_the_pair(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.external.do("switch", {"name": "vetoes", "value": 1})
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    scene.reconcile()
    assert "it was not done" in scene.held()[0]
    scene.reconcile()
    assert state(scene, ticket) == "assigned"
    assert scene.held() == []


def test_a_step_that_kills_itop_for_ever_is_held_and_not_repeated_at_once(scene: Scene) -> None:
    ticket, twin = scene.a_pair(class_name="Incident")
    scene.external.do("escalate", {"ticket": ticket})
    scene.reconcile()
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    scene.reconcile()
    assert "program dies over this step (500), and the ticket is still escalated_tto" in scene.held()[0]
    assert state(scene, ticket) == "escalated_tto"
    before = len(scene.writes(scene.external))
    scene.reconcile(minutes=0.5)
    assert len(scene.writes(scene.external)) == before


@pytest.mark.parametrize("fault", ["answer_lost", "committed_500", "truncated", "not_received"])
def test_a_step_whose_answer_is_lost_or_spoiled_is_taken_once(scene: Scene, fault: str) -> None:
    ticket, twin = scene.a_pair()
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    scene.external.fault(fault, path="core/apply_stimulus")
    for _ in range(4):
        scene.reconcile()
    assert state(scene, ticket) == "assigned"
    assert scene.held() == []
    done = [call for call in scene.external.calls if "apply_stimulus" in call.path and call.committed]
    assert len(done) == 1
