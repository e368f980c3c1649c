"""What all lists of contact data have: a strip of the lists with how much each has, and no pair that was unlinked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from integrations.advoware_espocrm.models import Conflict, HeldValue, Pair, Slot, TypeChange
from integrations.core.admin.base import ReadOnlyAdmin
from integrations.core.models import RecordLink
from integrations.texts import Text

CHANGE, DECIDE = "advoware_espocrm.change_pair", "advoware_espocrm.change_conflict"
# label, model, the part of the list that waits for a person, its tone
_LISTS: tuple[tuple[Text, Any, dict[str, str], str, str], ...] = (
    (_("Pairs"), Pair, {}, "", "neutral"),
    (_("To decide"), Conflict, {"choice": ""}, "?decided=not", "warning"),
    (_("Held values"), HeldValue, {}, "", "warning"),
    (_("Empty slots"), Slot, {}, "", "neutral"),
    (_("Type changes"), TypeChange, {}, "", "neutral"),
)


class ContactList(ReadOnlyAdmin):
    """The base of the lists. `note` is a sentence above the list, `link_path` leads to the link of a row's pair."""

    list_before_template = "advoware_espocrm/lists.html"
    note: Text = ""
    link_path = "pair__link"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.exclude(**{f"{self.link_path}__state": RecordLink.State.REPLACED})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra = {"lists": list(self._lists(request)), "note": self.note, "may_link": request.user.has_perm(CHANGE)}
        shown: HttpResponse = super().changelist_view(request, extra | (extra_context or {}))
        return shown

    def _lists(self, request: HttpRequest) -> Any:
        for label, model, waits, query, tone in _LISTS:
            pages = self.admin_site.get_model_admin(model)
            if pages.has_view_permission(request):
                url = reverse(f"admin:advoware_espocrm_{model._meta.model_name}_changelist") + query
                count = pages.get_queryset(request).filter(**waits).count()
                yield label, url, count, tone if count else "neutral", model is self.model

    @admin.display(description=_("pair"), ordering="pair__betnr")
    def pair_link(self, row: Any) -> SafeString:
        return format_html('<a class="p-link" href="{}">{}</a>', page_of(row.pair), row.pair)

    def door(self, name: str, view: Any) -> URLPattern:
        """The address of an act on one row."""
        wrapped: Any = self.admin_site.admin_view(view)
        found: URLPattern = path(f"<int:pk>/{name}/", wrapped, name=f"advoware_espocrm_{self.opts.model_name}_{name}")
        return found


def page_of(pair: Pair) -> str:
    return reverse("admin:advoware_espocrm_pair_change", args=[pair.pk])


def to_page(pair: Pair) -> HttpResponseRedirect:
    return HttpResponseRedirect(page_of(pair))
