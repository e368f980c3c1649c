"""Streams on their integration's page, the list of what came of each run, and a run's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import labels, streams
from integrations.core.models import Integration, Stream, SyncEntry, SyncRun
from integrations.core.registry import StreamKind
from integrations.core.webhooks import watch

from .base import ReadOnlyAdmin

TONES, ENTRY_TONES = labels.RUN_TONES, labels.ENTRY_TONES
COUNTS = (
    ("read", _("read"), "neutral"),
    ("created", _("created"), "good"),
    ("updated", _("updated"), "good"),
    ("unchanged", _("unchanged"), "neutral"),
    ("skipped", _("skipped"), "neutral"),
    ("held", _("held"), "bad"),
)
ENTRIES = 100  # on one page


def shown(integration: Integration) -> list[dict[str, Any]]:
    """The integration's streams with their last run, for its page."""
    rows = streams.streams_of(integration)
    last = streams.last_runs(rows)
    return [
        {
            "row": row,
            "kind": streams.kind_of(row),
            "last": last.get(row.pk),
            "tone": TONES[SyncRun.State(last[row.pk].state)] if row.pk in last else "",
        }
        for row in rows
    ]


class SlugFilter(admin.SimpleListFilter):
    title = _("stream")
    parameter_name = "stream"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        slugs = Stream.objects.visible_to(request.user).order_by("slug").values_list("slug", flat=True).distinct()
        return [(slug, slug) for slug in slugs]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(stream__slug=self.value()) if self.value() else queryset


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "stream", "status", "trigger", "outcome")
    list_filter = ("state", "is_dry", SlugFilter, "trigger")
    list_select_related = ("stream__integration__client",)
    ordering = ("-id",)

    @admin.display(description=_("state"), ordering="state")
    def status(self, run: SyncRun) -> SafeString:
        shown = labels.label(run.get_state_display(), TONES[SyncRun.State(run.state)])
        return shown + labels.label(gettext("dry run")) if run.is_dry else shown

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """GET: how far the run is, and what became of each record. POST: stop it."""
        run = self.get_object(request, object_id)
        if run is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        if request.method == "POST":
            if not request.user.has_perm("core.change_stream"):
                raise PermissionDenied
            streams.ask_to_stop(run)
            return HttpResponseRedirect(request.path)
        outcome = request.GET.get("outcome", "")
        entries = run.entries.filter(outcome=outcome) if outcome in SyncEntry.Outcome.values else run.entries.all()
        page = Paginator(entries, ENTRIES).get_page(request.GET.get("page"))
        kind = streams.kind_of(run.stream)
        context = {
            **self.admin_site.each_context(request),
            "title": _title(run, kind),
            "subtitle": str(run.stream.integration),
            "opts": self.opts,
            "run": run,
            "silence": watch.silence_of_run(run),
            "kind": kind,
            "tone": TONES[SyncRun.State(run.state)],
            "busy": run.state == SyncRun.State.RUNNING,
            "counts": [(said, getattr(run, name), tone) for name, said, tone in COUNTS if getattr(run, name)],
            "page": page,
            "entries": [(entry, ENTRY_TONES[SyncEntry.Outcome(entry.outcome)]) for entry in page],
            "outcome": outcome,
            "outcomes": SyncEntry.Outcome,
            "may_change": request.user.has_perm("core.change_stream"),
        }
        return TemplateResponse(request, "admin/portal/sync_run.html", context)


def _title(run: SyncRun, kind: StreamKind | None) -> str:
    stream = kind.label if kind else run.stream.slug
    said = gettext("{stream}: dry run {number}") if run.is_dry else gettext("{stream}: run {number}")
    return said.format(stream=stream, number=run.pk)
