"""A ticket that was raised outside, and its form."""

from __future__ import annotations

import pytest

from integrations.core.models import RecordLink
from integrations.itop_bridge.models import BridgeOptions, ValueWord

from .scene import DEFAULTS, Scene


def test_a_ticket_raised_outside_gets_one_twin_with_the_defaults_of_the_settings(scene: Scene) -> None:
    ticket = scene.outside("new_ticket", title="Printer is on fire", description="<p>Help</p>", urgency="1", impact="2")
    scene.reconcile()
    (twin,) = scene.tickets(scene.internal)
    ref = scene.ticket(scene.external, ticket)["ref"]
    assert twin["title"] == f"[{ref}] Printer is on fire"
    assert (twin["org_id"], twin["caller_id"], twin["urgency"], twin["impact"]) == (3, 15, "1", "2")
    assert "Agatha Christie" in twin["description"]
    assert "<p>Help</p>" in twin["description"]
    assert (twin["agent_id"], twin["team_id"]) == (0, 0), "agents are never synced"


def test_a_second_run_writes_nothing_and_a_third_reads_four_lists(scene: Scene) -> None:
    scene.outside("new_ticket", title="One", files=[{"name": "a.txt", "text": "a"}])
    scene.reconcile()
    scene.forget()
    scene.reconcile()
    assert scene.all_writes() == []
    scene.forget()
    scene.reconcile()
    assert len(scene.reads()) == 4
    assert scene.all_writes() == []


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(scene: Scene) -> None:
    scene.outside("new_ticket", title="One", private_log="Look at this")
    run = scene.reconcile(is_dry=True)
    assert scene.all_writes() == []
    assert run.entries.get().writes[0] == "create “One”"
    assert not RecordLink.objects.exists()


def test_a_ticket_raised_inside_does_not_exist_for_the_bridge(scene: Scene) -> None:
    scene.a_pair()
    number = scene.inside("new_ticket", title="Ours alone")
    scene.hint("internal", "ticket-state-change", f'{{"event": "ticket assigned ", "id": "{number}"}}')
    scene.reconcile()
    assert scene.all_writes() == []
    assert len(scene.tickets(scene.external)) == 1


def test_the_marker_stands_in_the_customers_own_field_where_there_is_one(scene: Scene) -> None:
    scene.internal.do("custom_field", {"name": "external_ref"})
    scene.external.do("custom_field", {"name": "provider_ref"})
    scene.options(
        internal=DEFAULTS | {"marker_field": "external_ref"}, external=DEFAULTS | {"marker_field": "provider_ref"}
    )
    ticket, twin = scene.a_pair()
    outside, inside = scene.ticket(scene.external, ticket), scene.ticket(scene.internal, twin)
    assert (inside["title"], inside["external_ref"]) == ("Printer is on fire", outside["ref"])
    assert outside["provider_ref"] == inside["ref"]


def test_a_twin_that_is_there_already_is_recognised_and_not_made_again(scene: Scene) -> None:
    ticket = scene.outside("new_ticket", title="One")
    ref = scene.ticket(scene.external, ticket)["ref"]
    twin = scene.inside("new_ticket", title=f"[{ref}] One")
    scene.reconcile()
    assert scene.twin_of(ticket) == twin
    assert len(scene.tickets(scene.internal)) == 1


def test_two_tickets_with_one_marker_are_held_and_none_is_made(scene: Scene) -> None:
    ticket = scene.outside("new_ticket", title="One")
    ref = scene.ticket(scene.external, ticket)["ref"]
    for _ in range(2):
        scene.inside("new_ticket", title=f"[{ref}] One")
    scene.reconcile()
    assert "Several internal tickets carry the ref" in scene.held()[0]
    assert len(scene.tickets(scene.internal)) == 2


def test_a_change_outside_goes_inside_and_an_edit_inside_is_not_fought(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.inside("edit_ticket", ticket=twin, urgency="1")
    scene.outside("edit_ticket", ticket=ticket, title="Printer burns")
    scene.reconcile()
    scene.reconcile()
    inside = scene.ticket(scene.internal, twin)
    assert inside["title"].endswith("Printer burns")
    assert inside["urgency"] == "1"
    assert scene.ticket(scene.external, ticket)["urgency"] != "1"
    assert scene.writes(scene.external) == []
    assert scene.writes(scene.internal) == [f"core/update UserRequest::{twin}"]


def test_codes_and_classes_go_by_the_rows_of_the_settings(scene: Scene) -> None:
    options = BridgeOptions.objects.get()
    ValueWord.objects.create(options=options, field="urgency", external="1", internal="3")
    ValueWord.objects.create(options=options, field="class", external="Incident", internal="UserRequest")
    scene.internal.has_incidents = False
    scene.outside("new_ticket", title="Down", class_name="Incident", urgency="1")
    scene.reconcile()
    (twin,) = scene.tickets(scene.internal)
    assert (twin["class"], twin["urgency"]) == ("UserRequest", "3")


def test_a_class_that_the_other_side_does_not_have_holds_its_ticket_and_no_other(scene: Scene) -> None:
    scene.internal.has_incidents = False
    scene.outside("new_ticket", title="Down", class_name="Incident")
    scene.outside("new_ticket", title="Up")
    scene.reconcile()
    assert [one["title"].partition("] ")[2] for one in scene.tickets(scene.internal)] == ["Up"]
    assert "has no class Incident" in scene.held()[0]


def test_a_title_of_every_length_fits(scene: Scene) -> None:
    scene.outside("new_ticket", title="x" * 255)
    scene.reconcile()
    (twin,) = scene.tickets(scene.internal)
    assert len(twin["title"]) == 255


def test_defaults_that_are_not_there_stop_the_bridge_with_a_sentence(scene: Scene) -> None:
    scene.options(internal=DEFAULTS | {"agent_id": 4711})
    scene.outside("new_ticket", title="One")
    run = scene.reconcile()
    assert run.state == "failed"
    assert "The internal iTop has no Person 4711 (agent_id)" in run.outcome
    assert scene.tickets(scene.internal) == []
    scene.internal.data.add("Person", 4711, first_name="Nora", name="New", org_id=3)
    assert scene.reconcile().state == "done", "what was mended in iTop needs no click here"


def test_a_twin_that_was_deleted_is_missing_and_never_made_again(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.inside("delete_ticket", ticket=twin)
    scene.outside("edit_ticket", ticket=ticket, title="Still here")
    for _ in range(3):
        scene.reconcile()
    assert scene.link(ticket).state == RecordLink.State.MISSING
    assert "is not shown any more" in scene.link(ticket).cause
    assert scene.all_writes() == []


def test_a_twin_that_was_only_hidden_is_whole_again_once_it_is_shown(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.internal.do("account", {"login": "bridge", "orgs": [4]})
    scene.outside("edit_ticket", ticket=ticket, title="Printer burns")
    scene.reconcile()
    assert scene.link(ticket).state == RecordLink.State.MISSING
    scene.internal.do("account", {"login": "bridge", "orgs": []})
    scene.outside("edit_ticket", ticket=ticket, title="Printer burns down")
    scene.reconcile()
    assert scene.link(ticket).state == RecordLink.State.ACTIVE
    assert scene.ticket(scene.internal, twin)["title"].endswith("burns down")


@pytest.mark.parametrize("fault", ["answer_lost", "committed_500", "garbage", "truncated", "html_503", "not_received"])
def test_a_create_whose_answer_is_lost_or_spoiled_makes_one_twin(scene: Scene, fault: str) -> None:
    scene.outside("new_ticket", title="One", private_log="Said at once")
    scene.internal.fault(fault, path="core/create UserRequest")
    for _ in range(4):
        scene.reconcile(minutes=6)
    (twin,) = scene.tickets(scene.internal)
    assert len(scene.log(scene.internal, twin["id"])) == 1
    assert scene.held() == []


def test_a_marker_that_a_title_only_quotes_makes_no_twin_of_it(scene: Scene) -> None:
    ticket = scene.outside("new_ticket", title="One")
    following = f"R-{int(scene.ticket(scene.external, ticket)['ref'][2:]) + 1:06d}"
    scene.outside("edit_ticket", ticket=ticket, title=f"[{following}] is the same")
    scene.reconcile()
    other = scene.outside("new_ticket", title="Two")
    assert scene.ticket(scene.external, other)["ref"] == following
    scene.reconcile()
    assert scene.twin_of(ticket) != scene.twin_of(other)
    assert scene.held() == []


def test_a_twin_of_another_organisation_with_the_same_ref_is_somebody_elses(scene: Scene) -> None:
    ticket = scene.outside("new_ticket", title="One")
    ref = scene.ticket(scene.external, ticket)["ref"]
    theirs = scene.inside("new_ticket", title=f"[{ref}] Of another customer", org_id=4, caller_id=0)
    scene.reconcile()
    assert scene.twin_of(ticket) != theirs
    assert len(scene.tickets(scene.internal)) == 2


def test_missing_pairs_wait_for_their_turn_like_others(scene: Scene) -> None:
    for number in range(25):
        scene.outside("new_ticket", title=f"Ticket {number}")
    scene.reconcile()
    for twin in list(scene.tickets(scene.internal)):
        if twin["id"] != scene.twin_of(25):
            scene.internal.do("delete_ticket", {"ticket": twin["id"]})
    scene.inside("attach", ticket=scene.twin_of(25), name="late.txt", text="late")
    scene.reconcile(minutes=61)
    scene.reconcile()
    assert RecordLink.objects.filter(object_type="ticket", state="missing").count() == 24


@pytest.mark.parametrize("kind", ["ticket", "entry", "file"])
def test_a_death_between_the_call_and_its_outcome_doubles_nothing(scene: Scene, kind: str) -> None:
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "a"}])
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.reconcile()
    lost = RecordLink.objects.filter(object_type=kind)
    assert lost.update(right_id="", state="creating", left_fingerprint="") == 1
    RecordLink.objects.filter(object_type="ticket").update(left_fingerprint="")
    scene.outside("edit_ticket", ticket=ticket, title="Touched")
    for _ in range(4):
        scene.reconcile(minutes=6)
    assert [one["id"] for one in scene.tickets(scene.internal)] == [twin]
    assert [text for _, text in scene.log(scene.internal, twin)] == ["Smoke"]
    assert scene.files(scene.internal, twin) == [("a.txt", b"a")]
    assert len(scene.log(scene.external, ticket)) == 1
    assert lost.get().state == RecordLink.State.ACTIVE
