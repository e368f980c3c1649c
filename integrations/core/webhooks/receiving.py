"""Storing what came: the delivery and the job that works it off, in one transaction."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.core import jobs
from integrations.core.models import Job, WebhookDelivery
from integrations.vendors.webhooks import Hint, Received, Unreadable, Webhooks

WORK = "core.work_delivery"
NOT_UNDERSTOOD = "not understood"  # the subject of a body that could not be read
LONGEST_SUBJECT = 160
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
State = WebhookDelivery.State


def take(connection_id: int, received: Received, webhooks: Webhooks, *, ip: str | None) -> int:
    """Store the call, a row for each record it is about; how many were new and will be worked off.

    Raises `Unreadable` for a body the vendor's package cannot read: it is kept, for the admin to see, and never worked
    off. Raises `DatabaseError` when nothing was stored.
    """
    try:
        hints = webhooks.parse(received)
    except Unreadable as problem:
        _store(connection_id, received, Hint(NOT_UNDERSTOOD, ignored=str(problem)), ip)
        raise
    with transaction.atomic():
        return sum(_store(connection_id, received, hint, ip) for hint in hints)


def _store(connection_id: int, received: Received, hint: Hint, ip: str | None) -> bool:
    """One row and its job; False for what needs no work: ignored, or a call whose name is known already."""
    now = timezone.now()
    row = WebhookDelivery(
        connection_id=connection_id,
        event=received.event,
        subject=_storable(hint.subject)[:LONGEST_SUBJECT],
        delivery_id=_storable(hint.delivery_id)[:200],
        received_at=now,
        source_ip=ip,
        headers=dict(received.headers),
        body=hint.body or received.body,
        state=State.IGNORED if hint.ignored else State.WAITING,
        outcome=hint.ignored,
        over_at=now if hint.ignored else None,
    )
    try:
        with transaction.atomic(savepoint=bool(row.delivery_id)):
            row.save(force_insert=True)
    except IntegrityError:
        if not row.delivery_id:
            raise
        return False
    if hint.ignored:
        return False
    ask_for(row, trigger=Job.Trigger.WEBHOOK)
    return True


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL, and UTF-8 has no lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


def ask_for(row: WebhookDelivery, *, trigger: str, priority: int = Job.Priority.NORMAL) -> Job:
    """Have this delivery worked off; call it in the transaction that left it waiting.

    The key is the record's: what is waiting for one record is worked off together, and a call that comes while a job
    is at work queues one more.
    """
    return jobs.enqueue(WORK, row.pk, key=key_of(row), trigger=trigger, priority=priority)


def key_of(row: WebhookDelivery) -> str:
    """The single-flight key of the record a delivery is about."""
    return f"{WORK}:{row.connection_id}:{row.subject}"
