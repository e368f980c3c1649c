"""An admin sees what waits, retries one group and dismisses another, and reads what came of each, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integrations.core import roles
from integrations.core.models import HeldItem
from integrations.core.running import run_due_jobs
from integrations.core.streams import run_now
from tests.core.failures.failing import dead_job, held
from tests.core.sync.conftest import Pair, installed_pair  # noqa: F401 — a fixture
from tests.core.world import person

from .looks import enter, fits, in_every_look

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), in_every_look]


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
    enter(page, portal, person("anna", roles.ADMIN))
    page.goto(f"{portal}/admin/failures/")
    expect(page.get_by_text("5 wait for somebody, in 4 groups")).to_be_visible()
    assert fits(page)

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
    assert fits(page)
    assert HeldItem.objects.filter(state="dismissed", reason="A migration of last year").count() == 2
    assert complaints == []
