"""What Autotask last said about a ticket, and what follows from it for the ticket's links.

A closed ticket resolves its links, an open one makes them active again: also when somebody closed or opened it in
Autotask. A ticket that is gone keeps its number and history; its links give their runs free for another ticket. That
somebody cannot read a ticket is not proof that it is gone (DESIGN, Absence), see `is_gone`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from integrations.core import audit
from integrations.core.models import AuditEntry, Connection
from integrations.transport.errors import ConfigurationError
from integrations.vendors.autotask.api import COMPLETE, AutotaskApi
from integrations.vendors.autotask.schemas import Ticket as AutotaskTicket

from . import attention
from .models import ReferenceItem, Ticket, TicketLink

State = TicketLink.State

DELETED = gettext_lazy("Ticket deleted in Autotask.")
WITNESSES = 5  # other tickets, known to exist, that are read together with one that was not found


class UnclearAbsence(Exception):
    """A ticket was not found, and nothing proves that it is gone. The message is a sentence for people."""


def remember(connection: Connection, said: AutotaskTicket, *, url: str) -> Ticket:
    """Store what Autotask says about a ticket, and move its links along."""
    status = ReferenceItem.objects.filter(
        connection=connection, kind=ReferenceItem.Kind.STATUS, value=said.status
    ).first()
    state, now = Ticket.State.RESOLVED if said.status == COMPLETE else Ticket.State.OPEN, timezone.now()
    with transaction.atomic():
        before = Ticket.objects.filter(connection=connection, ticket_id=said.id).values_list("state", flat=True).first()
        row, _ = Ticket.objects.update_or_create(
            connection=connection,
            ticket_id=said.id,
            defaults={
                "number": said.number,
                "url": url,
                "company_id": said.company_id,
                "title": said.title,
                "status_id": said.status,
                "status_label": status.label if status else str(said.status),
                "state": state,
                "read_at": now,
                **({} if before == state else {"state_since": now}),
            },
        )
        _move_links(row)
    return row


def _move_links(row: Ticket) -> None:
    """Links follow their ticket. Those of one that was taken for deleted come back, unless their run has another."""
    wanted = State.RESOLVED if row.state == Ticket.State.RESOLVED else State.ACTIVE
    behind = row.links.filter(state__in=(State.ACTIVE, State.RESOLVED, State.DELETED)).exclude(state=wanted)
    moved = []
    for link in behind.select_for_update(of=("self",)):
        try:
            with transaction.atomic():
                TicketLink.objects.filter(pk=link.pk).update(state=wanted, cause="")
        except IntegrityError:
            continue
        moved.append(link.run_id)
    attention.refresh(moved)


def mark_deleted(ticket: Ticket, *, actor: str) -> None:
    """The ticket is gone in Autotask: number and history stay, its runs may have another ticket."""
    with transaction.atomic():
        locked = Ticket.objects.select_for_update(of=("self",)).select_related("connection").get(pk=ticket.pk)
        if locked.state == Ticket.State.DELETED:
            return
        locked.state, locked.read_at = Ticket.State.DELETED, timezone.now()
        locked.state_since = locked.read_at
        locked.save(update_fields=["state", "state_since", "read_at"])
        links = locked.links.filter(state__in=(State.ACTIVE, State.RESOLVED)).select_related("run__client")
        runs = {link.run_id: link.run for link in links}
        links.update(state=State.DELETED, cause=str(DELETED))
        for run in runs.values():
            entry = audit.begin(
                "backup_tickets.notice_deletion",
                actor=actor,
                client=run.client,
                connection=locked.connection,
                record=f"run:{run.pk}",
            )
            audit.finish(
                entry,
                AuditEntry.Outcome.DONE,
                detail=gettext("{ticket} was deleted in Autotask.").format(ticket=locked),
                vendor_record=f"ticket {locked.ticket_id}",
            )
        attention.refresh(runs)


def is_gone(api: AutotaskApi, ticket: Ticket) -> bool:
    """Whether a ticket that a first read did not find is deleted; False when a second read finds it after all.

    It counts as deleted when others that are known to exist (where none is known: any at all) can be read just now, or
    when Autotask's log of deleted tickets has it. Raises `UnclearAbsence` otherwise: then the right to read tickets was
    probably lost, and nothing is concluded.
    """
    witnesses = witnesses_of(ticket.connection, without=[ticket.pk])
    seen = {found.id for found in api.tickets_by_id([ticket.ticket_id, *witnesses])}
    if ticket.ticket_id in seen:
        return False
    if seen or (not witnesses and api.can_read_tickets()) or _is_logged(api, ticket):
        return True
    said = gettext(
        "Autotask shows neither ticket {ticket} nor any other that is known to exist. Perhaps it was deleted, perhaps "
        "the API user may not read tickets any more: check its security level in Autotask. Nothing was changed."
    )
    raise UnclearAbsence(said.format(ticket=ticket))


def witnesses_of(connection: Connection, *, without: Iterable[int]) -> list[int]:
    """Autotask ids of the tickets read last, by which a lost permission is told from a deletion."""
    others = Ticket.objects.filter(connection=connection).exclude(state=Ticket.State.DELETED)
    newest = others.exclude(pk__in=without).order_by("-read_at", "-pk")
    return list(newest.values_list("ticket_id", flat=True)[:WITNESSES])


def _is_logged(api: AutotaskApi, ticket: Ticket) -> bool:
    try:
        return ticket.ticket_id in api.deleted_tickets([ticket.ticket_id])
    except ConfigurationError:  # the log needs more rights than tickets do
        return False
