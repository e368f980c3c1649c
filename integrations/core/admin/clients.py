"""Clients, and the tokens they post with."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import labels
from integrations.core.models import ApiToken, Client, Connection, Integration

from .base import PortalModelAdmin, PortalTabularInline


class ConnectionLinks(PortalTabularInline):
    model = Connection
    fields = ("connection", "vendor", "state")
    readonly_fields = fields
    verbose_name_plural = _("Connections")
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("connection"))
    def connection(self, row: Connection) -> SafeString:
        return format_html(
            '<a class="p-link" href="{}">{}</a>', reverse("admin:core_connection_change", args=[row.pk]), row.slug
        )

    @admin.display(description=_("state"))
    def state(self, row: Connection) -> SafeString:
        return labels.health(row)


class IntegrationLinks(PortalTabularInline):
    model = Integration
    fields = ("integration", "kind", "is_enabled")
    readonly_fields = fields
    verbose_name_plural = _("Integrations")
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("integration"))
    def integration(self, row: Integration) -> SafeString:
        return format_html(
            '<a class="p-link" href="{}">{}</a>', reverse("admin:core_integration_change", args=[row.pk]), row.slug
        )


class TokenLinks(PortalTabularInline):
    model = ApiToken
    fields = ("token", "scope", "created_at", "last_used_at", "state")
    readonly_fields = fields
    verbose_name_plural = _("API tokens")
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("used by"))
    def token(self, row: ApiToken) -> SafeString:
        return format_html(
            '<a class="p-link" href="{}">{}</a>', reverse("admin:core_apitoken_change", args=[row.pk]), row.name
        )

    @admin.display(description=_("state"))
    def state(self, row: ApiToken) -> SafeString:
        return token_state(row)


def token_state(row: ApiToken) -> SafeString:
    return labels.label(gettext("revoked"), "bad") if row.revoked_at else labels.label(gettext("valid"), "good")


@admin.register(Client)
class ClientAdmin(PortalModelAdmin):
    list_display = ("name", "slug", "connection_count", "integration_count", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "slug", "time_zone", "is_active")
    change_form_outer_before_template = "admin/portal/client_panel.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Client]:
        rows: QuerySet[Client] = super().get_queryset(request)
        return rows.annotate(
            how_many_connections=Count("connections", distinct=True),
            how_many_integrations=Count("integrations", distinct=True),
        )

    def get_inlines(self, request: HttpRequest, obj: Client | None = None) -> list[type[PortalTabularInline]]:
        return [ConnectionLinks, IntegrationLinks, TokenLinks] if obj else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Client | None = None) -> dict[str, tuple[str, ...]]:
        return {"slug": ("name",)} if obj is None else {}

    def get_readonly_fields(self, request: HttpRequest, obj: Client | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()  # it is part of addresses others call

    @admin.display(description=_("connections"), ordering="how_many_connections")
    def connection_count(self, row: Any) -> int:
        return int(row.how_many_connections)

    @admin.display(description=_("integrations"), ordering="how_many_integrations")
    def integration_count(self, row: Any) -> int:
        return int(row.how_many_integrations)


@admin.register(ApiToken)
class ApiTokenAdmin(PortalModelAdmin):
    """A token is made by naming its user; it is shown once, and can only be revoked afterwards."""

    list_display = ("name", "client", "scope", "created_at", "last_used_at", "state")
    list_filter = ("client", "scope")
    list_select_related = ("client",)
    search_fields = ("name", "client__name")
    fields = ("client", "name", "scope", "created_at", "last_used_at", "state")
    readonly_fields = ("created_at", "last_used_at", "state")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        return self.fields if obj else ("client", "name", "scope")

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        obj.plain_token = ApiToken.new_token()  # type: ignore[attr-defined]  # for the one answer that shows it
        obj.digest = ApiToken.digest_of(obj.plain_token)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        """The one and only page that shows the token; never stored, not even in the session."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("API token made"),
            "opts": self.opts,
            "token": obj.plain_token,  # type: ignore[attr-defined]
            "row": obj,
        }
        response = TemplateResponse(request, "admin/portal/token_made.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> HttpResponseRedirect | None:
        revoked = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(
            request,
            gettext("{revoked} revoked; calls with them are refused from now on.").format(revoked=revoked),
            messages.SUCCESS,
        )
        return None

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_apitoken")

    @admin.display(description=_("state"))
    def state(self, row: ApiToken) -> SafeString:
        return token_state(row)
