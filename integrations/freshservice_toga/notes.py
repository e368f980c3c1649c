"""What was said in a ticket, as notes of TOGA 2, with their files. Each is known by Freshservice's id.

A note carries the id, so one whose answer was lost is found by it. A file is known by its link (the attachment's id and
the file's uuid); when a ticket is new to the portal, also by equal name and size on the note. Its address expires: it
is fetched in the same look that read it, and read anew in the next.
"""

from __future__ import annotations

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
    member = sides.own("ConversationId")
    here = {note.custom.get(member): note for note in there.notes} if there else {}
    links = links_of(sides.integration, NOTE, Side.LEFT, [one.key for one in said])
    writes: list[Write] = []
    for one in said:
        link, note = links.get(one.key), here.get(one.key)
        if link is None or not link.right_id:
            writes.append(Write(_told(one), _sending(sides, one, said[0].key, note)))
        elif link.base.get("said") != one.fingerprint and note is not None:
            writes.append(Write(f"edit: {_told(one)}", _editing(sides, one, note.uuid)))
        writes += _files(sides, one, note, is_new=is_new)
    gone, waits = _gone(sides, {one.key for one in said}, here)
    return [*writes, *gone], not waits


def _told(one: Said) -> str:
    return f"{'note for the customer' if one.is_external else 'internal note'} {one.key}"


# --- notes ------------------------------------------------------------------------------------------------------------


def _sending(sides: Sides, one: Said, first: str, known: Note | None) -> Any:
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
            else:
                create_once(mine, Side.RIGHT, fields={"ticket": first}, find=find, create=create)
            _agreed(mine, one, first)
        return ""

    return send


def _editing(sides: Sides, one: Said, uuid: str) -> Any:
    def edit(_ticket: RecordLink) -> str:
        with in_hand(sides.integration, NOTE, Side.LEFT, one.key) as mine:
            values = {dialect.BODY: one.html, dialect.EXTERNAL: one.is_external}
            sides.toga.update(KIND.notes, uuid, values, about=f"note {uuid}")
            _agreed(mine, one, str(mine.base.get("ticket", "")))
        return ""

    return edit


def _agreed(mine: RecordLink, one: Said, ticket: str) -> None:
    mine.base = {"ticket": ticket, "said": one.fingerprint}
    mine.save(update_fields=["base"])


def _gone(sides: Sides, present: set[str], here: Mapping[str | None, Note]) -> tuple[list[Write], bool]:
    """Conversations that were deleted, absent from two reads: the note stays and says so. And whether any was absent
    for the first time."""
    absent = [(key, note) for key, note in here.items() if key and key not in present]
    links = links_of(sides.integration, NOTE, Side.LEFT, [key for key, _ in absent])
    writes: list[Write] = []
    waits = False
    for key, note in absent:
        link = links.get(key)
        if link is None or link.base.get("gone") == "told":
            continue
        if link.base.get("gone") == "once":
            writes.append(Write(f"say that {key} was deleted", _telling(sides, link, note)))
        else:
            RecordLink.objects.filter(pk=link.pk).update(base=link.base | {"gone": "once"})
            waits = True
    return writes, waits


def _telling(sides: Sides, link: RecordLink, note: Note) -> Any:
    def tell(_ticket: RecordLink) -> str:
        sides.toga.update(KIND.notes, note.uuid, {dialect.BODY: GONE + note.body}, about=f"note {note.uuid}")
        RecordLink.objects.filter(pk=link.pk).update(base=link.base | {"gone": "told"})
        return ""

    return tell


# --- files ------------------------------------------------------------------------------------------------------------


def _files(sides: Sides, one: Said, note: Note | None, *, is_new: bool) -> list[Write]:
    links = links_of(sides.integration, FILE, Side.LEFT, [str(file.id) for file in one.files])
    waiting = [file for file in one.files if not (link := links.get(str(file.id))) or not link.right_id]
    if not waiting:
        return []
    there = list(_files_of(sides, note)) if note is not None and is_new else []
    writes: list[Write] = []
    for file in waiting:
        same = next((f for f in there if f.size is not None and (f.name, f.size) == (file.name, file.size)), None)
        if same is not None:
            there.remove(same)
            writes.append(Write(f"recognise the file “{file.name}”", _recognising(sides, file, same.uuid)))
        else:
            writes.append(Write(f"file “{file.name}”", _bringing(sides, one, file)))
    return writes


def _files_of(sides: Sides, note: Note) -> tuple[NoteFile, ...]:
    """The files of a note; an error here raises, it is never "no files"."""
    return note.files if note.files is not None else sides.toga.note(KIND, note.uuid).files or ()


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
