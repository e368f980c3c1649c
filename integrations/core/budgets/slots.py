"""The vendor's quota, shared out across all processes: calls in flight per endpoint, and calls per rolling hour.

Both live in the database, since workers are separate processes on any number of hosts. A slot is taken by one
compare-and-set and is free again at its `until`, whatever became of its holder. An hour is sixty-one rows of a minute,
so that never more than the share falls into any sixty minutes, wherever they begin.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from integrations.transport.errors import TemporaryError
from integrations.vendors import Limits

from . import registry
from .models import CallCount, CallSlot, Connection

BULK_SHARE = 0.8  # of the hour; the rest is kept for people who wait
LARGEST_CHUNK = 20  # calls that bulk work counts at a time, to save commits; what is left over stays counted
POLL = 0.05  # seconds between two looks for a free slot
MARGIN = 2.0  # seconds a slot is held beyond the longest the call may take
_FREE = datetime(2000, 1, 1, tzinfo=timezone.get_fixed_timezone(0))


@dataclass(frozen=True, slots=True)
class Usage:
    """For pages: calls granted in the last hour and calls in flight now, with what is allowed (None: no limit)."""

    calls: int
    calls_per_hour: int | None
    in_flight: int
    in_flight_per_endpoint: int | None


def usage(connection: Connection) -> Usage:
    """How much of its quota a connection has used."""
    limits = registry.vendor(connection.vendor).limits
    in_flight = CallSlot.objects.filter(connection=connection, until__gt=timezone.now()).count()
    return Usage(
        _calls_of_the_hour(connection.pk, timezone.now()),
        limits.calls_per_hour,
        in_flight,
        limits.in_flight_per_endpoint,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a call asks for: a slot of its endpoint, for `hold` seconds."""

    endpoint: str
    holder: str
    interactive: bool
    hold: float


class ConnectionBudget:
    """`transport.budget.Budget` for one connection."""

    def __init__(
        self, connection_id: int, name: str, limits: Limits, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._id = connection_id
        self._name = name
        self._limits = limits
        self._sleep = sleep
        self._permits = 0  # calls counted already and not yet made; worth nothing once their minute is over
        self._permits_of: datetime | None = None
        self._known: set[str] = set()  # endpoints whose slot rows exist
        self._last: dict[tuple[str, bool], int] = {}  # the slot held last, tried first: mostly it is free again

    @contextmanager
    def take(self, endpoint: str, *, interactive: bool, wait: float, hold: float) -> Iterator[None]:
        """Hold one slot of the endpoint while a call runs; see `Budget`. Raises TemporaryError(retry_after=…)."""
        asked = _Asked(endpoint[:100], uuid.uuid4().hex, interactive, hold)
        if self._limits.in_flight_per_endpoint is None:
            self._count(interactive=interactive)
            yield
            return
        slot = self._wait_for_slot(asked, wait=wait)
        try:
            yield
        finally:
            _set_free(slot, asked.holder)

    # --- in flight ----------------------------------------------------------------------------------------------

    def _wait_for_slot(self, asked: _Asked, *, wait: float) -> int:
        ends = time.monotonic() + wait
        while True:
            slot = self._try(asked)
            if slot is not None:
                return slot
            left = ends - time.monotonic()
            if left <= 0:
                raise TemporaryError(
                    f"All calls that “{self._name}” may make to {asked.endpoint} at a time are in use;"
                    " nothing was sent.",
                    retry_after=5,
                )
            self._sleep(min(POLL, left))

    def _try(self, asked: _Asked) -> int | None:
        """A slot and the call's count in one commit; None, and nothing counted, when no slot is free."""
        with transaction.atomic(durable=True):
            slot = self._try_slot(asked)
            if slot is not None:
                self._count(interactive=asked.interactive)
        self._known.add(asked.endpoint)
        return slot

    def _try_slot(self, asked: _Asked) -> int | None:
        """One compare-and-set on a free slot; None when there is none. Bulk work leaves the first one to people."""
        last = self._last.get((asked.endpoint, asked.interactive))
        if last is not None and _compare_and_set(last, asked):
            return last
        allowed = self._limits.in_flight_per_endpoint or 1
        first = 0 if asked.interactive or allowed == 1 else 1
        slots = CallSlot.objects.filter(
            connection_id=self._id, endpoint=asked.endpoint, number__range=(first, allowed - 1)
        )
        # People begin at the far end, so that the slot kept for them is the last they need.
        free = slots.order_by("-number").values_list("pk", flat=True)
        for pk in free.filter(until__lte=timezone.now()) or self._new_slots(asked.endpoint, free, allowed):
            if _compare_and_set(pk, asked):
                self._last[asked.endpoint, asked.interactive] = pk
                return int(pk)
        return None

    def _new_slots(self, endpoint: str, free: QuerySet[CallSlot, int], allowed: int) -> Iterable[int]:
        """The slots, made just now, of an endpoint that has fewer rows than it may have; nothing otherwise."""
        if endpoint in self._known:
            return ()
        have = CallSlot.objects.filter(connection_id=self._id, endpoint=endpoint, number__lt=allowed).count()
        if have == allowed:
            return ()
        CallSlot.objects.bulk_create(
            [
                CallSlot(connection_id=self._id, endpoint=endpoint, number=number, until=_FREE)
                for number in range(allowed)
            ],
            ignore_conflicts=True,
        )
        return free.filter(until__lte=timezone.now())

    # --- per hour -----------------------------------------------------------------------------------------------

    def _count(self, *, interactive: bool) -> None:
        """Count one call into this minute. Raises TemporaryError when the hour's share is spent."""
        share = self._limits.calls_per_hour
        if share is None:
            return
        if self._permits and self._permits_of == _minute(timezone.now()):
            self._permits -= 1
            return
        allowed = share if interactive else int(share * BULK_SHARE)
        chunk = 1 if interactive else max(1, min(LARGEST_CHUNK, share // 100))
        with transaction.atomic():
            Connection.objects.select_for_update(no_key=True).only("pk").get(pk=self._id)  # one at a time
            now = timezone.now()
            granted = min(chunk, allowed - _calls_of_the_hour(self._id, now))
            if granted > 0:
                minute = _minute(now)
                counts = CallCount.objects.filter(connection_id=self._id)
                if not counts.filter(minute=minute).update(calls=F("calls") + granted):
                    CallCount.objects.create(connection_id=self._id, minute=minute, calls=granted)
                    counts.filter(minute__lt=minute - timedelta(hours=2)).delete()
                self._permits, self._permits_of = granted - 1, minute
                return
        raise TemporaryError(
            f"“{self._name}” has used its {allowed} calls of this hour; nothing was sent.",
            retry_after=_until_room(self._id, now, allowed),
        )


# Both run for every vendor call, and as querysets cost more to build than to run; hence plain SQL.


def _compare_and_set(slot: int, asked: _Asked) -> bool:
    """Take the slot if it is free."""
    now = timezone.now()
    until = now + timedelta(seconds=asked.hold + MARGIN)
    sql = "UPDATE core_callslot SET holder = %s, until = %s WHERE id = %s AND until <= %s"
    return _rows_changed(sql, asked.holder, until, slot, now) == 1


def _set_free(slot: int, holder: str) -> None:
    """Give the slot back, unless it was taken over by somebody else."""
    _rows_changed("UPDATE core_callslot SET holder = '', until = %s WHERE id = %s AND holder = %s", _FREE, slot, holder)


def _rows_changed(sql: str, *values: str | int | datetime) -> int:
    stored = database.ops.adapt_datetimefield_value
    with database.cursor() as cursor:
        cursor.execute(sql, [stored(value) if isinstance(value, datetime) else value for value in values])
        return int(cursor.rowcount)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _calls_of_the_hour(connection_id: int, now: datetime) -> int:
    """Calls granted in every minute that lies, even partly, in the last sixty minutes."""
    since = _minute(now) - timedelta(minutes=60)
    found = CallCount.objects.filter(connection_id=connection_id, minute__gte=since)
    return int(found.aggregate(sum=Sum("calls"))["sum"] or 0)


def _until_room(connection_id: int, now: datetime, allowed: int) -> float:
    """Seconds until the oldest minutes have left the hour and one call fits again."""
    since = _minute(now) - timedelta(minutes=60)
    rows = CallCount.objects.filter(connection_id=connection_id, minute__gte=since).order_by("minute")
    counted = list(rows.values_list("minute", "calls"))
    over = sum(calls for _, calls in counted) - allowed
    for minute, calls in counted:
        over -= calls
        if over < 0:
            return max(1.0, (minute + timedelta(minutes=61) - now).total_seconds())
    return 60.0
