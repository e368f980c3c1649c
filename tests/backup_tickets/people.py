"""People and clients for pages of backup runs."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.test import Client as Browser

from integrations.core.models import Client, User


def person(name: str, role: str, *, clients: list[Client] | None = None) -> User:
    user = User.objects.create_user(name, password="a-long-test-password", is_staff=True, all_clients=clients is None)
    user.groups.add(Group.objects.get(name=role))
    user.clients.set(clients or [])
    return user


def browser(user: User) -> Browser:
    made = Browser()
    made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return made
