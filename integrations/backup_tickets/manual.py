"""Ticket numbers entered by hand: the workflow while the integration is off, and beside it in compatibility mode.

Such a number is a remark of ours. Nothing is sent anywhere, and it is never resolvable until it is linked.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.core import audit
from integrations.core.models import AuditEntry, User

from . import attention
from .models import Run, TicketLink
from .obstacles import basis_of
from .offers import manual_allowed

LONGEST = 50


class NotPossibleError(Exception):
    """The number was not stored; the message says why, in a sentence."""


def set_number(run: Run, number: str, *, user: User) -> None:
    """Store this ticket number with the run; an empty one takes it away. Raises `NotPossibleError`."""
    number = number.replace("\x00", "").strip()
    if len(number) > LONGEST:
        raise NotPossibleError(_("A ticket number has at most {most} characters.").format(most=LONGEST))
    if number and not manual_allowed(basis_of(run)):
        raise NotPossibleError(
            _("While the Autotask integration is on, numbers are not entered by hand; link the ticket.")
        )
    with transaction.atomic():
        attention.lock_jobs([run.pk])
        if number and TicketLink.objects.filter(run=run, state__in=TicketLink.LIVE).exists():
            raise NotPossibleError(_("This run already has a ticket."))
        if number == run.manual_ticket_number:
            return
        before, run.manual_ticket_number = run.manual_ticket_number, number
        run.save(update_fields=["manual_ticket_number"])
        entry = audit.begin("backup_tickets.enter_number", user=user, client=run.client, record=f"run:{run.pk}")
        detail = _("Ticket number {number} entered by hand.") if number else _("Ticket number {number} taken away.")
        audit.finish(entry, AuditEntry.Outcome.DONE, detail=detail.format(number=number or before))
        attention.refresh(run)
