"""A small world to look at through the admin."""

from __future__ import annotations

from types import SimpleNamespace

from django.contrib.auth.models import Group
from django.test import Client as Browser

from integrations.core import roles
from integrations.core.models import Client, Connection, User

PASSWORD = "a-long-test-password"


def person(name: str, role: str, *, clients: list[Client] | None = None) -> User:
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True, all_clients=clients is None)
    user.groups.add(Group.objects.get(name=role))
    user.clients.set(clients or [])
    return user


def browser(user: User) -> Browser:
    made = Browser()
    made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return made


def make_world() -> SimpleNamespace:
    """Two clients with a connection each, one of the house, and a person per role."""
    elite = Client.objects.create(slug="elite", name="Elite")
    other = Client.objects.create(slug="northwind", name="Northwind")
    return SimpleNamespace(
        elite=elite,
        other=other,
        elite_connection=Connection.objects.create(client=elite, slug="psa", vendor="autotask"),
        other_connection=Connection.objects.create(client=other, slug="secret-psa", vendor="autotask"),
        house_connection=Connection.objects.create(slug="house-psa", vendor="autotask"),
        admin=person("anna", roles.ADMIN),
        operator=person("otto", roles.OPERATOR),
        reporter=person("rita", roles.REPORTER),
        limited=person("lisa", roles.OPERATOR, clients=[elite]),
    )
