"""The looks in which people's flows are played: light, dark and on a phone; and a way in past the sign-in."""

from __future__ import annotations

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from integrations.core.models import User
from tests.core.world import browser

DESKTOP, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
LOOKS = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light"},
}
# A test with this mark is played once in each of them.
in_every_look = pytest.mark.parametrize("browser_context_args", list(LOOKS.values()), ids=list(LOOKS))
on_a_phone = pytest.mark.browser_context_args(**LOOKS["phone"])


def enter(page: Page, portal: str, user: User) -> None:
    """From now on the window is this person's, as after a sign-in."""
    session = browser(user).cookies[settings.SESSION_COOKIE_NAME]
    page.context.clear_cookies()
    page.context.add_cookies([{"name": session.key, "value": session.value, "url": portal}])


def says(page: Page, text: str) -> None:
    """The page says so, or does in a moment."""
    expect(page.get_by_text(text).first).to_be_visible()


def fits(page: Page) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
