"""Calls per minute, all together and per bucket, counted per second.

The vendor counts fixed minutes whose beginning nobody knows, so no sixty seconds may hold more than the limit. It
counts a call when it arrives, some time after it was granted here: a call is counted for a little more than a minute,
and one that took longer than that little is counted anew from its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from integrations.core.models import CallSecond

from .sharing import NotYet, lock, share_of, until_room

ALL = "all"  # the limit of all calls together, and the bucket of those that have no limit of their own
TRAVEL = timedelta(seconds=2)  # between the grant and the vendor's count; also covers clocks of hosts that differ a bit
COUNTED_FOR = timedelta(seconds=60) + timedelta(seconds=1) + TRAVEL  # a minute, the second that is counted in, the way
KEPT = timedelta(minutes=5)

Counted = tuple[datetime, str, int]  # second, bucket, calls


class Minute:
    """The minute's limits of one connection, as one process sees them."""

    def __init__(self, connection_id: int, name: str, limits: Mapping[str, int]) -> None:
        self._id = connection_id
        self._name = name
        self._limits = limits
        self._swept: datetime | None = None

    def count(self, endpoint: str, *, interactive: bool) -> datetime:
        """Count one call into this second, and say when that was. Raises NotYet when a limit's share is spent.

        Inside a transaction: the call may go once that is committed.
        """
        lock(self._id)
        now = timezone.now()
        bucket = bucket_of(endpoint, self._limits)
        counted = counted_at(self._id, now)
        refusals = [
            refusal
            for limit in sorted({ALL, bucket} & set(self._limits))
            if (refusal := self._refusal(limit, counted, now, interactive=interactive))
        ]
        if refusals:
            raise max(refusals, key=lambda refusal: refusal.seconds)
        self._add(bucket, now, 1)
        return now

    def add(self, endpoint: str, calls: int) -> None:
        """Count so many calls more: the vendor says that one was worth several."""
        with transaction.atomic(durable=True):
            lock(self._id)
            self._add(bucket_of(endpoint, self._limits), timezone.now(), calls)

    def ended(self, endpoint: str, granted: datetime) -> None:
        """A call is over. Nobody knows when a slow one arrived at the vendor: it counts from now."""
        if timezone.now() - granted <= TRAVEL:
            return
        bucket = bucket_of(endpoint, self._limits)
        with transaction.atomic(durable=True):
            lock(self._id)
            seconds = CallSecond.objects.filter(connection_id=self._id, second=_second(granted), bucket=bucket)
            seconds.filter(calls__gt=0).update(calls=F("calls") - 1)
            self._add(bucket, timezone.now(), 1)

    def _refusal(self, limit: str, counted: list[Counted], now: datetime, *, interactive: bool) -> NotYet | None:
        allowed = share_of(self._limits[limit], interactive=interactive)
        those = [(second, calls) for second, bucket, calls in counted if limit in (ALL, bucket)]
        rest = until_room(those, allowed, now=now, lasts=COUNTED_FOR)
        if rest == 0:
            return None
        said = gettext("“{name}” has used its {allowed} calls of this minute; nothing was sent.")
        if limit != ALL:
            said = gettext("“{name}” has used its {allowed} calls to {bucket} of this minute; nothing was sent.")
        return NotYet(said.format(name=self._name, allowed=allowed, bucket=limit), seconds=rest)

    def _add(self, bucket: str, now: datetime, calls: int) -> None:
        seconds = CallSecond.objects.filter(connection_id=self._id)
        if seconds.filter(second=_second(now), bucket=bucket).update(calls=F("calls") + calls):
            return
        CallSecond.objects.create(connection_id=self._id, second=_second(now), bucket=bucket, calls=calls)
        if self._swept is None or now - self._swept >= KEPT:
            seconds.filter(second__lt=now - KEPT).delete()
            self._swept = now


def bucket_of(endpoint: str, limits: Mapping[str, int]) -> str:
    """Where the calls of an endpoint are counted."""
    return endpoint if endpoint in limits else ALL


def counted_at(connection_id: int, now: datetime) -> list[Counted]:
    """Calls by second and bucket, of all seconds that still count."""
    found = CallSecond.objects.filter(connection_id=connection_id, second__gt=now - COUNTED_FOR)
    return list(found.values_list("second", "bucket", "calls"))


def used(counted: list[Counted], limits: Mapping[str, int]) -> dict[str, int]:
    """Calls that count now, per limit."""
    calls: Counter[str] = Counter()
    for _, bucket, some in counted:
        calls[bucket] += some
    return {limit: calls.total() if limit == ALL else calls[limit] for limit in limits}


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
