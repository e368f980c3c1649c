"""The door of a pair's page that gives it another internal ticket: found, shown, confirmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations.transport.errors import VendorError

from . import pairs, relinking
from .models import Pair

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite


class RelinkDoor:
    """For the admin class of pairs, which finds the pair that a person may change (`_pair`)."""

    if TYPE_CHECKING:
        admin_site: AdminSite
        opts: Any
        _pair: Callable[[HttpRequest, int], Pair]

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(never_cache)
    def relink_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET finds a ticket by its ref or id and shows what iTop says; POST has the one that was shown linked."""
        row = self._pair(request, pk)
        user: Any = request.user  # signed in
        given = request.GET.get("ticket", "").strip()
        candidate, problem = None, ""
        try:
            if request.method == "POST":
                number = int(request.POST.get("ticket", ""))
                found = relinking.ask_for(row, number, user=user, confirmed="confirmed" in request.POST)
                said = _("{ref} gets {twin} as its twin as soon as a worker is free.")
                messages.success(request, said.format(ref=row.external_ref, twin=found.ref))
                return HttpResponseRedirect(reverse(pairs.PAIRS))
            if given:
                candidate = relinking.find_candidate(row, given, user=user)
        except (relinking.NotPossibleError, VendorError) as error:
            problem = str(error)
        except ValueError:
            problem = _("Find the ticket by its ref or id first.")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Link another internal ticket"),
            "subtitle": str(row),
            "opts": self.opts,
            "row": row,
            "given": given,
            "candidate": candidate,
            "problem": problem,
        }
        status = 409 if request.method == "POST" else 200
        return TemplateResponse(request, "itop_bridge/pair_relink.html", context, status=status)
