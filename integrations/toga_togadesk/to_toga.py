"""A ticket of TOGaDesk, brought to TOGA 2: its fields, its replies and comments as notes, their files.

Every call that makes something has its link first; `sent_notes` tells how one without an answer is found again. The
uuid is stored in TOGaDesk afterwards; when that did not happen, the link still knows it, and the next run does it.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Flow, Plan, Record, Side, Write
from integrations.core.sync.linking import attach, create_once, in_hand, links_of
from integrations.core.sync.merging import Merged
from integrations.vendors.toga.schemas import Ticket as TogaTicket
from integrations.vendors.togadesk.rows import Reply
from integrations.vendors.togadesk.rows import Ticket as DeskTicket

from . import mapping
from .note_files import departure, recognition, waiting_files
from .pair import MEMBERS, NOTE, TICKET, Pair, is_new
from .reading import of_togadesk_tickets
from .sent_notes import arrived, find_ticket, right_id
from .to_togadesk import agreement


def flow(pair: Pair, *, highest_file: int) -> Flow:
    """Changed tickets of TOGaDesk."""
    return Flow(
        TICKET,
        Side.RIGHT,
        of_togadesk_tickets(pair, highest_file=highest_file),
        lambda record, link: plan(pair, record, link),
    )


def plan(pair: Pair, record: Record, link: RecordLink | None) -> Plan:
    """What the ticket as it is now means for TOGA 2. Raises NotFoundError when either half is gone."""
    there = pair.desk.ticket(int(record.id))
    uuid = (link.left_id if link else "") or there.reference
    ticket = pair.toga.ticket(pair.kind, uuid) if uuid else None
    known = pair.known(ticket, there)
    writes: list[Write] = []
    if ticket is None:
        merged, base = Merged(), _values(pair, there, known)
        writes.append(
            Write(
                gettext("create “{subject}”").format(subject=there.subject),
                lambda mine: _create(pair, there, mine, base),
            ),
        )
    else:
        merged, base = agreement(pair, ticket, there, link, known)
        base |= {name: value for name, value in merged.agreed.items() if name not in merged.to_right}
        if merged.to_left:
            writes.append(Write(mapping.differences(merged.to_left), lambda mine: _update(pair, merged, mine)))
        if not there.reference or link is None or not link.left_id:
            writes.append(Write(gettext("link them"), lambda mine: _refer(pair, there, mine, ticket.uuid)))
    writes += [_note_write(pair, there, reply, ticket) for reply in there.unsent]
    files, recognised = waiting_files(pair, ticket, there, by_name=is_new(link))
    writes += [recognition(pair, key, file_id) for key, file_id in recognised]
    writes += [departure(pair, reply, file) for reply, file in files]
    return Plan(_why(ticket, merged), writes, creates=ticket is None, base=base, seen=there.fingerprint)


def _why(ticket: TogaTicket | None, merged: Merged) -> str:
    if ticket is None:
        return gettext("It is new.")
    changed = gettext("It changed in TOGaDesk.")
    return f"{changed} {mapping.both_changed(merged.conflicts)}" if merged.conflicts else changed


def _values(pair: Pair, there: DeskTicket, known: mapping.Known) -> dict[str, Any]:
    """The fields of a new ticket, in TOGA 2's words."""
    options = pair.options
    values = mapping.togadesk_values(
        there,
        known,
        status=options.status_words,
        priority=options.priority_words,
        base={},
        categories=pair.categories if there.category else (),
    )
    return {name: value for name, value in values.items() if value is not None}


def _create(pair: Pair, there: DeskTicket, mine: RecordLink, values: dict[str, Any]) -> str:
    categories = pair.categories if values.get("category") else {}

    def create(key: str) -> str:
        return pair.toga.create_ticket(pair.kind, mapping.members(values, categories, MEMBERS))

    create_once(mine, Side.LEFT, fields=values, find=lambda key: find_ticket(pair, key), create=create)
    pair.desk.set_reference("ticket", there.id, mine.left_id)
    return ""


def _update(pair: Pair, merged: Merged, mine: RecordLink) -> str:
    categories = pair.categories if merged.to_left.get("category") else {}
    pair.toga.update_ticket(pair.kind, mine.left_id, mapping.members(merged.to_left, categories, MEMBERS))
    return ""


def _refer(pair: Pair, there: DeskTicket, mine: RecordLink, uuid: str) -> str:
    if not mine.left_id:
        attach(mine, Side.LEFT, uuid)
    pair.desk.set_reference("ticket", there.id, uuid)
    return ""


def _note_write(pair: Pair, there: DeskTicket, reply: Reply, ticket: TogaTicket | None) -> Write:
    shown = " ".join(reply.text.split())[:60]
    before = [note.uuid for note in ticket.notes] if ticket else []
    is_reply = reply.kind == "reply"
    said = gettext("note for the customer “{text}”") if is_reply else gettext("internal note “{text}”")
    return Write(said.format(text=shown), lambda mine: _send(pair, reply, mine.left_id, before))


def _send(pair: Pair, reply: Reply, ticket: str, before: list[str]) -> str:
    """One reply or comment becomes a note, once."""
    author = pair.desk.row("people", reply.person_id) if reply.person_id else None

    def find(key: str) -> str | None:
        notes = pair.toga.ticket(pair.kind, ticket).notes
        taken = links_of(pair.integration, NOTE, Side.LEFT, [note.uuid for note in notes])
        return arrived(mine, reply, [note for note in notes if note.uuid not in taken])

    def create(key: str) -> str:
        return pair.toga.create_note(
            pair.kind,
            ticket,
            body=reply.text,
            is_external=reply.kind == "reply",
            author=str(author["referenceid"] or "") if author else "",
        )

    with in_hand(pair.integration, NOTE, Side.RIGHT, right_id(reply)) as mine:
        create_once(mine, Side.LEFT, fields={"before": before}, find=find, create=create)
    pair.desk.set_reference(reply.kind, reply.id, mine.left_id)
    return ""
