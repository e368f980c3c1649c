"""A ticket of Freshservice, brought to TOGA 2: its fields, what was said in it as notes, their files.

One way: what people change in TOGA 2 stays, until the same field changes in Freshservice. Whatever dies in between
leaves a record with Freshservice's id on it, by which it is found before anything is made again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Flow, Page, Plan, Reading, Record, Side, Write
from integrations.core.sync.linking import attach, base_of, create_once
from integrations.transport.errors import NotFoundError
from integrations.vendors.freshservice.inline import inline_images
from integrations.vendors.freshservice.schemas import Ticket as FreshTicket
from integrations.vendors.toga.schemas import Ticket as TogaTicket
from integrations.vendors.toga.schemas import uuid_of

from . import mapping, notes
from .matching import TO_BE_MADE, Matches
from .sides import CONTACT, KIND, MEMBERS, TICKET, Sides

OVERLAP = timedelta(minutes=10)  # webhooks come at once; what they missed may be listed late
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # without a time only the last thirty days are listed
UNSETTLED = "unsettled"  # no version has this fingerprint: the next run looks again


def flow(sides: Sides) -> Flow:
    """Changed tickets of Freshservice."""
    return Flow(TICKET, Side.LEFT, reading(sides), lambda record, link: plan(sides, record, link))


def reading(sides: Sides) -> Reading:
    """Freshservice keeps no order: the watermark moves when the last page was dealt with."""

    def page(since: datetime | None, cursor: str) -> Page:
        number, began = cursor.split(" ", 1) if cursor else ("1", timezone.now().isoformat())
        first = since or sides.options.start_at or BEGINNING
        rows, has_next = sides.fresh.tickets_updated_since(first, int(number))
        records = [Record(str(row.id), row.updated_at, row.updated_at.isoformat()) for row in rows]
        if has_next:
            return Page(records, f"{int(number) + 1} {began}")
        return Page(records, began=datetime.fromisoformat(began))

    def get(key: str) -> Record:
        ticket = sides.fresh.ticket(int(key))
        return Record(key, ticket.updated_at, ticket.updated_at.isoformat(), data=ticket)

    return Reading(page, get, overlap=OVERLAP)


def plan(sides: Sides, record: Record, link: RecordLink | None) -> Plan:
    """What the ticket as it is now means for TOGA 2. Raises NotFoundError when either half is gone."""
    ticket: FreshTicket = record.data or sides.fresh.ticket(int(record.id))
    there = _there(sides, record.id, link)
    said = mapping.said_in(ticket, sides.fresh.conversations(ticket.id), images=inline_images)
    matches = Matches(sides)
    found = _found(sides, ticket, matches)
    before = _base(link, there)
    values = mapping.wanted(found, before, _fields_of(there)) if there else {}
    writes = list(matches.writes)
    if there is None:
        values = {name: value for name, value in found.items() if value is not None}
        writes.append(Write(f"create “{ticket.subject}”", lambda mine: _create(sides, ticket, mine, values)))
    else:
        if link is None or not link.right_id:
            writes.append(Write("recognise the ticket", lambda mine: _recognise(mine, there.uuid)))
        if values:
            writes.append(Write(mapping.differences(values), lambda mine: _update(sides, ticket, mine, values)))
    told, is_settled = notes.plan(sides, said, there, is_new=link is None or not link.left_fingerprint)
    return Plan(
        why=_why(there, matches),
        writes=[*writes, *told],
        creates=there is None,
        base=before | {name: value for name, value in found.items() if value not in (None, TO_BE_MADE)},
        seen=ticket.updated_at.isoformat() if is_settled else UNSETTLED,
    )


def _there(sides: Sides, number: str, link: RecordLink | None) -> TogaTicket | None:
    """The ticket in TOGA 2: by its link, else by Freshservice's id on it."""
    uuid = link.right_id if link else ""
    if not uuid:
        rows = sides.toga.matching(KIND.tickets, sides.own("TicketId"), number)
        uuid = uuid_of(rows[0]) if rows else ""
    if not uuid:
        return None
    try:
        return sides.toga.ticket(KIND, uuid)
    except NotFoundError:
        raise NotFoundError(f"Its ticket {uuid} is gone in TOGA 2; link it anew or dismiss it.") from None


def _found(sides: Sides, ticket: FreshTicket, matches: Matches) -> dict[str, str | None]:
    """The ticket's fields in TOGA 2's words; None: cannot be said there."""
    return {
        "subject": ticket.subject,
        "status": sides.word("status", ticket.status),
        "priority": sides.word("priority", ticket.priority),
        "source": sides.word("source", ticket.source),
        "contact": matches.contact(ticket.requester_id),
        "team": matches.team(ticket.group_id),
        "category": matches.category(ticket.category_path),
    }


def _fields_of(there: TogaTicket | None) -> dict[str, str]:
    return {name: getattr(there, name) for name in mapping.FIELDS if name != "category"} if there else {}


def _base(link: RecordLink | None, there: TogaTicket | None) -> dict[str, Any]:
    if link is None or there is None:
        return {}
    return base_of(link, {}, _fields_of(there))


def _why(there: TogaTicket | None, matches: Matches) -> str:
    said = "It is new." if there is None else "It changed in Freshservice."
    return f"{said} Left alone: {'; '.join(matches.unmatched)}." if matches.unmatched else said


# --- writes -----------------------------------------------------------------------------------------------------------


def _create(sides: Sides, ticket: FreshTicket, mine: RecordLink, values: dict[str, str]) -> str:
    member, number = sides.own("TicketId"), str(ticket.id)

    def find(_key: str) -> str | None:
        rows = sides.toga.matching(KIND.tickets, member, number)
        return uuid_of(rows[0]) if rows else None

    def create(_key: str) -> str:
        said = mapping.members(_with_contact(sides, ticket, values), MEMBERS)
        return sides.toga.create_ticket(KIND, said | {member: number})

    create_once(mine, Side.RIGHT, fields=values, find=find, create=create)
    return ""


def _recognise(mine: RecordLink, uuid: str) -> str:
    if not mine.right_id:
        attach(mine, Side.RIGHT, uuid)
    return ""


def _update(sides: Sides, ticket: FreshTicket, mine: RecordLink, values: dict[str, str]) -> str:
    sides.toga.update_ticket(KIND, mine.right_id, mapping.members(_with_contact(sides, ticket, values), MEMBERS))
    return ""


def _with_contact(sides: Sides, ticket: FreshTicket, values: dict[str, str]) -> dict[str, str]:
    """The contact that an earlier write of the same plan made."""
    if values.get("contact") == TO_BE_MADE:
        return values | {"contact": sides.linked(CONTACT, str(ticket.requester_id))}
    return values
