"""The inbox as people see it: what came, what came of it, looking again with a preview, and what to set up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core import roles
from integrations.core.models import AuditEntry, Client, Connection, Integration, Job, User, WebhookDelivery
from integrations.core.running import run_due_jobs
from integrations.transport.errors import RejectedError
from tests.core.world import browser, person

from . import pigeons
from .conftest import Send

LIST = "/admin/core/webhookdelivery/"


@pytest.fixture
def anna(db: None) -> Browser:
    return browser(person("anna", roles.ADMIN))


def ids() -> list[int]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("pk", flat=True))


def act(page: Browser, name: str, **more: Any) -> Any:
    return page.post(LIST, {"action": name, "_selected_action": ids(), **more}, follow=True)


def test_the_list_says_what_came_of_each(anna: Browser, send: Send, loft: pigeons.Loft) -> None:
    loft.birds["7"] = 3
    send({"bird": 7})
    run_due_jobs()
    page = anna.get(LIST).content.decode()
    assert "bird:7" in page
    assert "Bird 7 is now at 3." in page


def test_the_list_can_be_limited_to_a_day_and_reads_no_other_for_its_choices(
    anna: Browser, send: Send, loft: pigeons.Loft
) -> None:
    send({"bird": 7})
    today = timezone.localdate()
    yesterday = today - timedelta(days=1)
    assert "bird:7" in anna.get(f"{LIST}?day={today}").content.decode()
    assert "bird:7" not in anna.get(f"{LIST}?day={yesterday}").content.decode()
    assert "bird:7" in anna.get(f"{LIST}?day=1970-13-99").content.decode()
    with CaptureQueriesContext(connection) as captured:
        anna.get(LIST)
    assert not [each["sql"] for each in captured if "DISTINCT" in each["sql"]]


def test_a_deliverys_page_shows_headers_and_body_as_text_and_leads_to_its_run(
    anna: Browser, send: Send, loft: pigeons.Loft
) -> None:
    send({"bird": "<script>alert(1)</script>"})
    run_due_jobs()
    page = anna.get(f"{LIST}{ids()[0]}/change/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "/admin/core/syncrun/" in page
    assert "content-type: application/json" in page


def test_a_replay_says_first_what_it_would_do_and_then_does_it(anna: Browser, send: Send, loft: pigeons.Loft) -> None:
    for bird in (1, 1, 2):
        send({"bird": bird})
    run_due_jobs()
    preview = act(anna, "replay").content.decode()
    assert "3 deliveries of <b>2 records</b>" in preview
    assert not Job.objects.filter(state="queued").exists()
    done = act(anna, "replay", confirmed="1").content.decode()
    assert "3 deliveries of 2 records are looked at again." in done
    assert Job.objects.filter(state="queued", trigger="replay").count() == 2
    entry = AuditEntry.objects.get(action="webhooks.replay")
    assert (entry.actor, entry.outcome, entry.connection.slug) == ("anna", "done", "pigeon")  # type: ignore[union-attr]


def test_what_came_of_it_first_stays_readable_after_a_replay_and_after_ignoring(
    anna: Browser, send: Send, loft: pigeons.Loft
) -> None:
    Integration.objects.update(is_enabled=False)
    send({"bird": 1})
    run_due_jobs()
    Integration.objects.update(is_enabled=True)
    loft.birds["1"] = 3
    loft.troubles.append(RejectedError("Bird 1 is moulting."))
    act(anna, "replay", confirmed="1")
    run_due_jobs()
    page = anna.get(f"{LIST}{ids()[0]}/change/").content.decode()
    assert "ignored: " in page
    assert "The integration is switched off." in page
    act(anna, "ignore", confirmed="1", reason="It moults every year")
    page = anna.get(f"{LIST}{ids()[0]}/change/").content.decode()
    assert "failed: Bird 1 is moulting." in page
    assert "The integration is switched off." in page
    assert "anna: It moults every year" in page


def test_all_that_match_a_filter_can_be_replayed_at_once(anna: Browser, send: Send, loft: pigeons.Loft) -> None:
    for bird in range(60):  # more than a page
        send({"bird": bird})
    run_due_jobs()
    data = {"action": "replay", "_selected_action": ids()[:1], "select_across": "1", "confirmed": "1"}
    page = anna.post(f"{LIST}?state__exact=done", data, follow=True).content.decode()
    assert "60 deliveries of 60 records are looked at again." in page


def test_what_was_not_understood_is_left_out_of_a_replay(anna: Browser, send: Send, loft: pigeons.Loft) -> None:
    send(b"{broken")
    assert "none of these could be understood" in act(anna, "replay", confirmed="1").content.decode()


def test_ignoring_wants_a_reason(anna: Browser, send: Send, loft: pigeons.Loft) -> None:
    send({"bird": 1})
    assert "Say why" in act(anna, "ignore", confirmed="1").content.decode()
    assert WebhookDelivery.objects.get().state == "waiting"
    act(anna, "ignore", confirmed="1", reason="Only a test")
    assert WebhookDelivery.objects.get().outcome == "anna: Only a test"


def test_an_operator_looks_and_decides_nothing(send: Send, loft: pigeons.Loft) -> None:
    send({"bird": 1})
    otto = browser(person("otto", roles.OPERATOR))
    assert otto.get(LIST).status_code == 200
    act(otto, "replay", confirmed="1")
    assert not Job.objects.filter(trigger="replay").exists()


def test_another_clients_deliveries_are_not_shown(send: Send, loft: pigeons.Loft) -> None:
    send({"bird": 1})
    sven = browser(person("sven", roles.ADMIN, clients=[Client.objects.create(slug="north", name="North")]))
    assert "bird:1" not in sven.get(LIST).content.decode()
    assert sven.get(f"{LIST}{ids()[0]}/change/").status_code in (302, 404)


# --- setting up -------------------------------------------------------------------------------------------------------


def test_the_connections_page_leads_to_what_is_to_be_set_up(anna: Browser, connection: Connection) -> None:
    form = anna.get(f"/admin/core/connection/{connection.pk}/change/").content.decode()
    assert f"/admin/core/connection/{connection.pk}/webhooks/" in form
    page = anna.get(f"/admin/core/connection/{connection.pk}/webhooks/").content.decode()
    assert "/webhooks/elite/pigeon/bird" in page
    assert "Let them fly here." in page
    assert pigeons.SECRET not in page + form


def test_a_connection_without_a_secret_is_told_what_to_do(anna: Browser, connection: Connection) -> None:
    silent = Connection.objects.get(slug="silent-sealed")
    assert "No webhook secret is set" in anna.get(f"/admin/core/connection/{silent.pk}/webhooks/").content.decode()


def test_a_new_secret_is_set_with_the_own_password_and_the_old_one_ends(
    connection: Connection, send: Send, admin_user: User
) -> None:
    admin_user.set_password("a-long-test-password")
    admin_user.save()
    page = browser(admin_user)
    address = f"/admin/core/connection/{connection.pk}/change/"
    data = {
        "slug": "pigeon",
        "base_url": "https://loft.example.com",
        "environment": "production",
        "client": connection.client_id,
    }
    data |= {"call_log_level": "all", "secret_webhook_secret": "short"}
    assert "at least 16 characters" in page.post(address, data).content.decode()
    data |= {"secret_webhook_secret": "another-long-secret-text", "confirm_password": "a-long-test-password"}
    assert page.post(address, data).status_code == 302
    assert send({"bird": 1}).status_code == 401
    assert send({"bird": 1}, **{"X-Webhook-Secret": "another-long-secret-text"}).status_code == 202
