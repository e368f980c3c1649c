"""The steps of one resolving, each stored before its call (spec, section 5).

    started → noting → noted → closing → closed → resolved
                         │        │         └──────→ restoring → stays open     time entries slipped in
                         └────────┴────────────────────────────→ stays open     time entries are present

Whoever goes on after a crash reads the ticket first and then knows from the stored step what may have been sent: a note
is looked up by its title, a closing by the ticket's status. The note is sent by the click alone; the closing may be
sent again, since it does nothing to a closed ticket.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.core import audit
from integrations.core.models import AuditEntry
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.vendors.autotask.api import COMPLETE, AutotaskApi

from . import checking
from .mapping import RESOLVED_NOTE, STAYS_OPEN_NOTE
from .models import Resolution

State = Resolution.State
Note = Resolution.Note

TEXTS = {Note.RESOLVED: RESOLVED_NOTE, Note.STAYS_OPEN: STAYS_OPEN_NOTE}
MOST_CLOSINGS = 3
STILL_AT_WORK = dt.timedelta(minutes=5, seconds=20)  # so long Autotask may be working on a call begun in a step

DONE = {
    State.RESOLVED: AuditEntry.Outcome.DONE,
    State.STAYS_OPEN: AuditEntry.Outcome.DONE,
    State.ALREADY_CLOSED: AuditEntry.Outcome.DONE,
    State.DELETED: AuditEntry.Outcome.REFUSED,
    State.FAILED: AuditEntry.Outcome.REFUSED,
}
# Compared with what is stored while a closing may still arrive, so it is the same in every language.
LATE_ENTRIES = "Time was booked on it after the note was written, so it was not closed."
REOPENED = _("Time was booked on it while it was being closed, so its status was set back to what it was.")
NOT_RESTORED = _(
    "Time was booked on it while it was being closed, and Autotask refused to set its status back; open it there. "
    "{said}"
)
NOT_STUCK = _(
    "Autotask accepted the closing, but the ticket still has the status {status}. The note is written; look at the "
    "ticket in Autotask, or resolve it once more."
)


class TakenOver(Exception):
    """Somebody else has moved this resolving on; whoever sees this stops."""


def title_of(row: Resolution) -> str:
    """The note's title in Autotask, with the key to find it again; its text is exactly the fixed one."""
    return f"Backupchecks ({row.key})"


def carry_on(api: AutotaskApi, row: Resolution, *, actor: str) -> None:
    """Take the steps until it has ended. Raises `VendorError` and `TakenOver`; the row says how far it is."""
    while row.is_open:
        STEPS[State(row.state)](api, row, actor)


def move(row: Resolution, state: Resolution.State, **values: object) -> None:
    """Store the next step, unless somebody else has left this one already (`TakenOver`)."""
    now = timezone.now()
    with transaction.atomic():
        mine = Resolution.objects.filter(pk=row.pk, state=row.state, moved_at=row.moved_at)
        if not mine.update(state=state, moved_at=now, **values):
            raise TakenOver(f"{row} was moved on by another process.")
        if state in DONE:
            record = f"ticket {row.ticket.ticket_id}"
            detail = gettext("{ticket}: {state}.").format(ticket=row.ticket, state=State(state).label)
            detail = f"{detail} {values.get('cause', row.cause)}".strip()
            audit.finish(row.audit, DONE[state], detail=detail, vendor_record=record)
    for name, value in {"state": state, "moved_at": now, **values}.items():
        setattr(row, name, value)


def fail(row: Resolution, cause: str) -> None:
    """End it without a result; a person may try again."""
    move(row, State.FAILED, cause=cause)


# --- steps ------------------------------------------------------------------------------------------------------------


def _start(api: AutotaskApi, row: Resolution, actor: str) -> None:
    """Read the ticket and its time entries at the moment of sending, and write the note that fits."""
    said = checking.read(api, row.ticket, actor=actor)
    if said is None:
        move(row, State.DELETED, cause=gettext("The ticket was deleted in Autotask."))
        return
    if said.status == COMPLETE:
        move(row, State.ALREADY_CLOSED, cause=gettext("Somebody had closed it already."))
        return
    entries = api.count_time_entries(said.id)
    note = Note.STAYS_OPEN if entries else Note.RESOLVED
    cause = _present(entries) if entries else ""
    written = _written_before(api, row, note)
    if written is not None:
        move(row, State.NOTED, note=note, note_id=written, status_before=said.status, cause=cause)
        return
    move(row, State.NOTING, note=note, status_before=said.status, cause=cause)
    _send_note(api, row)


def _present(entries: int) -> str:
    said = ngettext(
        "It has {count} time entry, so it was not closed; the internal note tells its owner.",
        "It has {count} time entries, so it was not closed; the internal note tells its owner.",
        entries,
    )
    return said.format(count=entries)


def _written_before(api: AutotaskApi, row: Resolution, note: Resolution.Note) -> int | None:
    """The same note of an earlier resolving that did not end with a closed ticket: it is not repeated."""
    earlier = Resolution.objects.filter(ticket=row.ticket_id).exclude(pk=row.pk)
    closed = earlier.filter(state__in=(State.RESOLVED, State.ALREADY_CLOSED)).order_by("-pk").first()
    same = earlier.filter(note=note, pk__gt=closed.pk if closed else 0).order_by("pk")
    titles = [title_of(one) for one in same]
    return next(iter(api.find_notes(row.ticket.ticket_id, titles).values()), None) if titles else None


def _send_note(api: AutotaskApi, row: Resolution) -> None:
    try:
        note_id = api.add_note(row.ticket.ticket_id, title=title_of(row), text=TEXTS[Note(row.note)])
    except (UnknownOutcomeError, MalformedResponseError):
        raise  # it may have been written; the step says so
    except TemporaryError as error:
        fail(row, gettext("The note was not sent, so nothing was changed. {why}").format(why=error.message))
        raise
    except VendorError as error:
        fail(row, gettext("The note was refused, so nothing was changed. {why}").format(why=error.message))
        if isinstance(error, ConfigurationError):
            raise
        return
    move(row, State.NOTED, note_id=note_id)


def _look_for_note(api: AutotaskApi, row: Resolution, actor: str) -> None:
    """The note may have been sent: look it up, and decide when Autotask cannot be working on it any more."""
    looked_at = timezone.now()
    found = api.find_notes(row.ticket.ticket_id, [title_of(row)])
    if found:
        move(row, State.NOTED, note_id=next(iter(found.values())))
    elif looked_at >= row.moved_at + STILL_AT_WORK:
        fail(row, gettext("The internal note got no answer and was not written; the ticket is as it was. Try again."))
    else:
        raise TemporaryError(gettext("The note is not found yet; looking again."))


def _close(api: AutotaskApi, row: Resolution, actor: str) -> None:
    """Count the time entries once more, between note and closing; then close, and read back whether it stuck."""
    if row.note == Note.STAYS_OPEN:
        move(row, State.STAYS_OPEN)
        return
    if api.count_time_entries(row.ticket.ticket_id):
        move(row, State.STAYS_OPEN, cause=LATE_ENTRIES)
        return
    _send_closing(api, row, actor)


def _send_closing(api: AutotaskApi, row: Resolution, actor: str) -> None:
    move(row, State.CLOSING, closings=row.closings + 1)
    try:
        api.set_status(row.ticket.ticket_id, COMPLETE)
    except RejectedError as error:
        said = gettext("The note is written, but Autotask refused to close the ticket. {why}")
        fail(row, said.format(why=error.message))
        return
    _read_back(api, row, actor)


def _read_back(api: AutotaskApi, row: Resolution, actor: str) -> None:
    """Whether the closing stuck; the same after a crash, when it may not even have been sent."""
    said = checking.read(api, row.ticket, actor=actor)
    if said is None:
        move(row, State.DELETED, cause=gettext("The ticket was deleted in Autotask."))
    elif said.status == COMPLETE:
        move(row, State.CLOSED)
    elif api.count_time_entries(said.id):
        move(row, State.RESTORING, cause=LATE_ENTRIES)  # a closing under way may still arrive
    elif row.closings < MOST_CLOSINGS:
        _send_closing(api, row, actor)
    else:
        fail(row, str(NOT_STUCK).format(status=row.ticket.status_label))


def _count_again(api: AutotaskApi, row: Resolution, actor: str) -> None:
    """Time may have been booked in the moment of closing."""
    if api.count_time_entries(row.ticket.ticket_id):
        move(row, State.RESTORING, cause=str(REOPENED))
    else:
        move(row, State.RESOLVED, cause="")


def _restore(api: AutotaskApi, row: Resolution, actor: str) -> None:
    """Set a ticket with time entries back to its status, and see to it that no late closing closes it again."""
    said = checking.read(api, row.ticket, actor=actor)
    if said is None:
        move(row, State.DELETED, cause=gettext("The ticket was deleted in Autotask."))
        return
    if said.status == COMPLETE:
        assert row.status_before is not None
        try:
            api.set_status(said.id, row.status_before)
        except RejectedError as error:
            fail(row, str(NOT_RESTORED).format(said=error.message))
            return
        said = checking.read(api, row.ticket, actor=actor)
    if said is None or said.status == COMPLETE:
        raise TemporaryError(gettext("The ticket is still closed although time was booked on it; trying again."))
    if row.cause == LATE_ENTRIES and timezone.now() < row.moved_at + STILL_AT_WORK:
        raise TemporaryError(gettext("A closing without an answer may still arrive; looking again."))
    move(row, State.STAYS_OPEN)


Step = Callable[[AutotaskApi, Resolution, str], None]
STEPS: dict[Resolution.State, Step] = {
    State.STARTED: _start,
    State.NOTING: _look_for_note,
    State.NOTED: _close,
    State.CLOSING: _read_back,
    State.CLOSED: _count_again,
    State.RESTORING: _restore,
}
