"""The list of customers, and the page of proposed companies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations.backup_tickets import customers_list, permissions, suggesting
from integrations.backup_tickets.customers_list import MAPPINGS, Filters, Page
from integrations.backup_tickets.models import CompanyMapping
from integrations.core import long_jobs
from integrations.core.admin import as_typed
from integrations.core.models import Client, Job

from .customer_rows import TONES, rows_html

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

LONGEST_SEARCH = 200
PROPOSALS_SHOWN = suggesting.AT_ONCE


class CustomerListPages:
    """For the admin class of customers."""

    if TYPE_CHECKING:
        admin_site: AdminSite
        opts: Any
        has_add_permission: Any

    def list_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.suggestions_view)
        return [path("suggestions/", view, name="backup_tickets_customer_suggestions")]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list. Filters and the page's place stand in the address."""
        if not request.user.has_perm(permissions.VIEW_CUSTOMER):
            raise PermissionDenied
        user: Any = request.user  # signed in
        filters = _filters(request)
        shown = customers_list.page(
            user, filters, after=_number(request.GET.get("after")), before=_number(request.GET.get("before"))
        )
        found = _found(filters, shown)
        if as_typed.is_asked(request):
            return as_typed.answer("backup_tickets/customers_found.html", found)
        context = {
            **self.admin_site.each_context(request),
            **found,
            "title": _("Customers"),
            "opts": self.opts,
            "mappings": MAPPINGS,
            "client": Client.objects.visible_to(user).filter(pk=filters.client).first() if filters.client else None,
            "may_add": self.has_add_permission(request),
            "may_map": user.has_perm(permissions.MAP_CUSTOMER),
            **(extra_context or {}),
        }
        return as_typed.varied(TemplateResponse(request, "backup_tickets/customers.html", context))

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(never_cache)
    def suggestions_view(self, request: HttpRequest) -> HttpResponse:
        """GET: proposed companies. POST: look for some, confirm the chosen ones, or refuse them."""
        if not request.user.has_perm(permissions.MAP_CUSTOMER):
            raise PermissionDenied
        user: Any = request.user  # signed in
        if request.method == "POST":
            self._decide(request, user)
            return HttpResponseRedirect(reverse("admin:backup_tickets_customer_suggestions"))
        looks = _looks(user)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Proposed companies"),
            "opts": self.opts,
            "rows": suggesting.open_suggestions(user)[:PROPOSALS_SHOWN],
            "limit": PROPOSALS_SHOWN,
            "looks": looks,
            "looking": [job for _, job in looks if not job.is_over],
            "unfinished": any(suggesting.unfinished(client) for client, _ in looks),
        }
        return TemplateResponse(request, "backup_tickets/suggestions.html", context)

    def _decide(self, request: HttpRequest, user: Any) -> None:
        chosen = [number for text in request.POST.getlist("proposal") if (number := _number(text))]
        if "look" in request.POST:
            if not suggesting.ask(user):
                messages.info(request, _("Every customer whose client has a working set-up is mapped."))
        elif "stop" in request.POST:
            for _client, job in _looks(user):
                long_jobs.stop(job)
        elif not chosen:
            messages.warning(request, _("No proposal was chosen. Tick some first."))
        elif "confirm" in request.POST:
            for result in suggesting.confirm(chosen, user=user):
                (messages.success if result.done else messages.error)(request, result.sentence)
        elif "refuse" in request.POST:
            count = suggesting.refuse(chosen, user=user)
            said = ngettext("{n} proposal will not be made again.", "{n} proposals will not be made again.", count)
            messages.success(request, said.format(n=count))


def tone_of(mapping: CompanyMapping | None) -> str:
    return TONES[CompanyMapping.Status(mapping.status)] if mapping else "warning"


def _how_many(count: int, *, more: bool) -> str:
    """How many there are, in words that are shown and read out."""
    if not count:
        return _("No customers")
    if more:
        said = ngettext("More than {n} customer", "More than {n} customers", count)
    else:
        said = ngettext("{n} customer", "{n} customers", count)
    return said.format(n=f"{count:,}")


def _looks(user: Any) -> list[tuple[Client, Job]]:
    """The newest look of each client this person may see."""
    clients = {f"{suggesting.KIND}:{client.pk}": client for client in Client.objects.visible_to(user)}
    newest = {job.key: job for job in Job.objects.filter(key__in=clients).order_by("pk")}
    return [(clients[key], job) for key, job in newest.items()]


def _found(filters: Filters, shown: Page) -> dict[str, object]:
    """What the list says, with its frame or alone."""
    return {
        "filters": filters,
        "rows": rows_html(shown.rows),
        "newer": shown.before and filters.query(before=str(shown.before)),
        "older": shown.after and filters.query(after=str(shown.after)),
        "said": _how_many(len(shown.rows), more=bool(shown.before or shown.after)),
    }


def _filters(request: HttpRequest) -> Filters:
    q = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH].encode("utf-8", "replace").decode()
    mapping = request.GET.get("mapping", "")
    return Filters(q, mapping if mapping in MAPPINGS else "", _number(request.GET.get("client")) or None)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0
