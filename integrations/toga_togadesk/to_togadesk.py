"""A ticket of TOGA 2, brought to TOGaDesk: its fields, its notes as replies and comments, their files.

What dies here leaves nothing half: the ticket's rows are one transaction, found again by their reference ids; a file
is a row of its own, finished when the file is in the folder.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, ngettext

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Flow, Plan, Record, Side, Write
from integrations.core.sync.linking import attach, base_of
from integrations.core.sync.merging import Merged, merge
from integrations.vendors.toga.schemas import Note, NoteFile
from integrations.vendors.toga.schemas import Ticket as TogaTicket
from integrations.vendors.togadesk.api import COMMENT, REPLY, Changes, NewNote
from integrations.vendors.togadesk.rows import Ticket as DeskTicket

from . import mapping
from .note_files import arrival, files_of, known_files, recognition
from .pair import TICKET, Pair, is_new
from .reading import of_toga_tickets
from .sent_notes import arrived_notes, find_ticket

UNSETTLED = "unsettled"  # no version has this fingerprint: the next run looks again


def flow(pair: Pair, *, is_dry: bool) -> Flow:
    """Changed tickets of TOGA 2."""
    return Flow(
        TICKET,
        Side.LEFT,
        of_toga_tickets(pair, is_dry=is_dry),
        lambda record, link: plan(pair, record, link),
        find=lambda key: find_ticket(pair, key),
    )


def plan(pair: Pair, record: Record, link: RecordLink | None) -> Plan:
    """What the ticket as it is now means for TOGaDesk. Raises NotFoundError when either half is gone."""
    ticket = pair.toga.ticket(pair.kind, record.id)
    desk_id = int(link.right_id) if link and link.right_id else pair.desk.find_ticket(pair.client, ticket.uuid)
    there = pair.desk.ticket(desk_id) if desk_id else None
    known = pair.known(ticket, there)
    merged, base = agreement(pair, ticket, there, link, known)
    ours = arrived_notes(pair, ticket, there)  # notes the portal sent and got no answer for
    references = {reply.reference for reply in there.replies} if there else set()
    new = [note for note in ticket.notes if note.uuid not in references and note.uuid not in ours]
    files, recognised, left_out = _files(pair, ticket, there, link)
    base |= {name: value for name, value in merged.agreed.items() if name not in merged.to_left}
    base |= {"notes": {note.uuid: ticket.settled(note) for note in ticket.notes}}

    writes: list[Write] = []
    told = _told(merged, there, new, ours)
    if told or (link is None and there is not None) or (link is not None and not link.right_id):
        changes = _changes(pair, ticket, there, merged, new, ours, known)

        def write(mine: RecordLink) -> str:
            key = pair.desk.write_ticket(pair.client, desk_id, ticket.uuid, changes)
            if not mine.right_id:
                attach(mine, Side.RIGHT, str(key))
            return "" if files else settled(pair, key, merged, there)

        writes.append(Write("; ".join(told) or gettext("link it to ticket {number}").format(number=desk_id), write))
    writes += [recognition(pair, uuid, file_id) for uuid, file_id in recognised]
    writes += [arrival(pair, note, file) for note, file in files]
    return Plan(
        why=_why(there, merged, left_out),
        writes=writes,
        creates=there is None,
        base=base,
        seen=ticket.settled(ticket) or UNSETTLED,
    )


def agreement(
    pair: Pair, ticket: TogaTicket, there: DeskTicket | None, link: RecordLink | None, known: mapping.Known
) -> tuple[Merged, dict[str, Any]]:
    """The fields of both sides brought together, and the base once they are. TOGA 2 wins where both changed."""
    ours = mapping.toga_values(ticket, known)
    if there is None:
        merged = Merged(to_right={name: value for name, value in ours.items() if value is not None})
        return merged, {name: value for name, value in ours.items() if value is not None}
    last = link.base if link else {}
    options = pair.options
    unheard = there.category not in ("", ticket.category, last.get("category"))
    theirs = mapping.togadesk_values(
        there,
        known,
        status=options.status_words,
        priority=options.priority_words,
        base=last or {"status": ticket.status, "priority": ticket.priority},
        categories=[*(pair.categories if unheard else ()), ours["category"] or ""],
    )
    before = base_of(link, ours, theirs) if link else {}
    said = [name for name in mapping.FIELDS if ours[name] is not None and theirs[name] is not None]
    merged = merge(before, ours, theirs, fields=said, winner=Side.LEFT)
    return merged, before


def settled(pair: Pair, desk_id: int, merged: Merged, before: DeskTicket | None) -> str:
    """The fingerprint of the ticket in TOGaDesk when it holds what was agreed on and nothing else is new; else empty.

    Empty has the other direction look at it; a person may have been at work while it was written.
    """
    now = pair.desk.ticket(desk_id)
    if merged.to_left or now.unsent or len(now.files) != len(before.files if before else ()):
        return ""
    theirs = mapping.togadesk_values(
        now,
        pair.known(None, now),
        status=pair.options.status_words,
        priority=pair.options.priority_words,
        base=merged.agreed | merged.to_right,
        categories=[str(merged.to_right.get("category", merged.agreed.get("category", "")))],
    )
    wanted = merged.agreed | merged.to_right
    return now.fingerprint if all(theirs[name] in (value, None) for name, value in wanted.items()) else ""


def _files(
    pair: Pair, ticket: TogaTicket, there: DeskTicket | None, link: RecordLink | None
) -> tuple[list[tuple[Note, NoteFile]], list[tuple[str, int]], int]:
    """The files that are not in TOGaDesk yet, with their notes; those that are there without a link; and how many stay,
    being of internal notes."""
    shown = [(note, files_of(pair, note)) for note in ticket.notes]
    left_out = sum(len(files) for note, files in shown if not note.is_external)
    external = [(note, file) for note, files in shown if note.is_external for file in files]
    matched = known_files(pair, external, there, by_name=is_new(link))
    return [(note, file) for note, file in external if file.uuid not in matched.uuids], matched.found, left_out


def _changes(
    pair: Pair,
    ticket: TogaTicket,
    there: DeskTicket | None,
    merged: Merged,
    new: list[Note],
    ours: dict[str, tuple[str, int]],
    known: mapping.Known,
) -> Changes:
    options = pair.options
    values = mapping.columns(merged.to_right, known, status=options.status_words, priority=options.priority_words)
    if there is None:
        values |= {"departmentid": options.default_department_id, "timestamp": ticket.created_at}
    notes = [
        NewNote(
            REPLY if note.is_external else COMMENT,
            note.uuid,
            note.body,
            known.contacts.get(note.author, 0),
            note.created_at,
        )
        for note in new
    ]
    return Changes(
        values=values,
        notes=notes,
        references=[(kind, row, uuid) for uuid, (kind, row) in ours.items()],
        history=["A reply came from TOGA 2." for note in new if note.is_external],
    )


def _told(merged: Merged, there: DeskTicket | None, new: list[Note], ours: dict[str, Any]) -> list[str]:
    """What is written, for people."""
    told = []
    if there is None:
        told.append(gettext("create “{subject}”").format(subject=merged.to_right.get("subject", "")))
    elif merged.to_right:
        told.append(mapping.differences(merged.to_right))
    external = sum(note.is_external for note in new)
    internal = len(new) - external
    if external:
        told.append(ngettext("{n} reply", "{n} replies", external).format(n=external))
    if internal:
        told.append(ngettext("{n} comment", "{n} comments", internal).format(n=internal))
    if ours:
        told.append(gettext("{n} sent earlier recognised").format(n=len(ours)))
    return told


def _why(there: DeskTicket | None, merged: Merged, left_out: int) -> str:
    said = [gettext("It is new.") if there is None else gettext("It changed in TOGA 2.")]
    if merged.conflicts:
        said.append(mapping.both_changed(merged.conflicts))
    if left_out:
        stay = ngettext(
            "{n} file of internal notes stay in TOGA 2.", "{n} files of internal notes stay in TOGA 2.", left_out
        )
        said.append(stay.format(n=left_out))
    return " ".join(said)
