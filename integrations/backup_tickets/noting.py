"""Writing an operator's internal note on a run's ticket, once.

The intent is committed first, with the job that will find out if we die. A note has no field for a key of ours, so it
stands in the title, by which a lost answer is looked up. Nothing but a click ever sends a note.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import audit, jobs, write_hold
from integrations.core.jobs import Again, Claim
from integrations.core.models import AuditEntry, Job, User
from integrations.core.opening import open_connection
from integrations.transport.errors import MalformedResponseError, TemporaryError, UnknownOutcomeError, VendorError

from . import checking
from .models import Run, TicketLink, TicketNote
from .obstacles import live_link
from .recovery import LOOKUPS, WAIT
from .setup import is_on, setup_of, why_off
from .snapshots import UnclearAbsence
from .tickets import FIRST_LOOKUP, RECOVER_AFTER, SEND_WITHIN

State = TicketNote.State

UNDECIDED = (State.SENDING, State.UNKNOWN)
KEY_PREFIX = "nte-"
LONGEST = 32_000  # characters; Autotask's limit
RECOVERY = "backup_tickets.recover_note"

DELETED = _("The ticket was deleted in Autotask.")
NOT_FOUND = _("Autotask has no note with this attempt's key, five minutes after it was sent. Write it again.")
INTERRUPTED = _("The portal was interrupted while it sent the note.")
OUTCOMES = {
    State.SENT: AuditEntry.Outcome.DONE,
    State.NOT_SENT: AuditEntry.Outcome.REFUSED,
    State.UNKNOWN: AuditEntry.Outcome.UNKNOWN,
}


class NotPossibleError(Exception):
    """The note was not sent; the message says why, in a sentence."""


def new_key() -> str:
    """For the form: the same key sent twice is one note."""
    return f"{KEY_PREFIX}{uuid.uuid4()}"


def add_note(run: Run, text: str, *, user: User, key: str = "") -> TicketNote:
    """Write this text as an internal note on the run's open ticket; `state` and `cause` say what came of it.

    `key` (`new_key()`) makes a repeated click harmless. Raises `NotPossibleError`, with nothing sent.
    """
    text = text.replace("\x00", "").strip()
    link = _ready(run, text)
    try:
        note, recovery = _intend(run, link, text, user=user, key=key or new_key())
    except IntegrityError:  # the same form, sent twice
        first: TicketNote | None = TicketNote.objects.filter(run=run, key=key).select_related("ticket").first()
        if first is None:
            raise NotPossibleError(gettext("That form belongs to another run; open this run again.")) from None
        return first
    try:
        _send(note, user=user)
    except UnclearAbsence as error:
        _settle(note, State.NOT_SENT, str(error))
    except VendorError as error:
        why = gettext("Not sent: {why}").format(why=error.message)
        _settle(note, State.NOT_SENT, why)  # unless it was sent: then it is decided already
    note.refresh_from_db()
    if note.state == State.UNKNOWN:
        jobs.enqueue(RECOVERY, note.pk, not_before=timezone.now() + FIRST_LOOKUP, priority=Job.Priority.CLICK)
    else:
        jobs.cancel(recovery)
    return note


def title_of(note: TicketNote) -> str:
    """The note's title in Autotask: who wrote it, and the key to find it again."""
    return f"Backupchecks: note by {note.by.get_username()[:100]} ({note.key})"


def _ready(run: Run, text: str) -> TicketLink:
    if write_hold.is_on():
        raise NotPossibleError(str(write_hold.SENTENCE))
    if not text:
        raise NotPossibleError(gettext("The note is empty; write something."))
    if len(text) > LONGEST:
        said = gettext("The note has {count} characters; Autotask takes {most}. Shorten it.")
        raise NotPossibleError(said.format(count=f"{len(text):,}", most=f"{LONGEST:,}"))
    link = live_link(run)
    if link is None or link.state != TicketLink.State.ACTIVE or link.ticket is None:
        raise NotPossibleError(gettext("This run has no open ticket."))
    if off := why_off(setup_of(run.client)):
        raise NotPossibleError(off)
    return link


def _intend(run: Run, link: TicketLink, text: str, *, user: User, key: str) -> tuple[TicketNote, Job]:
    now = timezone.now()
    assert link.ticket is not None
    with transaction.atomic(durable=True):
        entry = audit.begin(
            "backup_tickets.add_note",
            user=user,
            client=run.client,
            connection=link.connection,
            record=f"run:{run.pk}",
            detail=text[:200],
        )
        note = TicketNote.objects.create(
            ticket=link.ticket, run=run, key=key, text=text, by=user, audit=entry, send_before=now + SEND_WITHIN
        )
        recovery = jobs.enqueue(
            RECOVERY,
            note.pk,
            not_before=now + RECOVER_AFTER,
            priority=Job.Priority.CLICK,
            trigger=Job.Trigger.MANUAL,
            user=user,
        )
    return note, recovery


def _send(note: TicketNote, *, user: User) -> None:
    with open_connection(
        note.ticket.connection,
        source="add note",
        user=user,
        record=f"run:{note.run_id}",
        interactive=True,
        guard=lambda: _still_in_time(note),
    ) as api:
        if checking.read(api, note.ticket, actor=user.get_username()) is None:
            _settle(note, State.NOT_SENT, str(DELETED))
            return
        try:
            note_id = api.add_note(note.ticket.ticket_id, title=title_of(note), text=note.text)
        except (UnknownOutcomeError, MalformedResponseError) as error:
            _settle(note, State.UNKNOWN, error.message)
            raise
        _settle(note, State.SENT, "", note_id=note_id, after=UNDECIDED)


def _still_in_time(note: TicketNote) -> None:
    if timezone.now() >= note.send_before:
        raise TemporaryError(gettext("The portal was too busy to send it in time; try again."))


def _settle(
    note: TicketNote,
    state: TicketNote.State,
    cause: str,
    *,
    note_id: int | None = None,
    after: Collection[TicketNote.State] = (State.SENDING,),
) -> None:
    """Store what became of the note, once: a click and its recovery job may both learn it.

    `after` are the states from which this follows; in any other one somebody else has decided.
    """
    with transaction.atomic():
        locked = TicketNote.objects.select_for_update(of=("self",)).select_related("audit").get(pk=note.pk)
        if locked.state not in after:
            return
        locked.state, locked.cause, locked.note_id = state, cause, note_id
        locked.save(update_fields=["state", "cause", "note_id"])
        audit.finish(
            locked.audit, OUTCOMES[state], detail=cause, vendor_record=f"note {note_id}" if note_id is not None else ""
        )


def recover_note(claim: Claim, note_pk: int) -> str:
    """Job: find out what became of a note without an answer. Looks it up by its key until it is decided."""
    note = TicketNote.objects.select_related("ticket__connection", "run__client", "by", "audit").get(pk=note_pk)
    if note.state == State.SENDING:
        _take_over(note)
    if note.state != State.UNKNOWN:
        return gettext("Nothing to do: {state}.").format(state=note.get_state_display())
    if not is_on(note.run.client):
        raise Again(at=timezone.now() + WAIT, outcome=gettext("Waiting: the integration is switched off."))
    started = timezone.now()
    try:
        with open_connection(
            note.ticket.connection, source="recover note", record=f"run:{note.run_id}", guard=claim.check
        ) as api:
            found = api.find_notes(note.ticket.ticket_id, [title_of(note)])
    except VendorError as error:
        said = gettext("Not looked up: {why}").format(why=error.message)
        raise Again(at=timezone.now() + WAIT, outcome=said) from error
    if found:
        _settle(note, State.SENT, "", note_id=next(iter(found.values())), after=UNDECIDED)
        return gettext("Found.")
    if started >= note.send_before + LOOKUPS[-1]:
        _settle(note, State.NOT_SENT, str(NOT_FOUND), after=UNDECIDED)
        return gettext("Not found.")
    raise Again(at=_next_lookup(note.send_before, started), outcome=gettext("Not found yet; looking again."))


def _take_over(note: TicketNote) -> None:
    over = note.send_before - SEND_WITHIN + RECOVER_AFTER
    if timezone.now() < over:
        raise Again(at=over, outcome=gettext("The click is still at work."))
    _settle(note, State.UNKNOWN, str(INTERRUPTED))
    note.refresh_from_db()


def _next_lookup(since: dt.datetime, now: dt.datetime) -> dt.datetime:
    return next((since + offset for offset in LOOKUPS if since + offset > now), now + WAIT)
