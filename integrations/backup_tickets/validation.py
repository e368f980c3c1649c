"""Whether the tickets behind open links still exist, in bulk: one call for each 200 of them (spec, section 6).

DESIGN, Absence: a ticket counts as deleted only if others could be read in the same pass, a second read misses it too,
and not more than a tenth is gone at once; otherwise nothing is changed and the result says why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from integrations.core.models import Client, Connection
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.schemas import Ticket as AutotaskTicket

from .models import Ticket, TicketLink
from .snapshots import mark_deleted, remember

CHUNK = 200
ACTOR = "link validation"
MOST_GONE = 0.1  # of the tickets looked at
ALWAYS_BELIEVED = 2  # so many may be gone at once however few there are


@dataclass(slots=True)
class Validated:
    """What a pass found. `alert` is empty, or says why missing tickets were not believed."""

    read: int = 0
    closed: int = 0
    closed_at: list[dt.datetime] = field(default_factory=list)  # as far as Autotask says when
    deleted: list[str] = field(default_factory=list)
    alert: str = ""

    def __str__(self) -> str:
        said = [
            _("Read {read} open tickets, {closed} of them were closed meanwhile.").format(
                read=self.read, closed=self.closed
            )
        ]
        if self.deleted:
            said.append(_("Deleted in Autotask: {tickets}.").format(tickets=", ".join(self.deleted)))
        return " ".join([*said, self.alert]).strip()


def validate_links(client: Client, connection: Connection, api: AutotaskApi) -> Validated:
    """Read every open ticket of this client's runs and move its links along. `VendorError`: what was read is kept."""
    result = Validated()
    missing: list[Ticket] = []
    total = 0
    for tickets in _chunks(client, connection):
        total += len(tickets)
        found = {said.id: said for said in api.tickets_by_id(ticket.ticket_id for ticket in tickets)}
        for said in found.values():
            _keep(connection, api, said, result)
        missing += [ticket for ticket in tickets if ticket.ticket_id not in found]
    if missing:
        _judge(connection, api, missing, total, result)
    return result


def _chunks(client: Client, connection: Connection) -> Iterator[list[Ticket]]:
    """On a connection that several clients share, each client's integration looks after its own tickets."""
    last = 0
    own = Exists(TicketLink.objects.filter(ticket=OuterRef("pk"), run__client=client))
    tickets = Ticket.objects.filter(own, connection=connection, state=Ticket.State.OPEN).order_by("pk")
    while chunk := list(tickets.filter(pk__gt=last)[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def _keep(connection: Connection, api: AutotaskApi, said: AutotaskTicket, result: Validated) -> None:
    row = remember(connection, said, url=api.ticket_url(said.id))
    result.read += 1
    if row.state == Ticket.State.RESOLVED:
        result.closed += 1
        result.closed_at += [said.completed_at] if said.completed_at else []


def _judge(connection: Connection, api: AutotaskApi, missing: list[Ticket], total: int, result: Validated) -> None:
    again = {said.id: said for said in api.tickets_by_id(ticket.ticket_id for ticket in missing)}
    for said in again.values():
        _keep(connection, api, said, result)
    gone = [ticket for ticket in missing if ticket.ticket_id not in again]
    if not result.read:
        result.alert = _(
            "None of {total} open tickets could be read; the API user may have lost the right to read tickets. "
            "Nothing was changed."
        ).format(total=total)
    elif len(gone) > max(ALWAYS_BELIEVED, total * MOST_GONE):
        result.alert = _(
            "{gone} of {total} open tickets were not found, which is too many at once to be believed. Look at "
            "some of them in Autotask; “Check now” on a run settles one. Nothing was changed."
        ).format(gone=len(gone), total=total)
    else:
        for ticket in gone:
            mark_deleted(ticket, actor=ACTOR)
            result.deleted.append(ticket.number or str(ticket.ticket_id))
