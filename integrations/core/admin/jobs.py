"""Jobs: what runs, what waits, what failed and why; dead ones can be tried again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import jobs, labels, streams
from integrations.core.models import Job, Stream, SyncRun
from integrations.core.timeline import finding

from .base import ReadOnlyHouseAdmin
from .timeline import page_link, ways

RUNS = 20  # of one job that are shown


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Job]) -> list[tuple[str, str]]:
        kinds = Job.objects.order_by("kind").values_list("kind", flat=True).distinct()
        return [(kind, kind) for kind in kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(ReadOnlyHouseAdmin):
    list_display = ("name", "status", "trigger", "attempts_made", "not_before", "finished_at", "outcome")
    list_filter = ("state", KindFilter, "trigger")
    list_select_related = ("requested_by",)
    search_fields = ("key__startswith", "kind__startswith")
    search_help_text = _("Key or kind, from its beginning")
    ordering = ("-id",)
    actions = ("retry",)
    fieldsets = (
        (None, {"fields": ("name", "status", "outcome", "error_class", "attempts_made")}),
        (_("When"), {"fields": ("created_at", "not_before", "started_at", "finished_at")}),
        (_("Records"), {"fields": ("timeline", "runs", "calls")}),
        (_("Why"), {"fields": ("trigger", "requested_by", "key", "args", "priority")}),
        (_("Where"), {"fields": ("owner_host", "owner_pid", "lease_until", "fence")}),
    )
    readonly_fields = ("name", "status", "attempts_made", "timeline", "runs", "calls")

    @admin.display(description=_("job"), ordering="kind")
    def name(self, job: Job) -> str:
        name = f"{job.kind} {', '.join(map(str, job.args))}".strip()
        about = getattr(job, "about", "")
        return format_html('{}<div class="p-muted">{}</div>', name, about) if about else name

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Runs of streams say of which, by one statement for the page."""
        changes = super().get_changelist_instance(request)
        ids = {job.args[0] for job in changes.result_list if job.kind == streams.RUN and job.args}
        names = Stream.objects.select_related("integration__client").in_bulk(ids) if ids else {}
        for job in changes.result_list:
            if job.kind == streams.RUN and job.args:
                job.about = str(names.get(job.args[0], ""))  # for `name`, on this page
        return changes

    @admin.display(description=_("state"), ordering="state")
    def status(self, job: Job) -> SafeString:
        return labels.job_state(job)

    @admin.display(description=_("attempts"))
    def attempts_made(self, job: Job) -> str:
        return f"{job.attempts} of {job.max_attempts}"

    @admin.display(description=_("timeline"))
    def timeline(self, job: Job) -> str:
        return ways(finding.of_job(job.pk))

    @admin.display(description=_("runs"))
    def runs(self, job: Job) -> str:
        rows = SyncRun.objects.filter(job_id=job.pk).select_related("stream__integration__client").order_by("-pk")
        links = ((page_link("syncrun", run.pk, str(run)),) for run in rows[:RUNS])
        return format_html_join("", "<div>{}</div>", links) or "–"

    @admin.display(description=_("API calls"))
    def calls(self, job: Job) -> str:
        address = reverse("admin:core_apicall_changelist")
        said = gettext("API calls of this job")
        return format_html('<a class="p-link" href="{}?job_id={}">{}</a>', address, job.pk, said)

    @admin.action(description=_("Try dead jobs again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        again = [job for job in queryset if jobs.retry(job, user=request.user)]
        left = queryset.count() - len(again)
        if again:
            self.message_user(
                request, gettext("Queued again: {jobs}.").format(jobs=", ".join(map(str, again))), messages.SUCCESS
            )
        if left:
            why = gettext("only dead jobs can be tried again, and only while no other of their key waits")
            self.message_user(
                request, gettext("{left} left alone: {why}.").format(left=left, why=why), messages.WARNING
            )

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_job")
