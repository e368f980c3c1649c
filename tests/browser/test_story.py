"""The story as people see it: a failed run becomes one ticket, by the operator's hand, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integrations.core import roles
from tests.backup_tickets.scene import Scene, person, set_scene

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

RUN_CHECKS = "/admin/backup_tickets/run/"


@pytest.fixture
def scene(autotask: Any) -> Scene:
    return set_scene(autotask.url)


@pytest.fixture
def portal(live_server: Any, scene: Scene) -> str:
    return str(live_server.url)


def sign_in(page: Page, portal: str, username: str) -> None:
    page.goto(portal + "/admin/login/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", "a-long-test-password")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(portal + "/admin/")


def open_run(page: Page, portal: str, scene: Scene) -> None:
    page.goto(portal + RUN_CHECKS)
    page.locator(f"a[href*='{RUN_CHECKS}{scene.run.pk}/change/']").first.click()
    page.wait_for_url(f"**{RUN_CHECKS}{scene.run.pk}/change/**")


def test_an_operator_makes_one_ticket_and_sees_its_number(
    page: Page, portal: str, scene: Scene, autotask: Any, complaints: list[str]
) -> None:
    sign_in(page, portal, scene.operator.username)
    open_run(page, portal, scene)
    page.get_by_role("link", name="Create Autotask ticket").click()
    expect(page.get_by_text("[Backupchecks] Bakkerij Jansen - Daily HV01 - Error")).to_be_visible()
    page.get_by_role("button", name="Create ticket").click()

    number = scene.run.links.get(state="active").ticket.number
    expect(page.locator("#ticket")).to_contain_text(number)

    page.goto(f"{portal}{RUN_CHECKS}{scene.run.pk}/ticket/")
    expect(page.locator("#ticket")).to_contain_text(number)
    expect(page.get_by_role("link", name="Create Autotask ticket")).to_have_count(0)
    assert len(autotask.simulator.tickets) == 1
    assert complaints == []


def test_a_reporter_reads_and_finds_no_button(page: Page, portal: str, scene: Scene, complaints: list[str]) -> None:
    reader = person("rita", roles.REPORTER)
    sign_in(page, portal, reader.username)
    open_run(page, portal, scene)
    expect(page.get_by_text("No space left.")).to_be_visible()
    expect(page.get_by_role("link", name="Create Autotask ticket")).to_have_count(0)
    expect(page.locator("main form[method=post], #content form[method=post]")).to_have_count(0)
    assert complaints == []
    answer = page.goto(f"{portal}{RUN_CHECKS}{scene.run.pk}/ticket/")
    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_operators_pages_fit_a_phone(
    page: Page, portal: str, scene: Scene, complaints: list[str], scheme: Any
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, portal, scene.operator.username)
    for address in (
        "/admin/",
        RUN_CHECKS,
        f"{RUN_CHECKS}{scene.run.pk}/change/",
        f"{RUN_CHECKS}{scene.run.pk}/ticket/",
    ):
        page.goto(portal + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    assert complaints == []


# What a screen reader would say nothing about: controls without label, text or title.
NAMELESS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea")]
    .filter(one => one.offsetParent !== null)
    .filter(one => !(one.labels?.length || one.getAttribute("aria-label") || one.getAttribute("aria-labelledby")
        || one.textContent.trim() || one.title || one.querySelector("img[alt]") || one.value && one.type === "submit"))
    .map(one => one.outerHTML.slice(0, 200))"""


def test_every_control_of_the_operators_pages_has_a_name(page: Page, portal: str, scene: Scene) -> None:
    page.goto(portal + "/admin/login/")
    assert page.evaluate(NAMELESS) == []
    sign_in(page, portal, scene.operator.username)
    run = f"{RUN_CHECKS}{scene.run.pk}/"
    for address in ("/admin/", RUN_CHECKS, f"{run}change/", f"{run}ticket/", f"{RUN_CHECKS}import/"):
        page.goto(portal + address)
        assert page.evaluate(NAMELESS) == [], address
        assert page.locator("html[lang]").count() == 1, address
        assert page.title().strip(), address


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of that name has the focus."""
    wanted = page.locator("main, #content, body").last.get_by_text(name, exact=False).first
    expect(wanted).to_be_visible()
    for _ in range(80):
        page.keyboard.press("Tab")
        if name in (page.evaluate("document.activeElement.textContent") or ""):
            return
    raise AssertionError(f"{name!r} cannot be reached by Tab on {page.url}")


def test_a_ticket_is_made_without_a_mouse(page: Page, portal: str, scene: Scene, autotask: Any) -> None:
    sign_in(page, portal, scene.operator.username)
    page.goto(f"{portal}{RUN_CHECKS}{scene.run.pk}/change/")
    tab_to(page, "Create Autotask ticket")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ticket/")
    tab_to(page, "Create ticket")
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/**")
    expect(page.locator("#ticket")).to_contain_text(scene.run.links.get(state="active").ticket.number)
    assert len(autotask.simulator.tickets) == 1
