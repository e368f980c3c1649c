"""The guides as pages, for whoever is signed in: they say nothing about anybody's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from integrations.core import guides

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

DEEPEST = 3  # headings that "On this page" names


def urls(site: AdminSite) -> list[URLPattern]:
    """The pages, for the admin site."""

    @require_safe
    def shelf_page(request: HttpRequest) -> HttpResponse:
        return _drawn(site, request, {"title": gettext("Guides")})

    @require_safe
    def guide_page(request: HttpRequest, guide: str) -> HttpResponse:
        found = guides.find(guide)
        if found is None:
            raise Http404
        headings = [one for one in found.headings if one.level <= DEEPEST]
        return _drawn(site, request, {"title": found.title, "shown": found, "headings": headings})

    return [
        path("guides/", site.admin_view(shelf_page), name="guides"),
        path("guides/<slug:guide>/", site.admin_view(guide_page), name="guide"),
    ]


def _drawn(site: AdminSite, request: HttpRequest, shown: dict[str, Any]) -> HttpResponse:
    context = {**site.each_context(request), **shown, "groups": guides.groups(), "here": request.path}
    return TemplateResponse(request, "admin/portal/guide.html", context)
