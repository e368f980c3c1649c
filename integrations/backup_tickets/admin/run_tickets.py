"""The doors of a run's page that do something with its ticket: link, join, note, resolve, check, enter a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from integrations.backup_tickets import checking, linking, manual, noting, permissions, resolving
from integrations.backup_tickets.mapping import RESOLVED_NOTE, STAYS_OPEN_NOTE
from integrations.backup_tickets.models import Resolution, Run, Ticket, TicketLink, TicketNote
from integrations.backup_tickets.obstacles import basis_of
from integrations.backup_tickets.offers import offers
from integrations.backup_tickets.snapshots import UnclearAbsence
from integrations.transport.errors import VendorError

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

IN_THE_WAY = (
    checking.NotPossibleError,
    linking.NotPossibleError,
    manual.NotPossibleError,
    noting.NotPossibleError,
    resolving.NotPossibleError,
    UnclearAbsence,
    VendorError,
)
Resolved = Resolution.State


class RunTicketDoors:
    """For the admin class of runs, which finds the run a person may see (`_run`)."""

    if TYPE_CHECKING:
        admin_site: AdminSite
        opts: Any
        _run: Callable[[HttpRequest, Any], Run]

    def ticket_urls(self) -> list[URLPattern]:
        def url(name: str, view: Any) -> URLPattern:
            door: URLPattern = path(
                f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"backup_tickets_run_{name}"
            )
            return door

        return [
            url("link", self.link_view),
            url("join", self.join_view),
            url("note", self.note_view),
            url("resolve", self.resolve_view),
            url("check", self.check_view),
            url("number", self.number_view),
        ]

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(never_cache)
    def link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET finds a ticket by its number and shows what Autotask says; POST links the one that was shown."""
        run = self._for(request, pk, permissions.LINK_TICKET)
        user: Any = request.user  # signed in
        number = request.GET.get("number", "").strip()
        candidate, problem = None, ""
        try:
            if request.method == "POST":
                ticket_id = int(request.POST.get("ticket", ""))
                link = linking.link_ticket(run, ticket_id, user=user, confirmed="confirmed" in request.POST)
                messages.success(request, _linked(link))
                return to_page(run)
            if number:
                candidate = linking.find_candidate(run, number, user=user)
        except IN_THE_WAY as error:
            problem = str(error)
        except ValueError:
            problem = _("Find the ticket by its number first.")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Link an existing ticket"),
            "subtitle": str(run.job),
            "opts": self.opts,
            "run": run,
            "original": run,
            "number": number or run.manual_ticket_number,
            "candidate": candidate,
            "problem": problem,
        }
        status = 409 if request.method == "POST" else 200
        return TemplateResponse(request, "backup_tickets/ticket_link.html", context, status=status)

    @method_decorator(require_POST)
    def join_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Link the run to the open ticket of its job."""

        def join(run: Run, user: Any) -> tuple[Any, str]:
            link = linking.link_open_ticket(run, user=user)
            return messages.success, _linked(link)

        return self._act(request, pk, permissions.LINK_TICKET, join)

    @method_decorator(require_POST)
    def note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write an internal note on the run's ticket."""

        def write(run: Run, user: Any) -> tuple[Any, str]:
            key = request.POST.get("key", "")
            key = key if key.startswith(noting.KEY_PREFIX) and len(key) <= 50 else ""
            note = noting.add_note(run, request.POST.get("text", ""), user=user, key=key)
            if note.state == TicketNote.State.SENT:
                return messages.success, _("The internal note was written.")
            if note.state == TicketNote.State.UNKNOWN:
                return messages.warning, _("Autotask has not confirmed the note. The portal is checking.")
            return messages.error, _("The note was not written. {why}").format(why=note.cause)

        return self._act(request, pk, permissions.LINK_TICKET, write)

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(never_cache)
    def resolve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET says what will be done; POST does it."""
        run = self._for(request, pk, permissions.RESOLVE_TICKET)
        if request.method == "POST":
            return self._act(request, pk, permissions.RESOLVE_TICKET, _resolve)
        offered = offers(basis_of(run), request.user)  # type: ignore[arg-type]  # signed in
        if not offered.resolve:
            messages.info(request, _("There is nothing to resolve here just now."))
            return to_page(run)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Resolve ticket"),
            "subtitle": str(run.job),
            "opts": self.opts,
            "run": run,
            "original": run,
            "link": offered.link,
            "also": offered.link.ticket.links.exclude(run=run).count() if offered.link and offered.link.ticket else 0,
            "resolved_note": RESOLVED_NOTE,
            "stays_open_note": STAYS_OPEN_NOTE,
        }
        return TemplateResponse(request, "backup_tickets/ticket_resolve.html", context)

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read the run's ticket again."""

        def check(run: Run, user: Any) -> tuple[Any, str]:
            ticket = checking.check_now(run, user=user)
            if ticket.state == Ticket.State.DELETED:
                return messages.warning, _("Ticket {ticket} was deleted in Autotask.").format(ticket=ticket)
            said = _("Ticket {ticket} is “{status}” in Autotask.")
            return messages.success, said.format(ticket=ticket, status=ticket.status_label)

        return self._act(request, pk, permissions.LINK_TICKET, check)

    @method_decorator(require_POST)
    def number_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Enter a ticket number by hand, or take it away."""

        def enter(run: Run, user: Any) -> tuple[Any, str]:
            manual.set_number(run, request.POST.get("number", ""), user=user)
            if number := run.manual_ticket_number:
                return messages.success, _("Ticket number {number} is noted.").format(number=number)
            return messages.success, _("The number was taken away.")

        return self._act(request, pk, permissions.LINK_TICKET, enter)

    def _act(
        self, request: HttpRequest, pk: int, permission: str, act: Callable[[Run, Any], tuple[Any, str]]
    ) -> HttpResponse:
        """Do it, say what came of it in a sentence, and show the run again."""
        run = self._for(request, pk, permission)
        try:
            tell, sentence = act(run, request.user)
        except IN_THE_WAY as error:
            tell, sentence = messages.error, _("Nothing was changed. {why}").format(why=error)
        tell(request, sentence)
        return to_page(run)

    def _for(self, request: HttpRequest, pk: int, permission: str) -> Run:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return self._run(request, pk)


def _linked(link: TicketLink) -> str:
    return _("This run is linked to ticket {ticket}.").format(ticket=link.ticket or link)


def _resolve(run: Run, user: Any) -> tuple[Any, str]:
    done = resolving.resolve(run, user=user)
    if done.is_open:
        said = _("Autotask has not answered yet ({step}). The portal goes on by itself.")
        return messages.warning, said.format(step=done.get_state_display())
    if done.state == Resolved.RESOLVED:
        return messages.success, _("Ticket {ticket} is resolved.").format(ticket=done.ticket)
    if done.state == Resolved.ALREADY_CLOSED:
        return messages.info, _("Ticket {ticket} was closed already.").format(ticket=done.ticket)
    if done.state == Resolved.STAYS_OPEN:
        said = _("Ticket {ticket} is marked as resolved and stays open. {why}")
        return messages.warning, said.format(ticket=done.ticket, why=done.cause)
    return messages.error, _("Ticket {ticket} was not resolved. {why}").format(ticket=done.ticket, why=done.cause)


def to_page(run: Run) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:backup_tickets_run_change", args=[run.pk]))
