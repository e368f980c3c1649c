"""Importing a file in two steps, both worked off by a job: look at what would come of it, then let it be so.

    upload → checking → checked → (confirmed) → importing → done
                 ↘ unreadable   ↘ (discarded)       ↘ stopped

A job works in slices and takes up where the last one ended, also after it was killed: how far it is stands in the same
transaction as the runs themselves. Taking a run twice changes nothing, so nothing is lost and nothing doubled.
"""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Iterator
from itertools import islice

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.backup_tickets.intake import ERRORS_KEPT, IntakeResult, Placed, take_runs
from integrations.backup_tickets.models import RunImport
from integrations.core import jobs
from integrations.core.jobs import Again, Claim
from integrations.core.models import Client, Job, User

from .files import read_file
from .problems import UnreadableFileError

SLICE = 40.0  # seconds of work before others get their turn
UNCONFIRMED = dt.timedelta(days=1)  # how long a file waits for its uploader
REPORTED = dt.timedelta(days=30)  # how long the report of an import is kept
COUNTERS = ("done", "created", "updated", "unchanged", "failed")
KIND = "backup_tickets.import_file"
State = RunImport.State


class _StoppedError(Exception):
    """Its uploader stopped the import, or threw the file away, while the job was at work."""


def start(user: User, client: Client, *, name: str, form: str, content: bytes) -> RunImport:
    """Keep the file and have it checked. Forgotten files and old reports are cleared on the occasion."""
    with transaction.atomic():
        now = timezone.now()
        RunImport.objects.filter(state=State.CHECKED, created_at__lt=now - UNCONFIRMED).delete()
        RunImport.objects.filter(created_at__lt=now - REPORTED).delete()
        made = RunImport.objects.create(client=client, by=user, name=name, format=form, content=content)
        _enqueue(made, user)
    return made


def confirm(known: RunImport, user: User) -> bool:
    """Have the checked file stored; False when it is no longer waiting for that (a second click, another tab)."""
    fresh = dict.fromkeys(COUNTERS, 0)
    with transaction.atomic():
        waiting = RunImport.objects.filter(pk=known.pk, state=State.CHECKED)
        if not waiting.update(state=State.IMPORTING, errors=[], **fresh):
            return False
        _enqueue(known, user)
    return True


def stop(known: RunImport) -> None:
    """Stop storing; what was stored stays. A file that is not being stored is thrown away."""
    if not RunImport.objects.filter(pk=known.pk, state=State.IMPORTING).update(state=State.STOPPED, content=b""):
        RunImport.objects.filter(pk=known.pk, state__in=(State.CHECKING, State.CHECKED, State.UNREADABLE)).delete()


def first_items(known: RunImport, count: int) -> list[Placed]:
    """The first items of the file that have named fields, to be shown."""
    items = read_file(io.BytesIO(known.content), known.format)
    return [item for item in islice(items, count) if isinstance(item.value, dict)]


def failure(known: RunImport) -> str:
    """Why nothing goes on although the import is not over: what its job said when it was given up."""
    newest = Job.objects.filter(key=f"{KIND}:{known.pk}").order_by("-id").first() if known.is_busy else None
    return newest.outcome if newest is not None and newest.state == Job.State.DEAD else ""


def import_file(claim: Claim, import_id: int) -> str:
    """The job: check or store the file, from where the last slice ended."""
    known = RunImport.objects.select_related("client").filter(pk=import_id).first()
    if known is None or not known.is_busy:
        return _("Nothing to do: the file was discarded or is done.")
    part = _Slice(claim, known)
    try:
        take_runs(known.client, part.items(), progress=part.note, store=known.state == State.IMPORTING)
    except UnreadableFileError as error:
        RunImport.objects.filter(pk=known.pk).update(state=State.UNREADABLE, cause=str(error), content=b"")
        return _("{file} cannot be read: {why}").format(file=known.name, why=error)
    except _StoppedError:
        return _("Stopped by its uploader.")
    if part.is_cut:
        raise Again(at=timezone.now(), outcome=_("{count} items so far.").format(count=f"{part.done:,}"))
    return _finish(known, part.done)


class _Slice:
    """The work of one claim: the items that are still to do, until the time is up, and how far that led."""

    def __init__(self, claim: Claim, known: RunImport) -> None:
        self._claim = claim
        self._known = known  # as it was at the beginning
        self.done = known.done
        self.is_cut = False

    def items(self) -> Iterator[Placed]:
        ends = time.monotonic() + SLICE
        content = io.BytesIO(self._known.content)
        for item in islice(read_file(content, self._known.format), self._known.done, None):
            if time.monotonic() > ends:
                self.is_cut = True
                return
            yield item

    def note(self, result: IntakeResult) -> None:
        """Store how far the import is; what is raised here takes the batch back."""
        self._claim.check()
        counters = {name: getattr(self._known, name) + getattr(result, name) for name in COUNTERS}
        errors = [*self._known.errors, *(error.message for error in result.errors)][:ERRORS_KEPT]
        ours = RunImport.objects.filter(pk=self._known.pk, state=self._known.state)
        if not ours.update(errors=errors, **counters):
            raise _StoppedError
        self.done = counters["done"]


def _finish(known: RunImport, total: int) -> str:
    ours = RunImport.objects.filter(pk=known.pk, state=known.state)
    if known.state == State.CHECKING:
        ours.update(state=State.CHECKED, total=total)
        return _("{count} items checked.").format(count=f"{total:,}")
    ours.update(state=State.DONE, content=b"")
    return _("{count} items imported.").format(count=f"{total:,}")


def _enqueue(known: RunImport, user: User) -> None:
    jobs.enqueue(KIND, known.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)
