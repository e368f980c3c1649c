"""Connections are set up from the vendor's declaration; secrets are write-only and guarded by the password."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from axes.models import AccessAttempt

from integrations.core.models import Connection
from tests.core.world import PASSWORD, browser

ADD = "/admin/core/connection/add/?vendor=autotask"
NEW = {
    "slug": "main",
    "base_url": "https://webservices.autotask.net",
    "environment": "production",
    "call_log_level": "all",
    "identity_username": "api@elite.example",
    "secret_secret": "canary-secret-one",
    "secret_integration_code": "canary-code-one",
}


def page_of(connection: Connection) -> str:
    return f"/admin/core/connection/{connection.pk}/change/"


@pytest.fixture
def connection(world: SimpleNamespace) -> Connection:
    answer = browser(world.admin).post(ADD, NEW | {"client": world.elite.pk})
    assert answer.status_code == 302, answer.context["errors"]
    return Connection.objects.get(slug="main")


def changed(connection: Connection, **fields: Any) -> dict[str, Any]:
    kept = {name: value for name, value in NEW.items() if not name.startswith("secret_")}
    return kept | {"secret_secret": "", "secret_integration_code": ""} | fields


def test_vendor_is_chosen_first(world: SimpleNamespace) -> None:
    page = browser(world.admin).get(f"/admin/core/connection/add/?client={world.elite.pk}").content.decode()
    assert f"?client={world.elite.pk}&amp;vendor=autotask" in page


def test_form_shows_the_vendors_fields_and_default(world: SimpleNamespace) -> None:
    page = browser(world.admin).get(ADD).content.decode()
    for text in ("API username", "Tracking identifier", "https://webservices.autotask.net"):
        assert text in page


def test_connection_is_stored_with_sealed_secrets_and_who_set_them(connection: Connection) -> None:
    assert connection.identity == {"username": "api@elite.example"}
    assert connection.credentials.open() == {"secret": "canary-secret-one", "integration_code": "canary-code-one"}
    assert connection.credentials_set["secret"]["by"] == "anna"


def test_page_and_history_never_show_a_secret(world: SimpleNamespace, connection: Connection) -> None:
    page = browser(world.admin)
    form = page.get(page_of(connection)).content.decode()
    history = page.get(f"/admin/core/connection/{connection.pk}/history/").content.decode()
    assert "by anna. Leave empty to keep it." in form
    for text in (form, history):
        assert "canary" not in text
        assert connection.credentials.token not in text


def test_refused_form_does_not_send_the_secret_back(world: SimpleNamespace) -> None:
    answer = browser(world.admin).post(ADD, NEW | {"base_url": "nonsense"})
    assert b"Enter a whole address" in answer.content
    assert b"canary" not in answer.content


def test_empty_secret_keeps_the_old_one_without_a_password(world: SimpleNamespace, connection: Connection) -> None:
    answer = browser(world.admin).post(page_of(connection), changed(connection, identity_username="new@elite.example"))
    assert answer.status_code == 302
    connection.refresh_from_db()
    assert connection.identity == {"username": "new@elite.example"}
    assert connection.credentials.open()["secret"] == "canary-secret-one"


@pytest.mark.parametrize(
    "change",
    [{"secret_secret": "canary-two"}, {"base_url": "https://evil.example"}, {"allow_private_address": "on"}],
    ids=lambda change: next(iter(change)),
)
def test_secret_or_destination_changes_only_with_the_own_password(
    world: SimpleNamespace, connection: Connection, change: dict[str, str]
) -> None:
    page = browser(world.admin)
    for password, says in (("", b"Enter your own password"), ("wrong", b"That is not your password")):
        refused = page.post(page_of(connection), changed(connection, **change, confirm_password=password))
        assert says in refused.content
    unchanged = Connection.objects.get(pk=connection.pk)
    assert unchanged.base_url == NEW["base_url"]
    assert unchanged.credentials.open()["secret"] == "canary-secret-one"
    accepted = page.post(page_of(connection), changed(connection, **change, confirm_password=PASSWORD))
    assert accepted.status_code == 302


def test_one_new_secret_keeps_the_others(world: SimpleNamespace, connection: Connection) -> None:
    browser(world.admin).post(page_of(connection), changed(connection, secret_secret="two", confirm_password=PASSWORD))
    connection.refresh_from_db()
    assert connection.credentials.open() == {"secret": "two", "integration_code": "canary-code-one"}


def test_guessing_the_password_in_the_form_locks_out_and_stores_no_secret(
    world: SimpleNamespace, connection: Connection
) -> None:
    page = browser(world.admin)
    for _ in range(6):
        page.post(page_of(connection), changed(connection, secret_secret="canary-x", confirm_password="canary-guess"))
    refused = page.post(page_of(connection), changed(connection, secret_secret="x", confirm_password=PASSWORD))
    assert b"That is not your password" in refused.content
    stored = "".join(f"{row.post_data}{row.get_data}" for row in AccessAttempt.objects.all())
    assert "canary" not in stored


def test_unreadable_secrets_can_be_replaced_all_at_once(
    world: SimpleNamespace, connection: Connection, settings: Any
) -> None:
    settings.PORTAL_KEYS = ["k9:" + "OTg3NjU0MzIxMGFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]
    page = browser(world.admin)
    one = page.post(page_of(connection), changed(connection, secret_secret="two", confirm_password=PASSWORD))
    assert b"cannot be read" in one.content
    both = changed(connection, secret_secret="two", secret_integration_code="code", confirm_password=PASSWORD)
    assert page.post(page_of(connection), both).status_code == 302


def test_pause_and_resume_are_posts(world: SimpleNamespace, connection: Connection) -> None:
    page, door = browser(world.admin), f"/admin/core/connection/{connection.pk}/pause/"
    assert page.get(door).status_code == 405
    page.post(door, {"pause": "yes"})
    connection.refresh_from_db()
    assert connection.is_paused
    page.post(door, {"pause": "no"})
    connection.refresh_from_db()
    assert not connection.is_paused


def test_operator_sees_the_connection_but_no_inputs(world: SimpleNamespace, connection: Connection) -> None:
    page = browser(world.operator).get(page_of(connection)).content.decode()
    assert "api@elite.example" in page
    assert 'name="base_url"' not in page
    assert "Test connection" not in page


def test_limited_admin_cannot_make_a_connection_of_the_house(world: SimpleNamespace) -> None:
    world.admin.all_clients = False
    world.admin.save()
    world.admin.clients.set([world.elite])
    answer = browser(world.admin).post(ADD, NEW | {"client": ""})
    assert b"This field is required" in answer.content
    assert not Connection.objects.filter(slug="main").exists()


def test_history_says_what_changed(world: SimpleNamespace, connection: Connection) -> None:
    page = browser(world.admin)
    page.post(page_of(connection), changed(connection, environment="sandbox", identity_username="b@elite.example"))
    history = page.get(f"/admin/core/connection/{connection.pk}/history/").content.decode()
    for text in ("Environment", "production", "sandbox", "Identity: username", "b@elite.example", "anna"):
        assert text.lower() in history.lower()


def test_a_time_zone_that_does_not_exist_is_named_with_the_one_that_is_meant(world: SimpleNamespace) -> None:
    given = {
        "slug": "itop",
        "client": world.elite.pk,
        "base_url": "https://itop.example.com",
        "environment": "production",
        "call_log_level": "all",
        "identity_username": "bridge",
        "secret_password": "a-password",
        "setting_version": "1.3",
        "setting_max_file_mb": "40",
    }
    page = browser(world.admin)
    answer = page.post("/admin/core/connection/add/?vendor=itop", given | {"setting_time_zone": "Asia/Jakata"})
    assert "There is no time zone &#x27;Asia/Jakata&#x27;. Is Asia/Jakarta meant?" in answer.content.decode()
    assert not Connection.objects.filter(slug="itop").exists()
    answer = page.post("/admin/core/connection/add/?vendor=itop", given | {"setting_time_zone": "Asia/Jakarta"})
    assert answer.status_code == 302
    assert Connection.objects.get(slug="itop").settings["time_zone"] == "Asia/Jakarta"
