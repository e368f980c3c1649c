"""Every main page of the rehearsal, judged by axe-core in light, dark and on a phone; and the frame by keyboard alone.

What axe can tell is about a third of what matters: names, roles, contrast, landmarks, headings. `test_story.py` has the
work by keyboard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import fits
from tests.browser.screenshots import DESKTOP, PHONE, rehearsal, sign_in

PEOPLE = ("nobody", "operator", "admin")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BESIDES = ["landmark-one-main", "region", "page-has-heading-one", "heading-order", "empty-heading", "skip-link"]
LIGHT = {
    "runOnly": {"type": "tag", "values": STANDARDS},
    "rules": {rule: {"enabled": True} for rule in BESIDES},
    "resultTypes": ["violations"],
}
DARK = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}  # all that colours change
JUDGE = """async options => {
    await Promise.all(document.getAnimations().filter(one => one instanceof CSSTransition).map(one => one.finished));
    const found = (await axe.run(document, options)).violations;
    return found.flatMap(({id, nodes}) =>
        nodes.map(node => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""


class Stop(NamedTuple):
    """A page: who looks at it, its address, the link on it that is followed (the first that contains this), and the
    button that is pressed then."""

    person: str
    path: str
    link: str = ""
    button: str = ""


RUNS, CUSTOMERS = "/admin/backup_tickets/run/", "/admin/backup_tickets/customer/"
PAGES = {
    "sign-in": Stop("nobody", "/admin/login/"),
    "forgotten password": Stop("nobody", "/admin/password/forgotten/"),
    "dead link": Stop("nobody", "/admin/password/nothing/"),
    "overview": Stop("operator", "/admin/"),
    "Run Checks": Stop("operator", RUNS),
    "run": Stop("operator", f"{RUNS}?show=attention", "/change/"),
    "customers": Stop("operator", CUSTOMERS),
    "customer": Stop("operator", CUSTOMERS, "/change/"),
    "proposed companies": Stop("operator", f"{CUSTOMERS}suggestions/"),
    "backup job": Stop("operator", "/admin/backup_tickets/backupjob/", "/change/"),
    "connection, read only": Stop("operator", "/admin/core/connection/", "/change/"),
    "failures": Stop("operator", "/admin/failures/"),
    "alerts": Stop("operator", "/admin/core/alert/"),
    "timeline": Stop("operator", "/admin/core/recordlink/", "/change/"),
    "search": Stop("operator", "/admin/search/?s=Harbour"),
    "guides": Stop("operator", "/admin/guides/"),
    "guide": Stop("operator", "/admin/guides/operators/"),
    "no such page": Stop("operator", "/admin/core/job/1/nothing/"),
    "overview of an admin": Stop("admin", "/admin/"),
    "clients": Stop("admin", "/admin/core/client/"),
    "client": Stop("admin", "/admin/core/client/", "/change/"),
    "connection": Stop("admin", "/admin/core/connection/", "/change/"),
    "new connection": Stop("admin", "/admin/core/connection/add/?vendor=autotask"),
    "integration": Stop("admin", "/admin/core/integration/", "/change/"),
    "users": Stop("admin", "/admin/core/user/"),
    "user": Stop("admin", "/admin/core/user/", "/change/"),
    "new user": Stop("admin", "/admin/core/user/add/"),
    "sync run": Stop("admin", "/admin/core/syncrun/", "/change/"),
    "alert rules": Stop("admin", "/admin/core/alertrule/"),
    "alert rule": Stop("admin", "/admin/core/alertrule/", "/change/"),
    "alert channels": Stop("admin", "/admin/core/alertchannel/"),
    "alert channel": Stop("admin", "/admin/core/alertchannel/", "/change/"),
    "new alert channel": Stop("admin", "/admin/core/alertchannel/add/"),
    "new alert channel, refused": Stop("admin", "/admin/core/alertchannel/add/", button="Save"),
    "webhook inbox": Stop("admin", "/admin/core/webhookdelivery/"),
    "new replay": Stop("admin", "/admin/core/replay/add/"),
    "replay": Stop("admin", "/admin/core/replay/add/", button="Show what it would do"),
    "replays": Stop("admin", "/admin/core/replay/"),
    "jobs": Stop("admin", "/admin/core/job/"),
    "API call": Stop("admin", "/admin/core/apicall/", "/change/"),
    "audit": Stop("admin", "/admin/core/auditentry/"),
    "iTop pairs": Stop("admin", "/admin/itop_bridge/pair/"),
    "two-factor": Stop("admin", "/admin/two-factor/"),
    "ticket settings": Stop("admin", "/admin/backup_tickets/ticketoptions/"),
    "TOGA settings": Stop("admin", "/admin/toga_togadesk/syncoptions/", "/change/"),
    "Freshservice settings": Stop("admin", "/admin/freshservice_toga/freshserviceoptions/", "/change/"),
    "iTop settings": Stop("admin", "/admin/itop_bridge/bridgeoptions/", "/change/"),
    "contact settings": Stop("admin", "/admin/advoware_espocrm/contactoptions/", "/change/"),
    "after a restore": Stop("admin", "/admin/core/writehold/add/"),
    # From here on writes are paused, and every page says so.
    "restore report": Stop("admin", "/admin/core/writehold/add/", button="Pause all writes and look"),
    "restores": Stop("admin", "/admin/core/writehold/"),
    "overview while writes are paused": Stop("operator", "/admin/"),
}


@pytest.fixture(scope="module")
def portal() -> Iterator[dict[str, str]]:
    with rehearsal() as environment:
        yield environment


@pytest.fixture(scope="module")
def windows(portal: dict[str, str], browser: Browser) -> Iterator[dict[str, Page]]:
    """A signed-in window per person."""
    opened = {person: browser.new_page(viewport=DESKTOP) for person in PEOPLE}
    for person in PEOPLE[1:]:
        sign_in(opened[person], portal, person)
    yield opened
    for page in opened.values():
        page.close()


def go(page: Page, portal: dict[str, str], stop: Stop) -> None:
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)
    page.goto(portal["PORTAL_BASE_URL"] + stop.path)
    if stop.link:
        links: list[str] = page.eval_on_selector_all("#content a[href]", "all => all.map(one => one.href)")
        page.goto(next(link for link in links if stop.link in link))
    if stop.button:
        page.get_by_role("button", name=stop.button, exact=True).click()
        expect(page.locator("[data-busy]")).to_have_count(0, timeout=30_000)  # what is shown as it is done, is done


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_without_seeing_it_or_seeing_well(
    windows: dict[str, Page], portal: dict[str, str], name: str
) -> None:
    page = windows[PAGES[name].person]
    go(page, portal, PAGES[name])
    page.evaluate(AXE_SCRIPT)  # by the debugger's door, which the page policy does not concern
    assert page.evaluate(JUDGE, LIGHT) == []
    page.set_viewport_size(PHONE)
    assert fits(page)
    assert page.evaluate(JUDGE, LIGHT) == []
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.documentElement.classList.add('dark')")  # as the theme does when a page is loaded
    assert page.evaluate(JUDGE, DARK) == []


def tab_to(page: Page, control: Any) -> None:
    """Press Tab until the control has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if control.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{control} cannot be reached by Tab")


def test_the_first_tab_leads_past_the_menu(windows: dict[str, Page], portal: dict[str, str]) -> None:
    page = windows["operator"]
    go(page, portal, PAGES["customers"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('content').contains(document.activeElement)")


def test_filters_and_menu_work_by_keyboard(windows: dict[str, Page], portal: dict[str, str]) -> None:
    page = windows["admin"]
    go(page, portal, PAGES["jobs"])
    tab_to(page, page.get_by_role("button", name="Filters"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Apply Filters")).to_be_visible()
    assert page.evaluate("document.getElementById('changelist-filter').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Apply Filters")).to_be_hidden()
    menu = page.get_by_role("button", name="Menu").first
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Menu")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Menu")).to_be_visible()


def test_a_person_signs_out_by_keyboard(browser: Browser, portal: dict[str, str]) -> None:
    page = browser.new_page()
    sign_in(page, portal, "reporter")
    tab_to(page, page.locator("button[aria-controls=account-links]"))
    page.keyboard.press("Enter")
    sign_out = page.get_by_role("button", name="Log out")
    expect(sign_out).to_be_visible()
    page.keyboard.press("Shift+Tab")  # the account's entries stand before the button that shows them
    expect(sign_out).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/logout/")
    page.close()
