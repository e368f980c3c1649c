"""From a page to the section of the guide that explains it, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integrations.core import roles
from tests.backup_tickets.people import person

from .test_story import sign_in

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def portal(live_server: Any) -> str:
    person("otto", roles.OPERATOR)
    return str(live_server.url)


def test_a_page_leads_to_its_section_and_the_section_is_in_sight(
    page: Page, portal: str, complaints: list[str]
) -> None:
    sign_in(page, portal, "otto")
    page.goto(portal + "/admin/backup_tickets/customer/")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Guide to this page").click()
    guide = opened.value
    found = []
    guide.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    assert guide.url == f"{portal}/admin/guides/operators/#customers"
    guide.wait_for_load_state("networkidle")  # pictures above it have come
    expect(guide.get_by_role("heading", name="Customers", exact=True)).to_be_in_viewport()
    shown = guide.get_by_role("img", name="Customers")
    expect(shown).to_have_count(1)  # light, and not its dark twin
    assert shown.evaluate("one => one.naturalWidth") == 1400
    guide.get_by_role("link", name="A guide for admins").click()
    guide.get_by_role("article").get_by_role("link", name="iTop", exact=True).click()
    expect(guide.get_by_role("heading", name="A bridge between two iTops")).to_be_visible()
    assert found == complaints == []


def test_a_guide_fits_a_phone_in_the_dark(page: Page, portal: str, complaints: list[str]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    sign_in(page, portal, "otto")
    for name in ("operators", "admins", "operations", "decisions"):
        page.goto(f"{portal}/admin/guides/{name}/")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    page.goto(f"{portal}/admin/guides/operators/")
    assert "-dark.webp" in str(page.get_by_role("img", name="The first page").get_attribute("src"))
    assert complaints == []
