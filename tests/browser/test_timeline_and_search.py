"""A person asks why a ticket changed, and finds things by keyboard alone, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from integrations.backup_tickets.models import Customer
from integrations.core import roles
from tests.core.world import person
from tests.itop_bridge.scene import Scene, a_scene

from .test_story import sign_in

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
PHONE = {"width": 390, "height": 844}
HOSTILE = '<img src=x onerror="document.title=1">'


@pytest.fixture
def bridge() -> Iterator[Scene]:
    with a_scene() as made:
        yield made


def open_palette(page: Page) -> None:
    page.wait_for_load_state()  # the theme's scripts listen from then on
    page.keyboard.press("Control+k")
    expect(page.locator("#search-input-command")).to_be_focused()


@pytest.mark.parametrize("look", ["light", "dark"])
def test_why_a_ticket_changed_is_told_on_one_page_and_each_step_leads_on(
    page: Page, live_server: Any, bridge: Scene, complaints: list[str], look: Any
) -> None:
    page.emulate_media(color_scheme=look)
    ticket, twin = bridge.a_pair()
    bridge.outside("add_log", ticket=ticket, text=HOSTILE, by="otto")
    bridge.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    bridge.hint("internal", "update-ticket", f'{{"id": "{twin}"}}')
    sign_in(page, str(live_server.url), person("otto", roles.OPERATOR).username)
    link = bridge.link(ticket)

    open_palette(page)
    page.keyboard.type(f"ticket:{ticket}")
    expect(page.locator("#command-results-list li").first).to_be_visible()
    page.goto(str(live_server.url) + reverse("admin:itop_bridge_pair_change", args=[link.pk]))
    newest = page.locator(".p-timeline").first
    expect(newest.get_by_text("Echo recognised")).to_be_visible()
    expect(newest.get_by_text(f"says that ticket:{ticket} changed")).to_be_visible()
    newest.locator("summary").first.click()
    newest.get_by_role("link", name=re.compile("itop-external: POST")).first.click()
    page.get_by_role("link", name=re.compile("Why did .* change")).click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    assert page.title() != "1"
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert complaints == []


def test_the_palette_works_by_keyboard_alone(
    page: Page, live_server: Any, bridge: Scene, complaints: list[str]
) -> None:
    client = bridge.integration.client
    for name in ("Kestrel Engineering", "Kestrel Harbour", HOSTILE):
        Customer.objects.create(client=client, name=name)
    sign_in(page, str(live_server.url), person("anna", roles.ADMIN).username)

    open_palette(page)
    expect(page.get_by_text("Type at least two characters")).to_be_visible()
    page.keyboard.type("onerror")
    expect(page.get_by_role("option")).to_have_text(re.compile("<img src=x"))
    page.keyboard.press("Escape")
    page.keyboard.type("nobody knows")
    expect(page.get_by_text("Nothing found for “nobody knows”.")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.type("kestrel")
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Kestrel Harbour").first).to_be_visible()

    open_palette(page)
    page.keyboard.type("webhook inb")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/webhookdelivery/")
    assert complaints == []


def test_the_search_works_without_javascript_and_on_a_phone(browser: Any, live_server: Any, bridge: Scene) -> None:
    Customer.objects.create(client=bridge.integration.client, name="Kestrel Engineering")
    room = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = room.new_page()
    sign_in(page, str(live_server.url), person("anna", roles.ADMIN).username)
    page.goto(str(live_server.url) + reverse("admin:search"))
    page.get_by_label("What are you looking for?").fill("kestrel")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Kestrel Engineering").click()
    page.wait_for_url("**/customer/*/change/")
    room.close()
