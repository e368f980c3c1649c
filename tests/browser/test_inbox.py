"""An admin sets up a sender, sees what came and what came of it, and has it looked at again, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integrations.core import roles
from integrations.core.models import WebhookDelivery
from integrations.core.running import run_due_jobs
from tests.core.world import person
from tests.freshservice_toga.scene import SECRET, Scene, a_scene

from .test_story import sign_in

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
INBOX = "/admin/core/webhookdelivery/"


@pytest.fixture
def elite() -> Iterator[Scene]:
    with a_scene() as made:
        yield made


def test_an_admin_follows_a_webhook_from_its_set_up_to_its_effect(
    page: Page, live_server: Any, elite: Scene, complaints: list[str]
) -> None:
    portal = str(live_server.url)
    sign_in(page, portal, person("anna", roles.ADMIN).username)
    connection = elite.integration.connection("freshservice")
    page.goto(f"{portal}/admin/core/connection/{connection.pk}/change/")
    page.get_by_role("link", name="Webhooks", exact=False).last.click()
    expect(page.get_by_text("/webhooks/elite/freshservice/ticket").first).to_be_visible()
    assert SECRET not in page.content()

    ticket = elite.do("new_ticket", subject="<b>No power</b>", description="<p>Dead</p>")
    elite.hint(ticket)
    elite.hint(ticket, work=False)
    elite.hint(4711, work=False)
    page.goto(f"{portal}{INBOX}")
    expect(page.get_by_role("row").filter(has_text=f"ticket:{ticket}").last).to_contain_text("It is new.")
    first = WebhookDelivery.objects.order_by("pk")[0]
    page.goto(f"{portal}{INBOX}{first.pk}/change/")
    expect(page.get_by_text("INC-", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_text("1 record", exact=False).first).to_be_visible()
    before = elite.writes()
    page.get_by_role("button", name="Look at 1 record again").click()
    expect(page.get_by_text("are looked at again", exact=False)).to_be_visible()
    run_due_jobs()
    assert elite.writes() == before
    page.goto(f"{portal}/admin/core/integration/{elite.integration.pk}/stream/catch_up/")
    expect(page.get_by_text("Records that webhooks were about, lately")).to_be_visible()
    page.goto(f"{portal}/admin/freshservice_toga/freshserviceoptions/{elite.integration.pk}/change/")
    expect(page.locator("input[name$='-word']").first).to_have_value("Low")
    page.get_by_role("button", name="Read the ids").click()
    expect(page.get_by_text("the report will be shown here", exact=False)).to_be_visible()
    expect(page.get_by_text("It begins as soon as a worker is free.")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped by hand.")).to_be_visible()
    page.get_by_role("button", name="Go on reading").click()
    run_due_jobs()  # the page fetches itself
    expect(page.get_by_role("row").filter(has_text="1 linked already").first).to_be_visible()
    page.get_by_role("button", name="Make the links").click()
    expect(page.get_by_text("The links are made", exact=False)).to_be_visible()
    page.goto(f"{portal}{INBOX}{first.pk}/change/")
    expect(page.get_by_text("done: Created: It is new.")).to_be_visible()
    assert complaints == []
