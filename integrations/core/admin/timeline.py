"""Timelines on pages: the part that pages of records share, and the page of a record that has none of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.timezone import is_naive
from django.utils.translation import gettext

from integrations.core.models import Stream
from integrations.core.timeline import About, Chain, finding, of_record, timeline
from integrations.core.timeline.finding import Way

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite


def told(request: HttpRequest, about: About, *, extra: Iterable[Chain] = ()) -> dict[str, Any]:
    """What `admin/portal/timeline.html` shows: the page that the address asks for with `before`."""
    before = _moment(request)
    shown = timeline(about, request.user, before=before, extra=extra)  # type: ignore[arg-type]  # signed in
    older = urlencode({"before": shown.before.isoformat()}) if shown.before else ""
    return {"timeline": shown.chains, "older": older, "is_older": before is not None}


def _moment(request: HttpRequest) -> datetime | None:
    try:
        given = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        return None
    return None if given is None or is_naive(given) else given


def ways(found: list[Way]) -> str:
    """The timelines that a page of an event leads back to."""
    if not found:
        return "–"
    return format_html_join(
        "",
        '<div><a class="p-link" href="{}">{}</a></div>',
        ((way.url, gettext("Why did {name} change?").format(name=way.name)) for way in found),
    )


def page_link(name: str, pk: int, text: str) -> str:
    return format_html('<a class="p-link" href="{}">{}</a>', reverse(f"admin:core_{name}_change", args=[pk]), text)


class RecordPage:
    """For the admin class of integrations: a record as a stream calls it."""

    if TYPE_CHECKING:
        admin_site: AdminSite
        opts: Any
        get_queryset: Callable[[HttpRequest], Any]

    def record_urls(self) -> list[URLPattern]:
        door: URLPattern = path(
            "<int:pk>/record/", self.admin_site.admin_view(self.record_view), name="core_integration_record"
        )
        return [door]

    def record_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """To the page of its pair; its timeline alone while it has none."""
        if not request.user.has_perm("core.view_recordlink"):
            raise PermissionDenied
        own = Stream.objects.filter(integration__in=self.get_queryset(request).filter(pk=pk))
        stream = own.filter(slug=request.GET.get("stream", "")).select_related("integration__client").first()
        record_id = request.GET.get("id", "")
        if stream is None or not record_id:
            raise Http404("There is no such record.")
        links = finding.links_of(stream, record_id)
        if len(links) == 1:
            return HttpResponseRedirect(reverse("admin:core_recordlink_change", args=[links[0].pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": " ".join((stream.object_type or gettext("Record"), record_id)).capitalize(),
            "subtitle": str(stream.integration),
            "opts": self.opts,
            "stream": stream,
            "record_id": record_id,
            "links": links,
            "kept": urlencode({"stream": stream.slug, "id": record_id}),
            **told(request, of_record(stream, record_id)),
        }
        return TemplateResponse(request, "admin/portal/record.html", context)
