"""How much of its quota a connection has used, for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from integrations.core import registry
from integrations.core.models import CallSlot, Connection

from .hours import calls_by_minute
from .minutes import ALL, counted_at, used
from .stops import stopped_until


@dataclass(frozen=True, slots=True)
class BucketUsage:
    """Calls of the last minute that one per-minute limit counts. `bucket` is "all" for all calls together."""

    bucket: str
    calls: int
    calls_per_minute: int

    @property
    def label(self) -> str:
        return "All calls" if self.bucket == ALL else self.bucket.capitalize()


@dataclass(frozen=True, slots=True)
class Usage:
    """For pages: calls granted in the last hour and calls in flight now, with what is allowed (None: no limit).

    `minute` has an entry per limit that counts minutes; `stopped_until` is when the vendor wants the next call.
    """

    calls: int
    calls_per_hour: int | None
    in_flight: int
    in_flight_per_endpoint: int | None
    minute: tuple[BucketUsage, ...] = ()
    stopped_until: datetime | None = None

    @property
    def has_limits(self) -> bool:
        return bool(self.minute) or self.calls_per_hour is not None or self.in_flight_per_endpoint is not None


def usage(connection: Connection) -> Usage:
    """How much of its quota a connection has used. Raises KeyError when its vendor is not installed."""
    limits = registry.vendor(connection.vendor).limits_of(connection.settings)
    now = timezone.now()
    per_minute = limits.calls_per_minute or {}
    calls = used(counted_at(connection.pk, now), per_minute) if per_minute else {}
    return Usage(
        sum(calls for _, calls in calls_by_minute(connection.pk, now)),
        limits.calls_per_hour,
        CallSlot.objects.filter(connection=connection, until__gt=now).count(),
        limits.in_flight_per_endpoint,
        tuple(BucketUsage(bucket, calls[bucket], limit) for bucket, limit in per_minute.items()),
        stopped_until(connection.pk),
    )
