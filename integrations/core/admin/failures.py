"""Everything that waits for somebody, on one page: grouped by its cause, explained, retried or dismissed in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.core import registry
from integrations.core.failures import acting, explaining, grouping
from integrations.core.failures.grouping import Wanted
from integrations.core.failures.source import Act, Explanation, Group, Key, Link
from integrations.core.failures.sources import sources_for
from integrations.core.models import Client, FailureAct, Integration, Job
from integrations.core.roles import may_open

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

VIEW = "core.view_helditem"
GROUPS, ROWS = 25, 50  # on one page
HOUSE = "House and portal"
State = FailureAct.State


def urls(site: AdminSite) -> list[URLPattern]:
    """The pages, for the admin site."""

    def door(route: str, view: Any, name: str) -> URLPattern:
        wrapped: Any = site.admin_view(lambda request, **more: view(site, request, **more))
        found: URLPattern = path(route, wrapped, name=name)
        return found

    return [
        door("failures/", list_page, "failures"),
        door("failures/preview/", preview, "failures_preview"),
        door("failures/<int:pk>/", act_page, "failures_act"),
    ]


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """A group as the page shows it."""

    group: Group
    what: str
    sentence: str
    explanation: Explanation
    examples: list[Link]
    fix: Link
    acts: list[Act]

    @property
    def noun(self) -> str:
        return str(self.group.source.one if self.group.count == 1 else self.group.source.many)


def list_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    return _list_page(request, site)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _wanted(request: HttpRequest) -> Wanted:
    asked = request.GET
    return Wanted(
        _number(asked.get("client", "")),
        _number(asked.get("integration", "")),
        asked.get("cause", "")[:80],
        asked.get("kind", "")[:80],
    )


@never_cache
@require_safe
def _list_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    user: Any = request.user
    if not may_open(user, VIEW):
        raise PermissionDenied
    wanted, sources = _wanted(request), sources_for(user)
    with_quiet = "ignored" in request.GET or any(one.quiet and one.slug == wanted.source for one in sources)
    looked_at = [one for one in sources if with_quiet or not one.quiet]
    clients = {row.pk: row for row in Client.objects.visible_to(user)}
    integrations = {row.pk: row for row in Integration.objects.visible_to(user).select_related("client")}
    groups, is_cut = grouping.groups_of(looked_at, user, wanted)
    groups.sort(key=lambda group: (group.source.quiet, *_place(group.key, clients, integrations)))
    page = Paginator(groups, GROUPS).get_page(request.GET.get("page"))
    context = {
        **site.each_context(request),
        "title": "Failures",
        "places": _by_place(user, list(page), clients, integrations),
        "page": page,
        "total": sum(group.count for group in groups if not group.source.quiet),
        "groups": sum(not group.source.quiet for group in groups),
        "is_cut": is_cut,
        "wanted": wanted,
        "with_quiet": with_quiet,
        "clients": clients.values(),
        "integrations": integrations.values(),
        "causes": explaining.choices(sources),
        "kinds": sources,
        "query": request.GET.urlencode(),
        "filtered": any((wanted.client, wanted.integration, wanted.cause, wanted.source)),
        **_addresses(request),
    }
    return TemplateResponse(request, "admin/portal/failures.html", context)


def _addresses(request: HttpRequest) -> dict[str, str]:
    """This page with and without what was ignored, and with another page of groups to come."""
    query = request.GET.copy()
    query.pop("page", None)
    others = query.urlencode()
    query["ignored"] = "1"
    with_ignored = query.urlencode()
    query.pop("ignored")
    return {"others": others, "with_ignored": with_ignored, "without_ignored": query.urlencode()}


def _place(key: Key, clients: dict[int, Client], integrations: dict[int, Integration]) -> tuple[bool, str]:
    """The heading a group stands under, sorted by the client's name; the house comes last."""
    if key.integration in integrations:
        return False, str(integrations[key.integration])
    return (False, str(clients[key.client])) if key.client in clients else (True, HOUSE)


def _by_place(
    user: Any, groups: list[Group], clients: dict[int, Client], integrations: dict[int, Integration]
) -> list[tuple[str, list[Shown]]]:
    examples = _examples(user, groups)
    places: dict[str, list[Shown]] = {}
    for group in groups:
        title = _place(group.key, clients, integrations)[1]
        if group.source.quiet:
            title = f"{title}: ignored, nothing is wrong"
        links, fix, alone = examples[id(group)]
        shown = Shown(
            group,
            _what(group.key, integrations),
            alone or group.key.shape,
            explaining.explain(group.source, group.key.cause),
            links,
            fix,
            [act for act in group.source.acts_for(group.key.cause) if user.has_perm(act.permission)],
        )
        places.setdefault(title, []).append(shown)
    return list(places.items())


def _what(key: Key, integrations: dict[int, Integration]) -> str:
    """The stream's label, where it is a stream's; else what the rows call it."""
    kind = {kind.slug: kind for kind in registry.kinds()}.get(
        integrations[key.integration].kind if key.integration in integrations else ""
    )
    return next((stream.label for stream in kind.streams if stream.slug == key.what), key.what) if kind else key.what


def _examples(user: Any, groups: list[Group]) -> dict[int, tuple[list[Link], Link, str]]:
    """Of each group, its first and its last row as links, where their like are mended, and the own sentence of a row
    that is alone; a statement or two for each source."""
    found: dict[int, tuple[list[Link], Link, str]] = {}
    for source in {group.source.slug: group.source for group in groups}.values():
        mine = [group for group in groups if group.source is source]
        rows = list(source.rows(user).filter(pk__in={pk for group in mine for pk in (group.first, group.last)}))
        links = dict(zip([row.pk for row in rows], source.show(rows), strict=True))
        by_id = {row.pk: row for row in rows}
        for group in mine:
            there = [by_id[pk] for pk in dict.fromkeys((group.first, group.last)) if pk in by_id]
            fix = source.fix(there[0]) if there else Link("")
            alone = source.says(there[0]) if there and group.count == 1 else ""
            found[id(group)] = [links[row.pk] for row in there], fix, alone
    return found


# --- an act -----------------------------------------------------------------------------------------------------------


def preview(site: AdminSite, request: HttpRequest) -> HttpResponse:
    return _preview(request)


@require_POST
def _preview(request: HttpRequest) -> HttpResponse:
    """Fix the rows of the group whose button was pressed, and show what would be done with them."""
    user: Any = request.user
    if not may_open(user, VIEW):
        raise PermissionDenied
    asked = request.POST
    found = acting.find(asked.get("source", ""), asked.get("act", ""), asked.get("cause", ""), user)
    if found is None:
        messages.error(request, "Nothing was done: that cannot be done here, or not by you.")
        return HttpResponseRedirect(_back(asked.get("back", "")))
    key = Key(
        _number(asked.get("client", "")),
        _number(asked.get("integration", "")),
        asked.get("what", ""),
        asked.get("cause", ""),
        asked.get("shape", ""),
    )
    row = acting.propose(*found, key, user=user, back=asked.get("back", ""))
    return HttpResponseRedirect(reverse("admin:failures_act", args=[row.pk]))


def act_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    return _act_page(request, site, pk)


@never_cache
@require_http_methods(["GET", "POST"])
def _act_page(request: HttpRequest, site: AdminSite, pk: int) -> HttpResponse:
    """GET: what would be done, how far it is, or what came of each. POST: begin, or stop. Only for who asked for it."""
    user: Any = request.user
    if not may_open(user, VIEW):
        raise PermissionDenied
    row = FailureAct.objects.filter(pk=pk, by=user).first()
    found = acting.declared(row) if row else None
    if row is None or found is None:
        raise Http404("There is no such act of yours.")
    source, act = found
    if request.method == "POST":
        return _decide(request, row, act)
    only_left = request.GET.get("show") == "left"
    ids = [int(pk) for pk in row.left] if only_left else row.ids
    page = Paginator(ids, ROWS).get_page(request.GET.get("page"))
    count = len(row.ids)
    key = Key(**row.group)
    first = source.rows(user).filter(pk__in=row.ids[:1]).first() if row.state == State.SHOWN else None
    context = {
        **site.each_context(request),
        "title": f"{act.label}: {count:,} {source.one if count == 1 else source.many}",
        "row": row,
        "act": act,
        "source": source,
        "key": key,
        "explanation": explaining.explain(source, key.cause),
        "sentence": source.says(first) if first is not None and count == 1 else key.shape,
        "hint": act.hint(first) if first is not None else "",
        "count": count,
        "page": page,
        "rows": acting.rows_of(row, list(page)),
        "only_left": only_left,
        "left": len(row.left),
        "good": row.done - len(row.left),
        "busy": row.state == State.RUNNING,
        "failure": _trouble(row),
        "back": _back(row.back),
    }
    return TemplateResponse(request, "admin/portal/failures_act.html", context)


def _decide(request: HttpRequest, row: FailureAct, act: Act) -> HttpResponse:
    user: Any = request.user
    reason = request.POST.get("reason", "").strip()
    if "stop" in request.POST:
        acting.stop(row)
    elif not user.has_perm(act.permission):
        raise PermissionDenied
    elif act.wants_reason and not reason:
        messages.error(request, "Nothing was done: say why, so that the next person knows.")
    elif not acting.confirm(row, reason=reason):
        messages.info(request, "It was begun already.")
    return HttpResponseRedirect(reverse("admin:failures_act", args=[row.pk]))


def _back(query: str) -> str:
    page = reverse("admin:failures")
    return f"{page}?{query}" if query else page


def _trouble(row: FailureAct) -> str:
    """Why nothing goes on although it is not over: what its job said when it was given up."""
    if row.state != State.RUNNING:
        return ""
    newest = Job.objects.filter(key=f"{acting.CARRY_OUT}:{row.pk}").order_by("-id").first()
    return newest.outcome if newest is not None and newest.state == Job.State.DEAD else ""
