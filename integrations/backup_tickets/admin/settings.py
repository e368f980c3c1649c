"""How tickets are made, per client: one page with the drop-downs, their age, and everything fixed in plain sight."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget
from unfold.widgets import UnfoldBooleanSwitchWidget as Switch

from integrations.backup_tickets import mapping, permissions, wording
from integrations.backup_tickets.models import ReferenceItem, TicketOptions
from integrations.backup_tickets.reference import refresh_reference, refreshed_at
from integrations.backup_tickets.setup import (
    KIND,
    PICKLIST_OPTIONS,
    Setup,
    base_url,
    base_url_problem,
    picklist_problem,
    reference_of,
    setup_for,
)
from integrations.core.admin.base import PortalModelAdmin
from integrations.core.markup import escaped
from integrations.core.models import Connection, Integration
from integrations.transport.errors import VendorError

LARGEST_OBJECT_LIMIT = 100
NO_CONNECTION = _("Choose an Autotask connection for this integration first.")


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """The options of one client; the drop-downs offer what the connection's reference data has and is active."""

    class Meta:
        model = TicketOptions
        fields = [
            "portal_base_url",
            "title_prefix",
            "object_limit",
            *PICKLIST_OPTIONS,
            "resolve_allowed",
            "manual_numbers_allowed",
            "create_unknown",
        ]
        widgets = {
            "portal_base_url": UnfoldAdminTextInputWidget,
            "title_prefix": UnfoldAdminTextInputWidget,
            "object_limit": UnfoldAdminIntegerFieldWidget,
            "resolve_allowed": Switch,
            "manual_numbers_allowed": Switch,
            "create_unknown": Switch,
        }

    def __init__(self, *args: Any, connection: Connection | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection = connection
        for option, (kind, _name) in PICKLIST_OPTIONS.items():
            self.fields[option] = forms.TypedChoiceField(
                label=self.fields[option].label,
                choices=self._choices(option, kind),
                coerce=int,
                empty_value=None,
                required=False,
                widget=UnfoldAdminSelectWidget,
                help_text=self._waiting(option),
            )
        self.helper = _layout()

    def _choices(self, option: str, kind: str) -> list[tuple[str, str]]:
        """Active values; the stored one too when it is gone, so that the page can say so."""
        items = ReferenceItem.objects.filter(connection=self.connection, kind=kind)
        offered = [(str(item.value), item.label) for item in items if item.is_active and not item.is_gone]
        stored = getattr(self.instance, option)
        if stored is not None and str(stored) not in dict(offered):
            known = items.filter(value=stored).first()
            offered.append((str(stored), gettext("{value} (no longer available)").format(value=known or stored)))
        return [("", gettext("– choose –")), *offered]

    def _waiting(self, option: str) -> str:
        label = self.instance.labels.get(option)
        said = gettext("The configuration says “{label}”; it is looked up when the lists are refreshed.")
        return escaped(said.format(label=label)) if label else ""  # the theme takes help texts for HTML

    def clean_portal_base_url(self) -> str:
        url = self.cleaned_data["portal_base_url"]
        if url and (problem := base_url_problem(url)):
            raise forms.ValidationError(problem)
        return str(url)

    def clean_title_prefix(self) -> str:
        return wording.one_line(self.cleaned_data["title_prefix"])

    def clean_object_limit(self) -> int:
        limit = int(self.cleaned_data["object_limit"])
        if not 1 <= limit <= LARGEST_OBJECT_LIMIT:
            raise forms.ValidationError(gettext("Give a number from 1 to {most}.").format(most=LARGEST_OBJECT_LIMIT))
        return limit

    def clean(self) -> dict[str, Any]:
        """A default that cannot be sent is refused here, not at the first ticket."""
        cleaned = super().clean() or {}
        candidate = TicketOptions(labels={}, **{option: cleaned.get(option) for option in PICKLIST_OPTIONS})
        if self.connection is None:
            self.add_error(None, str(NO_CONNECTION))
            return cleaned
        known = reference_of(self.connection)
        for option in PICKLIST_OPTIONS:
            if option in self.errors:
                continue
            if problem := picklist_problem(candidate, option, known):
                self.add_error(option, problem)
        return cleaned

    def save(self, commit: bool = True) -> Any:
        self.instance.labels = {}  # what was given by label is chosen now
        return super().save(commit)


def _layout() -> FormHelper:
    helper = FormHelper()
    helper.form_tag = False
    helper.layout = Layout(
        Fieldset(gettext("Every ticket"), "portal_base_url", "title_prefix", "object_limit"),
        Fieldset(
            gettext("Defaults in Autotask"),
            Div("default_queue", "default_source", "default_status", css_class="p-columns"),
            Div("priority_warning", "priority_error", css_class="p-columns"),
        ),
        Fieldset(gettext("Allowed"), "resolve_allowed", "manual_numbers_allowed", "create_unknown"),
    )
    return helper


@admin.register(TicketOptions)
class TicketOptionsAdmin(PortalModelAdmin):
    """Addressed by the integration's id, so that a page exists before the first saving."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # adding the integration adds its settings

    def get_urls(self) -> list[URLPattern]:
        refresh = self.admin_site.admin_view(self.refresh_view)
        return [path("<int:pk>/refresh/", refresh, name="backup_tickets_ticketoptions_refresh"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        integrations = list(self._integrations(request))
        if len(integrations) == 1:
            return _to_page(integrations[0])
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Ticket settings: of which client?"),
            "opts": self.opts,
            "choices": [
                (str(row.client), reverse("admin:backup_tickets_ticketoptions_change", args=[row.pk]), "tune", row.slug)
                for row in integrations
            ],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "backup_tickets/settings_list.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        setup = self._setup(request, object_id, permissions.VIEW_SETTINGS)
        may_change = request.user.has_perm(permissions.CHANGE_SETTINGS)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        options = setup.options or TicketOptions(integration=setup.integration)
        form = SettingsForm(request.POST or None, instance=options, connection=setup.connection)
        if request.method == "POST" and form.is_valid():
            form.save()
            messages.success(request, gettext("The ticket settings were saved."))
            return _to_page(setup.integration)
        if not may_change:
            for field in form.fields.values():
                field.disabled = True
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Ticket settings"),
            "subtitle": str(setup.integration.client),
            "opts": self.opts,
            "original": options,
            "form": form,
            "setup": setup,
            "may_change": may_change,
            "refreshed_at": refreshed_at(setup.connection) if setup.connection else None,
            "effective_base_url": base_url(options),
            "notes": [
                (gettext("When a ticket is resolved"), mapping.RESOLVED_NOTE),
                (gettext("When time entries keep it open"), mapping.STAYS_OPEN_NOTE),
            ],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "backup_tickets/settings.html", context)

    @method_decorator(require_POST)
    def refresh_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read the lists from Autotask now."""
        setup = self._setup(request, pk, permissions.CHANGE_SETTINGS)
        if setup.connection is None:
            messages.error(request, str(NO_CONNECTION))
        elif not setup.integration.is_enabled:
            messages.error(request, gettext("The Autotask integration is switched off; no call goes out."))
        else:
            try:
                read = refresh_reference(setup.connection, user=request.user)  # type: ignore[arg-type]  # signed in
                messages.success(request, str(read))
            except VendorError as error:
                messages.error(request, gettext("Nothing was changed. {why}").format(why=error.message))
        return _to_page(setup.integration)

    def _integrations(self, request: HttpRequest) -> Any:
        visible = Integration.objects.visible_to(request.user)
        return visible.filter(kind=KIND).select_related("client")

    def _setup(self, request: HttpRequest, pk: Any, permission: str) -> Setup:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        try:
            return setup_for(self._integrations(request).get(pk=pk))
        except (Integration.DoesNotExist, ValueError):
            raise Http404(gettext("There are no such ticket settings.")) from None


def _to_page(integration: Integration) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:backup_tickets_ticketoptions_change", args=[integration.pk]))
