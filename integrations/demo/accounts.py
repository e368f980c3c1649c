"""The made-up people of the rehearsal: one per role, named like it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from django.contrib.auth.models import Group

from integrations.core.models import User
from integrations.core.roles import ADMIN, OPERATOR, REPORTER

PEOPLE = {"admin": ADMIN, "operator": OPERATOR, "reporter": REPORTER}


def passwords() -> dict[str, str]:
    """Each person's password: DEMO_PASSWORD for all, or DEMO_ADMIN_PASSWORD … as `make setup` writes them.

    Raises `LookupError` naming the setting that is missing.
    """
    for_all = os.environ.get("DEMO_PASSWORD", "")
    found = {name: for_all or os.environ.get(f"DEMO_{name.upper()}_PASSWORD", "") for name in PEOPLE}
    for name, password in found.items():
        if not password:
            raise LookupError(f"DEMO_{name.upper()}_PASSWORD is not set: run `make setup`, or set DEMO_PASSWORD")
    return found


def make_people(passwords: Mapping[str, str]) -> None:
    """Make the people who are missing, and give each their role and password."""
    for username, role in PEOPLE.items():
        user, _ = User.objects.get_or_create(username=username, defaults={"is_staff": True})
        if not user.check_password(passwords[username]):
            user.set_password(passwords[username])
            user.save()
        user.groups.set([Group.objects.get(name=role)])
