"""A pair that was linked wrongly, or whose twin is gone, is given another internal ticket by a person."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse

from integrations.core.models import AuditEntry, Client, Job, RecordLink, User
from integrations.itop_bridge.models import Pair
from tests.core.world import person

from .scene import DEFAULTS, Scene


@pytest.fixture
def browser(scene: Scene) -> Browser:
    page = Browser()
    page.force_login(person("anna", "Admin"), backend="django.contrib.auth.backends.ModelBackend")
    return page


def look(scene: Scene, browser: Browser, ticket: int, given: object) -> str:
    url = reverse("admin:itop_bridge_pair_relink", args=[scene.link(ticket).pk])
    answer = browser.get(url, {"ticket": str(given)})
    assert answer.status_code == 200
    return str(answer.content.decode())


def link(scene: Scene, browser: Browser, ticket: int, number: int, **more: str) -> Any:
    url = reverse("admin:itop_bridge_pair_relink", args=[scene.link(ticket).pk])
    return browser.post(url, {"ticket": str(number)} | more)


def linked(scene: Scene, browser: Browser, ticket: int, number: int) -> None:
    answer: HttpResponse = link(scene, browser, ticket, number)
    assert answer.status_code == 302
    scene.work()
    scene.work()


def said(scene: Scene, number: int) -> list[str]:
    return [text for _, text in scene.log(scene.internal, number)]


def test_the_page_of_a_pair_leads_to_what_the_other_ticket_says(scene: Scene, browser: Browser) -> None:
    ticket, _ = scene.a_pair()
    other = scene.inside("new_ticket", title="Taken <b>by phone</b>")
    pair = browser.get(reverse("admin:itop_bridge_pair_change", args=[scene.link(ticket).pk])).content.decode()
    assert reverse("admin:itop_bridge_pair_relink", args=[scene.link(ticket).pk]) in pair
    ref = scene.ticket(scene.internal, other)["ref"]
    for given in (ref, other, f" {ref} "):
        page = look(scene, browser, ticket, given)
        for shown in (ref, "Taken &lt;b&gt;by phone", "<dd>new</dd>", "Demo"):
            assert shown in page
    assert scene.all_writes() == []


def test_another_ticket_takes_over_with_all_that_belongs_to_the_pair(scene: Scene, browser: Browser) -> None:
    ticket, wrong = scene.a_pair(files=[{"name": "a.txt", "text": "a"}], private_log="First")
    other = scene.inside("new_ticket", title="Taken by phone", description="<p>By phone</p>", urgency="1")
    scene.inside("add_log", ticket=other, text="Called back", by="otto")
    linked(scene, browser, ticket, other)
    assert scene.twin_of(ticket) == other
    mark = f"[{scene.ticket(scene.external, ticket)['ref']}]"
    inside = scene.ticket(scene.internal, other)
    assert (inside["title"], inside["description"], inside["urgency"]) == (
        f"{mark} Taken by phone",
        "<p>By phone</p>",
        "1",
    )
    assert said(scene, other) == ["Called back", "First"]
    assert scene.files(scene.internal, other) == [("a.txt", b"a")]
    assert [text for _, text in scene.log(scene.external, ticket)] == ["First", "Called back"]
    assert scene.ticket(scene.internal, wrong)["title"] == "Printer is on fire", "nothing finds it by the mark again"
    scene.outside("edit_ticket", ticket=ticket, title="Printer burns")
    scene.reconcile()
    assert scene.ticket(scene.internal, other)["title"] == f"{mark} Printer burns"
    assert scene.held() == []


def test_what_the_other_ticket_has_already_is_recognised_and_nothing_is_doubled(scene: Scene, browser: Browser) -> None:
    files = [{"name": "a.txt", "text": "a"}, {"name": "b.txt", "text": "b"}]
    ticket, wrong = scene.a_pair(files=files, private_log="First")
    scene.outside("add_log", ticket=ticket, text="", picture="shot.png")
    scene.inside("add_log", ticket=wrong, text="Water", by="otto")
    scene.inside("attach", ticket=wrong, name="answer.txt", text="answer")
    scene.reconcile()
    scene.reconcile()
    other = scene.inside("new_ticket", title="The right one")
    twin = scene.ticket(scene.internal, wrong)
    scene.ticket(scene.internal, other)["private_log"] += twin["private_log"]
    for name, content in scene.files(scene.internal, wrong):
        number = scene.inside("attach", ticket=other, name=name, text="x")
        blob = next(one for one in scene.internal.data.attachments_of(twin) if one["contents"].name == name)
        scene.internal.data.get("Attachment", number)["contents"] = blob["contents"]  # type: ignore[index]
        assert blob["contents"].content == content
    before = scene.log(scene.external, ticket), scene.files(scene.external, ticket)
    scene.forget()
    linked(scene, browser, ticket, other)
    scene.reconcile()
    scene.reconcile()
    marks = [f"core/update UserRequest::{other}", f"core/update UserRequest::{wrong}"]
    assert sorted(scene.writes(scene.internal)) == sorted(marks)
    assert scene.writes(scene.external) == []
    assert (scene.log(scene.external, ticket), scene.files(scene.external, ticket)) == before
    assert scene.held() == []


def test_the_mark_moves_with_its_field_where_there_is_one(scene: Scene, browser: Browser) -> None:
    scene.internal.do("custom_field", {"name": "external_ref"})
    scene.external.do("custom_field", {"name": "provider_ref"})
    scene.options(
        internal=DEFAULTS | {"marker_field": "external_ref"}, external=DEFAULTS | {"marker_field": "provider_ref"}
    )
    ticket, wrong = scene.a_pair()
    other = scene.inside("new_ticket", title="The right one")
    linked(scene, browser, ticket, other)
    outside = scene.ticket(scene.external, ticket)
    assert scene.ticket(scene.internal, wrong)["external_ref"] == ""
    assert scene.ticket(scene.internal, other)["external_ref"] == outside["ref"]
    assert scene.ticket(scene.internal, other)["title"] == "The right one"
    assert outside["provider_ref"] == scene.ticket(scene.internal, other)["ref"]


def test_states_stay_as_they_are_until_one_changes(scene: Scene, browser: Browser) -> None:
    ticket, _ = scene.a_pair()
    other = scene.inside("new_ticket", title="The right one")
    scene.inside("stimulate", ticket=other, stimulus="ev_assign")
    linked(scene, browser, ticket, other)
    assert scene.ticket(scene.external, ticket)["status"] == "new"
    scene.inside("stimulate", ticket=other, stimulus="ev_pending")
    scene.reconcile()
    assert scene.ticket(scene.external, ticket)["status"] == "pending"


def test_a_pair_whose_twin_is_gone_is_whole_again(scene: Scene, browser: Browser) -> None:
    ticket, twin = scene.a_pair(private_log="First", files=[{"name": "a.txt", "text": "a"}])
    scene.inside("delete_ticket", ticket=twin)
    scene.reconcile(minutes=61)
    assert scene.link(ticket).state == RecordLink.State.MISSING
    other = scene.inside("new_ticket", title="The right one")
    linked(scene, browser, ticket, other)
    assert (scene.twin_of(ticket), scene.link(ticket).state) == (other, RecordLink.State.ACTIVE)
    assert said(scene, other) == ["First"]
    assert scene.files(scene.internal, other) == [("a.txt", b"a")]
    assert len(scene.log(scene.external, ticket)) == 1


def test_a_ticket_that_is_somebodys_twin_is_refused_by_name(scene: Scene, browser: Browser) -> None:
    ticket, twin = scene.a_pair()
    theirs = scene.outside("new_ticket", title="Another")
    scene.reconcile()
    ref = scene.ticket(scene.external, theirs)["ref"]
    twin_ref = scene.ticket(scene.internal, scene.twin_of(theirs))["ref"]
    assert f"{twin_ref} is the twin of {ref} already." in look(scene, browser, ticket, scene.twin_of(theirs))
    answer = link(scene, browser, ticket, scene.twin_of(theirs))
    assert answer.status_code == 409
    assert "is the twin of this pair already" in look(scene, browser, ticket, twin)
    assert not Job.objects.filter(kind="itop_bridge.relink_pair").exists()


def test_of_another_clients_pair_nothing_is_told(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    other = scene.inside("new_ticket", title="Theirs")
    client = Client.objects.create(slug="other", name="Other")
    bridge = scene.integration
    theirs = type(bridge).objects.create(client=client, slug="bridge", kind="itop_bridge")
    for role in bridge.roles.all():
        theirs.roles.create(role=role.role, connection=role.connection)
    row = RecordLink.objects.create(
        integration=theirs, object_type="ticket", left_id="9", right_id=str(other), state=RecordLink.State.ACTIVE
    )
    Pair.objects.create(link=row, integration=theirs, external_ref="R-000009")
    page = Browser()
    limited = person("lena", "Admin", clients=[bridge.client])
    page.force_login(limited, backend="django.contrib.auth.backends.ModelBackend")
    shown = look(scene, page, ticket, other)
    assert "is the twin of a ticket of another client already" in shown
    assert "R-000009" not in shown


@pytest.mark.parametrize(
    ("given", "sentence"), [("R-999999", "has no ticket R-999999"), ("4711", "has no ticket 4711")]
)
def test_a_ticket_that_is_not_there_is_named(scene: Scene, browser: Browser, given: str, sentence: str) -> None:
    ticket, _ = scene.a_pair()
    assert sentence in look(scene, browser, ticket, given)
    assert link(scene, browser, ticket, 4711).status_code == 409
    assert browser.post(reverse("admin:itop_bridge_pair_relink", args=[scene.link(ticket).pk])).status_code == 409


def test_what_speaks_against_a_ticket_has_to_be_confirmed(scene: Scene, browser: Browser) -> None:
    ticket, twin = scene.a_pair()
    other = scene.inside("new_ticket", title="[R-000777] Of another customer", org_id=4, caller_id=0)
    scene.ticket(scene.internal, other)["status"] = "closed"
    page = look(scene, browser, ticket, other)
    for sentence in ("It belongs to Elsewhere", "It is closed", "Its title names another ticket: R-000777"):
        assert sentence in page
    assert link(scene, browser, ticket, other).status_code == 409
    assert scene.twin_of(ticket) == twin
    assert link(scene, browser, ticket, other, confirmed="on").status_code == 302


def test_who_did_it_and_what_came_of_it_is_on_the_record(scene: Scene, browser: Browser) -> None:
    ticket, _ = scene.a_pair()
    refs = [scene.ticket(scene.internal, scene.twin_of(ticket))["ref"]]
    other = scene.inside("new_ticket", title="The right one")
    refs.append(scene.ticket(scene.internal, other)["ref"])
    linked(scene, browser, ticket, other)
    entry = AuditEntry.objects.get(action="bridge.relink")
    assert (entry.user, entry.outcome, entry.vendor_record) == (User.objects.get(), "done", refs[1])
    assert f"{refs[1]} in the place of {refs[0]}" in entry.detail
    page = browser.get(reverse("admin:itop_bridge_pair_change", args=[scene.link(ticket).pk])).content.decode()
    assert f"anna gave it {refs[1]} in the place of {refs[0]}." in page


def test_of_two_people_the_first_wins_and_the_second_is_told(scene: Scene, browser: Browser) -> None:
    ticket, _ = scene.a_pair()
    one, two = (scene.inside("new_ticket", title=f"Number {number}") for number in (1, 2))
    for number in (one, two):
        assert link(scene, browser, ticket, number).status_code == 302
    for _ in range(3):
        scene.work()
    assert scene.twin_of(ticket) == one
    outcomes = AuditEntry.objects.filter(action="bridge.relink").order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["done", "refused"]
    assert "given another twin meanwhile" in AuditEntry.objects.get(outcome="refused").detail
    assert scene.ticket(scene.internal, two)["title"] == "Number 2"


@pytest.mark.parametrize(
    ("fault", "call"),
    [("answer_lost", "core/update"), ("not_received", "core/update"), ("html_503", "core/get Attachment")],
)
def test_a_job_that_dies_on_the_way_goes_on_where_it_was(scene: Scene, browser: Browser, fault: str, call: str) -> None:
    ticket, wrong = scene.a_pair(files=[{"name": "a.txt", "text": "a"}], private_log="First")
    other = scene.inside("new_ticket", title="The right one", files=[{"name": "a.txt", "text": "a"}])
    assert link(scene, browser, ticket, other).status_code == 302
    scene.internal.fault(fault, path=call)
    for _ in range(4):
        scene.work(seconds=120)
    scene.reconcile()
    assert scene.twin_of(ticket) == other
    assert scene.ticket(scene.internal, other)["title"].endswith("] The right one")
    assert scene.ticket(scene.internal, wrong)["title"] == "Printer is on fire"
    assert said(scene, other) == ["First"]
    assert scene.files(scene.internal, other) == [("a.txt", b"a")]
    assert AuditEntry.objects.get(action="bridge.relink").outcome == "done"
