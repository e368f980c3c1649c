"""New secrets take the old ones' place only after the vendor was reached with them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from integrations.core.crypto import Sealed
from integrations.core.models import ApiCall, AuditEntry, Connection
from integrations.vendors.espocrm.simulator import API_KEY
from tests.core.world import PASSWORD, browser, make_world
from tests.vendors.espocrm.saying import SayingEspocrm, as_started

pytestmark = pytest.mark.django_db(transaction=True)  # vendors are never called inside a transaction


@pytest.fixture
def espocrm() -> SayingEspocrm:
    return as_started()


@pytest.fixture
def world(espocrm: SayingEspocrm) -> SimpleNamespace:
    made = make_world()
    made.crm = Connection.objects.create(
        client=made.elite,
        slug="crm",
        vendor="espocrm",
        base_url=espocrm.url,
        allow_private_address=True,
        credentials=Sealed.of({"api_key": "the-old-key", "webhook_secret": "the-secret-of-webhooks"}),
        credentials_set={"api_key": {"at": "2026-01-05T08:00:00+00:00", "by": "otto"}},
        facts={"token": "of the old account"},
    )
    return made


def rotate(world: SimpleNamespace, key: str, *, password: str = PASSWORD) -> str:
    answer = browser(world.admin).post(
        f"/admin/core/connection/{world.crm.pk}/rotate/", {"api_key": key, "confirm_password": password}, follow=True
    )
    assert answer.status_code == 200
    world.crm.refresh_from_db()
    page: str = answer.content.decode()
    assert key not in page
    return page


def test_secrets_that_work_are_taken_over_and_the_others_stay(world: SimpleNamespace) -> None:
    page = rotate(world, API_KEY)
    assert "works with the new secrets" in page
    assert world.crm.credentials.open() == {"api_key": API_KEY, "webhook_secret": "the-secret-of-webhooks"}
    assert world.crm.credentials_set["api_key"]["by"] == "anna"
    assert (world.crm.health, world.crm.facts.get("token")) == (Connection.Health.OK, None)
    entry = AuditEntry.objects.get(action="connection.rotate")
    assert (entry.user, entry.outcome) == (world.admin, AuditEntry.Outcome.DONE)
    assert API_KEY not in entry.detail


def test_secrets_that_do_not_work_change_nothing(world: SimpleNamespace) -> None:
    page = rotate(world, "a-key-that-nobody-gave")
    assert "Nothing was changed" in page
    assert "✗ failed" in page
    assert world.crm.credentials.open()["api_key"] == "the-old-key"
    assert world.crm.facts == {"token": "of the old account"}
    assert world.crm.health == Connection.Health.UNKNOWN, "a typing error makes no connection sick"
    assert not AuditEntry.objects.exists()
    assert ApiCall.objects.filter(source="test of new secrets").exists()


def test_a_vendor_that_does_not_answer_changes_nothing(world: SimpleNamespace) -> None:
    Connection.objects.filter(pk=world.crm.pk).update(base_url="http://127.0.0.1:9")
    assert "Nothing was changed" in rotate(world, API_KEY)
    assert world.crm.credentials.open()["api_key"] == "the-old-key"


def test_a_wrong_password_calls_nobody(world: SimpleNamespace, espocrm: SayingEspocrm) -> None:
    assert "That is not your password." in rotate(world, API_KEY, password="not-mine-at-all")
    assert espocrm.calls == []


def test_nothing_entered_is_said(world: SimpleNamespace, espocrm: SayingEspocrm) -> None:
    answer = browser(world.admin).post(f"/admin/core/connection/{world.crm.pk}/rotate/", {"confirm_password": PASSWORD})
    assert "Enter at least one new secret." in answer.content.decode()
    assert espocrm.calls == []


def test_an_operator_has_no_door_to_it(world: SimpleNamespace) -> None:
    assert browser(world.operator).get(f"/admin/core/connection/{world.crm.pk}/rotate/").status_code == 403


@pytest.mark.parametrize("page", ["change", "rotate"])
def test_the_name_of_who_set_a_secret_stays_text(world: SimpleNamespace, page: str) -> None:
    stamp = {"at": "2026-01-05T08:00:00+00:00", "by": "<b x-init=alert(1)>@example.com"}
    Connection.objects.filter(pk=world.crm.pk).update(credentials_set={"api_key": stamp})
    shown = browser(world.admin).get(f"/admin/core/connection/{world.crm.pk}/{page}/").content.decode()
    assert "<b x-init" not in shown
    assert "by &lt;b x-init=alert(1)&gt;@example.com" in shown
