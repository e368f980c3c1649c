"""Alerts: open ones first, with what to do; who looks after them, and muting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from integrations.core import labels
from integrations.core.alerts import attending
from integrations.core.alerts.rules import declared
from integrations.core.models import Alert

from .base import ReadOnlyAdmin

MUTES = {"1": "an hour", "8": "8 hours", "24": "a day", "168": "a week"}  # hours, as said
NOTICES_SHOWN = 50


class RuleFilter(admin.SimpleListFilter):
    title = "rule"
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(rule.label)) for name, rule in declared().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return queryset.filter(rule=self.value()) if self.value() else queryset


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("title", "status", "how_bad", "client", "since", "recovered_at", "acknowledged_by")
    list_filter = ("state", "severity", RuleFilter, "client")
    list_select_related = ("client", "acknowledged_by")
    search_fields = ("title", "subject__exact")
    ordering = ("state", "-severity", "-opened_at")  # open comes before recovered
    actions = ("acknowledge",)
    change_form_outer_before_template = "admin/portal/alert_panel.html"
    fieldsets = (
        (None, {"fields": ("rule_label", "subject", "client", "count")}),
        ("When", {"fields": ("since", "opened_at", "seen_at", "recovered_at")}),
        ("People", {"fields": ("told", "last_notified_at", "acknowledged_by", "acknowledged_at", "muted_until")}),
    )
    readonly_fields = ("rule_label",)

    @admin.display(description="state", ordering="state")
    def status(self, row: Alert) -> SafeString:
        return labels.alert_state(row)

    @admin.display(description="severity", ordering="severity")
    def how_bad(self, row: Alert) -> SafeString:
        return labels.severity(row.severity)

    @admin.display(description="rule")
    def rule_label(self, row: Alert) -> str:
        rule = declared().get(row.rule)
        return str(rule.label) if rule else row.rule

    def has_attend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_alert")

    @admin.action(description="I look after these", permissions=["attend"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        user: Any = request.user  # signed in
        taken = [alert for alert in queryset if attending.acknowledge(alert, user)]
        left = queryset.count() - len(taken)
        if taken:
            self.message_user(request, f"You look after {len(taken)}; no more reminders of them.", messages.SUCCESS)
        if left:
            self.message_user(request, f"{left} left alone: over, or somebody looks after them.", messages.WARNING)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        rule = declared().get(row.rule) if row else None
        now = timezone.now()
        extra = {
            "advice": rule.advice if rule else "",
            "status": labels.alert_state(row) if row else "",
            "how_bad": labels.severity(row.severity) if row else "",
            "is_muted": bool(row and row.muted_until and row.muted_until > now),
            "mutes": MUTES.items(),
            "may_attend": self.has_attend_permission(request),
            "notices": row.notices.select_related("channel", "message").order_by("-pk")[:NOTICES_SHOWN] if row else (),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, extra)  # type: ignore[no-any-return]

    # --- doors: POST only

    def get_urls(self) -> list[URLPattern]:
        def door(name: str, view: Any) -> URLPattern:
            wrapped: Any = self.admin_site.admin_view(view)
            pattern: URLPattern = path(f"<int:pk>/{name}/", wrapped, name=f"core_alert_{name}")
            return pattern

        return [door("attend", self.attend_view), door("mute", self.mute_view), *super().get_urls()]

    @method_decorator(require_POST)
    def attend_view(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Look after it, or leave it to others."""
        if request.POST.get("leave"):
            return self._act(request, pk, attending.release, "Left to others; reminders go on.")
        return self._act(request, pk, attending.acknowledge, "You look after it; no more reminders.")

    @method_decorator(require_POST)
    def mute_view(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Nothing is told for so many hours; none: muted no more."""
        hours = request.POST.get("hours", "")
        until = timezone.now() + timedelta(hours=int(hours)) if hours in MUTES else None
        said = f"Muted for {MUTES[hours]}; it stays on this list." if until else "Muted no more."
        return self._act(request, pk, lambda alert, user: attending.mute(alert, user, until), said)

    def _act(self, request: HttpRequest, pk: int, act: Callable[[Alert, Any], bool], said: str) -> HttpResponseRedirect:
        alert = self.get_object(request, str(pk))
        if alert is None:
            raise Http404
        if not self.has_attend_permission(request):
            raise PermissionDenied
        if act(alert, request.user):
            self.message_user(request, said, messages.SUCCESS)
        else:
            self.message_user(request, "Nothing was done: it is over, or somebody was faster.", messages.WARNING)
        return HttpResponseRedirect(reverse("admin:core_alert_change", args=[pk]))
