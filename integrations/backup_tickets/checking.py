"""Reading a known ticket again: on a click, before anything is done with it, and when its page is looked at."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import jobs
from integrations.core.jobs import Claim
from integrations.core.models import User
from integrations.core.opening import open_connection
from integrations.transport.errors import NotFoundError, TemporaryError, VendorError
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.schemas import Ticket as AutotaskTicket

from .models import Run, Ticket, TicketLink
from .setup import setup_of, why_off
from .snapshots import UnclearAbsence, is_gone, mark_deleted, remember

FRESH_FOR = dt.timedelta(minutes=5)
REFRESH = "backup_tickets.refresh_ticket"


class NotPossibleError(Exception):
    """Nothing was read; the message says why, in a sentence."""


def read(api: AutotaskApi, ticket: Ticket, *, actor: str) -> AutotaskTicket | None:
    """What Autotask says about a known ticket now, stored; None when it is deleted, which is stored too.

    Raises `UnclearAbsence` and `VendorError`, and then nothing was changed.
    """
    try:
        said = api.get_ticket(ticket.ticket_id)
    except NotFoundError:
        if is_gone(api, ticket):
            mark_deleted(ticket, actor=actor)
            return None
        said_late = _("Autotask found ticket {ticket} only at the second look; try again.")
        raise TemporaryError(said_late.format(ticket=ticket)) from None
    remember(ticket.connection, said, url=api.ticket_url(said.id))
    return said


def check_now(run: Run, *, user: User) -> Ticket:
    """Read the run's ticket again and return it as it is now known; also one that was taken for deleted.

    Raises `NotPossibleError` (no ticket, integration off, or nothing can be concluded) and `VendorError`.
    """
    link = TicketLink.objects.filter(run=run, ticket__isnull=False).select_related("ticket__connection").first()
    if link is None or link.ticket is None:
        raise NotPossibleError(_("This run has no ticket that could be checked."))
    if off := why_off(setup_of(run.client)):
        raise NotPossibleError(off)
    ticket: Ticket = link.ticket
    try:
        with open_connection(
            ticket.connection, source="check ticket", user=user, record=f"run:{run.pk}", interactive=True
        ) as api:
            read(api, ticket, actor=user.get_username())
    except UnclearAbsence as error:
        raise NotPossibleError(str(error)) from None
    ticket.refresh_from_db()
    return ticket


def refresh_if_stale(run: Run, link: TicketLink | None) -> bool:
    """Have the ticket read in the background when its snapshot is older than five minutes; whether that was asked."""
    if link is None or link.ticket is None or link.state not in (link.State.ACTIVE, link.State.RESOLVED):
        return False
    read_at = link.ticket.read_at
    if read_at is not None and timezone.now() - read_at < FRESH_FOR:
        return False
    jobs.enqueue(REFRESH, run.pk, key=f"{REFRESH}:ticket:{link.ticket_id}")
    return True


def refresh_ticket(claim: Claim, run_id: int) -> str:
    """Job: read the ticket of this run, if it was not read meanwhile. The next look at the page asks again."""
    run = Run.objects.select_related("client", "job__customer").get(pk=run_id)
    link = TicketLink.objects.filter(run=run, state__in=TicketLink.LIVE).select_related("ticket__connection").first()
    if link is None or link.ticket is None:
        return _("The run has no ticket any more.")
    if link.ticket.read_at is not None and timezone.now() - link.ticket.read_at < FRESH_FOR:
        return _("Read meanwhile.")
    if off := why_off(setup_of(run.client)):
        return off
    try:
        with open_connection(
            link.ticket.connection, source="refresh ticket", record=f"run:{run.pk}", guard=claim.check
        ) as api:
            said = read(api, link.ticket, actor="ticket refresh")
    except UnclearAbsence as error:
        return str(error)
    except VendorError as error:
        return _("Not read: {why}").format(why=error.message)
    return _("Read {ticket}.").format(ticket=said.number) if said else _("It was deleted in Autotask.")
