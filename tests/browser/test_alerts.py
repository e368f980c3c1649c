"""An admin says where alerts go and from when; one is raised, told, looked after and over again, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail as post
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.core import roles
from integrations.core.models import AlertChannel
from integrations.core.running import run_due_jobs
from integrations.core.streams import run_now
from tests.core.alerts.conftest import Minutes, listener  # noqa: F401 — a fixture
from tests.core.alerts.receiver import SECRET, Receiver
from tests.core.sync.conftest import Pair, installed_pair  # noqa: F401 — a fixture
from tests.core.world import person

from .looks import enter, fits, in_every_look, says

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), in_every_look]
CHANNELS, RULES, ALERTS = (f"/admin/core/{name}/" for name in ("alertchannel", "alertrule", "alert"))


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def test_channels_and_a_rule_are_made_and_an_alert_comes_and_goes(
    page: Page,
    live_server: Any,
    listener: Receiver,  # noqa: F811
    installed_pair: Pair,  # noqa: F811
    complaints: list[str],
) -> None:
    portal, minute = str(live_server.url), Minutes(timezone.now())
    enter(page, portal, person("anna", roles.ADMIN))
    mail_goes_out(page, portal)
    a_webhook_goes_out(page, portal, listener)
    a_rule_is_made_stricter(page, portal)

    pair = installed_pair
    for _ in range(2):
        pair.right.insert("Printer")
    pair.left.poisoned = {"Printer"}
    run_now(pair.to_left)
    minute.passes()
    page.goto(portal + ALERTS)
    expect(page.get_by_role("row").filter(has_text="holds 2 records")).to_contain_text("Harbour IT")
    assert page.locator("h1 a").last.evaluate("name => name.scrollWidth <= name.clientWidth"), "the page's name is cut"
    assert fits(page)
    page.get_by_role("link", name="holds 2 records").click()
    says(page, "What to do.")
    told = page.locator("section").filter(has_text="Who was told")
    expect(told.get_by_role("row").filter(has_text="Night watch")).to_contain_text("Given to the mail server")
    expect(told.get_by_role("row").filter(has_text="Pager")).to_contain_text("Sent.")
    page.get_by_role("button", name="I look after it").click()
    says(page, "You look after it; no more reminders.")
    assert fits(page)

    pair.left.poisoned = set()
    page.get_by_role("link", name="Go to the page").click()
    page.get_by_role("button", name="Retry these 2").click()
    run_due_jobs()
    minute.passes(7)
    page.goto(portal + ALERTS)
    expect(page.get_by_role("row").filter(has_text="holds 2 records")).to_contain_text("over")
    assert fits(page)
    assert [[alert["what"] for alert in message["alerts"]] for message in listener.got] == [["opened"], ["recovered"]]
    assert [message.subject.partition(":")[0] for message in post.outbox] == [
        "[portal] This is a test",
        "[portal] Alert (warning)",
        "[portal] Over",
    ]
    assert complaints == []


def mail_goes_out(page: Page, portal: str) -> None:
    page.goto(f"{portal}{CHANNELS}add/")
    page.get_by_label("Name").fill("Night watch")
    page.get_by_label("E-mail addresses").fill("nobody")
    save(page)
    says(page, "“nobody” is not an e-mail address.")
    assert fits(page)
    page.get_by_label("E-mail addresses").fill("night@example.com")
    save(page)
    page.get_by_role("link", name="Night watch").first.click()
    page.get_by_role("button", name="Send a test").click()
    says(page, "The test was sent. Given to the mail server for night@example.com.")
    assert fits(page)


def a_webhook_goes_out(page: Page, portal: str, receiver: Receiver) -> None:
    page.goto(f"{portal}{CHANNELS}add/")
    page.get_by_label("Name").fill("Pager")
    page.get_by_label("Webhook address").fill(receiver.url)
    page.get_by_label("Webhook secret").fill("short")
    save(page)
    says(page, "Use at least 16 characters")
    says(page, "is not a public one")
    assert not AlertChannel.objects.filter(name="Pager").exists()
    page.get_by_label("Webhook secret").fill(SECRET)
    page.get_by_label("Allow private address").check()
    save(page)
    expect(page.get_by_role("row").filter(has_text="Pager")).to_contain_text("nothing sent yet")
    assert fits(page)


def a_rule_is_made_stricter(page: Page, portal: str) -> None:
    page.goto(portal + RULES)
    assert fits(page)
    row = page.get_by_role("row").filter(has_text="100 held records")
    row.get_by_role("link").click()
    page.get_by_label("Threshold").fill("0")
    page.locator("form[method=post]").last.evaluate("form => form.noValidate = true")
    save(page)
    says(page, "Ensure this value is greater than or equal to 1.")
    assert fits(page)
    page.get_by_label("Threshold").fill("1")
    save(page)
    expect(page.get_by_role("row").filter(has_text="changed; the rule's own is 100")).to_have_count(1)
