"""What all limits have in common: what a call asks for, what it hears when it must wait, and how a window empties."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.core.models import Connection

BULK_SHARE = 0.8  # of an hour or a minute; the rest is kept for people who wait


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks for: to go to its endpoint now, and to be under way for at most `hold` seconds."""

    endpoint: str
    holder: str
    interactive: bool
    hold: float


class NotYet(Exception):
    """The call must wait. Whoever has so much time tries again in `seconds`; others come back in `retry_after`."""

    def __init__(self, sentence: str, *, seconds: float, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.seconds = seconds
        self.retry_after = seconds if retry_after is None else retry_after


def share_of(limit: int, *, interactive: bool) -> int:
    """How much of a limit a call may find used up. Bulk work leaves a share to people, but is never shut out."""
    return limit if interactive else max(1, int(limit * BULK_SHARE))


def until_room(counted: Iterable[tuple[datetime, int]], allowed: int, *, now: datetime, lasts: timedelta) -> float:
    """Seconds until one more call fits beside those that were counted, each for as long as it `lasts`; 0: now."""
    ordered = sorted(counted)
    over = sum(calls for _, calls in ordered) + 1 - allowed
    leaves = now
    for at, calls in ordered:
        if over <= 0:
            break
        over -= calls
        leaves = at + lasts
    if over > 0:  # nothing is allowed at all
        leaves = now + lasts
    return max(0.0, (leaves - now).total_seconds())


def lock(connection_id: int) -> None:
    """From here to the end of the transaction nobody else counts calls of this connection."""
    Connection.objects.select_for_update(no_key=True).only("pk").get(pk=connection_id)
