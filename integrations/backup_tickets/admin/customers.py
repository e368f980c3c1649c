"""Customers and the Autotask company each of them is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.backup_tickets import companies, permissions
from integrations.backup_tickets.customer_glance import glance
from integrations.backup_tickets.models import CompanyMapping, CompanySuggestion, Customer
from integrations.backup_tickets.suggesting import open_suggestions
from integrations.core.admin.base import PortalModelAdmin
from integrations.transport.errors import VendorError

from .customer_list import CustomerListPages, tone_of


@admin.register(Customer)
class CustomerAdmin(CustomerListPages, PortalModelAdmin):
    fields = ("client", "name")
    change_form_outer_before_template = "backup_tickets/company_panel.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> tuple[str, ...]:
        return ("client",) if obj else ()

    # --- pages

    def get_urls(self) -> list[URLPattern]:
        def url(name: str, view: Any) -> URLPattern:
            door: URLPattern = path(
                f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"backup_tickets_customer_{name}"
            )
            return door

        return [
            url("companies", self.companies_view),
            url("map", self.map_view),
            url("check", self.check_view),
            url("acknowledge", self.acknowledge_view),
            *self.list_urls(),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        customer = self.get_object(request, object_id)
        extra: dict[str, Any] = {}
        if customer is not None:
            mapping = mapping_of(customer)
            extra = {
                "mapping": mapping,
                "mapping_tone": tone_of(mapping),
                "reach": companies.reach_of(customer),
                "may_map": request.user.has_perm(permissions.MAP_CUSTOMER),
                "glance": glance(customer),
                "proposal": _proposal(request, customer) if mapping is None else None,
            }
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})  # type: ignore[no-any-return]

    @method_decorator(require_GET)
    def companies_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Search Autotask's companies; the page's script asks here while typing, and so does the plain form."""
        customer = self._customer(request, pk)
        text = request.GET.get("q", "")
        found: Any = []
        problem = ""
        try:
            found = companies.search_companies(customer, text, user=request.user)  # type: ignore[arg-type]  # signed in
        except VendorError as error:
            problem = error.message
        context = {
            **self.admin_site.each_context(request),
            "title": _("Which Autotask company is {customer}?").format(customer=customer),
            "opts": self.opts,
            "customer": customer,
            "original": customer,
            "q": text,
            "companies": found,
            "problem": problem,
            "too_short": len(text.strip()) < companies.SHORTEST_SEARCH,
            "mapping": mapping_of(customer),
        }
        return TemplateResponse(request, "backup_tickets/company_search.html", context)

    @method_decorator(require_POST)
    def map_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Confirm one company; its id is believed, its name is read from Autotask."""
        customer = self._customer(request, pk)
        try:
            company_id = int(request.POST.get("company_id", ""))
            mapping = companies.confirm_mapping(customer, company_id, user=request.user)  # type: ignore[arg-type]  # signed in
        except ValueError:
            messages.error(request, _("Choose a company first."))
        except VendorError as error:
            messages.error(request, _("Nothing was changed. {why}").format(why=error.message))
        else:
            said = _("{customer} is now {company} ({id}) in Autotask.")
            said = said.format(customer=customer, company=mapping.company_name, id=mapping.company_id)
            messages.success(request, said)
        return _to_page(customer)

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = self._customer(request, pk)
        mapping = mapping_of(customer)
        if mapping is None:
            raise Http404
        try:
            companies.check_mapping(mapping, user=request.user)  # type: ignore[arg-type]  # signed in
        except VendorError as error:
            messages.error(request, _("The mapping was left as it is. {why}").format(why=error.message))
        else:
            said = _("Checked: {company} is {status}.")
            said = said.format(company=mapping.company_name, status=mapping.get_status_display())
            messages.success(request, said)
        return _to_page(customer)

    @method_decorator(require_POST)
    def acknowledge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The new name of a renamed company was seen."""
        customer = self._customer(request, pk)
        mapping = mapping_of(customer)
        if mapping is None:
            raise Http404
        if companies.acknowledge_rename(mapping, user=request.user):  # type: ignore[arg-type]  # signed in
            said = _("Noted: the company is called {company} now.").format(company=mapping.company_name)
            messages.success(request, said)
        else:
            messages.info(request, _("There was nothing to acknowledge."))
        return _to_page(customer)

    def _customer(self, request: HttpRequest, pk: int) -> Customer:
        """The customer, for those who may map it and see its client."""
        if not request.user.has_perm(permissions.MAP_CUSTOMER):
            raise PermissionDenied
        customer: Customer | None = self.get_queryset(request).select_related("client", "mapping").filter(pk=pk).first()
        if customer is None:
            raise Http404(_("There is no such customer."))
        return customer


def _proposal(request: HttpRequest, customer: Customer) -> CompanySuggestion | None:
    """The company proposed for this customer, for those who may map it."""
    if not request.user.has_perm(permissions.MAP_CUSTOMER):
        return None
    found: CompanySuggestion | None = open_suggestions(request.user).filter(customer=customer).first()  # type: ignore[arg-type]
    return found


def mapping_of(customer: Customer) -> CompanyMapping | None:
    """The customer's mapping, without raising where there is none."""
    return getattr(customer, "mapping", None)


def _to_page(customer: Customer) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:backup_tickets_customer_change", args=[customer.pk]))
