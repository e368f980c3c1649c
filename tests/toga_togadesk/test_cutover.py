"""Cut-over: the old programs' references become links, wrong ones are reported, nothing is written to either side."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.core.models import Job, RecordLink
from integrations.core.running import run_due_jobs
from integrations.toga_togadesk.cutover import adopt
from integrations.toga_togadesk.pair import opened

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def adopted(scene: Scene, *, is_dry: bool = False) -> dict[str, str]:
    with opened(scene.integration, "cut-over") as pair:
        return {one.what: str(one) for one in adopt(pair, is_dry=is_dry)}


def test_references_become_links_and_the_wrong_ones_are_named(scene: Scene) -> None:
    first, second = scene.ticket("a"), scene.ticket("b")
    rows = [scene.desk.add_ticket("x", referenceid=reference) for reference in (first, first, second, "gone", "")]
    team = scene.records("ticket-teams")[0]["uuid"]
    scene.desk.database.insert("groups", clientid=7, name="n", referenceid=team)
    said = adopted(scene)
    assert said["tickets"] == (
        "tickets: 2 linked, 1 point to nothing in TOGA 2, 1 share the reference of another row "
        f"(look at {rows[1]}, {rows[3]})"
    )
    assert said["groups"] == "groups: 1 linked"
    links = RecordLink.objects.filter(object_type="ticket").values_list("left_id", "right_id", "state")
    assert sorted(links) == sorted([(first, str(rows[0]), "active"), (second, str(rows[2]), "active")])
    assert [call for call in scene.calls() if not call.startswith("GET")] == []
    assert adopted(scene)["tickets"].startswith("tickets: 0 linked, 3 known already")


def test_it_can_be_tried_without_storing_anything(scene: Scene) -> None:
    scene.desk.add_ticket("x", referenceid=scene.ticket())
    assert adopted(scene, is_dry=True)["tickets"] == "tickets: 1 linked"
    assert not RecordLink.objects.exists()


def test_what_was_adopted_is_not_made_again_by_the_first_run(scene: Scene) -> None:
    ticket = scene.ticket("a")
    scene.desk.add_ticket("a", referenceid=ticket)
    adopted(scene)
    run = scene.to_desk()
    assert (run.created, run.held) == (0, 0)
    assert len(scene.rows("tickets")) == 1


def test_a_click_starts_it_and_the_page_shows_the_report(scene: Scene, admin_client: object) -> None:
    scene.desk.add_ticket("x", referenceid=scene.ticket())
    browser = admin_client
    page = reverse("admin:toga_togadesk_syncoptions_change", args=[scene.integration.pk])
    browser.post(reverse("admin:toga_togadesk_syncoptions_adopt", args=[scene.integration.pk]))  # type: ignore[attr-defined]
    run_due_jobs()
    assert Job.objects.get().outcome.startswith("tickets: 1 linked; people: 0 linked")
    assert "tickets: 1 linked" in browser.get(page).content.decode()  # type: ignore[attr-defined]
