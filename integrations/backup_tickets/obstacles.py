"""Why a ticket cannot be created for a run just now: each reason with its own sentence and the place to cure it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.core import write_hold
from integrations.core.models import Connection, User
from integrations.core.roles import may_open

from .models import CompanyMapping, Run, TicketLink, TicketOptions
from .setup import PICKLIST_OPTIONS, Known, Setup, base_url, base_url_problem, picklist_problem, reference_of, setup_of


@dataclass(frozen=True, slots=True)
class Cure:
    """Where the obstacle is removed, and the permission that is needed there."""

    label: str
    url: str
    permission: str


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing in the way. `link` is empty when this person cannot cure it; then the sentence says who can."""

    sentence: str
    link: str = ""
    link_label: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """All that a ticket for one run rests on, read once. `known` are the picklists of the chosen connection."""

    run: Run
    mapping: CompanyMapping | None
    setup: Setup | None
    known: Known


def basis_of(run: Run) -> Basis:
    """The run's mapping, set-up and reference data as they are now."""
    setup = setup_of(run.client)
    connection = setup.connection if setup else None
    mapping = CompanyMapping.objects.filter(customer=run.job.customer_id).first()
    return Basis(run, mapping, setup, reference_of(connection) if connection else {})


def live_link(run: Run) -> TicketLink | None:
    """The one link of this run that stands for an open, resolved or possibly existing ticket."""
    return TicketLink.objects.filter(run=run, state__in=TicketLink.LIVE).select_related("ticket", "connection").first()


def obstacles(basis: Basis, user: User) -> list[Obstacle]:
    """Everything in the way of a ticket for this run, without a call to Autotask. Empty: it can be created."""
    return [_for_person(sentence, cure, user) for sentence, cure in _all(basis)]


def _for_person(sentence: str, cure: Cure | None, user: User) -> Obstacle:
    if cure is None:
        return Obstacle(sentence)
    if may_open(user, cure.permission):
        return Obstacle(sentence, cure.url, cure.label)
    return Obstacle(_("{sentence} Ask an administrator.").format(sentence=sentence))


Found = tuple[str, Cure | None]


def _all(basis: Basis) -> Iterator[Found]:
    run, setup = basis.run, basis.setup
    if (hold := write_hold.current()) is not None:
        yield str(write_hold.SENTENCE), Cure(_("Open the report"), write_hold.page_of(hold), "core.view_writehold")
    if run.status == Run.Status.SUCCESS:
        yield _("This run succeeded; there is nothing to open a ticket for."), None
    if live_link(run):
        yield _("This run already has a ticket."), None
    if run.manual_ticket_number:
        said = _("The ticket number {number} was entered by hand; link that ticket, or remove the number first.")
        yield said.format(number=run.manual_ticket_number), None
    yield from _mapping(run, basis.mapping)
    if setup is None:
        add = Cure(_("Add the integration"), reverse("admin:core_integration_add"), "core.add_integration")
        yield _("No Autotask integration is set up for {client}.").format(client=run.client), add
    else:
        yield from _integration(setup, basis.known)


def _mapping(run: Run, mapping: CompanyMapping | None) -> Iterator[Found]:
    customer = run.job.customer
    page = reverse("admin:backup_tickets_customer_change", args=[customer.pk])
    cure = Cure(_("Open the customer"), page, "backup_tickets.change_companymapping")
    if mapping is None:
        yield _("{customer} is not mapped to an Autotask company.").format(customer=customer), cure
    elif not mapping.is_usable:
        said = _("The Autotask company of {customer} is {status}.")
        said = said.format(customer=customer, status=mapping.get_status_display())
        yield f"{said} {mapping.cause}".strip(), cure


def _integration(setup: Setup, known: Known) -> Iterator[Found]:
    integration = setup.integration
    page = reverse("admin:core_integration_change", args=[integration.pk])
    cure = Cure(_("Open the integration"), page, "core.change_integration")
    if not integration.client.is_active:
        yield _("{client} is not active.").format(client=integration.client), None
    if not integration.is_enabled:
        yield _("The Autotask integration is switched off."), cure
    if setup.connection is None:
        yield _("No Autotask connection is chosen."), cure
        return
    yield from _connection(setup.connection)
    if setup.options is None:
        settings_page = reverse("admin:backup_tickets_ticketoptions_change", args=[integration.pk])
        yield (
            _("The ticket settings have not been saved yet."),
            Cure(_("Open the ticket settings"), settings_page, "backup_tickets.change_ticketoptions"),
        )
        return
    yield from _options(setup.options, known)


def _connection(connection: Connection) -> Iterator[Found]:
    page = reverse("admin:core_connection_change", args=[connection.pk])
    cure = Cure(_("Open the connection"), page, "core.change_connection")
    if connection.is_paused:
        yield _("The connection {connection} is paused.").format(connection=connection), cure
    if connection.health == Connection.Health.ATTENTION:
        why = connection.health_cause.rstrip(".")
        said = (
            _("The connection {connection} needs attention: {why}.")
            if why
            else _("The connection {connection} needs attention.")
        )
        yield said.format(connection=connection, why=why), cure


def _options(options: TicketOptions, known: Known) -> Iterator[Found]:
    page = reverse("admin:backup_tickets_ticketoptions_change", args=[options.pk])
    cure = Cure(_("Open the ticket settings"), page, "backup_tickets.change_ticketoptions")
    problem = base_url_problem(base_url(options))
    if problem:
        yield problem, cure
    told: set[str] = set()
    for option in PICKLIST_OPTIONS:
        problem = picklist_problem(options, option, known)
        if problem and problem not in told:
            told.add(problem)
            yield problem, cure
