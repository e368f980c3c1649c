"""Tokens, users, jobs, calls, audit, integrations: what their pages promise."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core.models import ApiCall, ApiToken, AuditEntry, Client, Connection, Integration, User
from tests.core.world import PASSWORD, browser


def test_token_is_shown_once_and_only_its_digest_is_kept(world: SimpleNamespace) -> None:
    page = browser(world.admin)
    answer = page.post("/admin/core/apitoken/add/", {"client": world.elite.pk, "name": "veeam", "scope": "post"})
    found = re.search(r'id="token">(ip_\w+)<', answer.content.decode())
    assert found
    row = ApiToken.objects.get()
    assert row.digest == ApiToken.digest_of(found[1])
    assert "no-store" in answer["Cache-Control"]
    for address in (f"/admin/core/apitoken/{row.pk}/change/", f"/admin/core/client/{world.elite.pk}/change/"):
        assert found[1] not in page.get(address).content.decode()


def test_revoking_a_token_is_a_bulk_action(world: SimpleNamespace) -> None:
    row = ApiToken.objects.create(client=world.elite, name="veeam", digest="x")
    browser(world.admin).post("/admin/core/apitoken/", {"action": "revoke", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.revoked_at


def test_bodies_of_calls_are_shown_as_inert_text(world: SimpleNamespace) -> None:
    call = ApiCall.objects.create(
        at=timezone.now(),
        connection=world.elite_connection,
        method="POST",
        host="h",
        route="/",
        response_body='{"x": "<script>alert(1)</script>"}',
        request_body="<img src=x onerror=alert(1)>",
    )
    page = browser(world.admin).get(f"/admin/core/apicall/{call.pk}/change/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<img src=x" not in page


def test_calls_are_found_by_record(world: SimpleNamespace) -> None:
    for record in ("run:17", "run:4"):
        ApiCall.objects.create(at=timezone.now(), method="GET", host=f"of-{record}", route="/", record=record)
    page = browser(world.admin).get("/admin/core/apicall/?q=run:17").content.decode()
    assert "of-run:17" in page
    assert "of-run:4" not in page


@pytest.mark.parametrize("part", ["add/", "{pk}/delete/"])
def test_audit_can_neither_be_added_nor_deleted(world: SimpleNamespace, part: str) -> None:
    entry = AuditEntry.objects.create(actor="x", action="y", record="r")
    User.objects.filter(pk=world.admin.pk).update(is_superuser=True)
    page = browser(world.admin)
    assert page.post(f"/admin/core/auditentry/{part.format(pk=entry.pk)}", {"post": "yes"}).status_code == 403
    page.post("/admin/core/auditentry/", {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
    page.post(f"/admin/core/auditentry/{entry.pk}/change/", {"actor": "forged"})
    assert AuditEntry.objects.get().actor == "x"


def test_integration_is_made_with_its_roles_and_options(world: SimpleNamespace) -> None:
    page = browser(world.admin)
    answer = page.post(
        "/admin/core/integration/add/?kind=backup_tickets",
        {"client": world.elite.pk, "slug": "tickets", "is_enabled": "on", "role_autotask": world.house_connection.pk},
    )
    assert answer.status_code == 302
    row = Integration.objects.get()
    assert row.connection("autotask") == world.house_connection
    assert page.get(f"/admin/core/integration/{row.pk}/change/").status_code == 200
    assert row.ticket_options.integration == row


def test_history_of_an_integration_tells_when_another_connection_took_a_role(world: SimpleNamespace) -> None:
    page = browser(world.admin)
    form = {"client": world.elite.pk, "slug": "tickets", "is_enabled": "on"}
    for connection in (world.elite_connection, world.house_connection):
        address = f"{Integration.objects.get().pk}/change/" if Integration.objects.exists() else "add/"
        page.post(f"/admin/core/integration/{address}?kind=backup_tickets", form | {"role_autotask": connection.pk})
    history = page.get(f"/admin/core/integration/{Integration.objects.get().pk}/history/").content.decode()
    assert f'data-label="Before">{world.elite_connection}<' in history
    assert f'data-label="After">{world.house_connection}<' in history


def test_integration_refuses_a_connection_of_another_client(world: SimpleNamespace) -> None:
    answer = browser(world.admin).post(
        "/admin/core/integration/add/?kind=backup_tickets",
        {"client": world.elite.pk, "slug": "tickets", "role_autotask": world.other_connection.pk},
    )
    assert b"belongs to another client" in answer.content
    assert not Integration.objects.exists()


def test_new_user_gets_a_role_and_can_sign_in(world: SimpleNamespace) -> None:
    browser(world.admin).post(
        "/admin/core/user/add/",
        {
            "username": "nina",
            "password1": "a-long-password-7",
            "password2": "a-long-password-7",
            "usable_password": "true",
            "groups": [Group.objects.get(name="Reporter").pk],
            "all_clients": "on",
        },
    )
    nina = User.objects.get(username="nina")
    assert nina.is_staff
    assert [group.name for group in nina.groups.all()] == ["Reporter"]


def test_admin_can_neither_become_nor_change_a_superuser(world: SimpleNamespace) -> None:
    boss = User.objects.create_superuser("boss", password=PASSWORD)
    page = browser(world.admin)
    own = f"/admin/core/user/{world.admin.pk}/change/"
    assert 'name="is_superuser"' not in page.get(own).content.decode()
    page.post(own, {"username": "anna", "is_superuser": "on", "is_active": "on", "all_clients": "on"})
    page.post(f"/admin/core/user/{boss.pk}/password/", {"password1": "taken-over-123", "password2": "taken-over-123"})
    world.admin.refresh_from_db()
    boss.refresh_from_db()
    assert not world.admin.is_superuser
    assert boss.check_password(PASSWORD)


def test_deleting_is_off_everywhere_in_core(world: SimpleNamespace) -> None:
    User.objects.filter(pk=world.admin.pk).update(is_superuser=True)
    page = browser(world.admin)
    for address in (f"client/{world.elite.pk}", f"connection/{world.elite_connection.pk}", f"user/{world.operator.pk}"):
        assert page.post(f"/admin/core/{address}/delete/", {"post": "yes"}).status_code == 403
    assert Connection.objects.filter(pk=world.elite_connection.pk).exists()


@pytest.mark.parametrize("page", ["apicall", "auditentry", "webhookdelivery", "recordlink"])
def test_the_filters_of_a_list_take_as_many_statements_for_many_connections_as_for_one(
    world: SimpleNamespace, page: str
) -> None:
    visitor = browser(world.admin)
    address = f"/admin/core/{page}/"
    visitor.get(address)
    with CaptureQueriesContext(database) as few:
        visitor.get(address)
    for number in range(8):
        client = Client.objects.create(slug=f"client-{number}", name=f"Client {number}")
        Connection.objects.create(client=client, slug="psa", vendor="autotask")
        Integration.objects.create(client=client, slug="tickets", kind="backup_tickets")
    with CaptureQueriesContext(database) as many:
        visitor.get(address)
    assert len(many) == len(few)
