"""A long run is watched while it is at work, and stopped from its page, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integrations.core import roles
from integrations.core.models import SyncRun
from integrations.core.running import run_due_jobs
from tests.core.sync.conftest import Pair, installed_pair  # noqa: F401 — a fixture
from tests.core.world import person

from .looks import enter, fits, in_every_look

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), in_every_look]


def test_a_run_shows_how_far_it_is_and_ends_when_it_is_stopped(
    page: Page,
    live_server: Any,
    installed_pair: Pair,  # noqa: F811
    complaints: list[str],
) -> None:
    portal, pair = str(live_server.url), installed_pair
    for number in range(9):
        pair.right.insert(f"Ticket {number}")
    enter(page, portal, person("anna", roles.ADMIN))
    page.goto(f"{portal}/admin/core/integration/{pair.integration.pk}/stream/to_left/")
    assert fits(page)

    def somebody_looks() -> None:
        """While the second page of records is read."""
        page.reload()
        page.get_by_role("table").last.get_by_role("link").first.click()
        expect(page.get_by_text("3 records read so far")).to_be_visible()
        assert fits(page)
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("It ends after the one it is at.")).to_be_visible()

    pair.right.faults.extend([lambda: None, somebody_looks])
    page.get_by_role("button", name="Run now").click()
    run_due_jobs()
    expect(page.get_by_text("Stopped.").first).to_be_visible()  # the page looks by itself
    assert fits(page)
    run = SyncRun.objects.get()
    assert (run.state, 0 < len(pair.left.ledger) < 9) == (SyncRun.State.STOPPED, True)
    assert complaints == []
