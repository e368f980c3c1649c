"""Calls in flight: one row per call that an endpoint may have at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection as database
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.models import CallSlot

from .sharing import Asked, NotYet
from .stops import refuse_while_stopped

POLL = 0.05  # seconds between two looks for a free slot
MARGIN = 2.0  # seconds a slot is held beyond the longest the call may take
_FREE = datetime(2000, 1, 1, tzinfo=timezone.get_fixed_timezone(0))


class Slots:
    """The slots of one connection, as one process sees them."""

    def __init__(self, connection_id: int, name: str, allowed: int) -> None:
        self._id = connection_id
        self._name = name
        self._allowed = allowed or 1
        self._known: set[str] = set()  # endpoints whose slot rows exist
        self._last: dict[tuple[str, bool], int] = {}  # the slot held last, tried first: mostly it is free again

    def take(self, asked: Asked) -> int:
        """A slot, held once the transaction is committed. Raises NotYet when none is free or calls are stopped."""
        slot = self._try(asked)
        if slot is not None:
            return slot
        refuse_while_stopped(self._id, self._name)
        raise NotYet(
            _("All calls that “{name}” may make to {endpoint} at a time are in use; nothing was sent.").format(
                name=self._name, endpoint=asked.endpoint
            ),
            seconds=POLL,
            retry_after=5,
        )

    def took(self, slot: int, asked: Asked) -> None:
        """What `take` gave is committed: the slot and its rows can be relied on."""
        self._known.add(asked.endpoint)
        self._last[asked.endpoint, asked.interactive] = slot

    def set_free(self, slot: int, asked: Asked) -> None:
        """Give the slot back, unless it was taken over by somebody else."""
        sql = "UPDATE core_callslot SET holder = '', until = %s WHERE id = %s AND holder = %s"
        _rows_changed(sql, _FREE, slot, asked.holder)

    def _try(self, asked: Asked) -> int | None:
        """One compare-and-set on a free slot; None when there is none. Bulk work leaves the first one to people."""
        last = self._last.get((asked.endpoint, asked.interactive))
        if last is not None and self._compare_and_set(last, asked):
            return last
        first = 0 if asked.interactive or self._allowed == 1 else 1
        slots = CallSlot.objects.filter(
            connection_id=self._id, endpoint=asked.endpoint, number__range=(first, self._allowed - 1)
        )
        # People begin at the far end, so that the slot kept for them is the last they need.
        free = slots.order_by("-number").values_list("pk", flat=True)
        for pk in free.filter(until__lte=timezone.now()) or self._new_slots(asked.endpoint, free):
            if self._compare_and_set(pk, asked):
                return int(pk)
        return None

    def _new_slots(self, endpoint: str, free: QuerySet[CallSlot, int]) -> Iterable[int]:
        """The slots, made just now, of an endpoint that has fewer rows than it may have; nothing otherwise."""
        if endpoint in self._known:
            return ()
        have = CallSlot.objects.filter(connection_id=self._id, endpoint=endpoint, number__lt=self._allowed).count()
        if have == self._allowed:
            self._known.add(endpoint)
            return ()
        CallSlot.objects.bulk_create(
            [
                CallSlot(connection_id=self._id, endpoint=endpoint, number=number, until=_FREE)
                for number in range(self._allowed)
            ],
            ignore_conflicts=True,
        )
        return free.filter(until__lte=timezone.now())

    # This and giving back run for every vendor call, and as querysets cost more to build than to run; hence plain SQL.

    def _compare_and_set(self, slot: int, asked: Asked) -> bool:
        """Take the slot if it is free and the vendor did not ask to wait."""
        now = timezone.now()
        until = now + timedelta(seconds=asked.hold + MARGIN)
        sql = (
            "UPDATE core_callslot SET holder = %s, until = %s WHERE id = %s AND until <= %s"
            " AND NOT EXISTS (SELECT 1 FROM core_callstop WHERE connection_id = %s AND until > %s)"
        )
        return _rows_changed(sql, asked.holder, until, slot, now, self._id, now) == 1


def _rows_changed(sql: str, *values: str | int | datetime) -> int:
    stored = database.ops.adapt_datetimefield_value
    with database.cursor() as cursor:
        cursor.execute(sql, [stored(value) if isinstance(value, datetime) else value for value in values])
        return int(cursor.rowcount)
