"""How much of its quota a connection has used, for pages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import registry
from integrations.core.models import CallCount, CallSecond, CallSlot, CallStop, Connection

from .hours import COUNTED_FOR as HOUR
from .minutes import ALL, Counted, used
from .minutes import COUNTED_FOR as MINUTE


@dataclass(frozen=True, slots=True)
class BucketUsage:
    """Calls of the last minute that one per-minute limit counts. `bucket` is "all" for all calls together."""

    bucket: str
    calls: int
    calls_per_minute: int

    @property
    def label(self) -> str:
        return _("All calls") if self.bucket == ALL else self.bucket.capitalize()


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
    return usages([connection])[connection.pk]


def usages(connections: Sequence[Connection]) -> dict[int, Usage]:
    """The same of many, by their ids: four statements. Those whose vendor is not installed are left out."""
    now, ids, vendors = timezone.now(), [row.pk for row in connections], registry.vendors()
    hours = _added(
        CallCount.objects.filter(connection__in=ids, minute__gt=now - HOUR).values_list("connection", "calls")
    )
    busy = Counter(CallSlot.objects.filter(connection__in=ids, until__gt=now).values_list("connection", flat=True))
    stops = dict(CallStop.objects.filter(connection__in=ids, until__gt=now).values_list("connection", "until"))
    seconds: dict[int, list[Counted]] = defaultdict(list)
    counted = CallSecond.objects.filter(connection__in=ids, second__gt=now - MINUTE)
    for pk, second, bucket, some in counted.values_list("connection", "second", "bucket", "calls"):
        seconds[pk].append((second, bucket, some))
    found = {}
    for row in connections:
        if row.vendor not in vendors:
            continue
        limits = vendors[row.vendor].limits_of(row.settings)
        per_minute = limits.calls_per_minute or {}
        calls = used(seconds[row.pk], per_minute)
        found[row.pk] = Usage(
            hours[row.pk],
            limits.calls_per_hour,
            busy[row.pk],
            limits.in_flight_per_endpoint,
            tuple(BucketUsage(bucket, calls[bucket], limit) for bucket, limit in per_minute.items()),
            stops.get(row.pk),
        )
    return found


def _added(rows: Iterable[tuple[int, int]]) -> Counter[int]:
    added: Counter[int] = Counter()
    for pk, calls in rows:
        added[pk] += calls
    return added
