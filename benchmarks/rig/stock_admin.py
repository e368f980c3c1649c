"""The lists of runs and customers as Django's admin makes them from a plain `ModelAdmin`, with the same columns."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from integrations.backup_tickets.models import Customer, Run, TicketLink


class Stock(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """With Django's own templates, not our theme's."""

    list_per_page = 50

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        response.using = "stock"  # type: ignore[attr-defined]
        return response


class StockRunAdmin(Stock):
    list_display = ("status", "customer", "job", "started_at", "remark", "manual_ticket_number", "reviewed_by")
    list_select_related = ("job__customer", "reviewed_by")
    list_filter = ("status", "needs_attention")
    search_fields = ("external_id", "job__name", "job__customer__name")

    @admin.display(ordering="job__customer__name")
    def customer(self, run: Run) -> str:
        return run.job.customer.name


class StockCustomerAdmin(Stock):
    """Its figures are counted row by row, as a display method does it."""

    list_display = ("name", "client", "company", "jobs", "attention", "open_tickets")
    list_select_related = ("client", "mapping")
    list_filter = ("mapping__status",)
    search_fields = ("name", "mapping__company_name", "client__name")

    @admin.display(ordering="mapping__company_name")
    def company(self, row: Customer) -> str:
        return str(getattr(row, "mapping", "–"))

    @admin.display
    def jobs(self, row: Customer) -> int:
        return row.jobs.count()

    @admin.display
    def attention(self, row: Customer) -> int:
        return Run.objects.filter(job__customer=row, needs_attention=True).count()

    @admin.display
    def open_tickets(self, row: Customer) -> int:
        return TicketLink.objects.filter(run__job__customer=row, state="active").values("ticket").distinct().count()


site = admin.AdminSite(name="stock")
site.register(Run, StockRunAdmin)
site.register(Customer, StockCustomerAdmin)
