"""Why has this run a ticket? From the click over the audit entry and the calls to what came of it."""

from __future__ import annotations

from django.urls import reverse

from integrations.backup_tickets.models import RunReview
from integrations.backup_tickets.tickets import create_ticket
from integrations.core import roles
from integrations.core.models import ApiCall, AuditEntry, Client
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene, person
from tests.core.world import browser
from tests.telling import chains, labels, links


def shown_to(scene: Scene, user: object) -> str:
    answer = browser(user).get(reverse("admin:backup_tickets_run_change", args=[scene.run.pk]))  # type: ignore[arg-type]
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_click_its_calls_and_its_outcome_are_one_chain(scene: Scene, autotask: Autotask) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    assert link.ticket is not None
    shown = shown_to(scene, scene.operator)
    click = chains(shown)[0]
    assert labels(click) == ["otto", "Call", "Outcome", "Call"]
    assert click[0] == "otto asked for an Autotask ticket"
    assert "/Tickets" in " ".join(click)
    assert click[-2].startswith(f"Outcome Done, {AuditEntry.objects.get().vendor_record}")
    assert chains(shown)[-1] == ["Reported the run arrived as “Error”"]
    assert links(shown) == {"auditentry", "apicall"}


def test_a_reporter_sees_who_did_what_and_no_call(scene: Scene, autotask: Autotask) -> None:
    create_ticket(scene.run, user=scene.operator)
    shown = shown_to(scene, person("rita", roles.REPORTER))
    assert labels(chains(shown)[0]) == ["otto", "Outcome"]
    assert links(shown) == set()


def test_a_review_and_a_later_success_are_told_too(scene: Scene, autotask: Autotask) -> None:
    later = scene.another_run("later", status="success")
    type(scene.run).objects.filter(pk=scene.run.pk).update(superseded_by=later)
    at = scene.run.received_at
    RunReview.objects.create(run=scene.run, action="reviewed", by=scene.operator, at=at, reason="A test")
    told = {step for chain in chains(shown_to(scene, scene.operator)) for step in chain}
    assert "otto reviewed, no ticket needed A test" in told
    assert "Reported a later run of this job succeeded" in told


def test_a_call_and_an_audit_entry_lead_back_to_the_run(scene: Scene, autotask: Autotask) -> None:
    create_ticket(scene.run, user=scene.operator)
    page = reverse("admin:backup_tickets_run_change", args=[scene.run.pk])
    operator = browser(scene.operator)
    call = ApiCall.objects.filter(record=f"run:{scene.run.pk}").first()
    entry = AuditEntry.objects.get()
    assert call is not None
    for name, pk in (("apicall", call.pk), ("auditentry", entry.pk)):
        assert f'href="{page}"' in operator.get(reverse(f"admin:core_{name}_change", args=[pk])).content.decode()


def test_a_person_of_another_client_gets_no_timeline(scene: Scene, autotask: Autotask) -> None:
    other = Client.objects.create(slug="northwind", name="Northwind")
    stranger = browser(person("sven", roles.OPERATOR, clients=[other]))
    url = reverse("admin:backup_tickets_run_change", args=[scene.run.pk])
    assert stranger.get(url).status_code == 404
