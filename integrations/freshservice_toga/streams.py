"""The one stream: what changed in Freshservice, found by webhooks at once and by the catch-up for certain."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations.core.jobs import Again
from integrations.core.registry import StreamKind
from integrations.core.streams import Work
from integrations.core.sync import engine
from integrations.transport.errors import NotFoundError

from .flow import flow
from .models import FRESHSERVICE
from .sides import TICKET, opened

EARLY = (3.0, 8.0, 20.0, 60.0)  # seconds after which a ticket that was just raised is looked for again


def catch_up(work: Work) -> str:
    """Tickets that changed, whatever webhook announced them or got lost."""
    with opened(work.integration, "catch-up", guard=work.claim.check, is_dry=work.run.is_dry) as sides:
        return engine.run(work, flow(sides))


def look_at(work: Work, subject: str) -> str:
    """One ticket that a webhook was about. One that was raised a moment ago may not be readable yet."""
    number = subject.removeprefix("ticket:")
    with opened(work.integration, f"webhook about ticket {number}", guard=work.claim.check) as sides:
        try:
            return engine.look_at(work, flow(sides), number)
        except NotFoundError:
            return _not_found(work, number, is_known=bool(sides.linked(TICKET, number)))


def _not_found(work: Work, number: str, *, is_known: bool) -> str:
    """One answer that it is not there proves no deletion: a key loses its rights as well."""
    if is_known:
        return f"Ticket {number} cannot be read: it was deleted, or hidden from the API key. Its pair is kept."
    age = (timezone.now() - work.run.started_at).total_seconds()
    wait = next((seconds for seconds in EARLY if seconds > age), None)
    if wait is None:
        return f"Ticket {number} cannot be read: it was deleted, or the API key may not see it."
    raise Again(
        at=work.run.started_at + timedelta(seconds=wait), outcome=f"Ticket {number} is not readable yet; looking again."
    )


STREAMS = (
    StreamKind(
        "catch_up",
        "Tickets to TOGA 2",
        catch_up,
        interval_minutes=10,
        is_sync=True,
        needs_approval=True,
        hinted_by=(FRESHSERVICE,),
        run_hint=look_at,
    ),
)
