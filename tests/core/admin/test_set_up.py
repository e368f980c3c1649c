"""Whoever adds a connection is led: what to make at the vendor, what is still to be done, what it is for."""

from __future__ import annotations

from types import SimpleNamespace

from django.utils import timezone

from integrations.core.models import Connection, Integration, IntegrationRole, WebhookDelivery
from tests.core.world import browser


def page_of(world: SimpleNamespace, connection: Connection) -> str:
    answer = browser(world.admin).get(f"/admin/core/connection/{connection.pk}/change/")
    assert answer.status_code == 200
    shown: str = answer.content.decode()
    return shown


def test_the_form_of_a_new_connection_says_what_to_make_at_the_vendor_first(world: SimpleNamespace) -> None:
    page = browser(world.admin).get("/admin/core/connection/add/?vendor=autotask").content.decode()
    assert "At Autotask first" in page
    assert "Make an API user for the portal alone" in page


def test_a_new_connection_lists_what_is_still_to_be_done(world: SimpleNamespace) -> None:
    page = page_of(world, world.elite_connection)
    assert "Still missing: API username, API password, Tracking identifier." in page
    assert "Press Test connection above." in page
    assert "Add the integration, and choose this connection in it." in page


def test_the_list_is_gone_when_all_is_done_webhooks_or_not(world: SimpleNamespace) -> None:
    connection = world.elite_connection
    Connection.objects.filter(pk=connection.pk).update(
        identity={"username": "api@elite.example"},
        credentials_set={key: {"at": "2026-01-05T08:00:00+00:00", "by": "a"} for key in ("secret", "integration_code")},
        last_ok_at=timezone.now(),
    )
    integration = Integration.objects.create(client=world.elite, slug="tickets", kind="backup_tickets")
    IntegrationRole.objects.create(integration=integration, role="autotask", connection=connection)
    page = page_of(world, connection)
    assert "what is still to be done" not in page
    assert "At Autotask first" not in page


def test_a_paused_connection_says_what_waits(world: SimpleNamespace) -> None:
    Connection.objects.filter(pk=world.elite_connection.pk).update(is_paused=True)
    for number in range(3):
        WebhookDelivery.objects.create(
            connection=world.elite_connection,
            event="ticket",
            subject=f"ticket:{number}",
            received_at=timezone.now(),
            body=b"{}",
        )
    page = page_of(world, world.elite_connection)
    assert "Webhooks are taken and wait" in page
    assert "3 wait now" in page


def test_a_sandbox_is_never_taken_for_the_real_system(world: SimpleNamespace) -> None:
    Connection.objects.filter(pk=world.elite_connection.pk).update(environment="sandbox")
    assert "A test system: nobody works with what is written here." in page_of(world, world.elite_connection)
    assert "The real system: people work with" in page_of(world, world.house_connection)


def test_an_integration_between_a_sandbox_and_a_real_system_is_warned_about(world: SimpleNamespace) -> None:
    bridge = Integration.objects.create(client=world.elite, slug="bridge", kind="itop_bridge")
    for role, environment in (("external", "sandbox"), ("internal", "production")):
        side = Connection.objects.create(client=world.elite, slug=role, vendor="itop", environment=environment)
        IntegrationRole.objects.create(integration=bridge, role=role, connection=side)
    page = browser(world.admin).get(f"/admin/core/integration/{bridge.pk}/change/").content.decode()
    assert "One of its connections is a sandbox and another one production" in page
    Connection.objects.filter(slug="external").update(environment="production")
    page = browser(world.admin).get(f"/admin/core/integration/{bridge.pk}/change/").content.decode()
    assert "is a sandbox and another one" not in page
