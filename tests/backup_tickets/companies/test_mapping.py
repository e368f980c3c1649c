"""Which Autotask company a customer is."""

from __future__ import annotations

import pytest

from integrations.backup_tickets.companies import check_mapping, confirm_mapping, search_companies
from integrations.backup_tickets.models import CompanyMapping, Customer
from integrations.core.models import AuditEntry
from integrations.transport.errors import ConfigurationError, NotFoundError
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene


@pytest.fixture
def newcomer(scene: Scene) -> Customer:
    return Customer.objects.create(client=scene.client, name="Newcomer")


def test_a_search_finds_active_companies_by_a_part_of_their_name(
    scene: Scene, autotask: Autotask, newcomer: Customer
) -> None:
    autotask.add_company(7001, "Acme Bakeries BV")
    autotask.add_company(7002, "Acme Bakeries (old)", active=False)
    found = search_companies(newcomer, "bakeries", user=scene.operator)
    assert [(company.id, company.name) for company in found] == [(7001, "Acme Bakeries BV")]


def test_one_letter_is_not_searched_for(scene: Scene, autotask: Autotask, newcomer: Customer) -> None:
    assert search_companies(newcomer, " a ", user=scene.operator) == []
    assert autotask.calls() == []


def test_a_confirmed_company_is_stored_with_its_name_by_whom_and_audited(
    scene: Scene, autotask: Autotask, newcomer: Customer
) -> None:
    autotask.add_company(7001, "Acme Bakeries BV")
    confirm_mapping(newcomer, 7001, user=scene.operator)
    mapping = CompanyMapping.objects.get(customer=newcomer)
    assert (mapping.company_id, mapping.company_name, mapping.status) == (7001, "Acme Bakeries BV", "ok")
    assert mapping.confirmed_by == scene.operator
    assert AuditEntry.objects.get().record == f"customer:{newcomer.pk}"


def test_company_zero_can_be_confirmed(scene: Scene, newcomer: Customer) -> None:
    assert confirm_mapping(newcomer, 0, user=scene.operator).company_id == 0


def test_an_inactive_or_unknown_company_is_refused_and_nothing_is_stored(
    scene: Scene, autotask: Autotask, newcomer: Customer
) -> None:
    autotask.add_company(7002, "Acme (old)", active=False)
    with pytest.raises(ConfigurationError, match="inactive"):
        confirm_mapping(newcomer, 7002, user=scene.operator)
    with pytest.raises(NotFoundError):
        confirm_mapping(newcomer, 99999, user=scene.operator)
    assert not CompanyMapping.objects.filter(customer=newcomer).exists()


def test_a_check_notes_a_new_name_and_keeps_the_mapping(scene: Scene, autotask: Autotask, newcomer: Customer) -> None:
    autotask.add_company(7001, "Acme Bakeries BV")
    mapping = confirm_mapping(newcomer, 7001, user=scene.operator)
    autotask.add_company(7001, "Acme Bread BV")
    check_mapping(mapping, user=scene.operator)
    mapping.refresh_from_db()
    assert (mapping.status, mapping.company_name, mapping.is_usable) == ("renamed", "Acme Bread BV", True)
    autotask.add_company(7001, "Acme Bread BV", active=False)
    check_mapping(mapping, user=scene.operator)
    mapping.refresh_from_db()
    assert (mapping.status, mapping.is_usable) == ("invalid", False)


def test_while_the_integration_is_off_nothing_is_asked(scene: Scene, autotask: Autotask, newcomer: Customer) -> None:
    scene.integration.is_enabled = False
    scene.integration.save()
    with pytest.raises(ConfigurationError, match="switched off"):
        search_companies(newcomer, "acme", user=scene.operator)
    assert autotask.calls() == []
