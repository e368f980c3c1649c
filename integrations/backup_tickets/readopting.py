"""After a restore: the tickets in Autotask that carry our keys, and links again for those the database forgot.

All tickets with our keys are listed. One whose key no link has was created after the backup. Its description names the
run's page and says customer, job and time; where a run of the database says the same, it gets its link back. What is
not certain is left to a person, and until then no ticket is created for a run that says the same (`strays`).
"""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Connection, Integration
from integrations.core.opening import open_connection
from integrations.core.readopting import Look
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.schemas import Ticket as AutotaskTicket

from . import attention, links
from .mapping import told_of
from .models import CompanyMapping, Run, TicketLink
from .obstacles import live_link
from .setup import KIND, base_url, setup_for
from .snapshots import remember
from .telling import text_of
from .tickets import KEY_PREFIX

HOW = _("After the database was restored, {ticket} was found by its key and adopted.")
NOTES = (
    _(
        "Notes and resolutions that were begun after the backup are not known any more: they stay in Autotask as they "
        "are, and none is written twice, since each looks for its own key first."
    ),
    _(
        "Runs that were reported after the backup are missing until they are reported again; "
        "their tickets are among those left to a person."
    ),
)
State = TicketLink.State


def readopt(look: Look) -> None:
    """What `IntegrationKind.readopt` promises, for Autotask."""
    setup = setup_for(look.integration)
    assert setup.connection is not None  # `streams.why_not` asked
    if setup.options is None:
        look.note(gettext("The ticket settings have never been saved, so no ticket was created from here."))
        return
    for note in NOTES:
        look.note(str(note))
    with open_connection(setup.connection, source="look after a restore", guard=look.claim.check) as api:
        after = int(look.cursor.get("after", 0))
        for page in api.tickets_with_key(KEY_PREFIX, after=after):
            _page(look, api, setup.connection, page, own=base_url(setup.options))
            look.keep(looked=len(page), after=page[-1][0].id if page else after)


def _page(
    look: Look, api: AutotaskApi, connection: Connection, page: list[tuple[AutotaskTicket, str]], *, own: str
) -> None:
    keys = [ticket.external_id for ticket, _ in page]
    known = {link.key: link for link in TicketLink.objects.filter(key__in=keys).select_related("run__client")}
    ours = re.compile(re.escape(own) + reverse("admin:backup_tickets_run_change", args=[0]).replace("0", r"(\d+)"))
    named = {ticket.id: ours.search(text) for ticket, text in page}
    wanted = [int(match[1]) for match in named.values() if match]
    runs = {run.pk: run for run in Run.objects.filter(pk__in=wanted).select_related("client", "job__customer")}
    for ticket, text in page:
        match, link = named[ticket.id], known.get(ticket.external_id)
        if link is not None:
            _revive(look, api, link, ticket)
        elif match is None:
            _of_another_portal(look, connection, ticket)
        else:
            _forgotten(look, api, connection, ticket, text, runs.get(int(match[1])))


def _revive(look: Look, api: AutotaskApi, link: TicketLink, ticket: AutotaskTicket) -> None:
    """The link was there when the backup was taken, without its answer."""
    is_mine = link.run.client_id == look.integration.client_id
    if is_mine and link.state in (State.CREATING, State.UNKNOWN, State.ABANDONED):
        links.adopt(link, [ticket], url=api.ticket_url, how=str(HOW))
        look.adopted(f"ticket {ticket.id}", f"{ticket.number}: {ticket.title}")


def _forgotten(
    look: Look, api: AutotaskApi, connection: Connection, ticket: AutotaskTicket, text: str, run: Run | None
) -> None:
    about, name = f"ticket {ticket.id}", f"{ticket.number} “{ticket.title}”"
    if run is not None and told_of(text) != told_of(text_of(run)):
        run = None  # the number is another run's by now
    if run is None:
        if _is_to_say(look.integration, connection, ticket):
            why = gettext("{ticket} was created after the backup for a run that is not in the database.")
            look.unclear(about, why.format(ticket=name), **_facts(api, ticket, text))
        return
    if run.client_id != look.integration.client_id:
        return  # told by that client's own integration
    if other := live_link(run):
        if other.ticket is None or other.ticket.ticket_id != ticket.id:
            which = other.ticket or other.get_state_display()
            why = gettext("{ticket} was created after the backup for {run}, which has {other} already.")
            look.unclear(about, why.format(ticket=name, run=run, other=which), **_facts(api, ticket, text))
        return
    if _linked(api, connection, ticket, run):
        look.adopted(about, f"{name}: {run}")


def _linked(api: AutotaskApi, connection: Connection, ticket: AutotaskTicket, run: Run) -> bool:
    """Make the link that the restore lost, with the ticket's own key; False when a click was faster."""
    try:
        with transaction.atomic():
            link = TicketLink.objects.create(
                run=run,
                connection=connection,
                key=ticket.external_id,
                content={"title": ticket.title},
                send_before=timezone.now(),
            )
            links.adopt(link, [ticket], url=api.ticket_url, how=str(HOW))
            remember(connection, ticket, url=api.ticket_url(ticket.id))  # a closed one resolves its link
            attention.refresh(run)
    except IntegrityError:
        return False
    return True


def _facts(api: AutotaskApi, ticket: AutotaskTicket, text: str) -> dict[str, object]:
    return {"number": ticket.number, "url": api.ticket_url(ticket.id), "told": sorted(told_of(text))}


def _of_another_portal(look: Look, connection: Connection, ticket: AutotaskTicket) -> None:
    if _is_to_say(look.integration, connection, ticket):
        look.note(gettext("Some tickets with keys like ours name another portal's address; they were left alone."))


def _is_to_say(integration: Integration, connection: Connection, ticket: AutotaskTicket) -> bool:
    """Of several integrations of one Autotask, whose report it stands in: its company's client, else the first's."""
    sharing = Integration.objects.filter(roles__connection=connection, kind=KIND).order_by("pk")
    clients = CompanyMapping.objects.filter(company_id=ticket.company_id, customer__client__integrations__in=sharing)
    owners = set(clients.values_list("customer__client", flat=True))
    if owners:
        return integration.client_id in owners
    return sharing.values_list("pk", flat=True).first() == integration.pk
