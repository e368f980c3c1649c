"""Connections: vendor first, then its form; test, pause, health and the way to the calls."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from integrations.core import labels, registry
from integrations.core.budgets import usage
from integrations.core.models import Connection
from integrations.core.opening import WEBHOOK_SECRET
from integrations.core.webhooks import watch
from integrations.vendors import Step, Vendor

from .base import PortalModelAdmin, with_choice
from .connection_form import IDENTITY, SECRET, SETTING, account_of, form_for, set_by
from .connection_test import steps_of
from .rotation import RotationForm, tried
from .set_up import steps_of_set_up, waiting_webhooks

DELIVERIES_SHOWN = 10


class VendorFilter(admin.SimpleListFilter):
    title = _("vendor")
    parameter_name = "vendor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(vendor.slug, str(vendor.label)) for vendor in registry.vendors().values()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(vendor=self.value()) if self.value() else queryset


class WebhooksFilter(admin.SimpleListFilter):
    title = _("webhooks")
    parameter_name = "webhooks"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("stopped", gettext("stopped"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.exclude(webhook_trouble="") if self.value() == "stopped" else queryset


@admin.register(Connection)
class ConnectionAdmin(PortalModelAdmin):
    list_display = ("slug", "owner", "vendor_label", "environment_label", "state", "cause", "last_ok_at")
    list_filter = (VendorFilter, "client", "health", WebhooksFilter, "is_paused", "environment")
    list_select_related = ("client",)
    search_fields = ("slug", "client__name", "base_url")
    change_form_outer_before_template = "admin/portal/connection_panel.html"
    readonly_fields = ("owner", "vendor_label", "identity_shown", "settings_shown", "secrets_shown")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Connection | None = None, **more: Any
    ) -> HttpResponse:
        vendor = registry.vendors().get(obj.vendor) if obj else None
        context["takes_webhooks"] = vendor is not None and vendor.webhooks is not None
        return super().render_change_form(request, context, *args, obj=obj, **more)  # type: ignore[no-any-return]

    # --- lists and labels

    @admin.display(description=_("of"), ordering="client__name")
    def owner(self, row: Connection) -> str:
        return str(row.client or gettext("House (shared)"))

    @admin.display(description=_("vendor"), ordering="vendor")
    def vendor_label(self, row: Connection) -> str:
        vendor = registry.vendors().get(row.vendor)
        return str(vendor.label) if vendor else gettext("{vendor} (not installed)").format(vendor=row.vendor)

    @admin.display(description=_("environment"), ordering="environment")
    def environment_label(self, row: Connection) -> SafeString:
        return labels.environment(row)

    @admin.display(description=_("state"), ordering="health")
    def state(self, row: Connection) -> SafeString:
        return labels.health(row)

    @admin.display(description=_("cause"))
    def cause(self, row: Connection) -> str:
        return f"{row.health_cause} {row.webhook_trouble}".strip()

    @admin.display(description=_("account"))
    def identity_shown(self, row: Connection) -> SafeString:
        return _lines([f"{name}: {value}" for name, value in sorted(row.identity.items())])

    @admin.display(description=_("settings"))
    def settings_shown(self, row: Connection) -> SafeString:
        return _lines([f"{name}: {value}" for name, value in sorted(row.settings.items())])

    @admin.display(description=_("secrets"))
    def secrets_shown(self, row: Connection) -> SafeString:
        return _lines([f"{name}: {set_by(row, name)}" for name in sorted(row.credentials_set)])

    # --- the form

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The vendor is chosen first; its declaration then makes the form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        vendor = registry.vendors().get(request.GET.get("vendor", ""))
        if vendor is None:
            return self._choose_vendor(request)
        extra = {
            "title": gettext("Add {label} connection").format(label=vendor.label),
            "preparation": vendor.preparation,
            "vendor": vendor,
            **(extra_context or {}),
        }
        return super().add_view(request, form_url, extra)  # type: ignore[no-any-return]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        vendor = registry.vendors().get(row.vendor) if row else None
        extra: dict[str, Any] = {"usage": None}
        if row is not None and vendor is not None:
            extra = {
                "usage": usage(row),
                "sender": watch.report(row),
                "set_up": steps_of_set_up(row, vendor) if self.has_change_permission(request, row) else [],
                "preparation": vendor.preparation,
                "vendor": vendor,
                "waiting_webhooks": waiting_webhooks(row),
                "may_rotate": any(declared.secret for declared in vendor.credentials),
            }
        extra |= extra_context or {}
        return super().change_view(request, object_id, form_url, extra)  # type: ignore[no-any-return]

    def _choose_vendor(self, request: HttpRequest) -> TemplateResponse:
        choices = [
            (vendor.label, f"?{with_choice(request, vendor=vendor.slug)}", "cable", "")
            for vendor in registry.vendors().values()
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Add connection: which vendor?"),
            "opts": self.opts,
            "choices": choices,
        }
        return TemplateResponse(request, "admin/portal/choose.html", context)

    def has_change_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        if obj is not None and obj.vendor not in registry.vendors():
            return False  # its vendor is not installed: there is nothing to build a form from
        return bool(super().has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> tuple[str, ...]:
        fixed = ("slug",) if obj else ()  # part of addresses others call
        return (*self.readonly_fields, *fixed)

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        switches = ("environment", "is_paused", "call_log_level", "allow_private_address")
        if obj is not None and not self.has_change_permission(request, obj):
            return (
                (None, {"fields": ("vendor_label", "owner", "slug", "base_url")}),
                (gettext("Account"), {"fields": ("identity_shown", "secrets_shown", "settings_shown")}),
                (gettext("Switches"), {"fields": switches}),
            )
        vendor = self._vendor(request, obj)
        account = tuple((SECRET if f.secret else IDENTITY) + f.name for f in account_of(vendor))
        own_settings = tuple(SETTING + f.name for f in vendor.settings)
        first = ("vendor_label", "owner", "slug") if obj else ("client", "slug")
        return (
            (None, {"fields": (*first, *(["base_url"] if vendor.is_http else []))}),
            (gettext("Account"), {"fields": account}),
            *([(gettext("Settings"), {"fields": own_settings})] if own_settings else []),
            (gettext("Switches"), {"fields": switches}),
            *([(gettext("Confirm"), {"fields": ("confirm_password",)})] if obj else []),
        )

    def get_form(self, request: HttpRequest, obj: Connection | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            kwargs["form"] = form_for(self._vendor(request, obj), request)
        return super().get_form(request, obj, change, **kwargs)

    def _vendor(self, request: HttpRequest, obj: Connection | None) -> Vendor:
        return registry.vendor(obj.vendor if obj else request.GET.get("vendor", ""))

    # --- doors of their own: POST only, never part of saving

    def get_urls(self) -> list[URLPattern]:
        def door(name: str, view: Any) -> URLPattern:
            wrapped: Any = self.admin_site.admin_view(view)
            pattern: URLPattern = path(f"<int:pk>/{name}/", wrapped, name=f"core_connection_{name}")
            return pattern

        doors = [
            door("test", self.test_view),
            door("pause", self.pause_view),
            door("webhooks", self.webhooks_view),
            door("rotate", self.rotate_view),
        ]
        return [*doors, *super().get_urls()]

    @method_decorator(sensitive_post_parameters())
    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """New secrets, tried at the vendor before they take the place of the old ones."""
        connection = self._connection(request, pk)
        vendor = registry.vendors()[connection.vendor]
        form = RotationForm(request.POST or None, connection=connection, vendor=vendor, request=request)
        steps: list[Step] = []
        if request.method == "POST" and form.is_valid():
            steps = tried(connection, form.secrets(), user=request.user)
            if all(step.ok for step in steps):
                self.message_user(
                    request,
                    gettext("{connection} works with the new secrets; the old ones are gone.").format(
                        connection=connection
                    ),
                )
                return HttpResponseRedirect(reverse("admin:core_connection_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("New secrets for {connection}").format(connection=connection),
            "opts": self.opts,
            "original": connection,
            "form": form,
            "steps": steps,
        }
        return TemplateResponse(request, "admin/portal/rotate.html", context)

    @method_decorator(require_safe)
    def webhooks_view(self, request: HttpRequest, pk: int) -> TemplateResponse:
        """What to set up at the vendor, and what came from it lately."""
        connection = self.get_object(request, str(pk))
        vendor = registry.vendors().get(connection.vendor) if connection else None
        if connection is None or vendor is None or vendor.webhooks is None:
            raise Http404
        if not self.has_view_permission(request, connection):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "sender": watch.report(connection),
            "title": gettext("Webhooks of {connection}").format(connection=connection),
            "opts": self.opts,
            "original": connection,
            "steps": vendor.webhooks.instructions(lambda event: webhook_address(connection, event)),
            "secret_set": set_by(connection, WEBHOOK_SECRET),
            "has_secret": bool(connection.webhook_digest),
            "deliveries": connection.deliveries.order_by("-pk")[:DELIVERIES_SHOWN],
        }
        return TemplateResponse(request, "admin/portal/webhooks.html", context)

    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try the connection with what is stored, and show what each step saw."""
        connection = self._connection(request, pk)
        steps = steps_of(connection, user=request.user)
        connection.refresh_from_db()
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Test of {connection}").format(connection=connection),
            "opts": self.opts,
            "original": connection,
            "steps": steps,
            "worked": all(step.ok for step in steps),
        }
        return TemplateResponse(request, "admin/portal/connection_test.html", context)

    @method_decorator(require_POST)
    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Stop or allow calls of this connection."""
        connection = self._connection(request, pk)
        connection.is_paused = request.POST.get("pause") == "yes"
        connection.save(update_fields=["is_paused"])
        if connection.is_paused:
            said = gettext("{connection} is paused: no call goes out.").format(connection=connection)
        else:
            said = gettext("{connection} works again: calls go out.").format(connection=connection)
        self.log_change(request, connection, said)
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:core_connection_change", args=[pk]))

    def _connection(self, request: HttpRequest, pk: int) -> Connection:
        connection = self.get_object(request, str(pk))
        if connection is None:
            raise Http404
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        return connection  # type: ignore[no-any-return]


def webhook_address(connection: Connection, event: str) -> str:
    """Where the vendor is to send this event."""
    parts = [connection.owner_slug, connection.slug, event]
    return f"{settings.PORTAL_BASE_URL}{reverse('core:webhook', args=parts)}"


def _lines(lines: list[str]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines or ["–"]))
