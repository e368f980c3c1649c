"""The pairs as a list, and a pair's page: both lists entry by entry, what happened, and what a person may do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from integrations.advoware_espocrm import approving, deciding, showing
from integrations.advoware_espocrm.models import Pair
from integrations.advoware_espocrm.pairs import PAIRS
from integrations.core import audit
from integrations.core.admin.timeline import told
from integrations.core.labels import JOB_TONES, label
from integrations.core.models import AuditEntry, Job, RecordLink, SyncEntry
from integrations.core.timeline import of_link
from integrations.texts import Text

from .linking import LinkPage, looked_at
from .lists import CHANGE, ContactList, to_page

SHOWN = 50  # decided conflicts, and changes of type, on a pair's page
BUSY = (Job.State.QUEUED, Job.State.RUNNING)
STATES: dict[str, tuple[Text, Q]] = {
    showing.TO_DECIDE: (_("to decide"), Q(undecided__gt=0)),
    showing.HELD: (_("held"), Q(is_held=True) | Q(held_count__gt=0)),
    showing.MISSING: (_("missing"), Q(link__state=RecordLink.State.MISSING)),
    "not at rest": (_("not at rest"), showing.UNSETTLED),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(said)) for name, (said, _which) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = STATES.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen[1])


@admin.register(Pair)
class PairAdmin(LinkPage, ContactList):
    list_display = ("party", "record", "state", "held_count", "slot_count", "undecided", "polled_at", "integration")
    list_filter = (StateFilter, "integration")
    list_select_related = ("link", "integration__client")
    search_fields = ("=link__left_id", "=link__right_id")
    search_help_text = _("A party number, or the whole id of EspoCRM's record.")
    ordering = ("-link_id",)
    link_path = "link"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return showing.counted(super().get_queryset(request))

    @admin.display(description=_("party"), ordering="betnr")
    def party(self, row: Pair) -> int:
        return row.betnr

    @admin.display(description=_("EspoCRM's record"))
    def record(self, row: Pair) -> str:
        return row.link.right_id or "–"

    @admin.display(description=_("state"))
    def state(self, row: Any) -> SafeString:
        found = showing.state_of(row)
        return label(str(showing.LABELS[found]), showing.TONES[found], title=row.link.cause)

    @admin.display(description=_("held values"), ordering="held_count")
    def held_count(self, row: Any) -> int:
        return int(row.held_count)

    @admin.display(description=_("empty slots"), ordering="slot_count")
    def slot_count(self, row: Any) -> int:
        return int(row.slot_count)

    @admin.display(description=_("to decide"), ordering="undecided")
    def undecided(self, row: Any) -> int:
        return int(row.undecided)

    # --- a pair's page

    def get_urls(self) -> list[URLPattern]:
        by_hand: Any = self.admin_site.admin_view(self.link_view)
        doors = {"sync": self.sync_view, "plan": self.plan_view, "apply": self.apply_view, "unlink": self.unlink_view}
        return [
            path("link/", by_hand, name="advoware_espocrm_pair_link"),
            *(self.door(name, view) for name, view in doors.items()),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        state, job = showing.state_of(row), _last_job(row)
        context = {
            **self._context(request, row),
            "state": showing.LABELS[state],
            "tone": showing.TONES[state],
            "failed": showing.failure_of(row),
            "espocrm": showing.espocrm_address(row),
            "lines": showing.lines_of(row),
            "settled": row.conflicts.exclude(choice="").select_related("decided_by")[:SHOWN],
            "type_changes": row.type_changes.all()[:SHOWN],
            **told(request, of_link(row.link)),
            "may_decide": request.user.has_perm("advoware_espocrm.change_conflict"),
            "job": job,
            "job_tone": JOB_TONES[Job.State(job.state)] if job else "",
            "busy": job is not None and job.state in BUSY,
        }
        return TemplateResponse(request, "advoware_espocrm/pair.html", context)

    def _context(self, request: HttpRequest, row: Pair) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": gettext("Party {number}").format(number=row.betnr),
            "subtitle": str(row.integration),
            "opts": self.opts,
            "original": row,
            "row": row,
            "link": row.link,
            "may_change": request.user.has_perm(CHANGE),
        }

    @method_decorator(require_POST)
    def sync_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Bring this pair to agreement now."""
        row = self._pair(request, pk)
        user: Any = request.user  # signed in
        entry = audit.begin("contacts.sync", user=user, client=row.integration.client, record=f"pair:{row.pk}")
        deciding.sync(row, user=user)
        audit.finish(entry, AuditEntry.Outcome.DONE)
        messages.success(request, gettext("The pair is looked at now; what came of it will be shown here."))
        return to_page(row)

    @method_decorator(require_GET)
    @method_decorator(never_cache)
    def plan_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Dry run: both sides read now, and what would be written. While an approval is carried out, how far it is."""
        row = self._pair(request, pk)
        number = request.GET.get("job", "")
        job = Job.objects.filter(kind=approving.APPLY, args=[pk], pk=number).first() if number.isdecimal() else None
        context = {**self._context(request, row), "job": job, "busy": job is not None and job.state in BUSY}
        if not context["busy"]:
            context |= looked_at(request, row.integration, row.betnr, row.link.right_id, row.link)
            context["tone"] = _tone(job) if job else ""
        return TemplateResponse(request, "advoware_espocrm/plan.html", context)

    @method_decorator(require_POST)
    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have exactly what the dry run showed written."""
        row = self._pair(request, pk)
        seen = request.POST.get("seen", "")
        page = reverse("admin:advoware_espocrm_pair_plan", args=[row.pk])
        if len(seen) != approving.DIGEST_LENGTH:
            said = gettext("Nothing was applied. Have a dry run first, and look at what it shows.")
            messages.error(request, said)
            return HttpResponseRedirect(page)
        user: Any = request.user  # signed in
        job = approving.approve(row, seen, user=user)
        return HttpResponseRedirect(f"{page}?job={job.pk}")

    @method_decorator(require_POST)
    def unlink_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """These two are no pair."""
        row = self._pair(request, pk)
        user: Any = request.user  # signed in
        try:
            deciding.unlink(row, user=user)
        except ValueError as problem:
            messages.error(request, gettext("Nothing was changed. {problem}").format(problem=problem))
            return to_page(row)
        said = gettext("Party {number} is not kept in step any more. Both sides stay as they are.")
        messages.success(request, said.format(number=row.betnr))
        return HttpResponseRedirect(reverse(PAIRS))

    def _pair(self, request: HttpRequest, pk: int) -> Pair:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        row: Pair | None = (
            self.get_queryset(request).select_related("link", "integration__client").filter(pk=pk).first()
        )
        if row is None:
            raise Http404(gettext("There is no such pair."))
        return row


def _tone(job: Job) -> str:
    if job.state == Job.State.DEAD:
        return "bad"
    return "good" if job.outcome.startswith(_applied()) else "warning"


def _applied() -> tuple[str, ...]:
    """What the outcome of an approval that was carried out begins with."""
    made, changed = SyncEntry.Outcome.CREATED, SyncEntry.Outcome.UPDATED
    return (str(made.label), str(changed.label), gettext("Unchanged."))


def _last_job(row: Pair) -> Job | None:
    found: Job | None = (
        Job.objects.filter(kind__in=(deciding.SYNC, approving.APPLY), args=[row.pk]).order_by("-pk").first()
    )
    return found
