"""The sidebar: core's own entries and those the integrations declare, grouped as operators and admins think.

Only entries the person has the permission for are shown, so nobody meets a link that leads to a refusal.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from integrations.core import registry
from integrations.core.registry import NavigationItem
from integrations.core.roles import may_open

GROUPS = ("Work", "Set-up", "Insight")

CORE = (
    NavigationItem("Clients", "apartment", "admin:core_client_changelist", "core.view_client", "Set-up"),
    NavigationItem("Connections", "cable", "admin:core_connection_changelist", "core.view_connection", "Set-up"),
    NavigationItem(
        "Integrations", "conversion_path", "admin:core_integration_changelist", "core.view_integration", "Set-up"
    ),
    NavigationItem("API tokens", "key", "admin:core_apitoken_changelist", "core.view_apitoken", "Set-up"),
    NavigationItem("Users", "group", "admin:core_user_changelist", "core.view_user", "Set-up"),
    NavigationItem("Roles", "badge", "admin:auth_group_changelist", "auth.view_group", "Set-up"),
    NavigationItem("Sync runs", "sync", "admin:core_syncrun_changelist", "core.view_syncrun", "Insight"),
    NavigationItem("Record links", "link", "admin:core_recordlink_changelist", "core.view_recordlink", "Insight"),
    NavigationItem(
        "Webhook inbox", "inbox", "admin:core_webhookdelivery_changelist", "core.view_webhookdelivery", "Insight"
    ),
    NavigationItem("Jobs", "checklist", "admin:core_job_changelist", "core.view_job", "Insight"),
    NavigationItem("API calls", "swap_horiz", "admin:core_apicall_changelist", "core.view_apicall", "Insight"),
    NavigationItem("Audit", "history_edu", "admin:core_auditentry_changelist", "core.view_auditentry", "Insight"),
    NavigationItem(
        "Sign-in attempts", "lock_person", "admin:axes_accessattempt_changelist", "axes.view_accessattempt", "Insight"
    ),
    NavigationItem("Queue", "queue", "admin:django_q_ormq_changelist", "django_q.view_ormq", "Insight"),
    NavigationItem("Schedules", "schedule", "admin:django_q_schedule_changelist", "django_q.view_schedule", "Insight"),
)


def entries() -> tuple[NavigationItem, ...]:
    """Every declared entry: the integrations' first, then core's."""
    declared = [NavigationItem(*entry) for kind in registry.kinds() for entry in kind.navigation]
    return (*declared, *CORE)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with the entries this person may open, in the shape the theme draws."""
    groups: list[dict[str, Any]] = [
        {
            "title": "",
            "items": [{"title": "Overview", "icon": "home", "link": reverse("admin:index")}],
        }
    ]
    for group in GROUPS:
        items = [
            {"title": entry.title, "icon": entry.icon, "link": link, **_badge(entry, request)}
            for entry in entries()
            if entry.group == group and may_open(request.user, entry.permission) and (link := _link(entry))
        ]
        if items:
            groups.append({"title": group, "separator": True, "items": items})
    return groups


def _badge(entry: NavigationItem, request: HttpRequest) -> dict[str, str]:
    text = entry.badge(request) if entry.badge else ""
    return {"badge": text, "badge_variant": "info"} if text else {}


def _link(entry: NavigationItem) -> str:
    """Empty for a page that is not installed (an optional app left out of INSTALLED_APPS)."""
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return ""
