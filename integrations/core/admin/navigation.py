"""The sidebar: core's own entries and those the integrations declare, grouped as operators and admins think.

Only entries the person has the permission for are shown, so nobody meets a link that leads to a refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import registry
from integrations.core.addresses import address_of
from integrations.core.failures.grouping import COUNTED, count_for
from integrations.core.markup import NOTHING, filled, joined
from integrations.core.models import Alert
from integrations.core.registry import NavigationItem
from integrations.core.roles import may_open_of
from integrations.texts import Text

GROUPS = {"Work": _("Work"), "Set-up": _("Set-up"), "Insight": _("Insight")}
KEPT = 60  # seconds; the figures that are counted for each page


def alerts_badge(request: HttpRequest) -> str:
    """How many alerts are open that nobody looks after."""

    def open_ones() -> int:
        mine = Alert.objects.visible_to(request.user).filter(state=Alert.State.OPEN, acknowledged_at=None)
        return int(mine.count())

    return _badge_of(_kept(request, "admin:core_alert_changelist", open_ones))


def failures_badge(request: HttpRequest) -> str:
    """How much waits for somebody, of everything this person may see."""
    return _badge_of(_kept(request, "admin:failures", lambda: count_for(request.user)))  # type: ignore[arg-type]  # signed in


def _kept(request: HttpRequest, url_name: str, count: Callable[[], int]) -> int:
    """A figure of this person that is a minute old at most, and new on its own page.

    Kept in the cache, so that it costs the other pages no statement (M9).
    """
    key = f"{url_name}:{request.user.pk}"
    found: int | None = None if request.path.startswith(address_of(url_name)) else cache.get(key)
    if found is None:
        found = count()
        cache.set(key, found, KEPT)
    return found


def _badge_of(count: int) -> str:
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}" if count else ""


CORE = (
    NavigationItem(
        _("Alerts"), "notifications", "admin:core_alert_changelist", "core.view_alert", "Work", alerts_badge
    ),
    NavigationItem(_("Failures"), "report", "admin:failures", "core.view_helditem", badge=failures_badge),
    NavigationItem(_("Clients"), "apartment", "admin:core_client_changelist", "core.view_client", "Set-up"),
    NavigationItem(_("Connections"), "cable", "admin:core_connection_changelist", "core.view_connection", "Set-up"),
    NavigationItem(
        _("Integrations"), "conversion_path", "admin:core_integration_changelist", "core.view_integration", "Set-up"
    ),
    NavigationItem(_("API tokens"), "key", "admin:core_apitoken_changelist", "core.view_apitoken", "Set-up"),
    NavigationItem(_("Users"), "group", "admin:core_user_changelist", "core.view_user", "Set-up"),
    NavigationItem(_("Roles"), "badge", "admin:auth_group_changelist", "auth.view_group", "Set-up"),
    NavigationItem(
        _("Alert channels"), "campaign", "admin:core_alertchannel_changelist", "core.view_alertchannel", "Set-up"
    ),
    NavigationItem(_("Alert rules"), "rule", "admin:core_alertrule_changelist", "core.view_alertrule", "Set-up"),
    NavigationItem(_("Sync runs"), "sync", "admin:core_syncrun_changelist", "core.view_syncrun", "Insight"),
    NavigationItem(_("Record links"), "link", "admin:core_recordlink_changelist", "core.view_recordlink", "Insight"),
    NavigationItem(
        _("Webhook inbox"), "inbox", "admin:core_webhookdelivery_changelist", "core.view_webhookdelivery", "Insight"
    ),
    NavigationItem(_("Jobs"), "checklist", "admin:core_job_changelist", "core.view_job", "Insight"),
    NavigationItem(_("API calls"), "swap_horiz", "admin:core_apicall_changelist", "core.view_apicall", "Insight"),
    NavigationItem(_("Audit"), "history_edu", "admin:core_auditentry_changelist", "core.view_auditentry", "Insight"),
    NavigationItem(
        _("Restores"), "settings_backup_restore", "admin:core_writehold_changelist", "core.view_writehold", "Insight"
    ),
    NavigationItem(
        _("Sign-in attempts"),
        "lock_person",
        "admin:axes_accessattempt_changelist",
        "axes.view_accessattempt",
        "Insight",
    ),
    NavigationItem(_("Queue"), "queue", "admin:django_q_ormq_changelist", "django_q.view_ormq", "Insight"),
    NavigationItem(
        _("Schedules"), "schedule", "admin:django_q_schedule_changelist", "django_q.view_schedule", "Insight"
    ),
)

# Unfold's markup (0.91).
_ALL = '<div id="nav-sidebar-apps" class="h-0 grow overflow-auto" data-simplebar>{groups}</div>'
_GROUP = (
    '<div class="hidden mb-1.5 has-[ol]:has-[li]:block">{heading}'
    '<ol class="flex flex-col gap-0.5 px-6">{entries}</ol></div>'
)
_HEADING = (
    '<hr class="border-t border-base-200 mx-6 my-2 dark:border-base-800"><h2 class="font-semibold flex flex-row group'
    " items-center mb-1 mx-3 py-1.5 px-3 select-none text-font-important-light text-sm dark:text-font-important-dark"
    '">{title}</h2>'
)
_ENTRY = (
    '<li><a href="{link}" class="flex h-[38px] items-center -mx-3 px-3 rounded-default hover:text-primary-600'
    ' dark:hover:text-primary-500 {active}"><span class="material-symbols-outlined md-18 mr-3 w-[18px]"'
    ' aria-hidden="true">{icon}</span>'
    "<span>{title}</span>{badge}</a></li>"
)
_ACTIVE = "bg-base-100 font-semibold text-primary-600 dark:bg-white/[.06] dark:text-primary-500 active"
_BADGE = (
    '<span class="font-semibold h-[18px] leading-[18px] ml-2 px-1 relative rounded-xs text-center text-[11px]'
    " whitespace-nowrap uppercase min-w-[18px] bg-blue-100 text-blue-700 dark:bg-blue-500/20 dark:text-blue-400"
    '">{text}</span>'
)


def entries() -> tuple[NavigationItem, ...]:
    """Every declared entry: the integrations' first, then core's."""
    declared = [NavigationItem(*entry) for kind in registry.kinds() for entry in kind.navigation]
    return (*declared, *CORE)


def name_of(url_name: str) -> Text | None:
    """What the sidebar calls that page, so that it is called so everywhere; None for what does not stand there."""
    return next((entry.title for entry in entries() if entry.url_name == url_name), None)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with the entries this person may open."""
    groups: list[dict[str, Any]] = [
        {
            "title": "",
            "items": [{"title": gettext("Overview"), "icon": "home", "link": address_of("admin:index"), "badge": ""}],
        }
    ]
    known = entries()
    open_to_them = may_open_of(request.user, {entry.permission for entry in known})
    for group, said in GROUPS.items():
        items = [
            {
                "title": str(entry.title),
                "icon": entry.icon,
                "link": link,
                "badge": entry.badge(request) if entry.badge else "",
            }
            for entry in known
            if entry.group == group and entry.permission in open_to_them and (link := _link(entry))
        ]
        if items:
            groups.append({"title": str(said), "items": items})
    return groups


def drawn(groups: list[dict[str, Any]], path: str) -> SafeString:
    """The groups as HTML; the entry of the page at this path is marked."""
    home = address_of("admin:index")
    parts = []
    for group in groups:
        heading = filled(_HEADING, title=group["title"]) if group["title"] else NOTHING
        items = (
            _entry(item, is_active=path == home if item["link"] == home else path.startswith(item["link"]))
            for item in group["items"]
        )
        parts.append(filled(_GROUP, heading=heading, entries=joined(items)))
    return filled(_ALL, groups=joined(parts))


def _entry(item: dict[str, Any], *, is_active: bool) -> SafeString:
    badge = filled(_BADGE, text=item["badge"]) if item["badge"] else NOTHING
    shown = {name: item[name] for name in ("link", "icon", "title")}
    return filled(_ENTRY, **shown, active=_ACTIVE if is_active else "", badge=badge)


def _link(entry: NavigationItem) -> str:
    """Empty for a page that is not installed (an optional app left out of INSTALLED_APPS)."""
    try:
        return address_of(entry.url_name)
    except NoReverseMatch:
        return ""
