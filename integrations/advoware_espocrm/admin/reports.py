"""What waits for a person or piles up: held values, empty slots, changes of type."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from integrations.advoware_espocrm import deciding
from integrations.advoware_espocrm.models import HeldValue, Slot, TypeChange
from integrations.core.labels import label

from .lists import CHANGE, ContactList, to_page

MOST = 500  # values that are tried again at once
AGES = {"30": _("a month or longer"), "90": _("three months or longer"), "365": _("a year or longer")}
PARTY = ("=pair__link__left_id", "=pair__link__right_id")
PARTY_HELP = _("A party number, or the whole id of EspoCRM's record.")


@admin.register(HeldValue)
class HeldValueAdmin(ContactList):
    list_display = ("shown", "kind", "side", "pair_link", "why", "refused", "held_at")
    list_filter = ("is_refused", "komm_kz", "pair__integration")
    list_select_related = ("pair__integration__client",)
    search_fields = PARTY
    search_help_text = PARTY_HELP
    ordering = ("-id",)
    actions = ("try_again",)
    fields = readonly_fields = ("shown", "kind", "side", "pair_link", "why", "refused", "held_at")
    note = _(
        "A value that stays on its side stops no other one. It goes from here by itself once it was mended there; what "
        "EspoCRM refused is not sent again as it is, until you have it tried again."
    )

    @admin.display(description=_("value"), ordering="value")
    def shown(self, row: HeldValue) -> str:
        return row.value

    @admin.display(description=_("kind"), ordering="komm_kz")
    def kind(self, row: HeldValue) -> str:
        return row.get_komm_kz_display() if row.komm_kz else "–"

    @admin.display(description=_("stays in"))
    def side(self, row: HeldValue) -> str:
        return gettext("Advoware, entry {number}").format(number=row.entry_id) if row.entry_id else "EspoCRM"

    @admin.display(description=_("refused"), ordering="is_refused")
    def refused(self, row: HeldValue) -> SafeString | str:
        return label(gettext("refused by EspoCRM"), "bad") if row.is_refused else "–"

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CHANGE)

    @admin.action(description=_("Try again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        user: Any = request.user  # signed in
        rows = list(queryset.select_related("pair__integration__client")[: MOST + 1])
        if len(rows) > MOST:
            said = gettext("Nothing was asked for: choose at most {most:,}.").format(most=MOST)
            self.message_user(request, said, messages.WARNING)
            return
        for row in rows:
            deciding.try_again(row, user=user)
        pairs = len({row.pair_id for row in rows})
        of_pairs = ngettext("{n:,} pair", "{n:,} pairs", pairs).format(n=pairs)
        said = ngettext(
            "{n:,} value of {pairs}: tried again now.", "{n:,} values of {pairs}: tried again now.", len(rows)
        )
        self.message_user(request, said.format(n=len(rows), pairs=of_pairs), messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        return [self.door("retry", self.retry_view), *super().get_urls()]

    @method_decorator(require_POST)
    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try this one again."""
        if not self.has_retry_permission(request):
            raise PermissionDenied
        row: HeldValue | None = (
            self.get_queryset(request).select_related("pair__integration__client").filter(pk=pk).first()
        )
        if row is None:
            raise Http404(gettext("There is no such value."))
        user: Any = request.user  # signed in
        messages.success(request, deciding.try_again(row, user=user))
        return to_page(row.pair)


class AgeFilter(admin.SimpleListFilter):
    title = _("empty for")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(days, str(said)) for days, said in AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        days = self.value() or ""
        return queryset.filter(since__lte=timezone.now() - timedelta(days=int(days))) if days in AGES else queryset


@admin.register(Slot)
class SlotAdmin(ContactList):
    list_display = ("pair_link", "kind", "entry_id", "age", "since", "of_pair", "integration")
    list_display_links = None
    list_filter = (AgeFilter, "komm_kz", "pair__integration")
    list_select_related = ("pair__integration__client",)
    search_fields = PARTY
    search_help_text = PARTY_HELP
    ordering = ("since", "pk")
    fields = readonly_fields = ("pair_link", "kind", "entry_id", "since", "of_pair")
    note = _(
        "Advoware lets no program delete an entry, so what is deleted in EspoCRM is emptied there and used again for "
        "the next value of its kind. Only people can delete one, in Advoware; it goes from here at the next look."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        of_pair = Slot.objects.filter(pair=OuterRef("pair")).order_by().values("pair").annotate(count=Count("pk"))
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(
            slots_of_pair=Subquery(of_pair.values("count"), output_field=IntegerField())
        )
        return counted

    @admin.display(description=_("kind"), ordering="komm_kz")
    def kind(self, row: Slot) -> str:
        return row.get_komm_kz_display()

    @admin.display(description=_("empty for"), ordering="since")
    def age(self, row: Slot) -> str:
        return timesince(row.since)

    @admin.display(description=_("slots of the pair"), ordering="slots_of_pair")
    def of_pair(self, row: Any) -> int:
        return int(row.slots_of_pair)

    @admin.display(description=_("integration"), ordering="pair__integration")
    def integration(self, row: Slot) -> str:
        return str(row.pair.integration)


@admin.register(TypeChange)
class TypeChangeAdmin(ContactList):
    list_display = ("at", "pair_link", "entry_id", "before", "after", "integration")
    list_display_links = None
    list_filter = ("before", "after", "pair__integration")
    list_select_related = ("pair__integration__client",)
    search_fields = PARTY
    search_help_text = PARTY_HELP
    ordering = ("-id",)
    fields = readonly_fields = ("at", "pair_link", "entry_id", "before", "after")
    note = _(
        "Advoware cannot change the kind of an entry. Where the type of a number was changed in EspoCRM, the entry was "
        "emptied and another one of the new kind was used or made."
    )

    @admin.display(description=_("integration"), ordering="pair__integration")
    def integration(self, row: TypeChange) -> str:
        return str(row.pair.integration)
