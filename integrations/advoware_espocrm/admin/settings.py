"""The settings of one integration's contact data, with the rules for kinds of entries."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse

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
    verbose_name_plural = "Always for a kind, whatever is set above"


@admin.register(ContactOptions)
class ContactOptionsAdmin(PortalModelAdmin):
    list_display = ("integration", "direction", "conflict_policy", "default_region", "write_markers", "seen_after")
    list_select_related = ("integration__client",)
    readonly_fields = ("integration", "seen_after")
    change_form_outer_before_template = "advoware_espocrm/options_panel.html"
    inlines = (FieldPolicyInline,)
    fieldsets = (
        (None, {"fields": ("integration", "direction", "conflict_policy")}),
        ("Values", {"fields": ("default_region", "write_markers")}),
        ("Reading Advoware", {"fields": ("parties_per_run", "seen_after")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # adding the integration adds its settings

    @admin.display(description="seen after at most")
    def seen_after(self, row: ContactOptions) -> str:
        """What follows from the number of pairs: how old a change in Advoware may become that no hint told of."""
        stream = _stream(row)
        if stream is None:
            return "–"
        count = linked(row.integration).count()
        after = staleness(row.integration, per_run=row.parties_per_run, interval_minutes=stream.interval_minutes)
        hours, minutes = divmod(int(after.total_seconds()) // 60, 60)
        said = f"{hours:,} h {minutes} min" if hours else f"{minutes} min"
        pairs = f"{count:,} pair{'' if count == 1 else 's'}"
        return f"{said} ({pairs}, up to {row.parties_per_run:,} in a run, a run every {stream.interval_minutes} min)"

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
        messages.info(request, "The next runs look at all pairs again, in their turn, with these settings.")


def _stream(row: ContactOptions) -> Stream | None:
    """The stream that looks at the pairs, as it is set."""
    return next((one for one in declared_streams(row.integration) if one.slug == RECONCILE.slug), None)
