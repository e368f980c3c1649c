"""What core counts of its own: webhooks, runs of streams, calls to vendors. Each by the index on its time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Case, Count, F, Q, Sum, Value, When

from integrations.core.models import ApiCall, SyncRun, WebhookDelivery
from integrations.core.registry import Counted, FigureKind

from .buckets import HOUR

OK, FAILED = "ok", "failed"
_WENT_WELL = Q(status__isnull=False, status__lt=400)


def webhooks(begin: datetime, end: datetime) -> Iterator[Counted]:
    """Calls that came in, by what became of them."""
    came = WebhookDelivery.objects.filter(received_at__gte=begin, received_at__lt=end)
    counted = came.values_list("connection__client", "state").annotate(count=Count("pk"))
    return (Counted(*row) for row in counted.order_by())


def syncs(begin: datetime, end: datetime) -> Iterator[Counted]:
    """Runs of streams that began, dry runs apart, by their state."""
    ran = SyncRun.objects.filter(started_at__gte=begin, started_at__lt=end, is_dry=False)
    counted = ran.values_list("stream__integration__client", "state").annotate(count=Count("pk"))
    return (Counted(*row) for row in counted.order_by())


def calls(begin: datetime, end: datetime) -> Iterator[Counted]:
    """Logged calls to vendors and the milliseconds they took, by vendor and whether they went well: `<vendor> ok`."""
    made = ApiCall.objects.filter(
        at__gte=begin, at__lt=end, direction=ApiCall.Direction.OUT, connection__isnull=False
    ).annotate(went=Case(When(_WENT_WELL, then=Value(OK)), default=Value(FAILED)))
    counted = made.values_list("connection__client", "connection__vendor", "went")
    for client, vendor, went, count, total in counted.annotate(n=Count("pk"), ms=Sum(F("duration_ms"))).order_by():
        yield Counted(client, f"{vendor} {went}", count, total)


FIGURES = {
    "webhooks": FigureKind(HOUR, webhooks),
    "syncs": FigureKind(HOUR, syncs),
    "calls": FigureKind(HOUR, calls),
}
