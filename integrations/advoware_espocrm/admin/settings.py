"""The settings of one integration's contact data, with the rules for kinds of entries."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.advoware_espocrm.models import ContactOptions, FieldPolicy
from integrations.advoware_espocrm.pairs import linked, staleness, unsettle_all
from integrations.advoware_espocrm.streams import RECONCILE
from integrations.core.admin.base import PortalModelAdmin, PortalTabularInline
from integrations.core.models import Stream
from integrations.core.streams import declared_streams


class FieldPolicyInline(PortalTabularInline):
    model = FieldPolicy
    fields = ("komm_kz", "choice")
    show_change_link = False
    hide_title = True
    verbose_name_plural = _("Always for a kind, whatever is set above")


@admin.register(ContactOptions)
class ContactOptionsAdmin(PortalModelAdmin):
    list_display = ("integration", "direction", "conflict_policy", "default_region", "write_markers", "seen_after")
    list_select_related = ("integration__client",)
    readonly_fields = ("integration", "seen_after")
    change_form_outer_before_template = "advoware_espocrm/options_panel.html"
    inlines = (FieldPolicyInline,)
    fieldsets = (
        (None, {"fields": ("integration", "direction", "conflict_policy")}),
        (_("Values"), {"fields": ("default_region", "write_markers")}),
        (_("Reading Advoware"), {"fields": ("parties_per_run", "seen_after")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # adding the integration adds its settings

    @admin.display(description=_("seen after at most"))
    def seen_after(self, row: ContactOptions) -> str:
        """What follows from the number of pairs: how old a change in Advoware may become that no hint told of."""
        stream = _stream(row)
        if stream is None:
            return "–"
        count = linked(row.integration).count()
        after = staleness(row.integration, per_run=row.parties_per_run, interval_minutes=stream.interval_minutes)
        hours, minutes = divmod(int(after.total_seconds()) // 60, 60)
        said = gettext("{hours:,} h {minutes} min") if hours else gettext("{minutes} min")
        detail = gettext("{time} ({pairs}, up to {most:,} in a run, a run every {interval} min)")
        return detail.format(
            time=said.format(hours=hours, minutes=minutes),
            pairs=ngettext("{n:,} pair", "{n:,} pairs", count).format(n=count),
            most=row.parties_per_run,
            interval=stream.interval_minutes,
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        extra = {"stream": _stream(row), "seen_after": self.seen_after(row)} if row is not None else {}
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))  # type: ignore[no-any-return]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Other settings may mean other writes: every pair is looked at again."""
        super().save_related(request, form, formsets, change)
        unsettle_all(form.instance.pk)
        messages.info(request, gettext("The next runs look at all pairs again, in their turn, with these settings."))


def _stream(row: ContactOptions) -> Stream | None:
    """The stream that looks at the pairs, as it is set."""
    return next((one for one in declared_streams(row.integration) if one.slug == RECONCILE.slug), None)
