"""How far behind each stream is, in its own intervals, and what it holds; those that want somebody first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import streams as running
from integrations.core.models import HeldItem, Stream, User

SHOWN = 10
LATE, BEHIND = 3, 10  # intervals since the last good run
PATIENCE = dt.timedelta(minutes=10)  # a stream that runs every minute is not late after three
GOOD, WARNING, BAD = "good", "warning", "bad"
WORDS = {GOOD: _("on time"), WARNING: _("late"), BAD: _("behind")}


@dataclass(frozen=True, slots=True)
class StreamRow:
    """`why_not` says why it does not run; else it runs at `next_at`, or now when that is None."""

    stream: Stream
    label: str
    tone: str
    held: int
    why_not: str
    next_at: dt.datetime | None

    @property
    def word(self) -> str:
        """The tone in words."""
        return gettext("not running") if self.why_not else str(WORDS[self.tone])


@dataclass(frozen=True, slots=True)
class StreamRows:
    rows: tuple[StreamRow, ...]
    more: int


def streams(user: User | AnonymousUser) -> StreamRows:
    """Of the streams this person may see and that are switched on, the worst: a fixed number of statements."""
    now = timezone.now()
    visible = Stream.objects.visible_to(user).filter(is_enabled=True, integration__is_enabled=True).order_by()
    held = _held(user)
    ranked = sorted(
        (-_rank(lag_tone(ok, now, minutes), held.get(pk, 0)), ok or dt.datetime.min.replace(tzinfo=dt.UTC), pk)
        for pk, ok, minutes in visible.values_list("pk", "last_ok_at", "interval_minutes")
    )
    worst = [pk for _, _, pk in ranked[:SHOWN]]
    shown = Stream.objects.select_related("integration__client").prefetch_related("integration__roles__connection")
    rows = shown.in_bulk(worst)
    return StreamRows(
        tuple(_row(rows[pk], now, held.get(pk, 0)) for pk in worst if pk in rows), max(0, len(ranked) - SHOWN)
    )


def lag_tone(ok_at: dt.datetime | None, now: dt.datetime, minutes: int) -> str:
    """How a stream of that interval stands whose last good run ended then."""
    if ok_at is None:
        return BAD
    lag, interval = now - ok_at, dt.timedelta(minutes=minutes)
    if lag > max(BEHIND * interval, PATIENCE):
        return BAD
    return WARNING if lag > max(LATE * interval, PATIENCE) else GOOD


def _rank(tone: str, held: int) -> int:
    return 2 * (tone == BAD) + (tone == WARNING) + (held > 0)


def _held(user: User | AnonymousUser) -> dict[int, int]:
    items = HeldItem.objects.visible_to(user).filter(state=HeldItem.State.HELD).order_by()
    return dict(items.values_list("stream").annotate(n=Count("pk")))


def _row(stream: Stream, now: dt.datetime, held: int) -> StreamRow:
    kind = running.kind_of(stream)
    why_not = running.why_not_with(stream.integration, stream.integration.roles.all())
    if not why_not and running.waits_for_approval(stream):
        why_not = gettext("Its first run waits for approval.")
    next_at = stream.started_at + dt.timedelta(minutes=stream.interval_minutes) if stream.started_at else None
    return StreamRow(
        stream,
        str(kind.label) if kind else stream.slug,
        "neutral" if why_not else lag_tone(stream.last_ok_at, now, stream.interval_minutes),
        held,
        why_not,
        next_at if next_at and next_at > now else None,
    )
