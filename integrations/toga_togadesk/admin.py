"""The settings of one client's sync, with its watermarks in TOGA 2 and the cut-over from the old programs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from integrations.core import long_jobs, streams
from integrations.core.admin.base import PortalModelAdmin
from integrations.core.models import Stream
from integrations.core.streams import StreamProblem
from integrations.transport.errors import VendorError

from . import cutover
from .models import Published, SyncOptions
from .pair import opened
from .watermarks import PARAMETERS, take_over

CHANGE = "toga_togadesk.change_syncoptions"


@admin.register(SyncOptions)
class SyncOptionsAdmin(PortalModelAdmin):
    list_display = ("integration", "togadesk_client_id", "default_department_id", "integration_type", "missing")
    list_select_related = ("integration__client",)
    readonly_fields = ("integration",)
    change_form_outer_before_template = "toga_togadesk/options_panel.html"
    fieldsets = (
        (None, {"fields": ("integration", "integration_type")}),
        ("TOGaDesk", {"fields": ("togadesk_client_id", "default_department_id", "monitored_department_ids")}),
        (_("Words"), {"fields": ("status_words", "priority_words", "category_field", "custom_field_prefix")}),
        (_("Reading"), {"fields": ("page_size", "overlap_seconds", "deactivates")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # adding the integration adds its settings

    @admin.display(description=_("what is missing"))
    def missing(self, row: SyncOptions) -> str:
        return row.problem() or "–"

    def get_urls(self) -> list[URLPattern]:
        def door(name: str, view: Any) -> URLPattern:
            wrapped: Any = self.admin_site.admin_view(view)
            pattern: URLPattern = path(f"<int:pk>/{name}/", wrapped, name=f"toga_togadesk_syncoptions_{name}")
            return pattern

        return [
            door("adopt", self.adopt_view),
            door("stop", self.stop_view),
            door("watermark", self.watermark_view),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        extra: dict[str, Any] = {}
        if row is not None:
            marks = {mark.stream_id: mark for mark in Published.objects.filter(stream__integration=row.integration)}
            rows = [one for one in streams.declared_streams(row.integration) if one.slug in PARAMETERS]
            extra = {
                "watermarks": [(one, PARAMETERS[one.slug], marks.get(one.pk)) for one in rows],
                "may_change": request.user.has_perm(CHANGE),
                "missing": row.problem(),
                "job": long_jobs.newest(cutover.JOBS, row.pk),
                "unfinished": cutover.unfinished(row.integration),
            }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))  # type: ignore[no-any-return]

    @method_decorator(require_POST)
    def adopt_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the old programs' references made into links, or gone on with."""
        row = self._options(request, pk)
        at_work = gettext("It is at work already.") if long_jobs.at_work(cutover.JOBS, row.pk) else ""
        if problem := row.problem() or streams.why_not(row.integration) or at_work:
            messages.error(request, gettext("The cut-over was not started. {problem}").format(problem=problem))
        else:
            user: Any = request.user  # signed in
            cutover.ask(row.integration, anew="anew" in request.POST, user=user)
            messages.success(request, gettext("The references are read; the report will be shown here."))
        return _to_page(row)

    @method_decorator(require_POST)
    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the adoption end after the page it is at."""
        row = self._options(request, pk)
        if (job := long_jobs.at_work(cutover.JOBS, row.pk)) is not None:
            long_jobs.stop(job)
        return _to_page(row)

    @method_decorator(require_POST)
    def watermark_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let the value count that stands in TOGA 2, whoever wrote it."""
        row = self._options(request, pk)
        stream = Stream.objects.filter(integration=row.integration, slug=request.POST.get("stream", "")).first()
        if stream is None or stream.slug not in PARAMETERS:
            raise Http404(gettext("There is no such watermark."))
        user: Any = request.user  # signed in
        try:
            with opened(row.integration, "watermark", user=user) as pair:
                value = take_over(stream, pair.toga, user=user)
        except (VendorError, StreamProblem) as error:
            messages.error(request, gettext("Nothing was changed. {problem}").format(problem=error))
        else:
            said = gettext("{parameter} is taken over as {value}.")
            said = said.format(parameter=PARAMETERS[stream.slug], value=value or gettext("not set"))
            messages.success(request, said)
        return _to_page(row)

    def _options(self, request: HttpRequest, pk: int) -> SyncOptions:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        row: SyncOptions | None = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404(gettext("There are no such settings."))
        return row


def _to_page(row: SyncOptions) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:toga_togadesk_syncoptions_change", args=[row.pk]))
