"""The search: a page that works without JavaScript, and the same for the palette (Ctrl+K) of every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from integrations.core.search import LEAST, search

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite


def search_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The palette asks with `extended` and `s`, the page with `q`."""
    is_palette = "extended" in request.GET
    text = request.GET.get("s" if is_palette else "q", "").strip()
    context = {"text": text, "groups": search(request, text), "least": LEAST, "is_short": len(text) < LEAST}
    if is_palette:
        return TemplateResponse(request, "admin/portal/search_palette.html", context)
    context |= {**site.each_context(request), "title": gettext("Search")}
    return TemplateResponse(request, "admin/portal/search.html", context)
