"""The settings of a client's Freshservice, with the words for its codes and the cut-over from an earlier program."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from integrations.core import long_jobs, streams
from integrations.core.admin.base import PortalModelAdmin, PortalTabularInline

from . import cutover
from .models import CutOver, FreshserviceOptions, ValueWord

CHANGE = "freshservice_toga.change_freshserviceoptions"


class ValueWordInline(PortalTabularInline):
    model = ValueWord
    fields = ("field", "code", "word", "waiting", "seen_at")
    readonly_fields = ("field", "code", "waiting", "seen_at")
    show_change_link = False
    hide_title = True
    verbose_name_plural = _("Words for Freshservice's codes")

    def get_queryset(self, request: HttpRequest) -> Any:
        """What still needs a word comes first."""
        return super().get_queryset(request).order_by(Case(When(word="", then=0), default=1), "field", "code")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a code gets its row when it is met first

    @admin.display(description=_("tickets left alone"))
    def waiting(self, row: ValueWord) -> int:
        return int(row.left_alone.count())


@admin.register(FreshserviceOptions)
class FreshserviceOptionsAdmin(PortalModelAdmin):
    list_display = ("integration", "custom_field_prefix", "unmapped", "missing")
    list_select_related = ("integration__client",)
    readonly_fields = ("integration",)
    change_form_outer_before_template = "freshservice_toga/options_panel.html"
    fields = ("integration", "custom_field_prefix", "start_at")
    inlines = (ValueWordInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # adding the integration adds its settings

    @admin.display(description=_("unmapped values"))
    def unmapped(self, row: FreshserviceOptions) -> str:
        return ", ".join(f"{word.field} {word.code}" for word in row.words.filter(word="")) or "–"

    @admin.display(description=_("what is missing"))
    def missing(self, row: FreshserviceOptions) -> str:
        return row.problem() or "–"

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """A word that was entered is brought at once to the tickets that were left alone for want of it."""
        super().save_formset(request, form, formset, change)
        entered = [row for row, _ in getattr(formset, "changed_objects", []) if isinstance(row, ValueWord) and row.word]
        tickets = sum(row.left_alone.count() for row in entered)
        stream = next(row for row in streams.streams_of(form.instance.integration) if row.slug == "catch_up")
        if not tickets or streams.waits_for_approval(stream) or streams.why_not(stream.integration):
            return
        user: Any = request.user  # signed in
        streams.ask_for(stream, user=user)
        said = ngettext(
            "{n:,} ticket that was left alone for want of a word: looked at again now.",
            "{n:,} tickets that were left alone for want of a word: looked at again now.",
            tickets,
        )
        messages.info(request, said.format(n=tickets))

    # --- cut-over

    def get_urls(self) -> list[URLPattern]:
        def door(name: str, view: Any) -> URLPattern:
            wrapped: Any = self.admin_site.admin_view(view)
            pattern: URLPattern = path(
                f"<int:pk>/{name}/", wrapped, name=f"freshservice_toga_freshserviceoptions_{name}"
            )
            return pattern

        return [
            door("read_ids", self.read_ids_view),
            door("make_links", self.make_links_view),
            door("stop", self.stop_view),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        extra: dict[str, Any] = {}
        if row is not None:
            found = CutOver.objects.filter(pk=row.pk).first()
            extra = {
                "may_change": request.user.has_perm(CHANGE),
                "missing": row.problem(),
                "cut_over": found,
                "lines": cutover.report(found) if found and found.read_at else [],
                "job": long_jobs.newest(cutover.JOBS, row.pk),
            }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))  # type: ignore[no-any-return]

    @method_decorator(require_POST)
    def read_ids_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the ids read that an earlier program left, or read on, and say what would be linked."""
        row, user = self._options(request, pk), _user(request)
        if problem := row.problem() or streams.why_not(row.integration) or _busy(row):
            messages.error(request, gettext("The cut-over was not started. {problem}").format(problem=problem))
        else:
            cutover.ask_to_read(row.integration, anew="anew" in request.POST, user=user)
            said = gettext("The ids are read; the report will be shown here. Nothing is linked yet.")
            messages.success(request, said)
        return _to_page(row)

    @method_decorator(require_POST)
    def make_links_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have links made of what was read."""
        row, user = self._options(request, pk), _user(request)
        if problem := cutover.why_no_links(row.integration) or _busy(row):
            messages.error(request, gettext("No link was made. {problem}").format(problem=problem))
        else:
            cutover.ask_for_links(row.integration, user=user)
            messages.success(request, gettext("The links are made; the report will be shown here."))
        return _to_page(row)

    @method_decorator(require_POST)
    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the reading, or the making of links, end after the page it is at."""
        row = self._options(request, pk)
        if (job := long_jobs.at_work(cutover.JOBS, row.pk)) is not None:
            long_jobs.stop(job)
        return _to_page(row)

    def _options(self, request: HttpRequest, pk: int) -> FreshserviceOptions:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        row: FreshserviceOptions | None = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404(gettext("There are no such settings."))
        return row


def _busy(row: FreshserviceOptions) -> str:
    return gettext("It is at work already.") if long_jobs.at_work(cutover.JOBS, row.pk) else ""


def _user(request: HttpRequest) -> Any:
    return request.user  # signed in


def _to_page(row: FreshserviceOptions) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:freshservice_toga_freshserviceoptions_change", args=[row.pk]))
