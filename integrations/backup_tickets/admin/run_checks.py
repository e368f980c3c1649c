"""Run Checks: the list of backup runs operators work through, their review, and the list as a file."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.backup_tickets import checks_list, exporting, permissions
from integrations.backup_tickets.checks_list import STATUSES
from integrations.backup_tickets.models import Run
from integrations.backup_tickets.review import REASON_LIMIT, ReviewResult, review, undo
from integrations.backup_tickets.work_lists import counts_for, work_lists
from integrations.core.admin.base import ReadOnlyAdmin

from .bulk import BulkPages, offered
from .importing import ImportPages
from .run_filters import clients_of, understood
from .run_page import RunPage
from .run_rows import ICONS, TONES, rows_html

AT_ONCE = 500  # runs reviewed by one click


@admin.register(Run)
class RunAdmin(BulkPages, ImportPages, RunPage, ReadOnlyAdmin):
    """Runs are reported, never written by hand; what people do with them has views of its own."""

    def get_urls(self) -> list[URLPattern]:
        def door(name: str, view: Any) -> URLPattern:
            found: URLPattern = path(f"{name}/", self.admin_site.admin_view(view), name=f"backup_tickets_run_{name}")
            return found

        own = [door("review", self.review_view), door("export", self.export_view)]
        return [*own, *self.bulk_urls(), *self.import_urls(), *self.page_urls(), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list. Filters and the page's cursor stand in the address."""
        _demand(request, permissions.VIEW_RUN)
        user: Any = request.user  # signed in
        asked = understood(request.GET, clients_of(user))
        filters = asked.filters
        shown = checks_list.page(
            user, filters, older_than=request.GET.get("older", ""), newer_than=request.GET.get("newer", "")
        )
        found = counts_for(request)
        acts, may_review = offered(filters, user), user.has_perm(permissions.REVIEW_RUN)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Run Checks"),
            "opts": self.opts,
            "asked": asked,
            "filters": filters,
            "rows": rows_html(shown.rows, selectable=may_review or bool(acts)),
            "newer": shown.newer and filters.query(newer=shown.newer),
            "older": shown.older and filters.query(older=shown.older),
            "query": filters.query(),
            "here": request.GET.urlencode(),
            "counts": found,
            "waiting": found.needed,
            "counted": checks_list.COUNTED,
            "strip": [
                (s, STATUSES[s], ICONS[s], TONES[s], found.attention[s])
                for s in ("error", "missed", "warning")
                if found.attention[s]
            ],
            "work_lists": work_lists(user, found),
            "bulk_acts": acts,
            "may_review": may_review,
            "reason_limit": REASON_LIMIT,
            "export_limit": exporting.LIMIT,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "backup_tickets/run_checks.html", context)

    @method_decorator(require_POST)
    def review_view(self, request: HttpRequest) -> HttpResponse:
        """“No ticket needed” for the chosen runs, or its undoing; answers with what came of each."""
        _demand(request, permissions.REVIEW_RUN)
        user: Any = request.user  # signed in
        chosen = [int(pk) for pk in request.POST.getlist("run") if pk.isascii() and pk.isdecimal() and len(pk) < 19]
        undoing = request.POST.get("action") == "undo"
        results = (
            undo(chosen[:AT_ONCE], user) if undoing else review(chosen[:AT_ONCE], user, request.POST.get("reason", ""))
        )
        beyond = _("Run {pk}: not looked at; at most {limit} runs at once.")
        results += [ReviewResult(pk, False, beyond.format(pk=pk, limit=AT_ONCE)) for pk in chosen[AT_ONCE:]]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Review undone") if undoing else _("No ticket needed"),
            "opts": self.opts,
            "results": results,
            "done": [result.run_id for result in results if result.done],
            "undoing": undoing,
            "back": request.POST.get("back", ""),
        }
        return TemplateResponse(request, "backup_tickets/run_checks_result.html", context)

    @method_decorator(require_GET)
    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The list as it is filtered, as a CSV or XLSX file."""
        _demand(request, permissions.VIEW_RUN)
        user: Any = request.user  # signed in
        found = checks_list.runs(user, understood(request.GET, clients_of(user)).filters)
        return exporting.as_xlsx(found) if request.GET.get("as") == "xlsx" else exporting.as_csv(found)


def _demand(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
