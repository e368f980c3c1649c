"""What pages show of a stream: what is held, grouped by its cause, and how far it has read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from integrations.core.models import HeldItem, Stream

GROUPS = 50
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Held records with one cause and one sentence."""

    cause: str
    sentence: str
    count: int
    oldest: datetime
    next_try: datetime | None
    examples: tuple[str, ...]

    @property
    def label(self) -> str:
        return str(HeldItem.Cause(self.cause).label)


def held_groups(stream: Stream) -> list[Group]:
    """The held records by cause, the largest group first."""
    held = HeldItem.objects.filter(stream=stream, state=HeldItem.State.HELD).order_by()
    groups = held.values("cause", "sentence").annotate(
        count=Count("pk"), oldest=Min("held_at"), soonest=Min("next_try")
    )
    return [
        Group(
            row["cause"],
            row["sentence"],
            row["count"],
            row["oldest"],
            row["soonest"],
            tuple(held.filter(of_group(row["cause"], row["sentence"])).values_list("record_id", flat=True)[:EXAMPLES]),
        )
        for row in groups.order_by("-count", "cause", "sentence")[:GROUPS]
    ]


def of_group(cause: str, sentence: str) -> Q:
    return Q(cause=cause, sentence=sentence)
