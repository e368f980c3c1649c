"""Calls per rolling hour, counted per minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.models import CallCount

from .sharing import NotYet, lock, share_of, until_room

LARGEST_CHUNK = 20  # calls that bulk work counts at a time, to save commits; what is left over stays counted
COUNTED_FOR = timedelta(minutes=61)  # from the beginning of a call's minute, so that its last second is covered too
KEPT = timedelta(hours=2)


class Hour:
    """The hour's share of one connection, as one process sees it."""

    def __init__(self, connection_id: int, name: str, limit: int) -> None:
        self._id = connection_id
        self._name = name
        self._limit = limit
        self._permits = 0  # calls counted already and not yet made; worth nothing once their minute is over
        self._permits_of: datetime | None = None

    def count(self, *, interactive: bool) -> None:
        """Count one call into this minute. Raises NotYet when the hour's share is spent."""
        if self._permits and self._permits_of == _minute(timezone.now()):
            self._permits -= 1
            return
        allowed = share_of(self._limit, interactive=interactive)
        chunk = 1 if interactive else max(1, min(LARGEST_CHUNK, self._limit // 100))
        with transaction.atomic():
            lock(self._id)
            now = timezone.now()
            counted = calls_by_minute(self._id, now)
            granted = min(chunk, allowed - sum(calls for _, calls in counted))
            if granted <= 0:
                raise NotYet(
                    _("“{name}” has used its {allowed} calls of this hour; nothing was sent.").format(
                        name=self._name, allowed=allowed
                    ),
                    seconds=until_room(counted, allowed, now=now, lasts=COUNTED_FOR),
                )
            minute = _minute(now)
            counts = CallCount.objects.filter(connection_id=self._id)
            if not counts.filter(minute=minute).update(calls=F("calls") + granted):
                CallCount.objects.create(connection_id=self._id, minute=minute, calls=granted)
                counts.filter(minute__lt=minute - KEPT).delete()
        self._permits, self._permits_of = granted - 1, minute


def calls_by_minute(connection_id: int, now: datetime) -> list[tuple[datetime, int]]:
    """Calls granted in every minute that lies, even partly, in the last sixty minutes."""
    found = CallCount.objects.filter(connection_id=connection_id, minute__gt=now - COUNTED_FOR)
    return list(found.values_list("minute", "calls"))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
