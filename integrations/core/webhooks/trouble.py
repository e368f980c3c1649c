"""Webhooks that have stopped, as their vendor said or a stream found out; shown with the connection until they come.

It is not the connection's health: calls to the vendor go on as before, and what webhooks would have told is found by
the streams, only later.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations.core.models import Connection

SURELY_LATER = timedelta(minutes=10)  # by then repeated and late calls of before have arrived


def note(connection_id: int, sentence: str) -> None:
    """The webhooks of this connection have stopped; the sentence says why, and what to do."""
    Connection.objects.filter(pk=connection_id).update(webhook_trouble=sentence, webhook_trouble_at=timezone.now())


def heard(connection_id: int) -> None:
    """A call came. So long after the trouble was noted it means that they come again, and the note goes."""
    noted = Connection.objects.filter(pk=connection_id, webhook_trouble_at__lte=timezone.now() - SURELY_LATER)
    noted.update(webhook_trouble="", webhook_trouble_at=None)
