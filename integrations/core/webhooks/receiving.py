"""Storing what came: the delivery and the job that works it off, in one transaction.

Calls that come while a transaction is at work are stored by the next one, together: a burst costs a commit now and
then, not a commit each. Nobody is answered before the commit that holds his call.
"""

from __future__ import annotations

import fcntl
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from django.utils import timezone

from integrations.core import jobs
from integrations.core.inserting import MOST, insert
from integrations.core.models import Job, WebhookDelivery
from integrations.vendors.webhooks import Hint, Received, Unreadable, Webhooks

from . import trouble

WORK = "core.work_delivery"
NOT_UNDERSTOOD = "not understood"  # the subject of a body that could not be read
LONGEST_SUBJECT = 160
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNLESS_KNOWN = (
    """ON CONFLICT ("connection_id", "delivery_id") WHERE NOT ("delivery_id" = '') DO NOTHING RETURNING "id" """
)
DEADLOCK = "40P01"  # PostgreSQL's name of it
State = WebhookDelivery.State


def take(connection_id: int, received: Received, webhooks: Webhooks, *, ip: str | None) -> int:
    """Store the call, a row for each record it is about; how many were new and will be worked off.

    Raises `Unreadable` for a body the vendor's package cannot read: it is kept, for the admin to see, and never worked
    off. Raises `DatabaseError` when nothing was stored.
    """
    try:
        hints = webhooks.parse(received)
    except Unreadable as problem:
        _together.store([_row(connection_id, received, Hint(NOT_UNDERSTOOD, ignored=str(problem)), ip)])
        raise
    stopped = next((hint.trouble for hint in hints if hint.trouble), "")
    return _together.store([_row(connection_id, received, hint, ip) for hint in hints], stopped=stopped)


def _row(connection_id: int, received: Received, hint: Hint, ip: str | None) -> WebhookDelivery:
    now = timezone.now()
    why_not = hint.trouble or hint.ignored
    return WebhookDelivery(
        connection_id=connection_id,
        event=received.event,
        subject=_storable(hint.subject)[:LONGEST_SUBJECT],
        delivery_id=_storable(hint.delivery_id)[:200],
        received_at=now,
        source_ip=ip,
        headers=dict(received.headers),
        body=hint.body or received.body,
        state=State.IGNORED if why_not else State.WAITING,
        outcome=why_not,
        over_at=now if why_not else None,
    )


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL, and UTF-8 has no lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


# --- together ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Call:
    """The rows of one call, and what became of them once it is over."""

    rows: list[WebhookDelivery]
    stopped: str = ""  # why its sender sends no more, where it says so
    taken: int = 0
    is_over: bool = False
    error: DatabaseError | None = None


class _Together:
    """One transaction at a time in this process; whoever gets the turn stores all calls that wait by then."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._list = threading.Lock()
        self._waiting: list[_Call] = []

    def store(self, rows: list[WebhookDelivery], *, stopped: str = "") -> int:
        """How many of the rows were new and will be worked off. Raises `DatabaseError` when none was stored."""
        mine = _Call(rows, stopped)
        with self._list:
            self._waiting.append(mine)
        with self._turn:
            if not mine.is_over:
                with _alone():
                    _store_calls(self._waiting_with(mine))
        if mine.error is not None:
            raise mine.error
        return mine.taken

    def _waiting_with(self, mine: _Call) -> list[_Call]:
        """All calls that wait; that one alone where it waits no more: who was storing it with others met a bug."""
        with self._list:
            if mine not in self._waiting:
                return [mine]
            calls, self._waiting = self._waiting, []
            return calls


_together = _Together()


@contextmanager
def _alone() -> Iterator[None]:
    """On SQLite, the only process that stores calls: who finds its file locked sleeps, where here he is woken up."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or "memory" in name:
        yield
        return
    with open(f"{name}-webhooks", "wb") as turn:  # beside the database, where all its processes find it
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _store_calls(calls: Sequence[_Call]) -> None:
    """All in one transaction; what is wrong with one of them alone costs the others nothing."""
    try:
        with transaction.atomic():
            _store(calls)
    except DatabaseError as error:
        if len(calls) > 1 and _may_pass_alone(error):
            for call in calls:
                _store_calls([call])
        else:
            for call in calls:
                call.error = error
    for call in calls:
        call.is_over = True


def _may_pass_alone(error: DatabaseError) -> bool:
    """Whether it lies in one of the rows, or two transactions waited for each other; else the database is away."""
    return isinstance(error, IntegrityError | DataError) or getattr(error.__cause__, "sqlstate", "") == DEADLOCK


def _store(calls: Sequence[_Call]) -> None:
    """Rows and jobs: one statement for all calls without a name, one for each that has one (it may be known)."""
    nameless = [row for call in calls for row in call.rows if not row.delivery_id]
    for at in range(0, len(nameless), MOST):
        some = nameless[at : at + MOST]
        for row, (pk,) in zip(some, insert(some), strict=True):
            row.pk = pk
    for row in (row for call in calls for row in call.rows if row.delivery_id):
        row.pk = next((pk for (pk,) in insert([row], _UNLESS_KNOWN)), None)
    for call in calls:
        if call.stopped:
            trouble.note(call.rows[0].connection_id, call.stopped)
        call.taken = sum(row.pk is not None and row.state == State.WAITING for row in call.rows)
    ask_for([row for call in calls for row in call.rows if row.pk is not None and row.state == State.WAITING])


def ask_for(rows: Sequence[WebhookDelivery], *, priority: int = Job.Priority.NORMAL) -> None:
    """Have these deliveries worked off; call it in the transaction that left them waiting.

    The key is the record's: what is waiting for one record is worked off together, and a call that comes while a job
    is at work queues one more.
    """
    by_key = {key_of(row): row for row in reversed(rows)}
    wanted = [
        Job(kind=WORK, args=[row.pk], key=key, trigger=row.trigger, priority=priority) for key, row in by_key.items()
    ]
    for at in range(0, len(wanted), MOST):
        jobs.ask_for(wanted[at : at + MOST])


def key_of(row: WebhookDelivery) -> str:
    """The single-flight key of the record a delivery is about."""
    return f"{WORK}:{row.connection_id}:{row.subject}"
