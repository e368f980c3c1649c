"""What the portal writes and people look at: API calls and the audit trail."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from integrations.core import labels
from integrations.core.models import ApiCall, AuditEntry, Job, SyncRun
from integrations.core.timeline import finding

from .base import ReadOnlyAdmin
from .timeline import page_link, ways


def inert(text: str) -> str:
    """Any text as text, kept in its shape; JSON is indented. Never interpreted by the browser."""
    with contextlib.suppress(ValueError):  # not JSON: shown as it came
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return format_html('<pre class="p-pre" tabindex="0">{}</pre>', text) if text else "–"


@admin.register(ApiCall)
class ApiCallAdmin(ReadOnlyAdmin):
    list_display = ("at", "connection", "call", "answer", "duration", "record", "source")
    list_filter = ("connection", "direction", "method", ("at", admin.DateFieldListFilter))
    list_select_related = ("connection__client",)
    search_fields = ("record__startswith", "transaction_id__exact")  # both indexed: the log grows large
    search_help_text = _("Record (run:17) or transaction id")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("at", "connection", "call", "answer", "error", "duration", "attempt_of")}),
        (
            _("Why"),
            {"fields": ("timeline", "made_by", "source", "record", "user", "direction", "source_ip", "instance")},
        ),
        (_("Sent"), {"fields": ("query", "sent_headers", "sent_body")}),
        (_("Received"), {"fields": ("received_headers", "received_body")}),
    )
    readonly_fields = (
        "timeline",
        "made_by",
        "call",
        "answer",
        "duration",
        "attempt_of",
        "sent_headers",
        "sent_body",
        "received_headers",
        "received_body",
    )

    @admin.display(description=_("call"), ordering="route")
    def call(self, row: ApiCall) -> str:
        return f"{row.method} {row.host}{row.route}"

    @admin.display(description=_("answer"), ordering="status")
    def answer(self, row: ApiCall) -> SafeString:
        return labels.http_status(row.status)

    @admin.display(description=_("took"), ordering="duration_ms")
    def duration(self, row: ApiCall) -> str:
        return f"{row.duration_ms:,} ms"

    @admin.display(description=_("transaction"))
    def attempt_of(self, row: ApiCall) -> SafeString:
        return format_html('<a class="p-link" href="../../?q={}">{}</a>', row.transaction_id, row.transaction_id)

    @admin.display(description=_("timeline"))
    def timeline(self, row: ApiCall) -> str:
        return ways(finding.of_call(row))

    @admin.display(description=_("made by"))
    def made_by(self, row: ApiCall) -> str:
        """The run and the job, as far as they are kept."""
        run = SyncRun.objects.filter(pk=row.run_id or 0).select_related("stream__integration__client").first()
        job = Job.objects.filter(pk=row.job_id or 0).first()
        links = [page_link("syncrun", run.pk, str(run))] if run else []
        links += [page_link("job", job.pk, str(job))] if job else []
        return format_html_join("", "<div>{}</div>", ((link,) for link in links)) or "–"

    @admin.display(description=_("headers"))
    def sent_headers(self, row: ApiCall) -> str:
        return inert(json.dumps(row.request_headers))

    @admin.display(description=_("body"))
    def sent_body(self, row: ApiCall) -> str:
        return inert(row.request_body)

    @admin.display(description=_("headers"))
    def received_headers(self, row: ApiCall) -> str:
        return inert(json.dumps(row.response_headers))

    @admin.display(description=_("body"))
    def received_body(self, row: ApiCall) -> str:
        return inert(row.response_body)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "action", "record", "vendor_record", "result", "detail")
    list_filter = ("outcome", "client", "connection", ("at", admin.DateFieldListFilter))
    list_select_related = ("client", "connection__client")
    search_fields = ("record__startswith", "vendor_record__startswith", "actor__startswith", "action__startswith")
    search_help_text = _("Record (run:17), the vendor's record, person, or action")
    ordering = ("-id",)
    fields = (
        "at",
        "finished_at",
        "actor",
        "action",
        "client",
        "connection",
        "record",
        "timeline",
        "vendor_record",
        "result",
        "detail",
    )

    @admin.display(description=_("outcome"), ordering="outcome")
    def result(self, row: AuditEntry) -> SafeString:
        return labels.outcome(row)

    @admin.display(description=_("timeline"))
    def timeline(self, row: AuditEntry) -> str:
        return ways(finding.of_name(row.record))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("result", "timeline")
