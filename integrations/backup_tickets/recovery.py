"""Finding out what became of a create call that got no answer, or whose process died (spec, 4.3).

Autotask may work on a call for up to five minutes, so the key is looked up at 5, 30, 120 and 300 seconds. Found: the
ticket is adopted. Not found after the last look-up: the link is abandoned and a person may try again; the key is
watched for another day, because a commit later than documented would otherwise stay unseen. Nothing here ever sends a
create call.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.jobs import Again, Claim
from integrations.core.opening import open_connection
from integrations.transport.errors import NotFoundError, VendorError

from . import links
from .models import TicketLink
from .setup import is_on
from .snapshots import remember
from .tickets import RECOVER_AFTER, SEND_WITHIN, find_tickets

State = TicketLink.State

LOOKUPS = tuple(dt.timedelta(seconds=s) for s in (5, 30, 120, 300))
WATCH = tuple(dt.timedelta(minutes=m) for m in (15, 30, 60, 120, 240, 480, 960, 1440))
RETRY = (dt.timedelta(seconds=30), dt.timedelta(hours=1))  # after a look-up without an answer: soon, then ever later
WAIT = dt.timedelta(minutes=5)  # while the integration is off

NOTHING_FOUND = gettext_lazy(
    "Autotask has no ticket with this attempt's key, five minutes after it was sent. It was not created; try again."
)
PROCESS_DIED = gettext_lazy("The portal was interrupted while it sent the ticket.")


def recover_creation(claim: Claim, link_id: int) -> str:
    """Job: decide what became of one creation. Runs again until it is decided and no longer watched."""
    link = TicketLink.objects.select_related("run__client", "connection", "ticket").get(pk=link_id)
    if link.state == State.CREATING:
        _take_over(link)
    if link.state == State.ACTIVE and not link.ticket.number:
        return _read_number(claim, link)
    if link.state != State.UNKNOWN and not _is_watched(link):
        return _("Nothing to do: {state}.").format(state=link.get_state_display())
    return _look_up(claim, link)


def _take_over(link: TicketLink) -> None:
    """A link still "creating" after its click's deadline belongs to a dead process; the call may have been sent."""
    over = link.send_before - SEND_WITHIN + RECOVER_AFTER
    if timezone.now() < over:
        raise Again(at=over, outcome=_("The click is still at work."))
    links.doubt(link, str(PROCESS_DIED), since=link.send_before)
    link.refresh_from_db()


def _is_watched(link: TicketLink) -> bool:
    return link.state == State.ABANDONED and link.watch_until is not None and timezone.now() <= link.watch_until + WAIT


def _look_up(claim: Claim, link: TicketLink) -> str:
    assert link.unknown_since is not None
    _wait_until(link.unknown_since + LOOKUPS[0])
    _wait_while_off(link)
    try:
        with open_connection(
            link.connection, source="recover creation", record=_record(link), guard=claim.check
        ) as api:
            started = timezone.now()
            found = find_tickets(api, [link.key])
            if found:
                links.adopt(
                    link,
                    found,
                    url=api.ticket_url,
                    how=_("After an unknown outcome {ticket} was found by its key and adopted."),
                )
    except VendorError as error:
        said = _("Not looked up: {why}").format(why=error.message)
        raise Again(at=_retry_at(link.unknown_since), outcome=said) from error
    TicketLink.objects.filter(pk=link.pk).update(lookups=F("lookups") + 1)
    if found:
        return _("Found {ticket}.").format(ticket=found[0].number or found[0].id)
    return _nothing_found(link, link.unknown_since, started)


def _nothing_found(link: TicketLink, since: dt.datetime, looked_at: dt.datetime) -> str:
    """`looked_at` is when the look-up began: what came into being after it was not seen."""
    if looked_at >= since + LOOKUPS[-1]:
        links.give_up(link, str(NOTHING_FOUND), watch_until=since + WATCH[-1])
    for offset in (*LOOKUPS, *WATCH):
        if looked_at < since + offset:
            raise Again(at=since + offset, outcome=_("Not found yet; looking again."))
    return _("Not found within a day.")


def _retry_at(since: dt.datetime) -> dt.datetime:
    shortest, longest = RETRY
    now = timezone.now()
    return now + min(max((now - since) / 4, shortest), longest)


def _read_number(claim: Claim, link: TicketLink) -> str:
    """The ticket was created, but reading it back failed: read its number and status now."""
    _wait_while_off(link)
    assert link.ticket is not None
    try:
        with open_connection(link.connection, source="read ticket", record=_record(link), guard=claim.check) as api:
            said = api.get_ticket(link.ticket.ticket_id)
            row = remember(link.connection, said, url=api.ticket_url(said.id))
    except NotFoundError:
        return _("Autotask no longer has ticket {id}.").format(id=link.ticket.ticket_id)
    except VendorError as error:
        raise Again(at=timezone.now() + WAIT, outcome=_("Not read: {why}").format(why=error.message)) from error
    return _("Read {ticket}.").format(ticket=row)


def _wait_until(moment: dt.datetime) -> None:
    if timezone.now() < moment:
        raise Again(at=moment, outcome=_("Too early to look."))


def _wait_while_off(link: TicketLink) -> None:
    """While the integration is off no call goes out, not even a read; the work goes on when it is on again."""
    if not is_on(link.run.client):
        raise Again(at=timezone.now() + WAIT, outcome=_("Waiting: the integration is switched off."))


def _record(link: TicketLink) -> str:
    return f"run:{link.run_id}"
