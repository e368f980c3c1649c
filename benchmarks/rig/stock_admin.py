"""The list of runs as Django's admin makes it from a plain `ModelAdmin`: the same columns, page size and search."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from integrations.backup_tickets.models import Run


class StockRunAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    list_display = ("status", "customer", "job", "started_at", "remark", "manual_ticket_number", "reviewed_by")
    list_select_related = ("job__customer", "reviewed_by")
    list_filter = ("status", "needs_attention")
    list_per_page = 50
    search_fields = ("external_id", "job__name", "job__customer__name")

    @admin.display(ordering="job__customer__name")
    def customer(self, run: Run) -> str:
        return run.job.customer.name

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        response.using = "stock"  # type: ignore[attr-defined]  # Django's own templates, not our theme's
        return response


site = admin.AdminSite(name="stock")
site.register(Run, StockRunAdmin)
