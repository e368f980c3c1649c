"""`make screenshots`: take the pictures of docs/images from a rehearsal in a temporary database."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, WHERE

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
DESKTOP, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
RUN_CHECKS = "/admin/backup_tickets/run/"
# name, colour scheme, size
LOOKS = (("", "light", DESKTOP), ("-dark", "dark", DESKTOP), ("-phone", "light", PHONE))


@contextmanager
def rehearsal() -> Iterator[dict[str, str]]:
    """A portal with the demo's world, and its environment."""
    from integrations.demo import temporary

    with tempfile.TemporaryDirectory() as folder:
        environment = temporary.environment(Path(folder))
        with subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("Ctrl-C"):
                    break
            try:
                yield environment
            finally:
                process.terminate()


def sign_in(page: Page, environment: dict[str, str], username: str) -> None:
    page.goto(environment["PORTAL_BASE_URL"] + "/admin/login/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", environment["DEMO_PASSWORD"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/admin/")


def shoot(page: Page, environment: dict[str, str], look: str) -> None:
    base = environment["PORTAL_BASE_URL"]
    page.goto(base + "/admin/")
    page.screenshot(path=IMAGES / f"overview{look}.png")
    page.goto(base + RUN_CHECKS)
    page.screenshot(path=IMAGES / f"run-checks{look}.png")
    page.locator(f"a[href^='{RUN_CHECKS}'][href*='/change/']").first.click()
    page.wait_for_load_state()
    page.screenshot(path=IMAGES / f"run{look}.png", full_page=True)


def main() -> int:
    if WHERE is None:
        print("chromium is missing: apt install chromium", file=sys.stderr)
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    IMAGES.mkdir(exist_ok=True)
    with rehearsal() as environment, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=WHERE, args=ARGUMENTS)
        for look, scheme, size in LOOKS:
            page = browser.new_page(viewport=size, color_scheme=scheme)
            sign_in(page, environment, "operator")
            shoot(page, environment, look)
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
