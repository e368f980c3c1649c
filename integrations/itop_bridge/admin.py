"""The settings of a bridge, the pairs as a list, and a pair's page: what happened, and what a person may do with it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxSelectMultiple
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from integrations.core import audit, jobs
from integrations.core.admin.base import (
    PortalModelAdmin,
    PortalTabularInline,
    ReadOnlyAdmin,
    ScopedRelatedFilter,
    limited,
)
from integrations.core.admin.timeline import told
from integrations.core.labels import label
from integrations.core.models import AuditEntry, HeldItem, Integration, Job, RecordLink
from integrations.core.timeline import of_link

from . import pairs
from .checking import ask_for_check
from .mapping import FORM_OF
from .models import EXTERNAL, IDS, INTERNAL, MARKER, BridgeOptions, Pair, ValueWord
from .relink_page import RelinkDoor

CHANGE = "itop_bridge.change_pair"
SYNC = "itop_bridge.sync_pair"
_LABELS = {
    "org_id": (_("Organisation"), _("Id of the organisation that twins belong to.")),
    "caller_id": (_("Caller"), _("Id of the person who stands as their caller.")),
    "agent_id": (_("Agent"), _("Id of the person whom a step of the life names as agent.")),
    "team_id": (_("Team"), _("Id of the team that such a step names.")),
    MARKER: (_("Field for the ref"), _("Code of a text field of the tickets; empty: the ref stands in the title.")),
}


class OptionsForm(forms.ModelForm):  # type: ignore[type-arg]  # of BridgeOptions
    """The defaults of each side as fields of their own, instead of one text of JSON."""

    classes = forms.MultipleChoiceField(
        label=_("Classes"),
        choices=[(name, name) for name in FORM_OF],
        widget=CheckboxSelectMultiple,
        help_text=_("Which tickets are bridged. The module of Incident or of changes must be installed in both iTops."),
    )

    class Meta:
        model = BridgeOptions
        fields = (
            *("classes", "start_at", "step_defaults", "most_looks"),
            *(
                "form_to_internal",
                "logs_to_internal",
                "files_to_internal",
                "deletions_to_internal",
                "state_to_internal",
            ),
            *("logs_to_external", "files_to_external", "deletions_to_external", "state_to_external"),
        )
        widgets: ClassVar = {"step_defaults": UnfoldAdminTextareaWidget(attrs={"rows": 3})}
        labels: ClassVar = {  # where they are only shown
            f"{side}_{name}": said for side in (EXTERNAL, INTERNAL) for name, (said, _text) in _LABELS.items()
        }

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        for side in (EXTERNAL, INTERNAL):
            given = getattr(self.instance, side) or {}
            for name in (*IDS, MARKER):
                self.initial.setdefault(f"{side}_{name}", given.get(name))

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        for side in (EXTERNAL, INTERNAL):
            given = {name: found.get(f"{side}_{name}") for name in (*IDS, MARKER)}
            setattr(self.instance, side, {name: value for name, value in given.items() if value})
        return found


def _field(name: str) -> forms.Field:
    said, text = _LABELS[name]
    if name == MARKER:
        widget = UnfoldAdminTextInputWidget()
        return forms.RegexField(r"^[A-Za-z_][A-Za-z0-9_]*$", required=False, label=said, help_text=text, widget=widget)
    number = UnfoldAdminIntegerFieldWidget()
    return forms.IntegerField(required=False, min_value=1, label=said, help_text=text, widget=number)


SIDE_FIELDS = {side: tuple(f"{side}_{name}" for name in (*IDS, MARKER)) for side in (EXTERNAL, INTERNAL)}
for _side, _names in SIDE_FIELDS.items():
    for _name in _names:
        OptionsForm.base_fields[_name] = OptionsForm.declared_fields[_name] = _field(_name.removeprefix(f"{_side}_"))


class ValueWordInline(PortalTabularInline):
    model = ValueWord
    fields = ("field", "external", "internal")
    show_change_link = False
    hide_title = True
    verbose_name = _("code or class")
    verbose_name_plural = _("Codes and classes that differ")


@admin.register(BridgeOptions)
class BridgeOptionsAdmin(PortalModelAdmin):
    form = OptionsForm
    list_display = ("integration", "missing", "checked_at")
    list_select_related = ("integration__client",)
    readonly_fields = ("integration", "missing", "checked_at")
    inlines = (ValueWordInline,)
    fieldsets = (
        (None, {"fields": ("integration", "missing", "checked_at", "classes", "start_at")}),
        (_("The customer's iTop (external)"), {"fields": SIDE_FIELDS[EXTERNAL]}),
        (_("The provider's iTop (internal)"), {"fields": SIDE_FIELDS[INTERNAL]}),
        (
            _("What goes where"),
            {
                "fields": (
                    *("form_to_internal", "logs_to_internal", "files_to_internal"),
                    *("deletions_to_internal", "state_to_internal"),
                    *("logs_to_external", "files_to_external"),
                    *("deletions_to_external", "state_to_external"),
                    *("step_defaults", "most_looks"),
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # adding the integration adds its settings

    @admin.display(description=_("what is missing"))
    def missing(self, row: BridgeOptions) -> str:
        return row.problem() or "–"

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What was saved is checked against both iTops, as a job."""
        super().save_related(request, form, formsets, change)
        ask_for_check(form.instance)
        said = gettext("The defaults are looked up in both iTops; what is missing will be shown here.")
        messages.info(request, said)


class NeedsFilter(admin.SimpleListFilter):
    title = _("trouble")
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("held", gettext("held")), ("parked", gettext("parked")), ("missing", gettext("twin missing"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "held":
            return queryset.filter(is_held=True)
        if self.value() == "parked":
            return queryset.exclude(parked_at=None)
        return queryset.filter(link__state=RecordLink.State.MISSING) if self.value() == "missing" else queryset


class BridgeFilter(ScopedRelatedFilter):
    """Offers bridges, and no other integrations."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        bridges = limited(Integration.objects.exclude(bridge_options=None), request)
        return [(str(row.pk), str(row)) for row in bridges]


@admin.register(Pair)
class PairAdmin(RelinkDoor, ReadOnlyAdmin):
    list_display = ("pair", "external_state", "internal_state", "looked_at", "trouble", "integration")
    list_filter = (NeedsFilter, ("integration", BridgeFilter))
    list_select_related = ("link", "integration__client")
    search_fields = ("=external_ref", "=internal_ref", "=link__left_id", "=link__right_id")
    search_help_text = _("A ref, or the whole id of either side.")
    ordering = ("-link_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        held = HeldItem.objects.filter(
            stream__integration=OuterRef("integration"),
            record_id=OuterRef("link__left_id"),
            state=HeldItem.State.HELD,
        )
        rows: QuerySet[Any] = super().get_queryset(request).exclude(link__state=RecordLink.State.REPLACED)
        marked: QuerySet[Any] = rows.annotate(is_held=Exists(held), held_why=Subquery(held.values("sentence")[:1]))
        return marked

    @admin.display(description=_("external = internal"), ordering="link_id")
    def pair(self, row: Pair) -> SafeString:
        title = row.link.base.get("title", "")
        return format_html('<div>{}<br><span class="p-muted">{}</span></div>', str(row), title)

    @admin.display(description=_("trouble"))
    def trouble(self, row: Any) -> SafeString | str:
        if row.parked_at:
            return _because(gettext("parked"), "bad", row.parked_why)
        if row.link.state == RecordLink.State.MISSING:
            return _because(gettext("missing"), "bad", row.link.cause)
        return _because(gettext("held"), "warning", row.held_why) if row.is_held else "–"

    # --- a pair's page

    def get_urls(self) -> list[URLPattern]:
        def door(name: str, view: Any) -> URLPattern:
            wrapped: Any = self.admin_site.admin_view(view)
            found: URLPattern = path(f"<int:pk>/{name}/", wrapped, name=f"itop_bridge_pair_{name}")
            return found

        doors = {"sync": self.sync_view, "park": self.park_view, "resume": self.resume_view, "anew": self.anew_view}
        doors["relink"] = self.relink_view
        return [*(door(name, view) for name, view in doors.items()), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        link = row.link
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "subtitle": str(row.integration),
            "opts": self.opts,
            "row": row,
            "link": link,
            **told(request, of_link(link)),
            "held": _held(row),
            "asked": Job.objects.filter(kind=SYNC, args=[row.pk]).order_by("-pk").first(),
            "may_change": request.user.has_perm(CHANGE),
            "sides": _sides(row),
        }
        return TemplateResponse(request, "itop_bridge/pair.html", context)

    @method_decorator(require_POST)
    def sync_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Look at this pair now."""
        row = self._pair(request, pk)
        user: Any = request.user
        jobs.enqueue(SYNC, row.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)
        messages.success(request, gettext("The pair is looked at now; what came of it will be shown here."))
        return _to_page(row)

    @method_decorator(require_POST)
    def park_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Leave this pair alone until somebody resumes it."""
        row = self._pair(request, pk)
        why = gettext("Parked by {user}.").format(user=request.user)
        _noted(request, row, "park", lambda: pairs.park(row.link, why))
        messages.success(request, gettext("Nothing is written to this pair until it is resumed."))
        return _to_page(row)

    @method_decorator(require_POST)
    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Bring this pair to agreement again."""
        row = self._pair(request, pk)
        _noted(request, row, "resume", lambda: pairs.resume(row.link))
        messages.success(request, gettext("The next run looks at it again."))
        return _to_page(row)

    @method_decorator(require_POST)
    def anew_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have a new twin made for one that is gone."""
        row = self._pair(request, pk)
        if row.link.state != RecordLink.State.MISSING:
            messages.error(request, gettext("The twin is not missing; nothing was changed."))
            return _to_page(row)
        _noted(request, row, "anew", lambda: pairs.anew(row.link))
        user: Any = request.user
        jobs.enqueue(SYNC, row.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)
        messages.success(request, gettext("A new twin is made, unless one with the marker is found."))
        return HttpResponseRedirect(reverse(pairs.PAIRS))

    def _pair(self, request: HttpRequest, pk: int) -> Pair:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        row: Pair | None = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404(gettext("There is no such pair."))
        return row


def _because(what: str, tone: str, why: str) -> SafeString:
    return format_html("<div>{} {}</div>", label(what, tone), why)


def _held(row: Pair) -> HeldItem | None:
    """Why the pair is held, unless it is parked: that is said anyway."""
    items = HeldItem.objects.filter(stream__integration=row.integration_id, record_id=row.link.left_id)
    return None if row.parked_at else items.filter(state=HeldItem.State.HELD).first()


def _sides(row: Pair) -> list[dict[str, str]]:
    """What the page shows of each ticket, with the address at which people see it."""
    found = (
        (EXTERNAL, gettext("external"), row.link.left_id, row.external_ref, row.external_state),
        (INTERNAL, gettext("internal"), row.link.right_id, row.internal_ref, row.internal_state),
    )
    shown = []
    for role, said, number, ref, state in found:
        played = row.integration.roles.filter(role=role).select_related("connection").first()
        root = played.connection.base_url.rstrip("/") if played else ""
        url = f"{root}/pages/UI.php?operation=details&class=Ticket&id={number}" if root and number else ""
        shown.append({"label": said, "ref": ref or number, "state": state, "url": url})
    return shown


def _noted(request: HttpRequest, row: Pair, what: str, do: Any) -> None:
    user: Any = request.user  # signed in
    entry = audit.begin(f"bridge.{what}", user=user, client=row.integration.client, record=f"pair:{row.pk}", detail="")
    do()
    audit.finish(entry, AuditEntry.Outcome.DONE)


def _to_page(row: Pair) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:itop_bridge_pair_change", args=[row.pk]))
