"""The webhook inbox: what came, what came of it, and having it looked at again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from integrations.core import audit, labels
from integrations.core.models import AuditEntry, Job, SyncRun, WebhookDelivery
from integrations.core.timeline import finding
from integrations.core.webhooks import working
from integrations.core.webhooks.receiving import NOT_UNDERSTOOD

from .base import ReadOnlyAdmin
from .records import inert
from .timeline import ways

MOST = 10_000  # deliveries that one replay may take in hand
State = WebhookDelivery.State
TONES = {State.WAITING: "info", State.DONE: "good", State.IGNORED: "neutral", State.FAILED: "bad"}


class DayFilter(DropdownFilter):  # type: ignore[misc]  # Unfold publishes no types
    """One of the days whose deliveries are kept. Counted from today: to ask the table for its days reads all of it."""

    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = timezone.localdate()
        days = [today - dt.timedelta(days=ago) for ago in range(settings.WEBHOOK_DAYS + 1)]
        return [(day.isoformat(), date_format(day, "D j M Y")) for day in days]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
        if self.value() not in dict(self.lookup_choices):
            return queryset
        day = dt.date.fromisoformat(self.value())
        begin, end = (_midnight(each) for each in (day, day + dt.timedelta(days=1)))
        return queryset.filter(received_at__gte=begin, received_at__lt=end)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "connection", "event", "subject", "status", "outcome")
    list_filter = ("state", "connection", "trigger", DayFilter, ("received_at", admin.DateFieldListFilter))
    list_select_related = ("connection__client",)
    search_fields = ("subject__startswith", "delivery_id__exact")
    search_help_text = _("Record (ticket:17) or the vendor's own name of the call")
    ordering = ("-id",)
    actions = ("replay", "ignore")
    list_before_template = "admin/portal/inbox_top.html"
    change_form_outer_before_template = "admin/portal/delivery_panel.html"
    fieldsets = (
        (None, {"fields": ("received_at", "connection", "event", "subject", "status", "outcome")}),
        (_("Worked off"), {"fields": ("timeline", "over_at", "trigger", "replayed_by", "job_link", "runs", "before")}),
        (_("Sent"), {"fields": ("source_ip", "delivery_id", "headers_shown", "body_shown")}),
    )
    readonly_fields = ("status", "timeline", "job_link", "runs", "before", "headers_shown", "body_shown")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """A replay's page links to the deliveries that it took."""
        return lookup == "replay__id__exact" or super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {"may_replay": request.user.has_perm("core.add_replay"), **(extra_context or {})}
        return super().changelist_view(request, shown)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        rows: QuerySet[WebhookDelivery] = super().get_queryset(request)
        return rows.defer("body", "headers")

    @admin.display(description=_("state"), ordering="state")
    def status(self, row: WebhookDelivery) -> SafeString:
        return labels.label(row.get_state_display(), TONES[State(row.state)])

    @admin.display(description=_("timeline"))
    def timeline(self, row: WebhookDelivery) -> str:
        return ways(finding.of_delivery(row))

    @admin.display(description=_("job"))
    def job_link(self, row: WebhookDelivery) -> str:
        if row.job_id is None or not Job.objects.filter(pk=row.job_id).exists():
            return "–"
        return format_html(
            '<a class="p-link" href="{}">#{}</a>', reverse("admin:core_job_change", args=[row.job_id]), row.job_id
        )

    @admin.display(description=_("runs"))
    def runs(self, row: WebhookDelivery) -> str:
        """The runs that looked at this record, newest first."""
        of_connection = SyncRun.objects.filter(subject=row.subject, started_at__gte=row.received_at)
        own = of_connection.filter(stream__integration__roles__connection=row.connection_id).order_by("-pk")[:5]
        links = [
            format_html(
                '<div><a class="p-link" href="{}">{}</a> {}</div>',
                reverse("admin:core_syncrun_change", args=[run.pk]),
                run.started_at.strftime("%Y-%m-%d %H:%M:%S"),
                run.outcome,
            )
            for run in own
        ]
        return format_html("{}" * len(links), *links) if links else "–"

    @admin.display(description=_("before"))
    def before(self, row: WebhookDelivery) -> str:
        """What came of it before a person had it looked at again or ignored it, newest first."""
        said = [
            format_html("<div>{} {}: {}</div>", one["at"][:19].replace("T", " "), one["state"], one["outcome"])
            for one in row.earlier
        ]
        return format_html("{}" * len(said), *said) if said else "–"

    @admin.display(description=_("headers"))
    def headers_shown(self, row: WebhookDelivery) -> str:
        return inert("\n".join(f"{name}: {value}" for name, value in sorted(row.headers.items())))

    @admin.display(description=_("body"))
    def body_shown(self, row: WebhookDelivery) -> str:
        return inert(bytes(row.body).decode("utf-8", "replace"))

    # --- acts, with a preview

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_webhookdelivery")

    @admin.action(description=_("Look at these records again (replay) …"), permissions=["decide"])
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> HttpResponse | None:
        return self._decide(request, queryset, "replay")

    @admin.action(description=_("Ignore, with a reason …"), permissions=["decide"])
    def ignore(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> HttpResponse | None:
        return self._decide(request, queryset, "ignore")

    def _decide(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery], act: str) -> HttpResponse | None:
        """Say what would happen; once confirmed, do it."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        chosen = queryset.select_related("connection__client").exclude(subject=NOT_UNDERSTOOD).order_by("pk")
        rows = list(chosen[: MOST + 1])
        if not rows or len(rows) > MOST:
            why = (
                gettext("choose at most {most}").format(most=f"{MOST:,}")
                if rows
                else gettext("none of these could be understood, so none can be looked at")
            )
            self.message_user(request, gettext("Nothing was done: {why}.").format(why=why), messages.WARNING)
            return None
        reason = request.POST.get("reason", "").strip()
        if "confirmed" in request.POST and (reason or act == "replay"):
            self._carry_out(request, rows, act, reason)
            return HttpResponseRedirect(request.get_full_path())
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Look at these records again?")
            if act == "replay"
            else gettext("Ignore these deliveries?"),
            "opts": self.opts,
            "act": act,
            "count": len(rows),
            "records": working.subjects_of(rows),
            "open": sum(row.state in (State.WAITING, State.FAILED) for row in rows),
            "left_out": queryset.count() - len(rows),
            "keys": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
            "no_reason": "confirmed" in request.POST,
        }
        return TemplateResponse(request, "admin/portal/decide_deliveries.html", context)

    def _carry_out(self, request: HttpRequest, rows: list[WebhookDelivery], act: str, reason: str) -> None:
        user: Any = request.user  # signed in
        if act == "replay":
            records = working.replay(rows, user=user)
            detail = gettext("{deliveries} deliveries of {records} records are looked at again.").format(
                deliveries=f"{len(rows):,}", records=f"{records:,}"
            )
        else:
            ignored = working.ignore(rows, user=user, reason=reason)
            detail = gettext("{deliveries} deliveries are ignored: {reason}").format(
                deliveries=f"{ignored:,}", reason=reason
            )
        record = f"delivery:{rows[0].pk}" if len(rows) == 1 else f"deliveries:{rows[0].pk}–{rows[-1].pk}"
        connections = {row.connection_id: row.connection for row in rows}
        only = next(iter(connections.values())) if len(connections) == 1 else None
        entry = audit.begin(f"webhooks.{act}", user=user, connection=only, record=record, detail=detail)
        audit.finish(entry, AuditEntry.Outcome.DONE)
        self.message_user(request, detail, messages.SUCCESS)


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
