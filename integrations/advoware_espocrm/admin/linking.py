"""Linking by hand: both sides are read and shown, and only then made a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations.advoware_espocrm import approving, deciding
from integrations.advoware_espocrm.sides import both_open
from integrations.core import streams
from integrations.core.admin.base import limited
from integrations.core.models import Connection, Integration, RecordLink
from integrations.core.streams import StreamProblem
from integrations.transport.errors import VendorError
from integrations.vendors.espocrm.schemas import ID

from .lists import CHANGE, to_page

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

KIND = "advoware_espocrm"
LARGEST = 2**63 - 1


class LinkForm(forms.Form):
    integration = forms.ModelChoiceField(Integration.objects.none(), label=_("Integration"))
    betnr = forms.IntegerField(min_value=1, max_value=LARGEST, label=_("Party number in Advoware"))
    contact_id = forms.RegexField(ID, label=_("Id of EspoCRM's record"), help_text=_("The last part of its address."))

    def __init__(self, request: HttpRequest, given: Any) -> None:
        super().__init__(given, label_suffix="")
        chosen: Any = self.fields["integration"]
        chosen.queryset = limited(Integration.objects.filter(kind=KIND).select_related("client"), request)
        if chosen.queryset.count() == 1:
            chosen.initial = chosen.queryset.get()


class LinkPage:
    """For the admin class of pairs."""

    if TYPE_CHECKING:
        admin_site: AdminSite
        opts: Any

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(never_cache)
    def link_view(self, request: HttpRequest) -> HttpResponse:
        """GET: ask for the two, and show what both say. POST: make them a pair."""
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        given = request.POST if request.method == "POST" else request.GET
        form = LinkForm(request, given if "betnr" in given else None)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": gettext("Link by hand"),
            "opts": self.opts,
            "form": form,
        }
        if form.is_valid():
            integration, betnr = form.cleaned_data["integration"], form.cleaned_data["betnr"]
            contact_id = form.cleaned_data["contact_id"]
            context |= looked_at(request, integration, betnr, contact_id, None)
            if request.method == "POST" and "shown" in context:
                user: Any = request.user  # signed in
                try:
                    pair = deciding.link(integration, betnr, contact_id, user=user)
                except ValueError as problem:
                    context["problem"] = problem
                else:
                    said = gettext("They are a pair; the next run brings both lists to agreement.")
                    messages.success(request, said)
                    return to_page(pair)
        return TemplateResponse(request, "advoware_espocrm/link.html", context)


def looked_at(
    request: HttpRequest, integration: Integration, betnr: int, contact_id: str, link: RecordLink | None
) -> dict[str, Any]:
    """What both say now, for a template: `shown`, or `problem`."""
    user: Any = request.user  # signed in
    if problem := streams.why_not(integration):
        return {"problem": problem}
    try:
        with both_open(integration, "dry run of a pair", is_dry=True, user=user) as sides:
            return {"shown": approving.show(sides, betnr, contact_id, link)}
    except (VendorError, StreamProblem) as error:
        return {"problem": str(error)}
    except Connection.DoesNotExist:  # its role was taken away a moment ago
        return {"problem": gettext("No connection is chosen for one of the two sides.")}
