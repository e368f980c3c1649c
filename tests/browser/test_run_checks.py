"""The list of runs and the import of a file, in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from integrations.backup_tickets.customers_list import PAGE
from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import Customer, Run
from integrations.core import roles
from integrations.core.models import Client
from integrations.core.running import run_due_jobs
from tests.backup_tickets.intake.conftest import report
from tests.backup_tickets.people import person

from .test_story import RUN_CHECKS, sign_in

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

CUSTOMERS = "/admin/backup_tickets/customer/"
HOSTILE = ["<img src=x onerror=\"console.error('inert?')\">", "javascript:alert(1)", "=cmd|' /C calc'!A0", "{{ 7*7 }}"]


@pytest.fixture
def portal(live_server: Any) -> str:
    client = Client.objects.create(slug="elite", name="Elite")
    person("otto", roles.OPERATOR)
    hostile = [report(f"h{n}", customer=text, job=text, remark=text) for n, text in enumerate(HOSTILE)]
    take_runs(client, [*(report(f"r{n}", job=f"Job {n}") for n in range(3)), *hostile])
    return str(live_server.url)


def test_runs_are_reviewed_by_keyboard_and_taken_back(page: Page, portal: str, complaints: list[str]) -> None:
    sign_in(page, portal, "otto")
    page.goto(portal + RUN_CHECKS)
    button = page.get_by_role("button", name="No ticket needed")
    expect(button).to_be_disabled()
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator("input[name=run]:checked")).to_have_count(2)
    page.get_by_label("Reason").fill("jx: typed, not obeyed")
    button.click()
    expect(page.get_by_text("2 of 2 runs changed.")).to_be_visible()
    assert Run.objects.filter(review_reason="jx: typed, not obeyed").count() == 2
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("the review was undone")).to_have_count(2)
    assert not Run.objects.filter(needs_attention=False).exists()
    assert complaints == []


def test_the_pages_fit_a_phone_and_hostile_texts_stay_texts(page: Page, portal: str, complaints: list[str]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, portal, "otto")
    for address in (RUN_CHECKS, RUN_CHECKS + "?q=nothing-like-it", RUN_CHECKS + "import/"):
        page.goto(portal + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    page.goto(portal + RUN_CHECKS)
    for text in HOSTILE:
        expect(page.get_by_text(text, exact=True).first).to_be_visible()
    assert complaints == []


def test_the_page_of_an_import_follows_the_work(page: Page, portal: str, tmp_path: Path, complaints: list[str]) -> None:
    file = tmp_path / "runs.json"
    file.write_text(json.dumps([report(f"n{n}") for n in range(40)] + [{"external_id": "bad"}]))
    sign_in(page, portal, "otto")
    page.goto(portal + RUN_CHECKS)
    page.get_by_role("link", name="Import runs").click()
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("The file is being checked")).to_be_visible()
    run_due_jobs()
    page.get_by_role("button", name="Import 40 runs").click()
    expect(page.get_by_text("0 of 41 runs imported so far")).to_be_visible()
    run_due_jobs()
    expect(page.get_by_text("Imported. 1 run was left out")).to_be_visible()
    expect(page.get_by_text("Run 41: customer is missing; give it.")).to_be_visible()
    assert Run.objects.filter(external_id__startswith="n").count() == 40
    assert complaints == []


def test_customers_are_found_while_somebody_types(page: Page, portal: str, complaints: list[str]) -> None:
    sign_in(page, portal, "otto")
    page.goto(portal + CUSTOMERS)
    search, said = page.get_by_role("searchbox", name="Search"), page.get_by_role("status").filter(has_text="customer")
    expect(said).to_have_text("5 customers")
    page.evaluate("window.stays = true")
    search.press_sequentially("ON error=")
    expect(said).to_have_text("No customers")
    search.fill("onerror")
    expect(said).to_have_text("1 customer")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_text(HOSTILE[0], exact=True)).to_be_visible()
    expect(search).to_be_focused()
    assert page.url.endswith("?q=onerror")
    page.get_by_label("Autotask company").select_option("ok")
    expect(said).to_have_text("No customers")
    assert page.evaluate("window.stays")
    page.reload()
    expect(search).to_have_value("onerror")
    expect(said).to_have_text("No customers")
    page.get_by_role("link", name="Clear", exact=True).click()
    expect(said).to_have_text("5 customers")
    page.context.clear_cookies()
    page.get_by_role("searchbox", name="Search").fill("Bak")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert complaints == []


def test_what_was_typed_and_taken_back_is_not_waited_for(page: Page, portal: str, complaints: list[str]) -> None:
    sign_in(page, portal, "otto")
    page.goto(portal + CUSTOMERS)
    held: list[Route] = []
    page.route("**/customer/?q=onerror", lambda route: held.append(route))  # its answer never comes
    search, found = page.get_by_role("searchbox", name="Search"), page.locator("[data-found]")
    with page.expect_request("**/customer/?q=onerror"):
        search.fill("onerror")
    expect(found).to_have_attribute("aria-busy", "true")
    search.fill("")
    expect(found).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("tbody tr")).to_have_count(5)
    assert complaints == []


def test_who_follows_a_link_while_the_list_is_asked_for_gets_there(page: Page, portal: str) -> None:
    sign_in(page, portal, "otto")
    page.goto(portal + CUSTOMERS)
    searches: list[Route] = []
    links: list[Route] = []
    page.route("**/customer/?q=Bak", lambda route: searches.append(route))
    page.route("**/change/", lambda route: links.append(route))
    with page.expect_request("**/customer/?q=Bak"):
        page.get_by_role("searchbox", name="Search").fill("Bak")
    with page.expect_request("**/change/"):
        page.locator("[data-found]").get_by_role("link").first.click(no_wait_after=True)
    with page.expect_event("requestfailed"):
        searches[-1].abort()  # as Firefox does now, and Chromium when the next page is there
    links[0].continue_()
    expect(page).to_have_url(re.compile(r"/customer/\d+/change/$"))


def test_by_its_button_the_list_of_customers_is_shown_from_its_beginning(
    page: Page, portal: str, complaints: list[str]
) -> None:
    client = Client.objects.get()
    Customer.objects.bulk_create(Customer(client=client, name=f"~{n:02}") for n in range(PAGE))
    sign_in(page, portal, "otto")
    page.goto(portal + CUSTOMERS)
    page.get_by_role("link", name="After →").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody tr")).to_have_count(PAGE)
    assert page.url == portal + CUSTOMERS
    assert complaints == []


def test_customers_are_found_without_scripts(browser: Browser, portal: str) -> None:
    signed_in = browser.new_page()
    sign_in(signed_in, portal, "otto")
    plain = browser.new_context(java_script_enabled=False, storage_state=signed_in.context.storage_state()).new_page()
    plain.goto(portal + CUSTOMERS)
    plain.get_by_role("searchbox", name="Search").fill("onerror")
    plain.get_by_role("button", name="Apply").click()
    expect(plain.locator("tbody tr")).to_have_count(1)
    for each in (signed_in, plain):
        each.context.close()
