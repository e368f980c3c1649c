"""The page of one run: what was reported, its ticket, and everything that happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from integrations.backup_tickets import permissions
from integrations.backup_tickets.checking import refresh_if_stale
from integrations.backup_tickets.models import Resolution, Run, TicketLink, TicketNote
from integrations.backup_tickets.noting import new_key
from integrations.backup_tickets.obstacles import basis_of, live_link, obstacles
from integrations.backup_tickets.offers import offers
from integrations.backup_tickets.setup import why_off
from integrations.backup_tickets.tickets import NotPossibleError, Preview, create_ticket, preview
from integrations.backup_tickets.timeline import about, reported
from integrations.core.admin.timeline import told
from integrations.core.models import Connection

from .run_tickets import RunTicketDoors, to_page

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

OBJECTS_SHOWN = 200
HISTORY_SHOWN = 10
NOTES_SHOWN = 10
State = TicketLink.State


class RunPage(RunTicketDoors):
    """The run's own pages, for the admin class of runs."""

    if TYPE_CHECKING:
        admin_site: AdminSite
        opts: Any

    def page_urls(self) -> list[URLPattern]:
        def url(name: str, view: Any) -> URLPattern:
            door: URLPattern = path(
                f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"backup_tickets_run_{name}"
            )
            return door

        return [url("ticket", self.ticket_view), url("ticket_state", self.ticket_state_view), *self.ticket_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Only read: everything that changes a run or its ticket has a door of its own."""
        if not request.user.has_perm(permissions.VIEW_RUN):
            raise PermissionDenied
        run = self._run(request, object_id)
        links = list(run.links.select_related("ticket", "created_by"))
        live = next((link for link in links if link.state in TicketLink.LIVE), None)
        basis = basis_of(run)
        offered = offers(basis, request.user)  # type: ignore[arg-type]  # signed in
        going_on = _newest_resolution(live)
        reading = not why_off(basis.setup) and refresh_if_stale(run, live)
        everything = "objects" in request.GET
        failed_first = Case(When(status=Run.Status.SUCCESS, then=1), default=0)
        objects = run.objects_reported.order_by(failed_first, "position")
        context = {
            **self.admin_site.each_context(request),
            "title": str(run.job),
            "subtitle": run.job.customer.name,
            "opts": self.opts,
            "run": run,
            "original": run,
            "zone": run.client.time_zone or settings.TIME_ZONE,
            "link": live,
            "checking": live is not None and live.state in (State.CREATING, State.UNKNOWN),
            "resolution": going_on,
            "reading": reading,
            "stamp": _stamp(live, going_on),
            "notes": _notes(live),
            "note_key": new_key(),
            "may_check": request.user.has_perm(permissions.LINK_TICKET) and not why_off(basis.setup),
            "off": why_off(basis.setup),
            "past_links": [link for link in links if link is not live],
            "strays": [stray for link in links for stray in link.strays],
            "offered": offered,
            "obstacles": obstacles(basis, request.user) if offered.create else [],  # type: ignore[arg-type]  # signed in
            "objects": objects if everything else objects[:OBJECTS_SHOWN],
            "object_count": objects.count(),
            "objects_shown": OBJECTS_SHOWN,
            "everything": everything,
            "history": _history(run),
            **told(request, about(run, links), extra=reported(run)),
            "may_see_customer": request.user.has_perm(permissions.VIEW_CUSTOMER),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "backup_tickets/run_page.html", context)

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(never_cache)
    def ticket_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows exactly what would be sent; POST sends it, if it still is what was shown."""
        if not request.user.has_perm(permissions.CREATE_TICKET):
            raise PermissionDenied
        run = self._run(request, pk)
        basis = basis_of(run)
        found = obstacles(basis, request.user)  # type: ignore[arg-type]  # signed in
        if found and live_link(run):  # looked at last: another click may have come while they were looked for
            if request.method == "POST":
                messages.info(request, _("This run already has a ticket; here it is."))
            return to_page(run)
        shown = None if found else preview(basis)
        if request.method == "GET" or shown is None or request.POST.get("seen") != shown.fingerprint:
            return self._preview(request, run, shown, found)
        return self._create(request, run, shown)

    @method_decorator(require_GET)
    @method_decorator(never_cache)
    def ticket_state_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """`{"state": …, "stamp": …}` of the newest link, for the page that waits for it; never calls Autotask.

        The stamp changes whenever the page would look different.
        """
        if not request.user.has_perm(permissions.VIEW_RUN):
            raise PermissionDenied
        link = TicketLink.objects.filter(run=self._run(request, pk)).select_related("ticket").first()
        number = link.ticket.number if link and link.ticket else ""
        stamp = _stamp(link, _newest_resolution(link))
        return JsonResponse({"state": link.state if link else "", "number": number, "stamp": stamp})

    def _preview(self, request: HttpRequest, run: Run, shown: Preview | None, found: Any) -> HttpResponse:
        changed = request.method == "POST" and shown is not None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Create Autotask ticket"),
            "subtitle": str(run.job),
            "opts": self.opts,
            "run": run,
            "original": run,
            "preview": shown,
            "connection": Connection.objects.get(pk=shown.connection_id) if shown else None,
            "obstacles": found,
            "changed": changed,
        }
        status = 409 if request.method == "POST" else 200
        return TemplateResponse(request, "backup_tickets/ticket_preview.html", context, status=status)

    def _create(self, request: HttpRequest, run: Run, content: Preview) -> HttpResponse:
        try:
            link = create_ticket(run, user=request.user, content=content)  # type: ignore[arg-type]  # signed in
        except NotPossibleError as error:
            return self._preview(request, run, None, error.obstacles)
        say = {
            State.ACTIVE: (messages.success, _("Ticket {ticket} created.").format(ticket=link.ticket or "")),
            State.ABANDONED: (messages.error, _("No ticket was created. {why}").format(why=link.cause)),
        }
        checking = (messages.warning, _("Autotask has not confirmed the ticket. The portal is checking."))
        tell, sentence = say.get(State(link.state), checking)
        tell(request, sentence)
        return to_page(run)

    def _run(self, request: HttpRequest, pk: Any) -> Run:
        """The run, if this person may see its client."""
        visible = Run.objects.visible_to(request.user)
        related = ("job__customer", "client", "reviewed_by", "superseded_by")
        try:
            run: Run = visible.select_related(*related).get(pk=pk)
        except (Run.DoesNotExist, ValueError):
            raise Http404(_("There is no such run.")) from None
        return run


def _history(run: Run) -> list[Run]:
    """The job's newest runs with their tickets."""
    runs = list(Run.objects.filter(job=run.job_id).order_by("-started_at", "-id")[:HISTORY_SHOWN])
    links = TicketLink.objects.filter(run__in=runs, state__in=TicketLink.LIVE).select_related("ticket")
    by_run = {link.run_id: link for link in links}
    for earlier in runs:
        earlier.live = by_run.get(earlier.pk)  # for the template
    return runs


def _newest_resolution(link: TicketLink | None) -> Resolution | None:
    """The last resolving of the link's ticket, whichever run it was clicked on."""
    if link is None or link.ticket_id is None:
        return None
    return Resolution.objects.filter(ticket=link.ticket_id).select_related("by").order_by("-pk").first()


def _notes(link: TicketLink | None) -> list[TicketNote]:
    if link is None or link.ticket_id is None:
        return []
    return list(TicketNote.objects.filter(ticket=link.ticket_id).select_related("by").order_by("-pk")[:NOTES_SHOWN])


def _stamp(link: TicketLink | None, resolution: Resolution | None) -> str:
    if link is None:
        return ""
    read_at = link.ticket.read_at.isoformat() if link.ticket and link.ticket.read_at else ""
    return f"{link.state} {resolution.state if resolution else ''} {read_at}"
