"""What a person may see of the figures, added up over their clients: one statement for all charts of a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Min, Q, Sum
from django.utils import timezone

from integrations.core.models import Figure, FigureSeries, User

from .buckets import back_from, start_of, starts
from .kinds import series


class Added(NamedTuple):
    """How many there were, and what they add up to."""

    number: int = 0
    total: int = 0


Parts = Mapping[str, Added]


class Times(NamedTuple):
    """One series: the beginnings of its hours or days, oldest first, and the parts of each that had any."""

    starts: tuple[datetime, ...]
    parts: tuple[Parts, ...]


def figures(user: User | AnonymousUser, wanted: Mapping[str, int]) -> dict[str, Times]:
    """The last so many hours or days of each of these series, the present one included."""
    if not wanted:
        return {}
    spans = {name: _span(name, buckets) for name, buckets in wanted.items()}
    condition = Q()
    for name, span in spans.items():
        condition |= Q(series=name, start__gte=span[0])
    rows = Figure.objects.visible_to(user).filter(condition).values_list("series", "start", "part")
    found: dict[tuple[str, datetime], dict[str, Added]] = defaultdict(dict)
    for name, start, part, count, total in rows.annotate(n=Sum("count"), of=Sum("total")).order_by():
        found[name, start][part] = Added(int(count), int(total))  # PostgreSQL adds them up to decimals
    return {name: Times(span, tuple(found.get((name, at), {}) for at in span)) for name, span in spans.items()}


def counted_at(names: Mapping[str, int]) -> datetime | None:
    """As of when these series are counted, the oldest of them; None while one never was."""
    marks = FigureSeries.objects.filter(series__in=names)
    found = marks.aggregate(at=Min("counted_at"))["at"]
    return found if isinstance(found, datetime) else None


def _span(name: str, buckets: int) -> tuple[datetime, ...]:
    zone, every = timezone.get_default_timezone(), series()[name].every
    present = start_of(every, timezone.now(), zone)
    return tuple(starts(every, back_from(every, present, buckets - 1, zone), present, zone))
