"""Linking a run to a ticket that exists already: found by its number, or the open ticket of the same job.

The ticket is read from Autotask before it is shown, and again before it is linked. The database lets one live link of
a run pass.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import audit
from integrations.core.models import AuditEntry, Connection, User
from integrations.core.opening import open_connection
from integrations.transport.errors import NotFoundError
from integrations.vendors.autotask.api import COMPLETE, AutotaskApi
from integrations.vendors.autotask.schemas import Ticket as AutotaskTicket

from . import attention, checking
from .models import ReferenceItem, Run, TicketLink
from .obstacles import Basis, basis_of, live_link
from .offers import open_ticket_of_job
from .setup import why_off
from .snapshots import remember

State = TicketLink.State

KEY_PREFIX = "lnk-"


class NotPossibleError(Exception):
    """The ticket was not linked; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket as Autotask describes it, before it is linked. `warnings` must be confirmed by a person."""

    id: int
    number: str
    title: str
    company: str
    status: str
    url: str
    warnings: tuple[str, ...]


def find_candidate(run: Run, number: str, *, user: User) -> Candidate:
    """The ticket of that number, with what a person should know before linking it.

    Raises `NotPossibleError` (nothing may be linked, or there is no such ticket) and `VendorError`.
    """
    basis = _ready(run)
    with _open(basis, run, user, source="find ticket") as api:
        said = api.find_ticket_by_number(number)
        if said is None:
            none = _("Autotask has no ticket {number}, or its API user may not read it.")
            raise NotPossibleError(none.format(number=number.strip()))
        return _candidate(api, basis, said)


def link_ticket(run: Run, ticket_id: int, *, user: User, confirmed: bool = False) -> TicketLink:
    """Link this run to that ticket, or show the live link it has.

    Raises `NotPossibleError`, also when the candidate has warnings that were not `confirmed`, and `VendorError`.
    """
    if existing := live_link(run):
        return existing
    basis = _ready(run)
    with _open(basis, run, user, source="link ticket") as api:
        try:
            said = api.get_ticket(ticket_id)
        except NotFoundError as error:
            raise NotPossibleError(error.message) from None
        candidate = _candidate(api, basis, said)
        if candidate.warnings and not confirmed:
            raise NotPossibleError(" ".join(candidate.warnings))
        detail = _("Linked to {ticket}.").format(ticket=said.number)
        return _store(run, basis, said, user=user, url=api.ticket_url, detail=detail)


def link_open_ticket(run: Run, *, user: User) -> TicketLink:
    """Link this run to the open ticket of an earlier run of its job, after reading it, or show the live link it has.

    Raises `NotPossibleError` and `VendorError`.
    """
    if existing := live_link(run):
        return existing
    basis = _ready(run)
    other = open_ticket_of_job(run)
    if other is None or other.ticket is None:
        raise NotPossibleError(_("No other run of this job has an open ticket."))
    known = other.ticket
    if other.connection_id != _connection(basis).pk:
        elsewhere = _("Ticket {ticket} is in another Autotask connection than this client uses now.")
        raise NotPossibleError(elsewhere.format(ticket=known))
    with _open(basis, run, user, source="link ticket") as api:
        said = checking.read(api, known, actor=user.get_username())
        if said is None:
            raise NotPossibleError(_("Ticket {ticket} was deleted in Autotask meanwhile.").format(ticket=known))
        if said.status == COMPLETE:
            raise NotPossibleError(_("Ticket {ticket} was closed meanwhile.").format(ticket=known))
        detail = _("Linked to {ticket}, the open ticket of this job.").format(ticket=said.number)
        return _store(run, basis, said, user=user, url=api.ticket_url, detail=detail)


def _ready(run: Run) -> Basis:
    basis = basis_of(run)
    if run.status == Run.Status.SUCCESS:
        raise NotPossibleError(_("This run succeeded; it needs no ticket."))
    if off := why_off(basis.setup):
        raise NotPossibleError(off)
    return basis


def _connection(basis: Basis) -> Connection:
    assert basis.setup is not None
    assert basis.setup.connection is not None
    return basis.setup.connection


def _open(basis: Basis, run: Run, user: User, *, source: str) -> AbstractContextManager[AutotaskApi]:
    return open_connection(_connection(basis), source=source, user=user, record=f"run:{run.pk}", interactive=True)


def _candidate(api: AutotaskApi, basis: Basis, said: AutotaskTicket) -> Candidate:
    statuses = ReferenceItem.objects.filter(connection=_connection(basis), kind=ReferenceItem.Kind.STATUS)
    label = statuses.filter(value=said.status).values_list("label", flat=True).first() or str(said.status)
    return Candidate(
        said.id,
        said.number,
        said.title,
        _company_name(api, basis, said.company_id),
        label,
        api.ticket_url(said.id),
        tuple(_warnings(basis, said)),
    )


def _company_name(api: AutotaskApi, basis: Basis, company_id: int) -> str:
    if basis.mapping is not None and basis.mapping.company_id == company_id:
        return basis.mapping.company_name
    try:
        return api.get_company(company_id).name
    except NotFoundError:
        return _("company {id}").format(id=company_id)


def _warnings(basis: Basis, said: AutotaskTicket) -> list[str]:
    customer = basis.run.job.customer
    found = []
    if basis.mapping is None:
        unmapped = _("{customer} is not mapped to an Autotask company, so the ticket's company cannot be compared.")
        found.append(unmapped.format(customer=customer))
    elif basis.mapping.company_id != said.company_id:
        other = _("The ticket is not one of {company}, the company of {customer}.")
        found.append(other.format(company=basis.mapping.company_name, customer=customer))
    if said.status == COMPLETE:
        found.append(_("The ticket is closed already."))
    return found


def _store(
    run: Run, basis: Basis, said: AutotaskTicket, *, user: User, url: Callable[[int], str], detail: str
) -> TicketLink:
    connection = _connection(basis)
    ticket = remember(connection, said, url=url(said.id))
    state = State.RESOLVED if said.status == COMPLETE else State.ACTIVE
    try:
        with transaction.atomic():
            entry = audit.begin(
                "backup_tickets.link_ticket",
                user=user,
                client=run.client,
                connection=connection,
                record=f"run:{run.pk}",
            )
            link = TicketLink.objects.create(
                run=run,
                ticket=ticket,
                connection=connection,
                key=f"{KEY_PREFIX}{uuid.uuid4()}",
                origin=TicketLink.Origin.LINKED,
                state=state,
                created_by=user,
                audit=entry,
                send_before=timezone.now(),
            )
            audit.finish(entry, AuditEntry.Outcome.DONE, detail=detail, vendor_record=f"ticket {said.id}")
            attention.refresh(run)
    except IntegrityError:  # another click was first
        if existing := live_link(run):
            return existing
        raise NotPossibleError(_("Another attempt has just ended; look at it and try again.")) from None
    return link
