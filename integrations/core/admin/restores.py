"""Restores: that writes are paused on every page, the report of what was found, and the tick that resumes them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from integrations.core import labels, readopting, write_hold
from integrations.core.models import Readoption, SyncRun, User, WriteHold
from integrations.core.roles import may_open

from .base import ReadOnlyHouseAdmin, sees_the_house
from .streams import TONES as RUN_TONES

State = Readoption.State
TONES = {State.WAITING: "info", State.DONE: "good", State.FAILED: "bad", State.LEFT_OUT: "warning"}
SHOWN = 100  # findings of one kind


def banner(request: HttpRequest) -> dict[str, str] | None:
    """What every page says while writes are paused; the address of the report for those who may read it."""
    if not request.user.is_authenticated:
        return None
    asked = getattr(request, "write_hold", None)  # by the middleware, but for who gave a second factor
    hold = WriteHold(pk=asked) if asked else write_hold.current() if asked is None else None
    if hold is None or request.path == write_hold.page_of(hold):  # the report itself says so
        return None
    reads = may_open(request.user, "core.view_writehold")
    return {"said": str(write_hold.SENTENCE), "url": write_hold.page_of(hold) if reads else ""}


@admin.register(WriteHold)
class WriteHoldAdmin(ReadOnlyHouseAdmin):
    list_display = ("began_at", "status", "cause", "detail", "lifted_at", "lifted_by")
    list_select_related = ("lifted_by",)
    ordering = ("-id",)

    @admin.display(description="writes", ordering="is_on")
    def status(self, hold: WriteHold) -> SafeString:
        return labels.label("paused", "warning") if hold.is_on else labels.label("resumed", "good")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sees_the_house(request) and request.user.has_perm("core.add_writehold")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A person says that the database was restored: first what that means, then it is done."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            user: Any = request.user  # signed in
            hold = write_hold.begin(user=user, detail=request.POST.get("why", "").strip()[:500])
            messages.warning(request, "Writes are paused. The report below fills by itself.")
            return HttpResponseRedirect(write_hold.page_of(hold))
        context = {
            **self.admin_site.each_context(request),
            "title": "The database was restored",
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/portal/restored.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """GET: the report. POST: look again, stop looking, or resume."""
        hold = self.get_object(request, object_id)
        if hold is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, hold):
            raise PermissionDenied
        may_change = request.user.has_perm("core.change_writehold")
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            _act(request, hold)
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": "Report after a restore",
            "subtitle": str(hold),
            "opts": self.opts,
            "hold": hold,
            "in_short": readopting.in_short(hold),
            "busy": hold.is_on and readopting.is_at_work(hold),
            "may_change": may_change,
            "shown": SHOWN,
            **_report(hold),
        }
        return TemplateResponse(request, "admin/portal/restore_report.html", context)


def _report(hold: WriteHold) -> dict[str, Any]:
    """The integrations, first those that a person has something to do with."""
    rows = list(hold.readoptions.select_related("integration__client"))
    rows.sort(key=lambda row: (not row.unclear, row.state == State.DONE, not row.adopted))
    previews = readopting.previews_of(rows)
    return {
        "rows": [
            {
                "row": row,
                "tone": TONES[State(row.state)],
                "previews": [(run, RUN_TONES[SyncRun.State(run.state)]) for run in previews.get(row.pk, [])],
            }
            for row in rows
        ],
        "over": sum(row.state != State.WAITING for row in rows),
    }


def _act(request: HttpRequest, hold: WriteHold) -> None:
    user: User = request.user  # type: ignore[assignment]  # signed in
    if "stop" in request.POST:
        readopting.stop(hold)
    elif "again" in request.POST and hold.is_on:
        readopting.again(hold, user=user)
    elif "resume" in request.POST:
        if "read" not in request.POST:
            messages.error(request, "Nothing was resumed: read the report, and tick that you did.")
            return
        try:
            write_hold.lift(hold, user=user, report=readopting.in_short(hold))
        except write_hold.NotYet as problem:
            messages.error(request, f"Nothing was resumed. {problem}")
        else:
            messages.success(request, "Writes go on. What waited is worked off now.")
