"""Which section of which guide explains a page or a field: one table, to which integrations add their own rows.

A page's key is the name of its address, and holds for all names that begin with it and an underscore; the longest
counts. A field's key is the page's and the field's name. A place is written as in the guides: `alerts.md#channels`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from django.urls import NoReverseMatch
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from integrations.core import registry
from integrations.core.markup import filled

from .shelf import page_of

_SET_UP, _SIGN_IN = "admins.md#the-first-day", "operations.md#inviting-people"

PAGES: Mapping[str, str] = {
    "index": "operators.md#the-first-page",
    "app_list": "admins.md#the-first-day",
    "search": "operators.md#find-anything",
    "failures": "operators.md#everything-that-waits-failures",
    "two_factor": _SIGN_IN,
    "password_change": _SIGN_IN,
    "auth_user_password_change": _SIGN_IN,
    "auth_group": _SET_UP,
    "axes_accessattempt": "operations.md#health",
    "core_alert": "operators.md#alerts",
    "core_alertchannel": "operations.md#alerts",
    "core_alertrule": "operations.md#alerts",
    "core_apicall": "support.md#what-did-the-vendor-say",
    "core_apitoken": "reporting-runs.md",
    "core_auditentry": "admins.md#who-did-what",
    "core_client": _SET_UP,
    "core_connection": _SET_UP,
    "core_connection_pause": "admins.md#when-a-vendor-has-a-bad-day",
    "core_connection_rotate": "operations.md#credentials-of-a-vendor",
    "core_connection_webhooks": "operations.md#webhooks",
    "core_integration": _SET_UP,
    "core_integration_record": "operators.md#why-did-this-change",
    "core_job": "support.md#jobs-what-waits-and-a-dead-one",
    "core_recordlink": "operators.md#why-did-this-change",
    "core_replay": "support.md#webhooks-look-again",
    "core_syncrun": "support.md#a-record-does-not-arrive",
    "core_user": _SIGN_IN,
    "core_webhookdelivery": "operations.md#webhooks",
    "core_writehold": "operations.md#restore",
    "django_q_ormq": "support.md#is-anything-wrong-at-all",
    "django_q_schedule": "support.md#is-anything-wrong-at-all",
}

FIELDS: Mapping[str, str] = {
    "core_alertchannel.url": "operations.md#the-webhook-of-a-channel",
    "core_alertchannel.secret": "operations.md#the-webhook-of-a-channel",
    "core_connection.is_paused": "admins.md#when-a-vendor-has-a-bad-day",
    "core_connection.secret_webhook_secret": "operations.md#webhooks",
    "core_user.all_clients": _SET_UP,
    "core_user.groups": _SET_UP,
}

_MORE = '{text} <a class="p-link" href="{url}" target="_blank" rel="noopener">{more}</a>'


@lru_cache(maxsize=512)
def guide_of(url_name: str) -> str:
    """The address of the section about the page of that name; empty where there is none."""
    table = {**PAGES, **{page: place for kind in registry.kinds() for page, place in kind.guides.items()}}
    pages = [page for page in table if url_name == page or url_name.startswith(f"{page}_")]
    return address(table[max(pages, key=len)]) if pages else ""


def help_of(page: str, name: str, text: object) -> SafeString | None:
    """A field's help text with the way to its section; None where no section is about that field."""
    table = {**FIELDS, **{key: place for kind in registry.kinds() for key, place in kind.guides.items() if "." in key}}
    place = table.get(f"{page}.{name}")
    return filled(_MORE, text=text or "", url=address(place), more=gettext("In the guide")) if place else None


def address(place: str) -> str:
    """The page of a place. Empty where guides are not shown (no such page)."""
    guide, _, anchor = place.partition("#")
    try:
        return page_of(guide.removesuffix(".md")) + (f"#{anchor}" if anchor else "")
    except NoReverseMatch:
        return ""
