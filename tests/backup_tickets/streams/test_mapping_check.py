"""The check of the mappings in bulk: ids lead, names follow, and absence is proven before it is believed (P4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.backup_tickets.mapping_check import MappingCheck, check_mappings
from integrations.backup_tickets.models import CompanyMapping, Customer
from integrations.core.models import Connection
from integrations.core.opening import open_connection
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.resolving.acts import sent
from tests.backup_tickets.scene import Scene

Status = CompanyMapping.Status
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def check(scene: Scene) -> Callable[[], MappingCheck]:
    def run() -> MappingCheck:
        connection = Connection.objects.get(pk=scene.connection.pk)
        with open_connection(connection, source="mapping check") as api:
            return check_mappings(scene.client, api)

    return run


def mapped(scene: Scene, company_id: int, name: str) -> CompanyMapping:
    customer = Customer.objects.create(client=scene.client, name=f"Ours {company_id}")
    row: CompanyMapping = CompanyMapping.objects.create(customer=customer, company_id=company_id, company_name=name)
    return row


def test_renamed_inactive_and_unchanged_companies_are_told_apart_in_one_call(
    scene: Scene, autotask: Autotask, check: Callable[[], MappingCheck]
) -> None:
    own, renamed, inactive = mapped(scene, 0, "Example MSP"), mapped(scene, 108, "Acme"), mapped(scene, 110, "Old Mill")
    result = check()
    for row in (own, renamed, inactive):
        row.refresh_from_db()
    assert (own.status, renamed.status, inactive.status) == (Status.OK, Status.RENAMED, Status.INVALID)
    assert (renamed.company_name, renamed.cause) == ("Acme BV", "It was called Acme before.")
    assert renamed.customer.name == "Ours 108", "our name is never overwritten"
    assert renamed.is_usable
    assert not inactive.is_usable
    assert len(result.changes) == 2
    assert sent(autotask)[-1:] == ["POST Companies/query"]
    check()
    renamed.refresh_from_db()
    assert renamed.status == Status.RENAMED, "until a person acknowledges it"


def test_a_company_that_is_gone_is_missing_and_comes_back_when_it_is_readable(
    scene: Scene, autotask: Autotask, check: Callable[[], MappingCheck]
) -> None:
    row = mapped(scene, 108, "Acme BV")
    kept = dict(autotask.simulator.data.companies[108])
    autotask.simulator.do("delete_company", {"id": 108})
    check()
    row.refresh_from_db()
    assert (row.status, row.is_usable) == (Status.MISSING, False)
    autotask.simulator.data.companies[108] = kept
    check()
    row.refresh_from_db()
    assert (row.status, row.cause) == (Status.OK, "")


def test_too_many_missing_at_once_and_lost_permission_change_nothing(
    scene: Scene, autotask: Autotask, check: Callable[[], MappingCheck]
) -> None:
    rows = [mapped(scene, number, f"Company {number}") for number in (9001, 9002, 9003)]
    assert "3 of 4 mapped companies were not found" in check().alert
    autotask.simulator.restricted = True
    assert "lost the right" in check().alert
    for row in rows:
        row.refresh_from_db()
        assert row.status == Status.OK
