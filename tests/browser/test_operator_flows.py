"""Every act of an operator, by mouse in a real browser, judged on what Autotask has afterwards."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.backup_tickets.models import BackupJob, CompanyMapping, Customer, Run, TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.core import roles
from integrations.core.models import Integration
from integrations.core.running import run_due_jobs
from tests.backup_tickets.scene import Scene, failed_run, person

from .test_story import NAMELESS, RUN_CHECKS, portal, scene, sign_in

__all__ = ["portal", "scene"]

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
CUSTOMERS = "/admin/backup_tickets/customer/"


@pytest.fixture
def operator(page: Page, portal: str, scene: Scene, complaints: list[str]) -> Any:
    """The operator is signed in; afterwards the browser must not have complained of anything."""
    sign_in(page, portal, scene.operator.username)
    yield page
    assert complaints == []


def to_run(page: Page, portal: str, run: Run) -> None:
    page.goto(f"{portal}{RUN_CHECKS}{run.pk}/change/")


def says(page: Page, sentence: str) -> None:
    expect(page.get_by_text(sentence).first).to_be_visible()


def test_an_existing_ticket_is_found_shown_and_linked(operator: Page, portal: str, scene: Scene, autotask: Any) -> None:
    made = create_ticket(scene.another_run("elsewhere"), user=scene.operator).ticket
    assert made is not None
    to_run(operator, portal, failed_run(BackupJob.objects.create(customer=scene.customer, name="Other"), "other"))
    operator.get_by_role("link", name="Link existing ticket").click()
    operator.get_by_label("Ticket number").fill(made.number)
    operator.get_by_role("button", name="Find").click()
    says(operator, made.title)
    operator.get_by_role("button", name="Link this ticket").click()
    says(operator, f"This run is linked to ticket {made.number}.")
    assert len(autotask.simulator.tickets) == 1


def test_the_next_run_of_the_job_joins_its_open_ticket(operator: Page, portal: str, scene: Scene) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    to_run(operator, portal, scene.another_run("next"))
    operator.get_by_role("button", name=f"Link to {link.ticket}").click()
    says(operator, f"This run is linked to ticket {link.ticket}.")


def test_a_note_is_written_and_the_ticket_is_checked_and_resolved(
    operator: Page, portal: str, scene: Scene, autotask: Any
) -> None:
    create_ticket(scene.run, user=scene.operator)
    to_run(operator, portal, scene.run)
    operator.get_by_text("Add an internal note").click()
    operator.get_by_label("Text, for colleagues only").fill("The disk was swapped.")
    operator.get_by_role("button", name="Write note").click()
    says(operator, "The internal note was written.")
    operator.get_by_role("button", name="Check now").click()
    says(operator, "in Autotask.")
    operator.get_by_role("link", name="Resolve ticket").click()
    operator.get_by_role("button", name="Resolve ticket").click()
    says(operator, "is resolved.")
    texts = [note["description"] for note in autotask.simulator.data.notes.values()]
    assert texts == [
        "The disk was swapped.",
        "Ticket resolved via Backupchecks after verification that the backup issue is no longer present.",
    ]
    assert [ticket["status"] for ticket in autotask.simulator.tickets.values()] == [5]


def test_a_deleted_ticket_gives_way_to_a_new_one(operator: Page, portal: str, scene: Scene, autotask: Any) -> None:
    first = create_ticket(scene.run, user=scene.operator).ticket
    assert first is not None
    create_ticket(scene.another_run("witness"), user=scene.operator)
    autotask.simulator.do("delete_ticket", {"id": first.ticket_id})
    to_run(operator, portal, scene.run)
    operator.get_by_role("button", name="Check now").click()
    says(operator, f"Ticket {first.number} was deleted in Autotask.")
    operator.get_by_role("link", name="Create Autotask ticket").click()
    operator.get_by_role("button", name="Create ticket").click()
    says(operator, "created.")
    expect(operator.locator("#ticket")).to_contain_text(scene.run.links.get(state="active").ticket.number)
    expect(operator.get_by_text("Earlier attempts and tickets (1)")).to_be_visible()


def test_the_page_of_a_lost_answer_shows_the_ticket_by_itself(
    operator: Page, portal: str, scene: Scene, autotask: Any
) -> None:
    autotask.simulator.fault("answer_lost", method="POST", path=r"/Tickets/?$")
    to_run(operator, portal, scene.run)
    operator.get_by_role("link", name="Create Autotask ticket").click()
    operator.get_by_role("button", name="Create ticket").click()
    says(operator, "Checking.")
    expect(operator.get_by_role("link", name="Create Autotask ticket")).to_have_count(0)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=10), tick=True):
        run_due_jobs()
    number = scene.run.links.get(state="active").ticket.number
    expect(operator.locator("#ticket")).to_contain_text(number, timeout=10_000)
    assert len(autotask.simulator.tickets) == 1


def test_many_tickets_are_made_at_once_with_a_result_for_each(
    operator: Page, portal: str, scene: Scene, autotask: Any
) -> None:
    for number in range(3):
        failed_run(BackupJob.objects.create(customer=scene.customer, name=f"Job {number}"), f"bulk-{number}")
    operator.goto(portal + RUN_CHECKS)
    button = operator.get_by_role("button", name="Create tickets")
    expect(button).to_be_disabled()
    operator.get_by_label("Select all on this page").check()
    button.click()
    says(operator, "This is what would be done; nothing was sent yet.")
    assert operator.evaluate(NAMELESS) == []
    assert not autotask.simulator.tickets
    operator.get_by_role("button", name=re.compile("Create tickets: 4 runs")).click()
    says(operator, "of 4 runs worked on")
    run_due_jobs()
    says(operator, "All 4 runs worked on.")
    expect(operator.get_by_text(re.compile(r"Ticket T[\d.]+ created\."))).to_have_count(4)
    operator.get_by_role("link", name="Back to Run Checks").click()
    says(operator, "All done: no run needs attention.")
    assert len(autotask.simulator.tickets) == 4


def test_a_company_is_searched_while_typing_and_confirmed(
    operator: Page, portal: str, scene: Scene, autotask: Any
) -> None:
    customer = Customer.objects.create(client=scene.client, name="Newcomer")
    operator.goto(f"{portal}{CUSTOMERS}{customer.pk}/change/")
    operator.get_by_role("link", name="Choose the company").click()
    operator.get_by_label("Name contains").press_sequentially("x", delay=20)
    operator.get_by_label("Name contains").fill("")
    operator.get_by_label("Name contains").press_sequentially("acme", delay=20)
    expect(operator.get_by_text("Acme BV")).to_be_visible()
    operator.get_by_role("row", name="Acme BV").get_by_role("button", name="This one").click()
    says(operator, "Newcomer is now Acme BV (108) in Autotask.")
    assert CompanyMapping.objects.get(customer=customer).company_id == 108


def test_proposed_companies_are_confirmed_together(operator: Page, portal: str, scene: Scene) -> None:
    for name in ("Acme", "Old Bakery Unknown"):
        Customer.objects.create(client=scene.client, name=name)
    operator.goto(portal + CUSTOMERS)
    operator.get_by_role("link", name="Proposed companies").click()
    operator.get_by_role("button", name="Look for companies").click()
    says(operator, "It begins as soon as a worker is free.")
    expect(operator.get_by_role("button", name="Stop")).to_be_visible()
    run_due_jobs()
    expect(operator.get_by_text("Acme BV")).to_be_visible()
    assert operator.evaluate(NAMELESS) == []
    expect(operator.get_by_role("button", name="Yes, these are they")).to_be_enabled()
    operator.get_by_label("Select Acme").check()
    operator.get_by_role("button", name="Yes, these are they").click()
    says(operator, "Acme is now Acme BV (108) in Autotask.")


def test_while_the_integration_is_off_the_number_is_noted_by_hand(
    operator: Page, portal: str, scene: Scene, autotask: Any
) -> None:
    Integration.objects.update(is_enabled=False)
    to_run(operator, portal, scene.run)
    operator.get_by_label("Ticket number, by hand").fill("T20261122.0042")
    operator.get_by_role("button", name="Save").click()
    says(operator, "Ticket number T20261122.0042 is noted.")
    assert autotask.simulator.calls == []
    assert not TicketLink.objects.exists()


def test_slash_leads_to_the_search_and_enter_opens_a_run(operator: Page, portal: str, scene: Scene) -> None:
    operator.goto(portal + RUN_CHECKS)
    operator.keyboard.press("/")
    operator.keyboard.type("Daily")
    operator.keyboard.press("Enter")
    expect(operator).to_have_url(re.compile("q=Daily"))
    operator.keyboard.press("j")
    operator.keyboard.press("Enter")
    expect(operator).to_have_url(re.compile(f"/run/{scene.run.pk}/change/"))


@pytest.mark.parametrize("role", [roles.REPORTER, roles.OPERATOR, roles.ADMIN])
def test_every_role_is_offered_its_own_acts_and_no_others(
    page: Page, portal: str, scene: Scene, complaints: list[str], role: str
) -> None:
    create_ticket(scene.run, user=scene.operator)
    second = scene.another_run("second")
    who = person("somebody", role)
    sign_in(page, portal, who.username)
    page.goto(portal + RUN_CHECKS + "?show=all")
    acts = role != roles.REPORTER
    expect(page.get_by_role("button", name="No ticket needed")).to_have_count(int(acts))
    expect(page.get_by_role("button", name="Resolve tickets")).to_have_count(int(acts))
    to_run(page, portal, scene.run)
    for name in ("Resolve ticket", "Open ticket"):
        expect(page.get_by_role("link", name=name)).to_have_count(int(acts or name == "Open ticket"))
    to_run(page, portal, second)
    for name in ("Create Autotask ticket", "Link existing ticket"):
        expect(page.get_by_role("link", name=name)).to_have_count(int(acts))
    page.goto(portal + CUSTOMERS)
    expect(page.get_by_role("link", name="Proposed companies")).to_have_count(int(acts))
    expect(page.get_by_role("link", name="Add customer")).to_have_count(int(role == roles.ADMIN))
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_new_pages_fit_a_phone(page: Page, portal: str, scene: Scene, complaints: list[str], scheme: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, portal, scene.operator.username)
    page.goto(portal + RUN_CHECKS)
    page.locator("input[name=run]").first.check()
    page.get_by_role("button", name="Create tickets").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for address in (CUSTOMERS, f"{CUSTOMERS}suggestions/", f"{CUSTOMERS}{scene.customer.pk}/change/"):
        page.goto(portal + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        assert page.evaluate(NAMELESS) == [], address
    assert complaints == []
