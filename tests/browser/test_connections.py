"""An admin is led from a vendor's name to a connection that works, pauses it, and changes its secret without a gap."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integrations.core import roles
from integrations.core.models import Client, Connection
from integrations.vendors.espocrm.simulator import API_KEY
from tests.core.world import PASSWORD, person
from tests.vendors.espocrm.saying import SayingEspocrm, as_started

from .looks import enter, fits, in_every_look, says

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), in_every_look]
WRONG = "a-key-that-nobody-gave"


@pytest.fixture
def espocrm() -> SayingEspocrm:
    return as_started()


def test_a_connection_is_set_up_tested_paused_and_gets_a_new_key(
    page: Page, live_server: Any, espocrm: SayingEspocrm, complaints: list[str]
) -> None:
    portal = str(live_server.url)
    Client.objects.create(slug="elite", name="Elite")
    enter(page, portal, person("anna", roles.ADMIN))
    it_is_added(page, portal, espocrm)
    a_test_says_which_step_failed(page)
    a_new_key_is_tried_before_the_old_one_goes(page)
    it_is_paused_and_resumed(page)
    assert complaints == []


def it_is_added(page: Page, portal: str, espocrm: SayingEspocrm) -> None:
    page.goto(f"{portal}/admin/core/connection/add/")
    page.get_by_role("link", name="EspoCRM").click()
    expect(page.get_by_role("heading", name="At EspoCRM first")).to_be_visible()
    assert fits(page)
    page.get_by_label("Client").select_option(label="Elite")
    page.get_by_label("Slug").fill("crm")
    page.get_by_label("Site").fill("crm")
    page.get_by_label("API key").fill(WRONG)
    page.get_by_label("Webhook secret").fill("short")
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, "Enter a whole address, such as https://psa.example.com.")
    says(page, "Use at least 16 characters")
    assert fits(page)
    assert WRONG not in page.content(), "what was typed as a secret is not sent back"
    page.get_by_label("Site").fill(espocrm.url)
    page.get_by_label("API key").fill(WRONG)
    page.get_by_label("Allow private address").check()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_role("heading", name="Set-up: what is still to be done")).to_be_visible()
    says(page, "Press Test connection above.")
    assert fits(page)


def a_test_says_which_step_failed(page: Page) -> None:
    page.get_by_role("button", name="Test connection").click()
    says(page, "The step that failed says what to do; change it, then test again.")
    expect(page.get_by_role("row").filter(has_text="✗ failed")).to_have_count(1)
    assert fits(page)
    page.get_by_role("link", name="Back to the connection").click()


def a_new_key_is_tried_before_the_old_one_goes(page: Page) -> None:
    page.get_by_role("link", name="New secrets").click()
    page.get_by_label("API key").fill("another-" + WRONG)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Try, then take over").click()
    says(page, "Nothing was changed: the connection does not work with what you entered.")
    assert Connection.objects.get().credentials.open()["api_key"] == WRONG
    assert fits(page)
    page.get_by_label("API key").fill(API_KEY)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Try, then take over").click()
    says(page, "works with the new secrets; the old ones are gone.")
    says(page, "The vendor has answered.")
    assert Connection.objects.get().credentials.open()["api_key"] == API_KEY
    page.get_by_role("button", name="Test connection").click()
    says(page, "Everything works. The connection can be used.")
    assert fits(page)
    page.get_by_role("link", name="Back to the connection").click()


def it_is_paused_and_resumed(page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    says(page, "is paused: no call goes out.")
    says(page, "Webhooks are taken and wait")
    assert fits(page)
    page.get_by_role("button", name="Resume").click()
    says(page, "works again: calls go out.")
