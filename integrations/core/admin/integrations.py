"""Integrations: kind first, then which connections play its roles; the kind's own options have their own page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import guides, labels, registry, streams
from integrations.core.models import Integration
from integrations.core.registry import IntegrationKind

from . import streams as stream_pages
from .base import PortalModelAdmin, with_choice
from .integration_form import ROLE, form_for
from .stream_page import StreamPages
from .timeline import RecordPage


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.slug, str(kind.label)) for kind in registry.kinds()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Integration)
class IntegrationAdmin(StreamPages, RecordPage, PortalModelAdmin):
    list_display = ("slug", "client", "kind_label", "played_by", "state")
    list_filter = (KindFilter, "client", "is_enabled")
    list_select_related = ("client",)
    search_fields = ("slug", "client__name", "kind")
    change_form_outer_before_template = "admin/portal/integration_panel.html"
    readonly_fields = ("kind_label", "played_by")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("roles__connection__client")

    @admin.display(description=_("kind"), ordering="kind")
    def kind_label(self, row: Integration) -> str:
        kind = _kind_of(row)
        return str(kind.label) if kind else gettext("{kind} (not installed)").format(kind=row.kind)

    @admin.display(description=_("connections"))
    def played_by(self, row: Integration) -> SafeString:
        return format_html_join(
            " ", "{}: {} {}", ((r.role, r.connection, labels.health(r.connection)) for r in row.roles.all())
        )

    @admin.display(description=_("state"), ordering="is_enabled")
    def state(self, row: Integration) -> SafeString:
        return labels.label(gettext("on"), "good") if row.is_enabled else labels.label(gettext("off"), "neutral")

    def history_records(self, record: Integration) -> list[Any]:
        """Its own versions, and those of its roles and options, since all are one thing to people."""
        kind = _kind_of(record)
        options = kind.options._default_manager.filter(integration=record) if kind and kind.options else []
        return [record, *record.roles.all(), *(row for row in options if hasattr(row, "history"))]

    # --- its streams

    def get_urls(self) -> list[URLPattern]:
        return [*self.stream_urls(), *self.record_urls(), *super().get_urls()]

    # --- the form

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The kind is chosen first; its roles then make the form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        kind = {kind.slug: kind for kind in registry.kinds()}.get(request.GET.get("kind", ""))
        if kind is None:
            return self._choose_kind(request)
        extra = {"title": gettext("Add integration: {label}").format(label=kind.label), **(extra_context or {})}
        return super().add_view(request, form_url, extra)  # type: ignore[no-any-return]

    def _choose_kind(self, request: HttpRequest) -> TemplateResponse:
        choices = [
            (
                kind.label,
                f"?{with_choice(request, kind=kind.slug)}",
                "conversion_path",
                ", ".join(str(role.label) for role in kind.roles),
            )
            for kind in registry.kinds()
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Add integration: which kind?"),
            "opts": self.opts,
            "choices": choices,
        }
        return TemplateResponse(request, "admin/portal/choose.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        extra: dict[str, Any] = {
            "options_url": options_url(row, request) if row else "",
            "is_mixed": row is not None and len({played.connection.environment for played in row.roles.all()}) > 1,
        }
        if row is not None and (kind := _kind_of(row)) and kind.guide:
            extra["guide"] = guides.address(kind.guide)
        if row is not None and request.user.has_perm("core.view_stream"):
            extra |= {
                "streams": stream_pages.shown(row),
                "not_running": streams.why_not(row),
                "may_change_streams": request.user.has_perm("core.change_stream"),
            }
        extra |= extra_context or {}
        return super().change_view(request, object_id, form_url, extra)  # type: ignore[no-any-return]

    def has_change_permission(self, request: HttpRequest, obj: Integration | None = None) -> bool:
        if obj is not None and _kind_of(obj) is None:
            return False  # its kind is not installed: there is nothing to build a form from
        return bool(super().has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Integration | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "client", "slug") if obj else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: Integration | None = None) -> Any:
        first = ("kind_label", "client", "slug", "is_enabled") if obj else ("client", "slug", "is_enabled")
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": (*first, "played_by")}),)
        roles = tuple(ROLE + role.name for role in self._kind(request, obj).roles)
        return ((None, {"fields": first}), (gettext("Connections"), {"fields": roles}))

    def get_form(
        self, request: HttpRequest, obj: Integration | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            kwargs["form"] = form_for(self._kind(request, obj), request)
        return super().get_form(request, obj, change, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_roles()

    def _kind(self, request: HttpRequest, obj: Integration | None) -> IntegrationKind:
        return registry.kind(obj.kind if obj else request.GET.get("kind", ""))


def _kind_of(row: Integration) -> IntegrationKind | None:
    return {kind.slug: kind for kind in registry.kinds()}.get(row.kind)


def options_url(row: Integration, request: HttpRequest) -> str:
    """The page of the kind's own options; empty without such a page, such a row, or the permission."""
    kind = _kind_of(row)
    if kind is None or kind.options is None:
        return ""
    meta = kind.options._meta
    if not request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}"):
        return ""
    try:
        options = kind.options._default_manager.get(integration=row)
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[options.pk])
    except (ObjectDoesNotExist, NoReverseMatch):
        return ""
