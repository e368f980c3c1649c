"""Resolving a run's ticket: the click, and the job that goes on where a click was interrupted.

The intent is the ticket's, not the run's: the database lets one open resolving per ticket pass, so two operators on two
runs of one ticket share it. What the steps are is in `resolution`.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import audit, jobs, write_hold
from integrations.core.jobs import Again, Claim
from integrations.core.models import Job, User
from integrations.core.opening import open_connection
from integrations.transport.errors import TemporaryError, VendorError

from . import resolution
from .models import Resolution, Run, Ticket, TicketLink
from .obstacles import live_link
from .recovery import WAIT
from .resolution import State, TakenOver
from .setup import is_on, setup_of, why_off
from .snapshots import UnclearAbsence
from .tickets import FIRST_LOOKUP, RECOVER_AFTER, SEND_WITHIN

KEY_PREFIX = "res-"
RECOVERY = "backup_tickets.recover_resolution"
GOES_ON_FOR = dt.timedelta(minutes=30)  # after that, nothing is closed any more on the word of an old click
SHORTEST, LONGEST = dt.timedelta(seconds=10), dt.timedelta(hours=1)  # between two tries without an answer

INTERRUPTED = _("The portal was interrupted before anything was sent; the ticket is as it was. Try again.")
TOO_LATE = _(
    "The note is written, but the portal was interrupted for so long that it did not close the ticket. "
    "Resolve it once more; the note is not repeated."
)


class NotPossibleError(Exception):
    """The ticket cannot be resolved just now, and nothing was sent; the message says why, in a sentence."""


def resolve(run: Run, *, user: User) -> Resolution:
    """Resolve the run's ticket, or show the resolving that is going on; `state` and `cause` say what came of it.

    `resolved`, `already_closed`; `stays_open` (time entries); `deleted`; `failed`: not resolved, and why; any other
    state: being finished in the background. Raises `NotPossibleError`, with nothing sent.
    """
    link = _ready(run)
    assert link.ticket is not None
    if going_on := open_resolution(link.ticket):
        return going_on
    try:
        row, recovery = _intend(run, link, user=user)
    except IntegrityError:  # another click was first; the database lets one pass
        if going_on := open_resolution(link.ticket):
            return going_on
        raise NotPossibleError(gettext("Another resolving has just ended; look at it and try again.")) from None
    _carry_out(row, user=user)
    row.refresh_from_db()
    if row.is_open:
        _hand_over(row)
    else:
        jobs.cancel(recovery)
    return row


def open_resolution(ticket: Ticket) -> Resolution | None:
    """The resolving of this ticket that is going on."""
    return Resolution.objects.filter(ticket=ticket, state__in=Resolution.OPEN).select_related("by", "ticket").first()


def _ready(run: Run) -> TicketLink:
    if write_hold.is_on():
        raise NotPossibleError(str(write_hold.SENTENCE))
    link = live_link(run)
    if link is None or link.ticket is None:
        raise NotPossibleError(gettext("This run has no ticket that Autotask has confirmed."))
    if link.state == TicketLink.State.RESOLVED:
        raise NotPossibleError(gettext("Ticket {ticket} is closed already.").format(ticket=link.ticket))
    if link.state != TicketLink.State.ACTIVE:
        raise NotPossibleError(gettext("Autotask has not confirmed the ticket yet."))
    setup = setup_of(run.client)
    if off := why_off(setup):
        raise NotPossibleError(off)
    if setup is None or setup.options is None or not setup.options.resolve_allowed:
        raise NotPossibleError(gettext("Resolving tickets from here is switched off in the ticket settings."))
    return link


def _intend(run: Run, link: TicketLink, *, user: User) -> tuple[Resolution, Job]:
    assert link.ticket is not None
    now = timezone.now()
    with transaction.atomic(durable=True):
        entry = audit.begin(
            "backup_tickets.resolve_ticket",
            user=user,
            client=run.client,
            connection=link.connection,
            record=f"run:{run.pk}",
            detail=gettext("Ticket {ticket}").format(ticket=link.ticket),
        )
        row = Resolution.objects.create(
            ticket=link.ticket,
            run=run,
            key=f"{KEY_PREFIX}{uuid.uuid4()}",
            by=user,
            audit=entry,
            moved_at=now,
            click_until=now + RECOVER_AFTER,
        )
        recovery = jobs.enqueue(
            RECOVERY,
            row.pk,
            not_before=now + RECOVER_AFTER,
            priority=Job.Priority.CLICK,
            trigger=Job.Trigger.MANUAL,
            user=user,
        )
    return row, recovery


def _carry_out(row: Resolution, *, user: User) -> None:
    """The calls of a click. Errors leave the opened connection, so that its health shows them."""
    try:
        with open_connection(
            row.ticket.connection,
            source="resolve ticket",
            user=user,
            record=f"run:{row.run_id}",
            interactive=True,
            guard=lambda: _still_in_time(row),
        ) as api:
            resolution.carry_on(api, row, actor=user.get_username())
    except TakenOver:
        return
    except (VendorError, UnclearAbsence) as error:
        _not_begun(row, str(error))


def _still_in_time(row: Resolution) -> None:
    """Runs right before each call. A click that was frozen must not send into another's decision."""
    if timezone.now() >= row.at + SEND_WITHIN:
        raise TemporaryError(gettext("The portal was too busy to send it in time; try again."))


def _not_begun(row: Resolution, cause: str) -> None:
    """What fails before the first write is over; after it, the job goes on."""
    if row.state != State.STARTED:
        return
    try:
        resolution.fail(row, gettext("Nothing was changed. {why}").format(why=cause))
    except TakenOver:
        return


def _hand_over(row: Resolution) -> None:
    """The click is over without a result: the job goes on soon."""
    soon = timezone.now() + FIRST_LOOKUP
    with transaction.atomic():
        Resolution.objects.filter(pk=row.pk).update(click_until=soon)
        jobs.enqueue(RECOVERY, row.pk, not_before=soon, priority=Job.Priority.CLICK)


def recover_resolution(claim: Claim, resolution_id: int) -> str:
    """Job: go on with a resolving whose click was interrupted or got no answer, until it has ended."""
    row = Resolution.objects.select_related("ticket__connection", "run__client", "audit").get(pk=resolution_id)
    if not row.is_open:
        return gettext("Nothing to do: {state}.").format(state=row.get_state_display())
    if timezone.now() < row.click_until:
        raise Again(at=row.click_until, outcome=gettext("The click is still at work."))
    try:
        return _go_on(claim, row)
    except TakenOver:
        said = gettext("Another process is at work on it.")
        raise Again(at=timezone.now() + SHORTEST, outcome=said) from None
    except UnclearAbsence as error:
        raise Again(at=_next_try(row), outcome=str(error)) from error
    except VendorError as error:
        raise Again(at=_next_try(row), outcome=gettext("Not finished: {why}").format(why=error.message)) from error


def _go_on(claim: Claim, row: Resolution) -> str:
    if row.state == State.STARTED:
        resolution.fail(row, str(INTERRUPTED))
        return gettext("It had not begun.")
    if row.state == State.NOTED and timezone.now() > row.at + GOES_ON_FOR:
        resolution.fail(row, str(TOO_LATE))
        return gettext("Too late to close it.")
    if not is_on(row.run.client):
        raise Again(at=timezone.now() + WAIT, outcome=gettext("Waiting: the integration is switched off."))
    with open_connection(
        row.ticket.connection, source="recover resolution", record=f"run:{row.run_id}", guard=claim.check
    ) as api:
        resolution.carry_on(api, row, actor="ticket recovery")
    return f"{capfirst(row.get_state_display())}."


def _next_try(row: Resolution) -> dt.datetime:
    now = timezone.now()
    return now + min(max((now - row.at) / 4, SHORTEST), LONGEST)
