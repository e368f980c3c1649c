"""After a restore nothing is written to a vendor until a person has seen the report and resumes.

`check` stands at the one door through which every write leaves (`opening.open_connection`). It also notices by itself
that the database was put back (`marks`), so no write can be faster than the notice. Reads go; webhooks are taken; what
would write waits, as it waits for a spent quota: no attempt is used up, no record is held.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.transport.errors import WritesHeld

from . import audit, jobs, marks
from .models import AuditEntry, DatabaseMark, Integration, Job, Readoption, User, WriteHold

logger = logging.getLogger("portal.restoring")

SENTENCE = _(
    "Writes are paused since the database was restored from a backup; "
    "they go on when an administrator has seen the report and resumes them."
)
PAUSE = timedelta(minutes=1)  # between two looks of a waiting job; resuming brings it forward
READOPT = "core.readopt"
BEHIND = _("This machine remembers a later state of the database than the one it finds now.")


def check() -> None:
    """Runs right before each write to a vendor leaves. Raises `WritesHeld`."""
    if said := why():
        raise WritesHeld(said, retry_after=PAUSE.total_seconds())


def why() -> str:
    """Why nothing may be written, in a sentence; empty when it may. Notices a database that was put back."""
    seen = marks.remembered()  # before the database: what is committed in between must not look like a loss
    on = WriteHold.objects.filter(is_on=True)
    found = DatabaseMark.objects.filter(pk=DatabaseMark.ONLY).annotate(is_held=Exists(on)).first()
    is_held = on.exists() if found is None else found.is_held
    known: DatabaseMark = marks.row() if found is None else found
    if seen.get(str(known.installation), -1) > known.mark:
        _notice(known, seen[str(known.installation)])
        return str(SENTENCE)
    marks.keep_up(known, seen)
    return str(SENTENCE) if is_held else ""


def look() -> None:
    """Every minute: notice a restore, and count on."""
    why()


def current() -> WriteHold | None:
    """The hold that is on."""
    return WriteHold.objects.filter(is_on=True).first()


def is_on() -> bool:
    """Whether writes are paused, for pages and for work that had better not begin."""
    return WriteHold.objects.filter(is_on=True).exists()


def page_of(hold: WriteHold) -> str:
    """The address of its report."""
    return reverse("admin:core_writehold_change", args=[hold.pk])


# --- on


def begin(*, user: User | None = None, actor: str = "", detail: str = "") -> WriteHold:
    """A person says that the database was restored; when a hold is on already, everything is looked at once more."""
    return _begin(WriteHold.Cause.SAID, marks.row(), user=user, actor=actor, detail=detail)


def _notice(known: DatabaseMark, remembered: int) -> None:
    logger.error("The database was put back: its count is %d, %d is remembered.", known.mark, remembered)
    is_news = not is_on()
    ahead = remembered - known.mark
    if is_news:
        _begin(WriteHold.Cause.NOTICED, known, actor="portal", detail=str(BEHIND), ahead=ahead)
    else:  # of another machine, or by a person: one hold
        marks.move(known, by=ahead + marks.LEAP)
    marks.remember(known)


def _begin(
    cause: WriteHold.Cause, known: DatabaseMark, *, user: User | None = None, actor: str, detail: str, ahead: int = 0
) -> WriteHold:
    as_of = known.moved_at
    try:
        with transaction.atomic():
            hold: WriteHold = WriteHold.objects.create(cause=cause, detail=detail, began_by=user, as_of=as_of)
            entry = audit.begin("restore.hold", user=user, actor=actor, record=f"restore:{hold.pk}", detail=detail)
            audit.finish(entry, AuditEntry.Outcome.DONE, detail=f"{hold.get_cause_display()}. {detail}".strip())
            marks.move(known, by=ahead + marks.LEAP)
            look_again(hold)
    except IntegrityError:  # one is on already
        hold = WriteHold.objects.get(is_on=True)
        if cause == WriteHold.Cause.SAID:
            look_again(hold)
    return hold


def look_again(hold: WriteHold, *, user: User | None = None) -> Job:
    """Have every integration look anew for what it made and the database does not know."""
    with transaction.atomic():
        for integration in Integration.objects.all():
            Readoption.objects.update_or_create(
                hold=hold,
                integration=integration,
                defaults={
                    "state": Readoption.State.WAITING,
                    **{"outcome": "", "cursor": {}, "looked": 0, "looked_at": None},
                    **{"unclear": [], "notes": [], "previews": []},
                },
            )
        WriteHold.objects.filter(pk=hold.pk).update(stop_asked=False)
        return jobs.enqueue(READOPT, hold.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)


# --- off


class NotYet(Exception):
    """Writes cannot be resumed yet; the message says why, in a sentence."""


def lift(hold: WriteHold, *, user: User, report: str) -> None:
    """A person has read the report, which said that, and lets writes go on. Raises `NotYet`."""
    with transaction.atomic():
        row = WriteHold.objects.select_for_update().get(pk=hold.pk)
        if not row.is_on:
            return
        if row.readoptions.filter(state=Readoption.State.WAITING).exists():
            raise NotYet(gettext("Not everything was looked at yet; wait for the report, or stop looking."))
        row.is_on, row.lifted_at, row.lifted_by, row.lifted_with = False, timezone.now(), user, report
        row.save(update_fields=["is_on", "lifted_at", "lifted_by", "lifted_with"])
        entry = audit.begin("restore.resume", user=user, record=f"restore:{hold.pk}", detail=report)
        audit.finish(entry, AuditEntry.Outcome.DONE)
        waiting = Job.objects.filter(
            state=Job.State.QUEUED, outcome__contains=str(SENTENCE), not_before__gt=timezone.now()
        )
        waiting.update(not_before=timezone.now())
        jobs.wake()
