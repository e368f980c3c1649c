"""Finding things by any of their names: pages, clients, connections, integrations, pairs, and what the kinds offer.

Every look-up is limited, goes by an index or through a small table, and is scoped to what the person may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import registry
from .addresses import address_of
from .models import Client, Connection, Integration, RecordLink, User
from .registry import MOST_FOUND, Found
from .roles import may_open, may_open_of

LEAST = 2  # characters
LONGEST = 200
SCANNED = 200  # rows of a small table that are read to find the exact ones among them
PAGES = _("Pages")
OWN_PAGES = (  # those of everybody, beside the sidebar's
    (_("Overview"), "home", "admin:index"),
    (_("Two-factor sign-in"), "lock", "admin:two_factor"),
    (_("Change password"), "password", "admin:password_change"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one sort, exact hits first."""

    title: str
    found: list[Found]


def search(request: HttpRequest, text: str) -> list[Group]:
    """What this text names, for the person who asks; nothing for less than `LEAST` characters."""
    wanted = " ".join(text.replace("\0", " ").split())[:LONGEST]
    user = request.user
    if len(wanted) < LEAST or not isinstance(user, User):
        return []
    groups: dict[str, list[Found]] = {}
    for one in _everything(user, wanted):
        groups.setdefault(one.group, []).append(one)
    found = [
        Group(title, sorted(rows, key=lambda row: not row.is_exact)[:MOST_FOUND]) for title, rows in groups.items()
    ]
    return sorted(found, key=lambda group: not group.found[0].is_exact)


def _everything(user: User, text: str) -> Iterator[Found]:
    yield from _links(user, text)
    for kind in registry.kinds():
        if kind.search is not None:
            yield from kind.search(user, text)
    yield from _set_up(user, text)
    yield from _pages(user, text)


def _links(user: User, text: str) -> Iterator[Found]:
    """Pairs by the whole id of either side, with or without its kind before it (`ticket:7`), or by their marker."""
    if not may_open(user, "core.view_recordlink"):
        return
    object_type, _, number = text.partition(":")
    which = Q(left_id=text) | Q(right_id=text) | Q(key=text)
    if number:
        which |= Q(left_id=number, object_type=object_type) | Q(right_id=number, object_type=object_type)
    rows = RecordLink.objects.visible_to(user).filter(which).select_related("integration__client")
    for link in rows.order_by("-pk")[:MOST_FOUND]:
        detail = f"{link.integration}, {link.get_state_display()}"
        yield Found(gettext("Pairs"), str(link), _page("recordlink", link.pk), detail, "link", is_exact=True)


def _set_up(user: User, text: str) -> Iterator[Found]:
    """By a part of the name; these tables are small."""
    may = may_open_of(user, {"core.view_client", "core.view_connection", "core.view_integration", "core.view_user"})
    lowered = text.casefold()
    if "core.view_client" in may:
        for row in Client.objects.visible_to(user).filter(Q(name__icontains=text) | Q(slug__icontains=text))[:SCANNED]:
            exact = lowered in (row.name.casefold(), row.slug)
            yield Found(gettext("Clients"), row.name, _page("client", row.pk), row.slug, "apartment", exact)
    if "core.view_connection" in may:
        named = Q(slug__icontains=text) | Q(vendor__icontains=text) | Q(client__name__icontains=text)
        for one in Connection.objects.visible_to(user).filter(named).select_related("client")[:SCANNED]:
            exact = lowered in (one.slug, str(one).casefold())
            detail = f"{one.vendor}, {one.environment}"
            yield Found(gettext("Connections"), str(one), _page("connection", one.pk), detail, "cable", exact)
    if "core.view_integration" in may:
        yield from _integrations(user, text)
    if "core.view_user" in may:
        for person in User.objects.filter(Q(username__icontains=text) | Q(last_name__icontains=text))[:SCANNED]:
            exact = person.username.casefold() == lowered
            yield Found(
                gettext("Users"), person.username, _page("user", person.pk), person.get_full_name(), "person", exact
            )


def _integrations(user: User, text: str) -> Iterator[Found]:
    lowered = text.casefold()
    labels = {kind.slug: str(kind.label) for kind in registry.kinds()}
    by_label = [slug for slug, label in labels.items() if lowered in label.casefold()]
    named = Q(slug__icontains=text) | Q(kind__icontains=text) | Q(kind__in=by_label) | Q(client__name__icontains=text)
    for row in Integration.objects.visible_to(user).filter(named).select_related("client")[:SCANNED]:
        exact = lowered in (row.slug, row.kind, labels.get(row.kind, "").casefold())
        detail = labels.get(row.kind, row.kind)
        yield Found(gettext("Integrations"), str(row), _page("integration", row.pk), detail, "conversion_path", exact)


def _pages(user: User, text: str) -> Iterator[Found]:
    """Every page of the sidebar that is theirs, by a part of its name."""
    from .admin.navigation import entries  # the admin's classes need the models first

    lowered = text.casefold()
    known = [(str(title), icon, name, "") for title, icon, name in OWN_PAGES]
    known += [(str(entry.title), entry.icon, entry.url_name, entry.permission) for entry in entries()]
    named = [one for one in known if lowered in one[0].casefold()]
    may = may_open_of(user, {permission for *_, permission in named if permission})
    for title, icon, name, permission in named:
        if not permission or permission in may:
            yield from _if_installed(title, icon, name, is_exact=title.casefold() == lowered)


def _if_installed(title: str, icon: str, name: str, *, is_exact: bool) -> Iterable[Found]:
    try:
        return [Found(str(PAGES), title, address_of(name), "", icon, is_exact)]
    except NoReverseMatch:  # an optional app was left out
        return []


def _page(model: str, pk: int) -> str:
    return reverse(f"admin:core_{model}_change", args=[pk])
