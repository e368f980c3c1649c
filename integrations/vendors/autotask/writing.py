"""Creating a ticket: what is sent, and the one answer that proves it happened."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from integrations.transport.errors import MalformedResponseError
from integrations.transport.session import Answer

from .answers import unknown
from .schemas import TicketDraft, WireCreated, cleaned, read

TITLE, DESCRIPTION, EXTERNAL_ID = 255, 8000, 50  # longer values are cut by some tenants, refused by others


def ticket_values(draft: TicketDraft) -> dict[str, Any]:
    """The body of a create call."""
    values: dict[str, Any] = {
        "companyID": draft.company_id,
        "title": cleaned(draft.title)[:TITLE],
        "description": cleaned(draft.description)[:DESCRIPTION],
        "queueID": draft.queue,
        "source": draft.source,
        "status": draft.status,
        "priority": draft.priority,
        "externalID": draft.external_id,
    }
    if len(draft.external_id) > EXTERNAL_ID:  # cut, it would not be found again
        raise ValueError(f"a key has at most {EXTERNAL_ID} characters")
    if draft.due_at is not None:
        values["dueDateTime"] = draft.due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return values


def created_id(answer: Answer) -> int:
    """The new record's id. Raises UnknownOutcomeError for a good status without a usable one."""
    try:
        return read(WireCreated, answer.json()).item_id
    except MalformedResponseError:
        raise unknown(answer) from None
