"""The settings' page and what it refuses; what each wrong setting does to a run."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser
from django.urls import reverse

from integrations.core.config import apply_config
from integrations.core.models import Client, Integration, IntegrationRole, SyncRun
from integrations.toga_togadesk.models import SyncOptions

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("monitored_department_ids", "3"),
        ("monitored_department_ids", [True]),
        ("monitored_department_ids", ["3"]),
        ("monitored_department_ids", [0]),
        ("status_words", ["Open"]),
        ("status_words", {"Open": 1}),
        ("page_size", 0),
        ("page_size", 100_000),
        ("custom_field_prefix", "c elite"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(scene: Scene, field: str, value: object) -> None:
    setattr(scene.options, field, value)
    with pytest.raises(ValidationError) as refused:
        scene.options.full_clean()
    assert list(refused.value.message_dict) == [field]


def test_without_the_ids_of_togadesk_nothing_runs_and_the_run_says_so(scene: Scene) -> None:
    SyncOptions.objects.update(default_department_id=0)
    run = scene.to_desk()
    assert run.state == SyncRun.State.FAILED
    assert run.outcome.startswith("Enter the client and the default department of TOGaDesk")
    assert scene.calls() == []


def test_one_toga_account_serves_one_integration_only(scene: Scene) -> None:
    other = Integration.objects.create(
        client=Client.objects.create(slug="wje", name="WJE"), slug="toga", kind="toga_togadesk"
    )
    SyncOptions.objects.create(integration=other, togadesk_client_id=8, default_department_id=1)
    IntegrationRole.objects.create(integration=other, role="toga", connection=scene.integration.connection("toga"))
    run = scene.to_desk()
    assert run.state == SyncRun.State.FAILED
    assert "The same TOGA 2 account is used by" in run.outcome


def test_the_page_shows_the_watermarks_and_takes_one_over(scene: Scene, admin_client: Browser) -> None:
    scene.ticket()
    scene.to_desk()
    parameter = scene.records("parameters")[0]
    scene.toga.do("edit", {"resource": "parameters", "uuid": parameter["uuid"], "value": "2099-01-01 00:00:00"})
    page = reverse("admin:toga_togadesk_syncoptions_change", args=[scene.integration.pk])
    assert "TOGADESK_LAST_TICKET_INTEGRATION_DATETIME" in admin_client.get(page).content.decode()
    door = reverse("admin:toga_togadesk_syncoptions_watermark", args=[scene.integration.pk])
    said = admin_client.post(door, {"stream": "tickets_to_togadesk"}, follow=True).content.decode()
    assert "is taken over as 2099-01-01 00:00:00" in said
    assert scene.to_desk().state == SyncRun.State.DONE
    assert admin_client.post(door, {"stream": "contacts"}).status_code == 404


def test_a_file_sets_everything_up(scene: Scene) -> None:
    plan = apply_config(
        f"""
        [[clients]]
        slug = "wje"
        name = "WJE"
          [[clients.connections]]
          slug = "toga"
          vendor = "toga"
          base_url = "{scene.toga.url}/v2"
          allow_private_address = true
          credentials = {{ client_uuid = "u", api_key = "k", api_secret = "s" }}
          settings = {{ where_style = "json" }}
          [[clients.connections]]
          slug = "togadesk"
          vendor = "togadesk"
          credentials = {{ database_url = "{scene.desk.url}" }}
          settings = {{ uploads_dir = "{scene.desk.uploads}" }}
          [[clients.integrations]]
          slug = "toga"
          kind = "toga_togadesk"
          roles = {{ toga = "toga", togadesk = "togadesk" }}
          options = {{ togadesk_client_id = 7, default_department_id = 3, monitored_department_ids = [3, 5] }}
          streams = {{ contacts = {{ enabled = false }} }}
        """
    )
    assert plan
    options = SyncOptions.objects.get(integration__client__slug="wje")
    assert (options.departments, options.problem()) == ([3, 5], "")
