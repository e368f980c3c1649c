"""One stream's page: how far it has read, what is held and why, its last runs; and what an admin may do about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations.core import streams
from integrations.core.models import Stream, SyncRun
from integrations.core.sync import holding, overview

from .streams import TONES

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

RUNS_SHOWN = 20
HINTED_SHOWN = 5


class StreamPages:
    """For the admin class of integrations."""

    if TYPE_CHECKING:
        admin_site: AdminSite
        opts: Any
        get_queryset: Callable[[HttpRequest], Any]

    def stream_urls(self) -> list[URLPattern]:
        door: URLPattern = path(
            "<int:pk>/stream/<slug:slug>/",
            self.admin_site.admin_view(self.stream_view),
            name="core_integration_stream",
        )
        return [door]

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(never_cache)
    def stream_view(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """GET: the stream's page. POST: the act whose button was pressed."""
        if not request.user.has_perm("core.change_stream" if request.method == "POST" else "core.view_stream"):
            raise PermissionDenied
        row = self.get_queryset(request).select_related("client").filter(pk=pk).first()
        stream = next((one for one in streams.streams_of(row) if one.slug == slug), None) if row else None
        if stream is None:
            raise Http404("There is no such stream.")
        if request.method == "GET":
            return self._stream_page(request, stream)
        for name, act in ACTS.items():
            if name in request.POST:
                return act(request, stream) or HttpResponseRedirect(_address(stream))
        _settle(request, stream)
        return HttpResponseRedirect(_address(stream))

    def _stream_page(self, request: HttpRequest, stream: Stream) -> HttpResponse:
        kind = streams.kind_of(stream)
        runs = list(stream.runs.filter(subject="").order_by("-pk")[:RUNS_SHOWN])
        context = {
            **self.admin_site.each_context(request),
            "title": kind.label if kind else stream.slug,
            "subtitle": str(stream.integration),
            "opts": self.opts,
            "stream": stream,
            "kind": kind,
            "not_running": streams.why_not(stream.integration),
            "unapproved": streams.waits_for_approval(stream),
            "dry_run": next((run for run in runs if run.is_dry), None),
            "runs": [(run, TONES[SyncRun.State(run.state)]) for run in runs],
            "hinted": stream.runs.exclude(subject="").order_by("-pk")[:HINTED_SHOWN] if kind and kind.hinted_by else (),
            "groups": overview.held_groups(stream) if kind and kind.is_sync else [],
            "may_change": request.user.has_perm("core.change_stream"),
        }
        return TemplateResponse(request, "admin/portal/stream.html", context)


def _address(stream: Stream) -> str:
    return reverse("admin:core_integration_stream", args=[stream.integration_id, stream.slug])


def _run(request: HttpRequest, stream: Stream) -> None:
    problem = streams.why_not(stream.integration)
    if not problem and streams.waits_for_approval(stream):
        problem = str(streams.UNAPPROVED)
    if problem:
        messages.error(request, f"{stream.slug} was not started. {problem}")
        return
    streams.ask_for(stream, user=request.user)  # type: ignore[arg-type]  # signed in
    messages.success(request, f"{stream.slug} runs as soon as a worker is free; its result will be shown here.")


def _dry_run(request: HttpRequest, stream: Stream) -> HttpResponse | None:
    if problem := _no_sync(stream) or streams.why_not(stream.integration):
        messages.error(request, f"The dry run was not started. {problem}")
        return None
    run = streams.ask_for_dry_run(stream, user=request.user)  # type: ignore[arg-type]  # signed in
    return HttpResponseRedirect(reverse("admin:core_syncrun_change", args=[run.pk]))


def _approve(request: HttpRequest, stream: Stream) -> None:
    """Only after a dry run came to its end: what nobody could have looked at, nobody approves."""
    if not stream.runs.filter(is_dry=True, state=SyncRun.State.DONE).exists():
        messages.error(request, "Start a dry run first, and look at what it would write.")
        return
    streams.approve(stream, user=request.user)  # type: ignore[arg-type]  # signed in
    messages.success(request, f"{stream.slug} may write from now on.")


def _retry(request: HttpRequest, stream: Stream) -> None:
    count = holding.retry(_chosen(request, stream), user=request.user)  # type: ignore[arg-type]  # signed in
    messages.success(request, f"{count} record{'' if count == 1 else 's'} will be tried again at once.")
    if count and not streams.why_not(stream.integration):
        streams.ask_for(stream, user=request.user)  # type: ignore[arg-type]  # signed in


def _dismiss(request: HttpRequest, stream: Stream) -> None:
    reason = request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, "Nothing was dismissed: say why, so that the next person knows.")
        return
    user: Any = request.user  # signed in
    count = holding.dismiss(_chosen(request, stream), user=user, reason=reason)
    messages.success(
        request, f"{count} record{'' if count == 1 else 's'} dismissed; a later change is dealt with again."
    )


def _chosen(request: HttpRequest, stream: Stream) -> Q:
    """The group of held records the button belongs to; all of the stream without one."""
    of_stream = Q(stream=stream)
    if "cause" not in request.POST:
        return of_stream
    return of_stream & overview.of_group(request.POST["cause"], request.POST.get("sentence", ""))


def _moment(request: HttpRequest) -> dt.datetime | None:
    """The moment that was typed in, None for the beginning. Raises `ValueError` with a sentence."""
    given = request.POST.get("since", "").strip()
    if not given:
        return None
    try:
        moment = parse_datetime(given)
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(f"“{given[:40]}” is not a moment. Write it as 2026-01-31 08:00.")
    return moment.replace(tzinfo=dt.UTC) if timezone.is_naive(moment) else moment


def _preview(request: HttpRequest, stream: Stream) -> HttpResponse | None:
    """A dry run from that moment: how many records would be read again, and what would come of them."""
    user: Any = request.user  # signed in
    try:
        moment = _moment(request)
    except ValueError as error:
        messages.error(request, str(error))
        return None
    if problem := _no_sync(stream) or streams.why_not(stream.integration):
        messages.error(request, f"The preview was not started. {problem}")
        return None
    run = streams.ask_for_preview(stream, moment, user=user)
    return HttpResponseRedirect(reverse("admin:core_syncrun_change", args=[run.pk]))


def _resync(request: HttpRequest, stream: Stream) -> None:
    try:
        streams.resync_from(stream, _moment(request), user=request.user)  # type: ignore[arg-type]  # signed in
    except ValueError as error:
        messages.error(request, str(error))
        return
    messages.success(request, "The next run reads again from there; what is unchanged is passed over.")


def _settle(request: HttpRequest, stream: Stream) -> None:
    minutes = request.POST.get("minutes", "")
    if not (minutes.isascii() and minutes.isdecimal() and 1 <= int(minutes) <= 525_600):
        messages.error(request, "Nothing was changed. Minutes between runs: a number from 1 to 525,600.")
        return
    stream.is_enabled, stream.interval_minutes = "enabled" in request.POST, int(minutes)
    stream.save(update_fields=["is_enabled", "interval_minutes"])
    messages.success(request, f"{stream.slug} was changed.")


def _no_sync(stream: Stream) -> str:
    kind = streams.kind_of(stream)
    return "" if kind and kind.is_sync else "This stream only checks; there is nothing it could show beforehand."


ACTS: dict[str, Callable[[HttpRequest, Stream], HttpResponse | None]] = {
    "run": _run,
    "dry_run": _dry_run,
    "approve": _approve,
    "retry": _retry,
    "dismiss": _dismiss,
    "preview": _preview,
    "resync": _resync,
}
