"""What was mailed: the links in it, and opening one as its reader does."""

from __future__ import annotations

import re

from django.core import mail
from django.test import Client as Browser

from integrations.core.running import run_due_jobs

CHOOSE = "/admin/password/choose/"
NEW = "a-brand-new-password"


def deliver() -> list[str]:
    """Work off what waits, and say to whom everything mailed so far went, in order."""
    run_due_jobs()
    return [address for message in mail.outbox for address in message.to]


def newest_link() -> str:
    """The path of the link in the newest mail."""
    found = re.findall(r"http://127\.0\.0\.1:8000(/admin/password/\w+/)", str(mail.outbox[-1].body))
    assert len(found) == 1
    return str(found[0])


def choose(link: str, password: str = NEW, *, page: Browser | None = None) -> Browser:
    """Open the link and choose that password."""
    page = page or Browser()
    page.get(link)
    page.post(CHOOSE, {"new_password1": password, "new_password2": password})
    return page


def is_signed_in(page: Browser) -> bool:
    return page.get("/admin/").status_code == 200
