"""Streams on their integration's page, and the list of what came of each run."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from integrations.core import labels, streams
from integrations.core.models import Integration, Stream, SyncRun

from .base import ReadOnlyAdmin

TONES = {
    SyncRun.State.RUNNING: "info",
    SyncRun.State.DONE: "good",
    SyncRun.State.FAILED: "bad",
    SyncRun.State.INTERRUPTED: "warning",
}


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
    title = "stream"
    parameter_name = "stream"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        slugs = Stream.objects.visible_to(request.user).order_by("slug").values_list("slug", flat=True).distinct()
        return [(slug, slug) for slug in slugs]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(stream__slug=self.value()) if self.value() else queryset


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "stream", "status", "trigger", "outcome")
    list_filter = ("state", SlugFilter, "trigger")
    list_select_related = ("stream__integration__client",)
    ordering = ("-id",)
    fields = ("stream", "status", "outcome", "trigger", "requested_by", "started_at", "finished_at")
    readonly_fields = ("status",)

    @admin.display(description="state", ordering="state")
    def status(self, run: SyncRun) -> SafeString:
        return labels.label(run.get_state_display(), TONES[SyncRun.State(run.state)])
