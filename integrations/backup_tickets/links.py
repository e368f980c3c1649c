"""What may become of a ticket link, each change in one transaction with everything that belongs to it.

A click and its recovery job may both learn the outcome. Each function here locks the link's row, looks at its state,
and does nothing if the other was first; so both may call, and only one decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from integrations.core import audit
from integrations.core.models import AuditEntry
from integrations.vendors.autotask.schemas import Ticket as AutotaskTicket

from . import attention
from .models import Ticket, TicketLink
from .snapshots import remember

State = TicketLink.State

TicketUrl = Callable[[int], str]


def confirm(link: TicketLink, ticket_id: int, *, url: str) -> None:
    """Autotask answered the create call with this id: the link is active, its number still to be read."""
    with transaction.atomic():
        row, _ = Ticket.objects.get_or_create(
            connection=link.connection, ticket_id=ticket_id, defaults={"url": url, "title": link.content["title"]}
        )
        locked = _locked(link)
        if not _activate(locked, row, detail=gettext("Created.")) and locked.ticket_id != row.pk:
            _report(locked, {ticket_id: ""}, url=lambda _: url)


def adopt(link: TicketLink, found: Sequence[AutotaskTicket], *, url: TicketUrl, how: str) -> None:
    """Autotask has tickets with this link's key: the lowest id becomes its ticket, any other is reported.

    An abandoned link is revived, unless its run has another live ticket by now; then all are reported. `how` says of
    the `{ticket}` in what way it was found.
    """
    first, *others = sorted(found, key=lambda ticket: ticket.id)
    with transaction.atomic():
        row = remember(link.connection, first, url=url(first.id))
        locked = _locked(link)
        adopted = _activate(locked, row, detail=how.format(ticket=row))
        extra = others if adopted or locked.ticket_id == row.pk else found
        _report(locked, {ticket.id: ticket.number for ticket in extra}, url=url)


def adopt_earlier(link: TicketLink, found: Sequence[AutotaskTicket], *, url: TicketUrl) -> None:
    """An earlier attempt for the same run did create a ticket: this one gives way to it, nothing is sent."""
    first = min(found, key=lambda ticket: ticket.id)
    earlier = TicketLink.objects.get(key=first.external_id)
    with transaction.atomic():
        said = gettext("Not sent: an earlier attempt had created {ticket}, which is used instead.")
        refuse(link, said.format(ticket=first.number))
        how = gettext("Before a new attempt {ticket} was found by its key and adopted.")
        adopt(earlier, found, url=url, how=how)


def doubt(link: TicketLink, cause: str, *, since: dt.datetime) -> bool:
    """The create call was, or may have been, sent without a usable answer."""
    with transaction.atomic():
        locked = _locked(link)
        if locked.state != State.CREATING:
            return False
        _set(locked, state=State.UNKNOWN, cause=cause, unknown_since=since)
        _finish(locked, AuditEntry.Outcome.UNKNOWN, cause)
    return True


def refuse(link: TicketLink, cause: str) -> bool:
    """The create call was not sent, or Autotask refused it: there is no ticket, and a person may try again."""
    return _abandon(link, State.CREATING, cause=cause)


def give_up(link: TicketLink, cause: str, *, watch_until: dt.datetime) -> bool:
    """The key was looked up long enough: there is no ticket as far as anyone can tell. A late one is watched for."""
    return _abandon(link, State.UNKNOWN, cause=cause, watch_until=watch_until)


def _abandon(link: TicketLink, state: TicketLink.State, **values: object) -> bool:
    with transaction.atomic():
        locked = _locked(link)
        if locked.state != state:
            return False
        _set(locked, state=State.ABANDONED, **values)
        _finish(locked, AuditEntry.Outcome.REFUSED, locked.cause)
        attention.refresh(locked.run)
    return True


def _locked(link: TicketLink) -> TicketLink:
    locked: TicketLink = (
        TicketLink.objects.select_for_update(of=("self",)).select_related("run", "connection", "audit").get(pk=link.pk)
    )
    return locked


def _activate(locked: TicketLink, row: Ticket, *, detail: str) -> bool:
    """Whether this call made the link active. The database refuses a second live link of the run."""
    if locked.state not in (State.CREATING, State.UNKNOWN, State.ABANDONED):
        return False
    try:
        with transaction.atomic():
            _set(locked, state=State.ACTIVE, ticket=row, cause="")
    except IntegrityError:
        locked.refresh_from_db(fields=["state", "ticket", "cause"])
        return False
    _finish(locked, AuditEntry.Outcome.DONE, detail, vendor_record=f"ticket {row.ticket_id}")
    attention.refresh(locked.run)
    return True


def _report(locked: TicketLink, numbers: Mapping[int, str], *, url: TicketUrl) -> None:
    """Tickets nobody asked for: on the link (the run's page shows them) and in the audit trail, each once."""
    known = {stray["id"] for stray in locked.strays}
    for ticket_id, number in numbers.items():
        if ticket_id in known:
            continue
        locked.strays.append({"id": ticket_id, "number": number, "url": url(ticket_id)})
        entry = _begin(locked, "backup_tickets.report_extra_ticket")
        name = number or gettext("ticket {id}").format(id=ticket_id)
        said = gettext("Autotask also has {ticket} for this run. Look at it and close what is not needed.")
        audit.finish(
            entry,
            AuditEntry.Outcome.DONE,
            detail=said.format(ticket=name),
            vendor_record=f"ticket {ticket_id}",
        )
    locked.save(update_fields=["strays"])


def _set(locked: TicketLink, **values: object) -> None:
    for name, value in values.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(values))


def _finish(locked: TicketLink, outcome: AuditEntry.Outcome, detail: str, *, vendor_record: str = "") -> None:
    """Complete the creation's audit entry; what comes after its completion is an entry of its own."""
    entry = locked.audit
    if entry is None or entry.outcome in (AuditEntry.Outcome.DONE, AuditEntry.Outcome.REFUSED):
        entry = _begin(locked, "backup_tickets.adopt_ticket")
    audit.finish(entry, outcome, detail=detail, vendor_record=vendor_record)


def _begin(locked: TicketLink, action: str) -> AuditEntry:
    return audit.begin(
        action,
        actor="ticket recovery",
        client=locked.run.client,
        connection=locked.connection,
        record=f"run:{locked.run_id}",
    )
