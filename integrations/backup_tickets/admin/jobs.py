"""Backup jobs, as the runs named them."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from integrations.backup_tickets.models import BackupJob
from integrations.core.admin.base import ReadOnlyAdmin


@admin.register(BackupJob)
class BackupJobAdmin(ReadOnlyAdmin):
    """Only to look at: jobs come into being with their first run."""

    list_display = ("name", "customer", "backup_type", "runs")
    list_select_related = ("customer",)
    search_fields = ("name", "customer__name")
    search_help_text = "Job or customer"
    ordering = ("name", "id")
    fields = ("name", "customer", "backup_type", "created_at", "runs")
    readonly_fields = ("runs",)

    @admin.display(description="runs")
    def runs(self, job: BackupJob) -> SafeString:
        query = urlencode({"show": "all", "customer": job.customer.name, "job": job.name})
        url = reverse("admin:backup_tickets_run_changelist")
        return format_html('<a class="p-link" href="{}?{}">See its runs</a>', url, query)
