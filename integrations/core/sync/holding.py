"""Records that failed: held, tried again with ever longer pauses, settled when they work, dismissed by a person."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.failures.shapes import shape_of
from integrations.core.models import HeldItem, Stream, User
from integrations.transport.errors import (
    ConflictError,
    MalformedResponseError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)

State, Cause = HeldItem.State, HeldItem.Cause
FIRST, LONGEST = dt.timedelta(minutes=1), dt.timedelta(hours=6)  # between two tries
MOST_TRIES = 10  # after which only a person has it tried again
AT_ONCE = 500  # held items tried in one run
DIED_CLASS = "WorkerDied"  # as jobs call it
DIED = _("The process died while it worked on this record.")


def cause_of(error: Exception) -> HeldItem.Cause:
    """Which kind of failure this is."""
    if isinstance(error, TemporaryError | UnknownOutcomeError):
        return Cause.TEMPORARY
    if isinstance(error, ConflictError):
        return Cause.CONFLICT
    if isinstance(error, MalformedResponseError):
        return Cause.MALFORMED
    return Cause.PERMANENT if isinstance(error, VendorError) else Cause.BUG


def sentence_of(error: Exception) -> str:
    """What a person reads: the vendor's sentence; of a bug only its kind, since its text may hold anything."""
    return (
        error.message
        if isinstance(error, VendorError)
        else gettext("A bug in the portal ({kind}).").format(kind=type(error).__name__)
    )


def hold(
    stream: Stream,
    record_id: str,
    cause: HeldItem.Cause,
    sentence: str,
    *,
    fingerprint: str,
    error_class: str = "",
    after: float | None = None,
) -> None:
    """Keep the record; a known one counts one more try, and what was settled or dismissed is held anew."""
    item, made = HeldItem.objects.get_or_create(
        stream=stream, record_id=record_id, defaults={"cause": cause, "sentence": sentence, "tries": 1}
    )
    tries = 1 if made or item.state != State.HELD else item.tries
    next_try = None if tries >= MOST_TRIES else timezone.now() + max(_pause(tries), dt.timedelta(seconds=after or 0))
    HeldItem.objects.filter(pk=item.pk).update(
        state=State.HELD,
        cause=cause,
        error_class=error_class,
        sentence=sentence,
        shape=shape_of(sentence),
        tries=tries,
        next_try=next_try,
        fingerprint=fingerprint,
    )


def _pause(tries: int) -> dt.timedelta:
    pause: dt.timedelta = min(FIRST * 2 ** min(tries - 1, 20), LONGEST)
    return pause


def due(stream: Stream) -> list[HeldItem]:
    """The held records that are to be tried now, the longest waiting first."""
    waiting = HeldItem.objects.filter(stream=stream, state=State.HELD, next_try__lte=timezone.now())
    return list(waiting.order_by("next_try", "pk")[:AT_ONCE])


def any_held(stream: Stream) -> bool:
    """Whether any record of the stream is held."""
    found: bool = HeldItem.objects.filter(stream=stream, state=State.HELD).exists()
    return found


def held(stream: Stream, ids: list[str]) -> dict[str, HeldItem]:
    """Those of these records that are held, by id."""
    items = HeldItem.objects.filter(stream=stream, state=State.HELD, record_id__in=ids)
    return {item.record_id: item for item in items}


def count_try(item: HeldItem) -> None:
    """Before the try: a record that kills its process runs out of tries like any other."""
    HeldItem.objects.filter(pk=item.pk).update(tries=F("tries") + 1, next_try=timezone.now() + _pause(item.tries + 1))


def settle(stream: Stream, record_ids: list[str]) -> None:
    """They worked."""
    if record_ids:
        items = HeldItem.objects.filter(stream=stream, record_id__in=record_ids, state=State.HELD)
        items.update(state=State.SETTLED, next_try=None)


def retry(items: Q, *, user: User) -> int:
    """Have these held records tried at the next run, whatever their tries; how many."""
    visible = HeldItem.objects.visible_to(user).filter(items, state=State.HELD)
    return int(visible.update(next_try=timezone.now(), tries=0))


def dismiss(items: Q, *, user: User, reason: str) -> int:
    """A person decides that these need no more tries; a later change of the record is dealt with all the same."""
    visible = HeldItem.objects.visible_to(user).filter(items, state=State.HELD)
    return int(visible.update(state=State.DISMISSED, dismissed_by=user, reason=reason[:500], next_try=None))
