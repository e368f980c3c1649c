"""One table makes the roles, and keeps them."""

from __future__ import annotations

from types import SimpleNamespace

from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest

from integrations.core import registry, roles
from integrations.core.admin import navigation
from integrations.core.models import User
from tests.core.world import browser


def test_groups_have_exactly_what_the_table_says(world: SimpleNamespace) -> None:
    for role in roles.ROLES:
        group = Group.objects.get(name=role)
        has = {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}
        assert has == roles.permissions_of(role)


def test_what_was_changed_by_hand_is_put_right(world: SimpleNamespace) -> None:
    reporter = Group.objects.get(name=roles.REPORTER)
    reporter.permissions.set(Permission.objects.filter(codename="change_user"))
    roles.apply()
    assert not reporter.permissions.filter(codename="change_user").exists()
    assert reporter.permissions.filter(codename="view_client").exists()


def test_every_permission_of_the_table_exists(world: SimpleNamespace) -> None:
    existing = {
        f"{label}.{name}" for label, name in Permission.objects.values_list("content_type__app_label", "codename")
    }
    assert {row.permission for row in roles.matrix()} <= existing


def test_admin_may_whatever_any_role_may(world: SimpleNamespace) -> None:
    assert roles.permissions_of(roles.OPERATOR) | roles.permissions_of(roles.REPORTER) <= roles.permissions_of(
        roles.ADMIN
    )


def test_reporter_may_only_view(world: SimpleNamespace) -> None:
    assert all(name.partition(".")[2].startswith("view_") for name in roles.permissions_of(roles.REPORTER))


def test_no_role_may_delete(world: SimpleNamespace) -> None:
    assert not [row for row in roles.matrix() if ".delete_" in row.permission]


def asked_by(user: User) -> HttpRequest:
    request = HttpRequest()
    request.user = user
    return request


def test_sidebar_has_no_dead_link_for_any_role(world: SimpleNamespace) -> None:
    for user in (world.admin, world.operator, world.reporter, world.limited):
        page = browser(user)
        for group in navigation.sidebar(asked_by(user)):
            for item in group["items"]:
                assert page.get(item["link"]).status_code == 200, item


def test_every_declared_entry_leads_somewhere_for_an_admin(world: SimpleNamespace) -> None:
    shown = {item["title"] for group in navigation.sidebar(asked_by(world.admin)) for item in group["items"]}
    assert {entry.title for entry in navigation.entries()} <= shown


def test_core_names_no_integration_in_its_sidebar() -> None:
    own = " ".join(f"{entry.url_name} {entry.permission}" for entry in navigation.CORE)
    assert not [kind.slug for kind in registry.kinds() if kind.slug in own]
