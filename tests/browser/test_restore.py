"""The database is put back under a portal: who sees what, and who lets writes go on, in a real browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Page, expect

from integrations.backup_tickets.tickets import create_ticket
from integrations.core import roles, write_hold
from integrations.core.models import User, WriteHold
from integrations.core.running import run_due_jobs
from tests.backup_tickets.scene import Scene, person
from tests.core.restoring import backup

from .looks import enter, fits, in_every_look, on_a_phone, says
from .test_story import RUN_CHECKS, portal, scene

__all__ = ["portal", "scene"]
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
BANNER = "Writes are paused since the database was restored"


@pytest.fixture
def clock(settings: Any, tmp_path: Path) -> Iterator[time_machine.Traveller]:
    settings.MARK_FILE = str(tmp_path / "marks.json")
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def admin(scene: Scene) -> User:
    return person("anna", roles.ADMIN)


@pytest.fixture
def lost(scene: Scene, admin: User, clock: time_machine.Traveller, tmp_path: Path) -> str:
    """The number of a ticket that was made after the backup which was put back."""
    write_hold.look()
    copy = backup.take(tmp_path)
    made = create_ticket(scene.run, user=scene.operator).ticket
    assert made is not None
    clock.shift(70)
    write_hold.look()
    backup.put_back(copy)
    clock.shift(20)
    return str(made.number)


@in_every_look
def test_an_operator_is_held_and_an_admin_reads_the_report_and_lets_writes_go_on(
    page: Page,
    portal: str,
    scene: Scene,
    admin: User,
    autotask: Any,
    lost: str,
    clock: time_machine.Traveller,
    complaints: list[str],
) -> None:
    enter(page, portal, scene.operator)
    page.goto(f"{portal}{RUN_CHECKS}{scene.run.pk}/ticket/")
    page.get_by_role("button", name="Create ticket").click()
    expect(page.get_by_role("alert").get_by_text(BANNER)).to_be_visible()
    assert len(autotask.simulator.tickets) == 1
    assert fits(page)
    page.get_by_role("alert").get_by_role("link", name="Open the report").click()
    says(page, "0 of 1 integrations looked at so far")
    run_due_jobs()
    says(page, "Nothing is written to any vendor.")  # the page looks by itself
    says(page, lost)
    expect(page.get_by_role("button", name="Resume writes")).to_have_count(0)
    expect(page.get_by_label("I have read this report", exact=False)).to_have_count(0)

    enter(page, portal, admin)
    page.goto(f"{portal}/admin/")
    assert fits(page)
    page.get_by_role("link", name="Open the report").click()
    expect(page.get_by_role("heading", name="Elite · tickets")).to_be_visible()
    says(page, "Linked again: 1")
    assert fits(page)
    page.get_by_role("button", name="Resume writes").click()
    says(page, "Nothing was resumed: read the report, and tick that you did.")
    page.get_by_label("I have read this report", exact=False).check()
    page.get_by_role("button", name="Resume writes").click()
    says(page, "What waited is worked off now.")
    assert fits(page)
    assert not WriteHold.objects.get().is_on
    page.goto(f"{portal}{RUN_CHECKS}{scene.run.pk}/change/")
    expect(page.get_by_role("alert").filter(has_text=BANNER)).to_have_count(0)
    expect(page.locator("#ticket")).to_contain_text(lost)
    assert len(autotask.simulator.tickets) == 1
    assert complaints == []


@on_a_phone
def test_an_admin_says_so_where_nothing_could_be_noticed_and_stops_the_look(
    page: Page, portal: str, admin: User, clock: time_machine.Traveller, complaints: list[str]
) -> None:
    enter(page, portal, admin)
    page.goto(f"{portal}/admin/core/writehold/add/")
    page.get_by_label("What happened?").fill("Moved to a new machine")
    assert fits(page)
    page.get_by_role("button", name="Pause all writes and look").click()
    says(page, "0 of 1 integrations looked at so far")
    assert fits(page)
    page.get_by_role("button", name="Stop looking").click()
    says(page, "It ends after the one it is at.")
    run_due_jobs()
    says(page, "The look was stopped before it came to this one.")
    page.get_by_role("button", name="Look again").click()
    run_due_jobs()
    says(page, "Nothing is written to any vendor.")
    expect(page.get_by_role("button", name="Resume writes")).to_be_visible()
    assert complaints == []
