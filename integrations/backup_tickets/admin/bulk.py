"""Acts on many runs: the page that shows what would be done, and how far it is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from integrations.backup_tickets import bulk
from integrations.backup_tickets.checks_list import Filters
from integrations.backup_tickets.intake import zone_of
from integrations.backup_tickets.models import BulkAction, BulkItem
from integrations.core.models import Job, User

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

Act, State = BulkAction.Act, BulkItem.State
TONES = {
    State.WAITING: "neutral",
    State.WORKING: "info",
    State.DONE: "good",
    State.CHECKING: "warning",
    State.LEFT_ALONE: "warning",
    State.FAILED: "bad",
}
OPEN_ACTS = {"open": (Act.RESOLVE, Act.CHECK), "checking": (), "resolved": (Act.CHECK,), "deleted": (Act.CHECK,)}


def offered(filters: Filters, user: User) -> list[tuple[str, str]]:
    """The acts that make sense for what the list shows and this person may do, as (value, label)."""
    if filters.ticket in OPEN_ACTS:
        acts = OPEN_ACTS[filters.ticket]
        acts = (*acts, Act.CREATE, Act.LINK) if filters.ticket == "deleted" else acts
    elif filters.shown == "attention":
        acts = (Act.CREATE, Act.LINK)
    else:
        acts = tuple(Act) if filters.shown == "all" else ()
    return [(act.value, str(act.label)) for act in acts if user.has_perm(bulk.RIGHTS[act])]


class BulkPages:
    """For the admin class of runs."""

    if TYPE_CHECKING:
        admin_site: AdminSite
        opts: Any

    def bulk_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("bulk/", view(self.bulk_view), name="backup_tickets_run_bulk"),
            path("bulk/<int:pk>/", view(self.bulk_action_view), name="backup_tickets_run_bulk_action"),
        ]

    @method_decorator(require_POST)
    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        """Look at what the act would do with each chosen run; a check, which changes nothing there, begins at once."""
        user: Any = request.user  # signed in
        if not any(user.has_perm(right) for right in bulk.RIGHTS.values()):
            raise PermissionDenied
        act = request.POST.get("act", "")
        if act not in Act.values:
            return HttpResponseRedirect(reverse("admin:backup_tickets_run_changelist"))
        if not user.has_perm(bulk.RIGHTS[Act(act)]):
            raise PermissionDenied
        chosen = [int(pk) for pk in request.POST.getlist("run") if pk.isascii() and pk.isdecimal() and len(pk) < 19]
        if not chosen:
            messages.warning(request, _("No run was chosen. Tick the runs first."))
            return HttpResponseRedirect(_back(request.POST.get("back", "")))
        if len(chosen) > bulk.AT_ONCE:
            said = _("Only the first {limit} of {count} runs were taken.")
            messages.warning(request, said.format(limit=bulk.AT_ONCE, count=len(chosen)))
        action = bulk.propose(Act(act), chosen, user=user, back=request.POST.get("back", "")[:2000])
        if act == Act.CHECK:
            bulk.confirm(action)
        return HttpResponseRedirect(reverse("admin:backup_tickets_run_bulk_action", args=[action.pk]))

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(never_cache)
    def bulk_action_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET: what would be done, or how far it is. POST: begin, or stop. Only for the person who chose the runs."""
        user: Any = request.user  # signed in
        action = BulkAction.objects.filter(pk=pk, by=user).first()
        if action is None:
            raise Http404(_("There is no such action of yours."))
        if request.method == "POST":
            if "confirm" in request.POST:
                bulk.confirm(action)
            elif "stop" in request.POST:
                bulk.stop(action)
            return HttpResponseRedirect(reverse("admin:backup_tickets_run_bulk_action", args=[action.pk]))
        items = BulkItem.objects.visible_to(user).filter(action=action)
        rows = list(items.select_related("run__client", "run__job__customer"))
        counts = Counter(item.state for item in rows)
        context = {
            **self.admin_site.each_context(request),
            "title": action.get_act_display(),
            "opts": self.opts,
            "action": action,
            "subtitle": ngettext("{n} run", "{n} runs", len(rows)).format(n=len(rows)),
            "rows": [(item, TONES[State(item.state)], zone_of(item.run.client)) for item in rows],
            "waiting": counts[State.WAITING] + counts[State.WORKING],
            "counts": [(State(state), counts[state], TONES[State(state)]) for state in State.values if counts[state]],
            "over": len(rows) - counts[State.WAITING] - counts[State.WORKING],
            "busy": action.state == BulkAction.State.RUNNING,
            "failure": _failure(action),
            "back": _back(action.back),
        }
        return TemplateResponse(request, "backup_tickets/bulk_action.html", context)


def _back(filters: str) -> str:
    page = reverse("admin:backup_tickets_run_changelist")
    return f"{page}?{filters}" if filters else page


def _failure(action: BulkAction) -> str:
    """Why nothing goes on although the action is not over: what its job said when it was given up."""
    if action.state != BulkAction.State.RUNNING:
        return ""
    newest = Job.objects.filter(key=f"{bulk.KIND}:{action.pk}").order_by("-id").first()
    return newest.outcome if newest is not None and newest.state == Job.State.DEAD else ""
