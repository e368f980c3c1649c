"""Alert rules: each declared rule, whether it is on, and from which figure it alerts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import labels
from integrations.core.alerts.rules import active_rules, declared
from integrations.core.models import AlertRule

from .base import HouseAdmin


@admin.register(AlertRule)
class AlertRuleAdmin(HouseAdmin):
    list_display = ("label", "how_bad", "is_enabled", "figure", "advice")
    list_display_links = ("label",)
    fields = ("label", "how_bad", "advice", "is_enabled", "threshold", "figure")
    readonly_fields = ("label", "how_bad", "advice", "figure")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # they are declared in code

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertRule]:
        rows: QuerySet[AlertRule] = super().get_queryset(request)
        return rows.filter(slug__in=declared())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        active_rules()  # makes the rows that a new version of the portal brought along
        return super().changelist_view(request, extra_context)

    def get_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> list[str]:
        has_figure = obj is not None and bool(declared()[obj.slug].counts)
        return [name for name in self.fields if has_figure or name not in ("threshold", "figure")]

    @admin.display(description=_("rule"), ordering="slug")
    def label(self, row: AlertRule) -> str:
        return str(declared()[row.slug].label)

    @admin.display(description=_("severity"))
    def how_bad(self, row: AlertRule) -> SafeString:
        return labels.severity(declared()[row.slug].severity)

    @admin.display(description=_("alerts from"))
    def figure(self, row: AlertRule) -> str:
        rule = declared()[row.slug]
        if not rule.counts:
            return "–"
        shown = f"{row.threshold or rule.threshold} {rule.counts}"
        if not row.threshold:
            return shown
        return gettext("{figure} (changed; the rule's own is {own})").format(figure=shown, own=rule.threshold)

    @admin.display(description=_("what to do then"))
    def advice(self, row: AlertRule) -> str:
        return str(declared()[row.slug].advice)
