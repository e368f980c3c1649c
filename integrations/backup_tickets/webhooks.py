"""Autotask's webhooks about tickets: what follows from one, and how it is noticed that none come any more.

A webhook is a hint: the ticket is read anew, by the same rules as on a click, and a deletion is believed by the same
evidence. What no webhook told of is found by the validation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext

from integrations.core.models import Connection, Integration
from integrations.core.opening import open_connection
from integrations.core.streams import StreamProblem, Work, why_not
from integrations.core.webhooks import trouble

from .checking import read
from .models import Ticket, TicketLink
from .setup import KIND, ROLE
from .snapshots import UnclearAbsence

ACTOR = "webhook"
ON_THE_WAY = dt.timedelta(minutes=10)  # so long a webhook may take, retries and two clocks included


def look_at(work: Work, subject: str) -> str:
    """The one ticket that a webhook was about, read for all its links in one call; none where no run has it.

    Raises `VendorError`, and `StreamProblem` when it cannot be read and nothing proves that it is gone.
    """
    kind, _, number = subject.partition(":")
    if kind != "ticket" or not number.isdecimal():
        return gettext("Nothing follows from {subject}; nothing was read.").format(subject=subject)
    connection = work.connection(ROLE)
    own = TicketLink.objects.filter(run__client=work.integration.client_id, ticket__connection=connection)
    link = own.filter(ticket__ticket_id=int(number)).select_related("ticket__connection").order_by("-pk").first()
    if link is None or link.ticket is None:
        return gettext("No run has ticket {number}; nothing was read.").format(number=number)
    if _reader(link.ticket, work.integration) != work.integration:
        once = gettext("Ticket {ticket} is read once for all clients whose runs have it.")  # whose is nobody's business
        return once.format(ticket=link.ticket)
    try:
        with open_connection(connection, source="webhook", record=f"run:{link.run_id}", guard=work.claim.check) as api:
            said = read(api, link.ticket, actor=ACTOR)
    except UnclearAbsence as error:
        raise StreamProblem(str(error)) from None
    if said is None:
        return gettext("Ticket {ticket} was deleted in Autotask.").format(ticket=link.ticket)
    return gettext("Read {ticket}.").format(ticket=said.number)


def _reader(ticket: Ticket, asked: Integration) -> Integration:
    """On a connection that several clients share, the first of those whose runs have the ticket reads it for all."""
    clients = ticket.links.values("run__client")
    playing = Integration.objects.filter(roles__connection=ticket.connection, roles__role=ROLE, kind=KIND)
    sharing = playing.filter(client__in=clients).select_related("client").order_by("pk")
    return next((one for one in sharing if not why_not(one)), asked)


def notice_silence(connection: Connection, closed_at: Iterable[dt.datetime]) -> str:
    """Note it with the connection when tickets were closed and no webhook at all has come since; else "".

    `closed_at` are the moments of closings that the validation had to find by itself. The vendor's own word that it
    has stopped gets lost when the portal cannot be reached, which is why it stops.
    """
    long_ago = [at for at in closed_at if at < timezone.now() - ON_THE_WAY]
    if not connection.webhook_digest or connection.webhook_trouble or not long_ago:
        return ""
    if connection.deliveries.filter(received_at__gte=max(long_ago) - ON_THE_WAY).exists():
        return ""
    sentence = gettext(
        "A ticket was closed in Autotask at {when} UTC, and no webhook has come since. See "
        "whether the webhook is still active there, and whether Autotask can reach the portal."
    ).format(when=f"{max(long_ago):%Y-%m-%d %H:%M}")
    trouble.note(connection.pk, sentence)
    return sentence
