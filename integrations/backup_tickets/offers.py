"""What may be done with a run's ticket just now: by its state, the settings and the person. No call to Autotask."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.core.models import User

from . import permissions
from .models import Run, Ticket, TicketLink
from .obstacles import Basis, live_link
from .setup import why_off

State = TicketLink.State


@dataclass(frozen=True, slots=True)
class Offers:
    """Which buttons the run's page shows. `link` is the run's live link, `same_job` the ticket it could join."""

    link: TicketLink | None
    same_job: TicketLink | None = None
    create: bool = False
    link_existing: bool = False
    note: bool = False
    resolve: bool = False
    check: bool = False
    enter_number: bool = False
    review: bool = False
    undo: bool = False


def offers(basis: Basis, user: User) -> Offers:
    """What this person may do with this run's ticket, as far as the portal knows."""
    run, link = basis.run, live_link(basis.run)
    failed = run.status != Run.Status.SUCCESS
    on = not why_off(basis.setup)
    ticket = link.ticket if link else None
    may_link = user.has_perm(permissions.LINK_TICKET)
    free = failed and link is None
    may_review = user.has_perm(permissions.REVIEW_RUN)
    has_open = link is not None and link.state == State.ACTIVE and ticket is not None
    return Offers(
        link,
        same_job=open_ticket_of_job(run) if free and on and may_link else None,
        create=free and user.has_perm(permissions.CREATE_TICKET),
        link_existing=free and on and may_link,
        note=on and has_open and may_link,
        resolve=on and has_open and resolving_allowed(basis) and user.has_perm(permissions.RESOLVE_TICKET),
        check=on and ticket is not None and may_link,
        enter_number=failed and link is None and manual_allowed(basis) and may_link,
        review=free and run.reviewed_at is None and may_review,
        undo=run.reviewed_at is not None and may_review,
    )


def resolving_allowed(basis: Basis) -> bool:
    return bool(basis.setup and basis.setup.options and basis.setup.options.resolve_allowed)


def manual_allowed(basis: Basis) -> bool:
    """Numbers are entered by hand while the integration is off, and besides it in compatibility mode."""
    setup = basis.setup
    if setup is None or not setup.integration.is_enabled:
        return True
    return bool(setup.options and setup.options.manual_numbers_allowed)


def open_ticket_of_job(run: Run) -> TicketLink | None:
    """The newest link of another run of the same job whose ticket is open."""
    others = TicketLink.objects.filter(run__job=run.job_id, state=State.ACTIVE, ticket__state=Ticket.State.OPEN)
    return (
        others.exclude(run=run)
        .select_related("ticket", "run", "connection")
        .order_by("-run__started_at", "-pk")
        .first()
    )
