"""Conflicts: what both sides made of one entry, who won, and a person's choice, one by one or for many at once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from integrations.advoware_espocrm import deciding
from integrations.advoware_espocrm.merge import Choice
from integrations.advoware_espocrm.models import CHOICES, Conflict
from integrations.core.labels import label

from .lists import DECIDE, ContactList

MOST = 500  # conflicts that are decided at once
RULE = "advoware_espocrm.change_fieldpolicy"


class DecidedFilter(admin.SimpleListFilter):
    title = _("who decided")
    parameter_name = "decided"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("not", gettext("nobody yet")), ("person", gettext("a person")), ("policy", gettext("the settings"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "not":
            return queryset.filter(choice="")
        if self.value() == "person":
            return queryset.exclude(decided_at=None)
        return queryset.exclude(choice="").filter(decided_at=None) if self.value() == "policy" else queryset


@admin.register(Conflict)
class ConflictAdmin(ContactList):
    list_display = ("kind", "pair_link", "before", "advoware", "espocrm", "won", "found_at")
    list_filter = (DecidedFilter, "komm_kz", "pair__integration")
    list_select_related = ("pair__integration__client", "decided_by")
    search_fields = ("=pair__link__left_id", "=pair__link__right_id")
    search_help_text = _("A party number, or the whole id of EspoCRM's record.")
    ordering = ("-id",)
    actions = ("choose_advoware", "choose_espocrm", "choose_both")

    @admin.display(description=_("kind"), ordering="komm_kz")
    def kind(self, row: Conflict) -> str:
        return row.get_komm_kz_display()

    @admin.display(description=_("who won"))
    def won(self, row: Conflict) -> SafeString:
        return _won(row)

    # --- many at once

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(DECIDE)

    @admin.action(description=_("Advoware’s value counts …"), permissions=["decide"])
    def choose_advoware(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._choose(request, queryset, Choice.ADVOWARE)

    @admin.action(description=_("EspoCRM’s value counts …"), permissions=["decide"])
    def choose_espocrm(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._choose(request, queryset, Choice.ESPOCRM)

    @admin.action(description=_("Keep both values …"), permissions=["decide"])
    def choose_both(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._choose(request, queryset, Choice.BOTH)

    def _choose(self, request: HttpRequest, queryset: QuerySet[Any], choice: Choice) -> HttpResponse | None:
        """Show what would be decided; once confirmed, decide it, and say of each what came of it."""
        is_confirmed = "confirmed" in request.POST
        if is_confirmed:  # also those that left the filtered list meanwhile
            queryset = self.get_queryset(request).filter(pk__in=request.POST.getlist("_selected_action"))
        rows = list(queryset.select_related("pair__integration__client").order_by("pk")[: MOST + 1])
        if len(rows) > MOST:
            said = gettext("Nothing was decided: choose at most {most:,}.").format(most=MOST)
            self.message_user(request, said, messages.WARNING)
            return None
        title = ngettext("Decide {n:,} conflict: {choice}", "Decide {n:,} conflicts: {choice}", len(rows))
        context = {
            **self.admin_site.each_context(request),
            "title": title.format(n=len(rows), choice=deciding.LABELS[choice]),
            "opts": self.opts,
            "choice": choice,
            "rows": [(row, *(_decided(request, row, choice) if is_confirmed else _possible(row))) for row in rows],
            "open": sum(not row.choice for row in rows),
            "is_confirmed": is_confirmed,
            "action": request.POST.get("action", ""),
            "keys": [row.pk for row in rows],
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "advoware_espocrm/decide.html", context)

    # --- one

    def get_urls(self) -> list[URLPattern]:
        return [self.door("choose", self.choose_view), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "subtitle": str(row.pair.integration),
            "opts": self.opts,
            "original": row,
            "row": row,
            "won": _won(row),
            "losing": {Choice.ADVOWARE: row.espocrm, Choice.ESPOCRM: row.advoware}.get(Choice(row.choice))
            if row.choice
            else None,
            "choices": CHOICES,
            "may_decide": self.has_decide_permission(request) and not row.choice,
            "may_rule": request.user.has_perm(RULE),
        }
        return TemplateResponse(request, "advoware_espocrm/conflict.html", context)

    @method_decorator(require_POST)
    def choose_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Decide this one, and with `always` every later one of its kind."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        row: Conflict | None = (
            self.get_queryset(request).select_related("pair__integration__client").filter(pk=pk).first()
        )
        if row is None:
            raise Http404(gettext("There is no such conflict."))
        is_rule = "always" in request.POST
        if is_rule and not request.user.has_perm(RULE):
            raise PermissionDenied
        choice, user = request.POST.get("choice", ""), request.user
        if choice not in deciding.LABELS:
            messages.error(request, gettext("Nothing was decided. Choose whose value counts."))
        else:
            try:
                said = deciding.decide(row, Choice(choice), user=user, is_rule=is_rule)  # type: ignore[arg-type]  # signed in
            except ValueError as problem:
                messages.error(request, str(problem))
            else:
                messages.success(request, said)
        return HttpResponseRedirect(reverse("admin:advoware_espocrm_conflict_change", args=[row.pk]))


def _won(row: Conflict) -> SafeString:
    if not row.choice:
        return label(gettext("to decide"), "warning")
    by = gettext("Decided by {user}.").format(user=row.decided_by) if row.decided_at else gettext("By the settings.")
    return label(row.get_choice_display(), "good" if row.decided_at else "neutral", title=by)


def _possible(row: Conflict) -> tuple[str, str]:
    return ("neutral", gettext("was decided already")) if row.choice else ("info", gettext("will be decided"))


def _decided(request: HttpRequest, row: Conflict, choice: Choice) -> tuple[str, str]:
    """The tone of what came of it, and it in a sentence."""
    user: Any = request.user  # signed in
    try:
        return "good", deciding.decide(row, choice, user=user)
    except ValueError as problem:
        return "bad", str(problem)
