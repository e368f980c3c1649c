"""An admin sees what waits, retries one group and dismisses another, and reads what came of each, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from integrations.core import roles
from integrations.core.models import HeldItem
from integrations.core.running import run_due_jobs
from integrations.core.streams import run_now
from tests.core.failures.failing import dead_job, held
from tests.core.sync.conftest import Pair, installed_pair  # noqa: F401 — a fixture
from tests.core.world import person

from .test_story import sign_in

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
LOOKS = {
    "light": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}


@pytest.fixture(params=list(LOOKS))
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**LOOKS[request.param])
    yield context.new_page()
    context.close()


def test_one_group_is_retried_and_another_dismissed_with_a_result_per_row(
    page: Page,
    live_server: Any,
    installed_pair: Pair,  # noqa: F811
    complaints: list[str],
) -> None:
    stream, portal = installed_pair.to_left, str(live_server.url)
    installed_pair.right.insert("Printer")
    installed_pair.left.poisoned = {"Printer"}
    run_now(stream)
    installed_pair.left.poisoned = set()
    for number in (101, 102):
        held(stream, f"T{number}", f"Ticket {number} has no customer.", error_class="ConflictError")
    dead_job("A bug in the portal (KeyError); it was reported.")
    sign_in(page, portal, person("anna", roles.ADMIN).username)
    page.goto(f"{portal}/admin/failures/")
    expect(page.get_by_text("5 wait for somebody, in 4 groups")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"

    refused = page.get_by_role("listitem").filter(has_text="L refuses Printer.")
    refused.get_by_role("button", name="Retry …").click()
    expect(page.get_by_text("nothing was done yet")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="R0001")).to_contain_text("yes")
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_text("0 of 1 worked on")).to_be_visible()
    run_due_jobs()
    expect(page.get_by_text("All 1 done.")).to_be_visible()  # the page looks by itself
    assert len(installed_pair.left.ledger) == 1

    page.get_by_role("link", name="Back to Failures").click()
    gone = page.get_by_role("listitem").filter(has_text="Ticket … has no customer.")
    gone.get_by_role("button", name="Dismiss these 2 …").click()
    page.get_by_label("Why?").fill("A migration of last year")
    page.get_by_role("button", name="Dismiss these 2").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    run_due_jobs()
    expect(page.get_by_text("All 2 done.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="T102")).to_contain_text("It is dismissed.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert HeldItem.objects.filter(state="dismissed", reason="A migration of last year").count() == 2
    assert complaints == []
