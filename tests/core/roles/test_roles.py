"""One table makes the roles, and keeps them."""

from __future__ import annotations

from types import SimpleNamespace

from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext

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


def test_people_have_what_their_groups_and_they_themselves_were_given_by_one_statement(world: SimpleNamespace) -> None:
    world.reporter.user_permissions.add(Permission.objects.get(codename="change_user"))
    rita = User.objects.get(pk=world.reporter.pk)
    with CaptureQueriesContext(connection) as captured:
        assert rita.get_all_permissions() == {*roles.permissions_of(roles.REPORTER), "core.change_user"}
        assert rita.has_perm("core.view_client")
        assert not rita.has_perm("core.add_client")
        assert not rita.has_perm("core.view_client", world.elite)
        assert rita.has_module_perms("core")
        assert not rita.has_module_perms("axes")
    assert len(captured) == 1


def test_who_was_switched_off_may_nothing_and_a_superuser_everything(world: SimpleNamespace) -> None:
    User.objects.filter(pk=world.admin.pk).update(is_active=False)
    off = User.objects.get(pk=world.admin.pk)
    assert off.get_all_permissions() == set()
    assert not off.has_perm("core.view_client")
    assert not off.has_module_perms("core")
    boss = User.objects.create_superuser("boss", password="a-long-test-password")
    assert boss.has_perm("core.add_client")
    assert boss.has_module_perms("axes")
    assert boss.get_all_permissions() > off.get_all_permissions()
    User.objects.filter(pk=boss.pk).update(is_active=False)
    assert not User.objects.get(pk=boss.pk).has_perm("core.add_client")
