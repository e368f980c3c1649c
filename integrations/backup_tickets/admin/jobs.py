"""Backup jobs, as the runs named them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.backup_tickets.job_history import history_of
from integrations.backup_tickets.models import BackupJob
from integrations.core.admin.base import ReadOnlyAdmin


@admin.register(BackupJob)
class BackupJobAdmin(ReadOnlyAdmin):
    """Only to look at: jobs come into being with their first run."""

    list_display = ("name", "customer", "backup_type", "runs")
    list_select_related = ("customer",)
    search_fields = ("name", "customer__name")
    search_help_text = _("Job or customer")
    ordering = ("name", "id")
    fields = ("name", "customer", "backup_type", "created_at", "runs")
    readonly_fields = ("runs",)
    change_form_outer_before_template = "backup_tickets/job_panel.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        job = self.get_object(request, object_id)
        extra = {"history": history_of(job)} if job is not None else {}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})  # type: ignore[no-any-return]

    @admin.display(description=_("runs"))
    def runs(self, job: BackupJob) -> SafeString:
        query = urlencode({"show": "all", "customer": job.customer.name, "job": job.name})
        url = reverse("admin:backup_tickets_run_changelist")
        return format_html('<a class="p-link" href="{}?{}">{}</a>', url, query, gettext("See its runs"))
