"""How pages look (Unfold): the site's names, files, and the entries under one's own name."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _


def _static(path: str) -> Any:
    """The address of one of our static files, found when a page is drawn."""
    from django.templatetags.static import static

    return lambda request: static(path)


def _page(name: str) -> Any:
    """The address of a page, found when one is drawn."""
    from integrations.core.addresses import address_of

    return lambda request: address_of(name)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Integration portal"),
    "SITE_HEADER": _("Integration portal"),
    "SITE_SUBHEADER": _("backups, tickets, records in step"),
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("portal/icon.svg")}],
    "STYLES": [_static("portal/portal.css")],
    "SCRIPTS": [_static("portal/names.js")],
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": False, "command_search": True},
    "COMMAND": {"show_history": False},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Two-factor sign-in"), "link": _page("admin:two_factor")},
            {"title": _("Change password"), "link": _page("admin:password_change")},
        ]
    },
}
