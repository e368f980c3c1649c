"""Writing tickets and notes: what is sent, and the one answer that proves it happened."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from integrations.transport.errors import MalformedResponseError
from integrations.transport.session import Answer

from .answers import unknown
from .schemas import TicketDraft, WireCreated, cleaned, read

TITLE, DESCRIPTION, EXTERNAL_ID = 255, 8000, 50  # longer values are cut by some tenants, refused by others

NOTE_TITLE, NOTE_TEXT = 250, 32000
INTERNAL = 2  # 1 is visible to customers, 4 to co-managed users; wrong ids have leaked notes to customers
TASK_NOTES = 3  # 13, 91 and 92 are what Autotask itself writes; whether callers may is unverified


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


def note_values(ticket_id: int, *, title: str, text: str) -> dict[str, Any]:
    """The body of a note's create call. Visibility is `publish` alone; no type of note means "internal"."""
    if len(title) > NOTE_TITLE:  # cut, it would not be found again
        raise ValueError(f"a note's title has at most {NOTE_TITLE} characters")
    return {
        "ticketID": ticket_id,
        "title": title,
        "description": cleaned(text)[:NOTE_TEXT],
        "noteType": TASK_NOTES,
        "publish": INTERNAL,
    }


def created_id(answer: Answer) -> int:
    """The written record's id. Raises UnknownOutcomeError for a good status without a usable one."""
    try:
        return read(WireCreated, answer.json()).item_id
    except MalformedResponseError:
        raise unknown(answer) from None
