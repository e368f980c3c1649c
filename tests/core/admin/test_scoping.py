"""A person limited to some clients meets the others nowhere."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.utils import timezone

from integrations.core.models import ApiCall, ApiToken, AuditEntry, Integration
from tests.core.world import browser

HIDDEN = ("secret-psa", "house-psa", "Northwind")


@pytest.fixture
def records(world: SimpleNamespace) -> SimpleNamespace:
    for client, connection in ((world.elite, world.elite_connection), (world.other, world.other_connection)):
        Integration.objects.create(client=client, slug=f"{connection.slug}-tickets", kind="backup_tickets")
        ApiCall.objects.create(at=timezone.now(), connection=connection, method="GET", host=connection.slug, route="/")
        AuditEntry.objects.create(actor="x", action="y", client=client, connection=connection, record=connection.slug)
    return world


@pytest.mark.parametrize("model", ["client", "connection", "integration", "apicall", "auditentry"])
def test_lists_filters_and_search_show_only_own_clients(records: SimpleNamespace, model: str) -> None:
    page = browser(records.limited)
    for query in ("", "?q=psa", "?q=e"):
        shown = page.get(f"/admin/core/{model}/{query}").content.decode()
        assert not [text for text in HIDDEN if text in shown]


def test_pages_of_other_clients_and_the_house_are_not_found(records: SimpleNamespace) -> None:
    page = browser(records.limited)
    for connection in (records.other_connection, records.house_connection):
        for part in ("change", "history"):
            answer = page.get(f"/admin/core/connection/{connection.pk}/{part}/", follow=True)
            assert connection.slug not in answer.content.decode()


def test_command_search_finds_only_own_records(records: SimpleNamespace) -> None:
    shown = browser(records.limited).get("/admin/search/?s=psa&extended=1").content.decode()
    assert "Elite" in shown
    assert not [text for text in HIDDEN if text in shown]


def test_choices_of_forms_offer_only_own_clients(records: SimpleNamespace) -> None:
    records.admin.all_clients = False
    records.admin.save()
    records.admin.clients.set([records.elite])
    page = browser(records.admin)
    for address in ("connection/add/?vendor=autotask", "integration/add/?kind=backup_tickets", "apitoken/add/"):
        form = page.get(f"/admin/core/{address}").content.decode()
        assert "Elite" in form
        assert not [text for text in HIDDEN if text in form]


def test_bulk_action_leaves_other_clients_alone(records: SimpleNamespace) -> None:
    token = ApiToken.objects.create(client=records.other, name="veeam", digest="x")
    records.admin.all_clients = False
    records.admin.save()
    records.admin.clients.set([records.elite])
    browser(records.admin).post("/admin/core/apitoken/", {"action": "revoke", "_selected_action": [token.pk]})
    token.refresh_from_db()
    assert token.revoked_at is None


def test_pages_of_the_house_are_closed_to_limited_people_of_any_role(records: SimpleNamespace) -> None:
    records.admin.all_clients = False
    records.admin.save()
    page = browser(records.admin)
    for address in ("core/user", "core/job", "auth/group", "axes/accessattempt", "django_q/ormq"):
        assert page.get(f"/admin/{address}/").status_code == 403
    assert "Users" not in page.get("/admin/").content.decode()
