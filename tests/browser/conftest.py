"""A portal served to a real browser, a simulated Autotask behind it, and an eye on what the browser complains of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import ARGUMENTS, WHERE

# Playwright keeps an event loop in this thread, which Django takes for a server's; the tests' own queries are harmless.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

HERE = os.path.dirname(__file__)
WATCH_POLICY = """
addEventListener("securitypolicyviolation", event =>
    console.error(`policy: ${event.violatedDirective} blocked ${event.blockedURI || event.sample}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if str(item.path).startswith(HERE):
            item.add_marker(pytest.mark.browser)
            if WHERE is None:
                item.add_marker(pytest.mark.skip(reason="no chromium here: apt install chromium"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": WHERE, "args": ARGUMENTS}


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complained of: console errors, failed scripts, violations of the page policy."""
    found: list[str] = []
    page.add_init_script(WATCH_POLICY)
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def autotask() -> Iterator[Any]:
    """The simulated Autotask, running; `.simulator` holds its ledger."""
    from integrations.vendors.autotask import simulator

    with simulator.serve() as server:
        yield server
