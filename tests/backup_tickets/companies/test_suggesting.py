"""Companies are proposed by the likeness of names and mapped only by a person, one by one or many."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.backup_tickets.models import CompanyMapping, CompanySuggestion, Customer
from integrations.core import roles
from integrations.core.models import AuditEntry, Client, Integration, Job
from integrations.core.running import run_due_jobs
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.people import browser, person
from tests.backup_tickets.resolving.acts import sent
from tests.backup_tickets.scene import Scene

PAGE = reverse("admin:backup_tickets_customer_suggestions")


@pytest.fixture
def unmapped(scene: Scene, autotask: Autotask) -> list[Customer]:
    """Three customers without a company, two of which Autotask has under nearly the same name."""
    autotask.add_company(7001, "Amberfield Dentists B.V.")
    autotask.add_company(7002, "Sparrow Engineering GmbH")
    autotask.add_company(7003, "Sparrow Engineering (old)", active=False)
    names = ("Amberfield Dentist", "Sparrow Engineering", "Nobody Knows Us")
    return [Customer.objects.create(client=scene.client, name=name) for name in names]


def look(scene: Scene) -> str:
    browser(scene.operator).post(PAGE, {"look": "1"})
    run_due_jobs()
    return str(browser(scene.operator).get(PAGE).content.decode())


def decide(scene: Scene, what: str, *names: str) -> str:
    chosen = CompanySuggestion.objects.filter(customer__name__in=names).values_list("pk", flat=True)
    answer = browser(scene.operator).post(PAGE, {what: "1", "proposal": list(chosen)}, follow=True)
    return str(answer.content.decode())


def test_the_likest_active_company_is_proposed_and_nothing_is_mapped(
    scene: Scene, autotask: Autotask, unmapped: list[Customer]
) -> None:
    text = look(scene)
    found = {row.customer.name: (row.company_id, row.likeness) for row in CompanySuggestion.objects.all()}
    assert found["Sparrow Engineering"] == (7002, 100)
    assert found["Amberfield Dentist"][0] == 7001
    assert set(found) == {"Sparrow Engineering", "Amberfield Dentist"}
    assert "2 proposed for 3 unmapped" in text
    assert "Sparrow Engineering GmbH" in text
    assert CompanyMapping.objects.count() == 1
    assert sent(autotask)[-1:] == ["POST Companies/query"]


def test_many_are_confirmed_at_once_with_one_call(scene: Scene, autotask: Autotask, unmapped: list[Customer]) -> None:
    look(scene)
    autotask.simulator.calls.clear()
    text = decide(scene, "confirm", *(customer.name for customer in unmapped))
    assert "Sparrow Engineering is now Sparrow Engineering GmbH (7002) in Autotask." in text
    assert {row.company_id for row in CompanyMapping.objects.filter(confirmed_by=scene.operator)} == {7001, 7002}
    assert sent(autotask) == ["POST Companies/query"]
    assert AuditEntry.objects.filter(action="backup_tickets.confirm_mapping").count() == 2
    assert "There are no open proposals." in browser(scene.operator).get(PAGE).content.decode()


def test_a_company_that_was_made_inactive_meanwhile_is_not_mapped_and_the_others_are(
    scene: Scene, autotask: Autotask, unmapped: list[Customer]
) -> None:
    look(scene)
    autotask.add_company(7002, "Sparrow Engineering GmbH", active=False)
    text = decide(scene, "confirm", *(customer.name for customer in unmapped))
    assert "Autotask has no active Sparrow Engineering GmbH any more." in text
    assert not CompanyMapping.objects.filter(company_id=7002).exists()
    assert CompanyMapping.objects.filter(company_id=7001).exists()


def test_a_refused_proposal_is_not_made_again(scene: Scene, autotask: Autotask, unmapped: list[Customer]) -> None:
    look(scene)
    assert "1 proposal will not be made again." in decide(scene, "refuse", "Sparrow Engineering")
    assert "Sparrow" not in look(scene)
    row = CompanySuggestion.objects.get(is_refused=True)
    assert (row.company_id, row.refused_by) == (7002, scene.operator)


def test_the_customers_own_page_shows_its_proposal(scene: Scene, autotask: Autotask, unmapped: list[Customer]) -> None:
    look(scene)
    page = reverse("admin:backup_tickets_customer_change", args=[unmapped[1].pk])
    assert "Sparrow Engineering GmbH" in browser(scene.operator).get(page).content.decode()
    assert "Sparrow Engineering GmbH" not in browser(person("rita", roles.REPORTER)).get(page).content.decode()


def test_proposals_of_another_client_are_neither_seen_nor_decided(
    scene: Scene, autotask: Autotask, unmapped: list[Customer]
) -> None:
    look(scene)
    other = Client.objects.create(slug="other", name="Other")
    stranger = browser(person("lisa", roles.OPERATOR, clients=[other]))
    assert "Sparrow" not in stranger.get(PAGE).content.decode()
    ids = list(CompanySuggestion.objects.values_list("pk", flat=True))
    for what in ("confirm", "refuse"):
        stranger.post(PAGE, {what: "1", "proposal": ids})
    assert CompanyMapping.objects.count() == 1
    assert not CompanySuggestion.objects.filter(is_refused=True).exists()


def test_while_the_integration_is_off_nothing_is_asked(
    scene: Scene, autotask: Autotask, unmapped: list[Customer]
) -> None:
    look(scene)
    autotask.simulator.calls.clear()
    Integration.objects.update(is_enabled=False)
    look(scene)
    text = decide(scene, "confirm", "Sparrow Engineering")
    assert "nothing was changed" in text
    assert autotask.calls() == []
    assert not Job.objects.filter(state=Job.State.DEAD).exists()
