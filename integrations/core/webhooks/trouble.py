"""Webhooks that have stopped, as their vendor said, a stream found out, or the portal's own watch noticed; shown with
the connection until they come.

It is not the connection's health: calls to the vendor go on as before, and what webhooks would have told is found by
the streams, only later. What was told stands above what was only noticed: it says why.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from integrations.core.models import Connection

SURELY_LATER = timedelta(minutes=10)  # by then repeated and late calls of before have arrived
By = Connection.TroubleBy


def note(connection_id: int, sentence: str) -> None:
    """The webhooks of this connection have stopped; the sentence says why, and what to do."""
    _put(Q(pk=connection_id), sentence, By.TOLD)


def note_silence(connection_id: int, sentence: str) -> bool:
    """None came for longer than is usual; whether it was noted. What the vendor or a stream told stays."""
    return bool(_put(Q(pk=connection_id, webhook_trouble=""), sentence, By.SILENCE))


def heard(connection_id: int) -> None:
    """A call came. It ends a silence at once; what was told goes if the call was surely sent after it."""
    surely = Q(webhook_trouble_at__lte=timezone.now() - SURELY_LATER) | Q(webhook_trouble_by=By.SILENCE)
    noted = Connection.objects.filter(surely, pk=connection_id)
    noted.update(webhook_trouble="", webhook_trouble_at=None, webhook_trouble_by="")


def _put(which: Q, sentence: str, by: str) -> int:
    found = Connection.objects.filter(which)
    return found.update(webhook_trouble=sentence, webhook_trouble_at=timezone.now(), webhook_trouble_by=by)
