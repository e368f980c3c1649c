"""The pages an admin sees: both connections' forms and tests, the integration, its streams, a run."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from integrations.core.models import Connection

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("role", ["toga", "togadesk"])
def test_a_connections_form_is_shown_saved_and_tested(scene: Scene, admin_client: Browser, role: str) -> None:
    connection = scene.integration.connection(role)
    page = reverse("admin:core_connection_change", args=[connection.pk])
    shown = admin_client.get(page)
    assert shown.status_code == 200
    fields = shown.context["adminform"].form.initial
    data = {name: value for name, value in fields.items() if value not in (None, False)}
    field = "setting_sorting" if role == "toga" else "setting_time_zone"
    value = "not_heeded" if role == "toga" else "Europe/Lisbon"
    saved = admin_client.post(page, data | {field: value, "call_log_level": "all", "environment": "production"})
    assert saved.status_code == 302, saved.context["adminform"].form.errors
    connection = Connection.objects.get(pk=connection.pk)
    assert connection.settings[field.removeprefix("setting_")] == value
    tested = admin_client.post(reverse("admin:core_connection_test", args=[connection.pk]))
    assert "Everything works." in tested.content.decode()


def test_a_connection_without_http_has_no_base_url(scene: Scene, admin_client: Browser) -> None:
    page = admin_client.get(reverse("admin:core_connection_add") + "?vendor=togadesk").content.decode()
    assert "Database URL" in page
    assert "Base URL" not in page


def test_the_streams_and_a_run_are_shown(scene: Scene, admin_client: Browser) -> None:
    scene.note(scene.ticket(), "a")
    run = scene.to_desk()
    for address in (
        reverse("admin:core_integration_change", args=[scene.integration.pk]),
        reverse("admin:core_integration_stream", args=[scene.integration.pk, "tickets_to_togadesk"]),
        reverse("admin:core_syncrun_change", args=[run.pk]),
        reverse("admin:toga_togadesk_syncoptions_changelist"),
    ):
        assert admin_client.get(address).status_code == 200, address
