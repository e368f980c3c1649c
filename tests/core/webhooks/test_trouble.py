"""Webhooks that have stopped: shown where an admin looks until they come again, whatever comes late or twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from integrations.core import roles
from integrations.core.models import Connection, Job, WebhookDelivery
from integrations.core.opening import set_secrets
from tests.core.world import browser, person

from . import pigeons
from .conftest import Send

GOODBYE = {"bird": "all", "sold": True}
SHOWN = "The pigeons were &lt;sold&gt;. Buy others."


def noted() -> str:
    return str(Connection.objects.get(slug="pigeon").webhook_trouble)


def later(**span: float) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(**span))


def test_a_call_that_says_so_is_noted_with_the_connection_and_is_no_work(send: Send) -> None:
    assert send(GOODBYE).json() == {"accepted": 0}
    assert noted() == pigeons.SOLD
    row = WebhookDelivery.objects.get()
    assert (row.state, row.outcome) == ("ignored", pigeons.SOLD)
    assert not Job.objects.exists()


def test_a_forged_goodbye_notes_nothing(send: Send) -> None:
    assert send(GOODBYE, **{"X-Webhook-Secret": "guessed"}).status_code == 401
    assert noted() == ""


def test_late_and_repeated_calls_do_not_hide_it(send: Send) -> None:
    send({"bird": 1})
    send(GOODBYE)
    with later(minutes=9):
        send({"bird": 1})  # a retry of before
        assert noted() == pigeons.SOLD
        send(GOODBYE)


def test_it_goes_with_the_first_call_that_surely_came_afterwards(send: Send) -> None:
    send(GOODBYE)
    with later(minutes=11):
        send({"bird": 1, "sits": True})
    assert noted() == ""


def test_a_second_goodbye_is_no_sign_of_life(send: Send) -> None:
    send(GOODBYE)
    with later(minutes=11):
        send(GOODBYE)
        assert noted() == pigeons.SOLD


def test_calls_to_another_connection_change_nothing(send: Send, connection: Connection) -> None:
    other = Connection(client=connection.client, slug="other", vendor="pigeon")
    set_secrets(other, {"webhook_secret": pigeons.SECRET}, by="anna")
    other.save()
    send(GOODBYE)
    with later(minutes=11):
        assert send({"bird": 1}, path="/webhooks/elite/other/bird").status_code == 202
    assert noted() == pigeons.SOLD


def test_a_new_secret_begins_anew(send: Send, connection: Connection) -> None:
    send(GOODBYE)
    connection.refresh_from_db()
    set_secrets(connection, {"webhook_secret": "another-long-secret-text"}, by="anna")
    connection.save()
    assert noted() == ""


# --- where it is shown ------------------------------------------------------------------------------------------------


@pytest.fixture
def anna(connection: Connection) -> Browser:
    return browser(person("anna", roles.ADMIN))


@pytest.mark.parametrize(
    "path",
    ["/admin/", "/admin/core/connection/", "/admin/core/connection/{}/change/", "/admin/core/connection/{}/webhooks/"],
)
def test_an_admin_sees_it_with_what_to_do(anna: Browser, send: Send, connection: Connection, path: str) -> None:
    address = path.format(connection.pk)
    assert SHOWN not in anna.get(address).content.decode()
    send(GOODBYE)
    seen = anna.get(address).content.decode()
    assert SHOWN in seen
    assert "<sold>" not in seen


def test_the_first_page_counts_it_and_leads_to_those_it_counts(anna: Browser, send: Send) -> None:
    assert "without their webhooks" not in anna.get("/admin/").content.decode()
    send(GOODBYE)
    assert "webhooks=stopped" in anna.get("/admin/").content.decode()
    listed = anna.get("/admin/core/connection/?webhooks=stopped").content.decode()
    assert "pigeon" in listed
    assert "silent-sealed" not in listed


def test_the_connection_is_not_sick_and_machines_are_told(send: Send, client: Browser, settings: Settings) -> None:
    settings.METRICS_TOKEN = "right"

    def told() -> str:
        return client.get("/metrics", headers={"Authorization": "Bearer right"}).content.decode()

    assert 'portal_webhooks_ok{connection="pigeon"} 1' in told()
    assert 'portal_webhooks_ok{connection="silent-sealed"}' not in told(), "it has no secret"
    send(GOODBYE)
    assert 'portal_webhooks_ok{connection="pigeon"} 0' in told()
    assert Connection.objects.get(slug="pigeon").health == Connection.Health.UNKNOWN
