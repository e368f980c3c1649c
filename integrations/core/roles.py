"""Who may do what: one table, from which the role groups are made and kept, and the documentation is printed.

The three roles are groups of Django; their permissions are set from here after every migration, so they are the same
everywhere. Further groups may be made by hand. Integrations add their own rows (`IntegrationKind.permissions`); what
any role of theirs may do, Admin may too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps as installed
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from . import registry

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User

ADMIN, OPERATOR, REPORTER = "Admin", "Operator", "Reporter"
ROLES = (ADMIN, OPERATOR, REPORTER)
_EVERYONE, _OPERATORS, _ADMINS = frozenset(ROLES), frozenset({ADMIN, OPERATOR}), frozenset({ADMIN})

CORE: dict[str, frozenset[str]] = {
    "core.view_client": _EVERYONE,
    "core.add_client": _ADMINS,
    "core.change_client": _ADMINS,
    "core.view_apitoken": _ADMINS,
    "core.add_apitoken": _ADMINS,
    "core.change_apitoken": _ADMINS,
    "core.view_connection": _OPERATORS,
    "core.add_connection": _ADMINS,
    "core.change_connection": _ADMINS,
    "core.view_integration": _OPERATORS,
    "core.add_integration": _ADMINS,
    "core.change_integration": _ADMINS,
    "core.view_integrationrole": _OPERATORS,
    "core.add_integrationrole": _ADMINS,
    "core.change_integrationrole": _ADMINS,
    "core.view_stream": _OPERATORS,
    "core.change_stream": _ADMINS,
    "core.view_syncrun": _OPERATORS,
    "core.view_helditem": _OPERATORS,
    "core.view_recordlink": _OPERATORS,
    "core.view_webhookdelivery": _OPERATORS,
    "core.change_webhookdelivery": _ADMINS,
    "core.view_replay": _OPERATORS,
    "core.add_replay": _ADMINS,
    "core.change_replay": _ADMINS,
    "core.view_job": _OPERATORS,
    "core.change_job": _ADMINS,
    "core.view_apicall": _OPERATORS,
    "core.view_auditentry": _OPERATORS,
    "core.view_alert": _OPERATORS,
    "core.change_alert": _OPERATORS,
    "core.view_alertchannel": _ADMINS,
    "core.add_alertchannel": _ADMINS,
    "core.change_alertchannel": _ADMINS,
    "core.view_alertrule": _ADMINS,
    "core.change_alertrule": _ADMINS,
    "core.view_writehold": _OPERATORS,
    "core.add_writehold": _ADMINS,
    "core.change_writehold": _ADMINS,
    "core.view_user": _ADMINS,
    "core.add_user": _ADMINS,
    "core.change_user": _ADMINS,
    "auth.view_group": _ADMINS,
    "axes.view_accessattempt": _ADMINS,
    "django_q.view_schedule": _ADMINS,
    "django_q.view_ormq": _ADMINS,
}

# Pages about the house as a whole; people limited to some clients never get them, whatever their role.
HOUSE_ONLY = frozenset(
    {
        "core.view_job",
        "core.view_alertrule",
        "core.view_writehold",
        "core.view_user",
        "auth.view_group",
        "axes.view_accessattempt",
        "django_q.view_schedule",
        "django_q.view_ormq",
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """One permission and the roles that have it."""

    permission: str
    roles: frozenset[str]


def matrix() -> list[Row]:
    """The whole table: core's rows, then each integration's, sorted."""
    table = dict(CORE)
    for kind in registry.kinds():
        for role, permissions in kind.permissions.items():
            for permission in permissions:
                table[permission] = table.get(permission, _ADMINS) | {role}
    return [Row(permission, table[permission]) for permission in sorted(table)]


def permissions_of(role: str) -> set[str]:
    """The codenames (`app_label.codename`) this role has."""
    return {row.permission for row in matrix() if role in row.roles}


def may_open(user: User | AnonymousUser, permission: str) -> bool:
    """Whether a page that asks for this permission is for this person."""
    return bool(may_open_of(user, {permission}))


def may_open_of(user: User | AnonymousUser, permissions: set[str]) -> set[str]:
    """Those of the permissions whose pages are for this person."""
    if not user.is_authenticated:
        return set()
    held = permissions & user.get_all_permissions()
    return held if user.all_clients else held - HOUSE_ONLY


def apply(using: str = "default") -> None:
    """Give every role group exactly what the table says, as far as the permissions exist yet."""
    for role in ROLES:
        group, _ = Group.objects.using(using).get_or_create(name=role)
        wanted = _existing(permissions_of(role), using)
        if set(group.permissions.using(using).values_list("pk", flat=True)) != set(wanted):
            group.permissions.set(wanted)


def _existing(codenames: set[str], using: str) -> dict[int, str]:
    condition = Q(pk__in=())
    for name in codenames:
        app_label, _, codename = name.partition(".")
        condition |= Q(content_type__app_label=app_label, codename=codename)
    found = Permission.objects.using(using).filter(condition).values_list("pk", "codename")
    return dict(found)


def after_migrate(sender: Any, using: str, apps: Any = installed, **kwargs: Any) -> None:
    """Receiver of `post_migrate`; must come after the one of django.contrib.auth that makes the permissions."""
    if sender.label in {row.permission.partition(".")[0] for row in matrix()} and _tables_exist(apps):
        apply(using)


def _tables_exist(apps: Any) -> bool:
    """Whether the migrated state has groups and permissions (it has not while migrating backwards)."""
    try:
        apps.get_model("auth", "Group")
    except LookupError:
        return False
    return True
