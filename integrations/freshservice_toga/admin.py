"""The settings of a client's Freshservice, with the words for its codes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, When
from django.http import HttpRequest

from integrations.core.admin.base import PortalModelAdmin, PortalTabularInline

from .models import FreshserviceOptions, ValueWord


class ValueWordInline(PortalTabularInline):
    model = ValueWord
    fields = ("field", "code", "word", "seen_at")
    readonly_fields = ("field", "code", "seen_at")
    show_change_link = False
    hide_title = True
    verbose_name_plural = "Words for Freshservice's codes"

    def get_queryset(self, request: HttpRequest) -> Any:
        """What still needs a word comes first."""
        return super().get_queryset(request).order_by(Case(When(word="", then=0), default=1), "field", "code")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a code gets its row when it is met first


@admin.register(FreshserviceOptions)
class FreshserviceOptionsAdmin(PortalModelAdmin):
    list_display = ("integration", "custom_field_prefix", "unmapped", "missing")
    list_select_related = ("integration__client",)
    readonly_fields = ("integration",)
    fields = ("integration", "custom_field_prefix", "start_at")
    inlines = (ValueWordInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # adding the integration adds its settings

    @admin.display(description="unmapped values")
    def unmapped(self, row: FreshserviceOptions) -> str:
        return ", ".join(f"{word.field} {word.code}" for word in row.words.filter(word="")) or "–"

    @admin.display(description="what is missing")
    def missing(self, row: FreshserviceOptions) -> str:
        return row.problem() or "–"
