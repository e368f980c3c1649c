"""The vendor asked to wait: until that second no process calls it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.models import CallStop

from .sharing import NotYet

LONGEST = timedelta(hours=1)  # a vendor that says more is asked again after this


def stop(connection_id: int, seconds: float) -> None:
    """No call goes out for so many seconds. An earlier stop that lasts longer stays."""
    until = timezone.now() + min(timedelta(seconds=seconds), LONGEST)
    CallStop.objects.bulk_create([CallStop(connection_id=connection_id, until=until)], ignore_conflicts=True)
    CallStop.objects.filter(connection_id=connection_id, until__lt=until).update(until=until)


def stopped_until(connection_id: int) -> datetime | None:
    """When calls may go out again; None when they may now."""
    stops = CallStop.objects.filter(connection_id=connection_id, until__gt=timezone.now())
    return stops.values_list("until", flat=True).first()


def refuse_while_stopped(connection_id: int, name: str) -> None:
    """Raises NotYet until the stop is over."""
    if until := stopped_until(connection_id):
        rest = max(0.0, (until - timezone.now()).total_seconds())
        raise NotYet(
            _("The vendor asked “{name}” to wait, for another {seconds} seconds; nothing was sent.").format(
                name=name, seconds=math.ceil(rest)
            ),
            seconds=rest,
        )
