"""What was said in a ticket, as notes of TOGA 2, with their files. Each is known by Freshservice's id.

A note carries the id, so one whose answer was lost is found by it. A file is known by its link (the attachment's id and
the file's uuid); when a ticket is new to the portal, also by equal name and size on the note. Its address expires: it
is fetched in the same look that read it, and read anew in the next.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side, Write
from integrations.core.sync.linking import attach, create_once, in_hand, links_of
from integrations.transport.errors import ConflictError, TemporaryError, UnknownOutcomeError
from integrations.vendors.freshservice.schemas import Attachment
from integrations.vendors.toga import dialect
from integrations.vendors.toga.schemas import Note, NoteFile
from integrations.vendors.toga.schemas import Ticket as TogaTicket

from .mapping import GONE, Said
from .sides import CONTACT, FILE, KIND, NOTE, Sides

SPOOLED = 1_000_000  # bytes of a file that stay in memory before it goes to disk


def plan(sides: Sides, said: list[Said], there: TogaTicket | None, *, is_new: bool) -> tuple[list[Write], bool]:
    """The writes that bring the notes and files in step, and whether nothing has to be looked at once more."""
    carrying = _carrying(sides, there)
    links = links_of(sides.integration, NOTE, Side.LEFT, {*carrying, *(one.key for one in said)})
    here = {key: _meant(found, links.get(key)) for key, found in carrying.items()}
    doubled = [one for one in said if one.key in here and here[one.key] is None]
    writes: list[Write] = []
    for one in said:
        link, note = links.get(one.key), here.get(one.key)
        if one in doubled:
            continue
        if link is None or not link.right_id:
            writes.append(Write(_told(one), _sending(sides, one, note)))
        elif link.base.get("said") != one.fingerprint and note is not None:
            does = "recognise" if _is_said(one, note) else "edit"
            writes.append(Write(f"{does}: {_told(one)}", _editing(sides, one, note)))
    gone, waits = _gone(sides, {one.key for one in said}, here, links)
    files = [
        write for one in said if one not in doubled for write in _files(sides, one, here.get(one.key), is_new=is_new)
    ]
    # Files come last, the largest at the end: one that is refused keeps back nothing that was said, and no other file.
    last = [write for _, write in sorted(files, key=lambda sized: sized[0])]
    refused = [Write(f"nothing for the {_told(one)}", _refusing(one, carrying[one.key])) for one in doubled]
    return [*writes, *gone, *last, *refused], not waits


def _carrying(sides: Sides, there: TogaTicket | None) -> dict[str, list[Note]]:
    """The notes that carry an id of Freshservice, by it."""
    member = sides.own("ConversationId")
    found: dict[str, list[Note]] = {}
    for note in there.notes if there else ():
        if key := note.custom.get(member):
            found.setdefault(key, []).append(note)
    return found


def _meant(found: list[Note], link: RecordLink | None) -> Note | None:
    """Which of the notes that carry one id it is: the linked one, else the only one; None: nobody has said."""
    linked = next((note for note in found if link is not None and note.uuid == link.right_id), None)
    return linked or (found[0] if len(found) == 1 else None)


def _refusing(one: Said, found: list[Note]) -> Any:
    """It comes last: what else is to be said of the ticket is said before a person has decided."""

    def refuse(_ticket: RecordLink) -> str:
        uuids = ", ".join(note.uuid for note in found)
        raise ConflictError(f"{len(found)} notes of TOGA 2 have the id {one.key}: leave it on one of {uuids}.")

    return refuse


def _told(one: Said) -> str:
    return f"{'note for the customer' if one.is_external else 'internal note'} {one.key}"


# --- notes ------------------------------------------------------------------------------------------------------------


def _sending(sides: Sides, one: Said, known: Note | None) -> Any:
    """One thing that was said becomes a note, once; a note that carries its id already is recognised."""

    def send(ticket: RecordLink) -> str:
        member = sides.own("ConversationId")

        def find(_key: str) -> str | None:
            notes = sides.toga.ticket(KIND, ticket.right_id).notes
            return next((note.uuid for note in notes if note.custom.get(member) == one.key), None)

        def create(_key: str) -> str:
            author = sides.linked(CONTACT, str(one.user_id)) if one.user_id is not None else ""
            return sides.toga.create_note(
                KIND,
                ticket.right_id,
                body=one.html,
                is_external=one.is_external,
                author=author,
                custom={member: one.key},
            )

        with in_hand(sides.integration, NOTE, Side.LEFT, one.key) as mine:
            if known is not None and not mine.right_id:
                attach(mine, Side.RIGHT, known.uuid)
                is_as_said = _is_said(one, known)
            else:
                is_as_said = create_once(mine, Side.RIGHT, fields={}, find=find, create=create)
            if not is_as_said:  # it was made by an earlier call, or another program; an edit may have come since
                _write(sides, one, mine.right_id)
            _agreed(mine, one)
        return ""

    return send


def _editing(sides: Sides, one: Said, note: Note) -> Any:
    def edit(_ticket: RecordLink) -> str:
        with in_hand(sides.integration, NOTE, Side.LEFT, one.key) as mine:
            if not _is_said(one, note):  # an earlier program, or a call without an answer, may have said it
                _write(sides, one, note.uuid)
            _agreed(mine, one)
        return ""

    return edit


def _is_said(one: Said, note: Note) -> bool:
    return (note.body, note.is_external) == (one.html, one.is_external)


def _write(sides: Sides, one: Said, uuid: str) -> None:
    values = {dialect.BODY: one.html, dialect.EXTERNAL: one.is_external}
    sides.toga.update(KIND.notes, uuid, values, about=f"note {uuid}")


def _agreed(mine: RecordLink, one: Said) -> None:
    mine.base = {"said": one.fingerprint}
    mine.save(update_fields=["base"])


def _gone(
    sides: Sides, present: set[str], here: Mapping[str, Note | None], links: Mapping[str, RecordLink]
) -> tuple[list[Write], bool]:
    """Conversations that were deleted, absent from two reads: the note stays and says so. And whether any was absent
    for the first time."""
    writes: list[Write] = []
    waits = False
    for key, note in here.items():
        link = links.get(key)
        if key in present or note is None or link is None or link.base.get("gone") == "told":
            continue
        if link.base.get("gone") == "once":
            writes.append(Write(f"say that {key} was deleted", _telling(sides, link, note)))
        else:
            waits = True
            if not sides.is_dry:
                RecordLink.objects.filter(pk=link.pk).update(base=link.base | {"gone": "once"})
    return writes, waits


def _telling(sides: Sides, link: RecordLink, note: Note) -> Any:
    def tell(_ticket: RecordLink) -> str:
        if not note.body.startswith(GONE):  # an earlier call without an answer may have said so
            sides.toga.update(KIND.notes, note.uuid, {dialect.BODY: GONE + note.body}, about=f"note {note.uuid}")
        RecordLink.objects.filter(pk=link.pk).update(base=link.base | {"gone": "told"})
        return ""

    return tell


# --- files ------------------------------------------------------------------------------------------------------------


def _files(sides: Sides, one: Said, note: Note | None, *, is_new: bool) -> list[tuple[float, Write]]:
    """The writes for the files that TOGA 2 does not have, each with the file's size."""
    links = links_of(sides.integration, FILE, Side.LEFT, [str(file.id) for file in one.files])
    waiting = [file for file in one.files if not (link := links.get(str(file.id))) or not link.right_id]
    if not waiting:
        return []
    there = _unlinked(sides, note, links) if note is not None and is_new else []
    writes: list[tuple[float, Write]] = []
    for file in waiting:
        same = next((f for f in there if f.size is not None and (f.name, f.size) == (file.name, file.size)), None)
        if same is not None:
            there.remove(same)
            writes.append((0, Write(f"recognise the file “{file.name}”", _recognising(sides, file, same.uuid))))
        else:
            size = math.inf if file.size is None else file.size
            writes.append((size, Write(f"file “{file.name}”", _bringing(sides, one, file))))
    return writes


def _unlinked(sides: Sides, note: Note, links: Mapping[str, RecordLink]) -> list[NoteFile]:
    """The note's files that came before the portal: no link has them, and none has begun with them.

    An error here raises, it is never "no files".
    """
    files = note.files if note.files is not None else sides.toga.note(KIND, note.uuid).files or ()
    taken = set(links_of(sides.integration, FILE, Side.RIGHT, [file.uuid for file in files]))
    taken |= {link.base["file"] for link in links.values() if "file" in link.base}
    return [file for file in files if file.uuid not in taken]


def _recognising(sides: Sides, file: Attachment, uuid: str) -> Any:
    def recognise(_ticket: RecordLink) -> str:
        sides.remember(FILE, str(file.id), uuid)
        return ""

    return recognise


def _bringing(sides: Sides, one: Said, file: Attachment) -> Any:
    """A file is fetched, sent, and hung on its note once; its uuid is kept before it hangs."""

    def bring(_ticket: RecordLink) -> str:
        note = sides.linked(NOTE, one.key)
        if not note:
            raise ConflictError(f"The note of the file “{file.name}” is not in TOGA 2.")
        with in_hand(sides.integration, FILE, Side.LEFT, str(file.id)) as mine:
            if mine.right_id:
                return ""
            uuid = mine.base.get("file") or _sent(sides, file)
            hung = mine.sent_at is not None and any(f.uuid == uuid for f in sides.toga.note(KIND, note).files or ())
            if not hung:
                mine.base, mine.sent_at = {"file": uuid}, timezone.now()
                mine.save(update_fields=["base", "sent_at"])
                try:
                    sides.toga.attach_file(KIND, note, uuid)
                except UnknownOutcomeError as error:
                    raise TemporaryError(
                        f"The call that hangs a file on its note got no answer: {error.message}"
                    ) from error
            attach(mine, Side.RIGHT, uuid)
        return ""

    return bring


def _sent(sides: Sides, file: Attachment) -> str:
    """Freshservice's file in TOGA 2, streamed; its uuid."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED) as content:
        got = sides.fresh.download(file, content)  # type: ignore[arg-type]  # a file all the same
        content.seek(0)
        media_type = got.content_type or "application/octet-stream"
        try:
            return sides.toga.create_file(content, name=got.name, size=got.size, media_type=media_type)  # type: ignore[arg-type]
        except UnknownOutcomeError as error:  # at worst a file lies in TOGA 2 that hangs on nothing
            raise TemporaryError(f"The call that sends a file got no answer: {error.message}") from error
