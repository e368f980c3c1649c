"""Files of notes, both ways. A file is known by its link, else by equal name and size; never by its name alone.

To TOGaDesk: a row without a file, the file in the folder, the row finished, the link. To TOGA 2: the file, its uuid
kept, hung on the note, the link. Whatever dies in between, the next run goes on from what is there.
"""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Iterable

from django.utils import timezone

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side, Write
from integrations.core.sync.linking import attach, in_hand, links_of
from integrations.transport.errors import ConflictError, TemporaryError, UnknownOutcomeError
from integrations.vendors.toga.schemas import Note, NoteFile
from integrations.vendors.toga.schemas import Ticket as TogaTicket
from integrations.vendors.togadesk.rows import File, Reply
from integrations.vendors.togadesk.rows import Ticket as DeskTicket

from . import mapping
from .pair import FILE, NOTE, Pair

SPOOLED = 1_000_000  # bytes of an answer that stay in memory before they go to a temporary file


Pairs = list[tuple[str, int]]  # a file's uuid in TOGA 2 and its id in TOGaDesk


def known_files(pair: Pair, files: Iterable[tuple[Note, NoteFile]], there: DeskTicket | None) -> tuple[set[str], Pairs]:
    """The uuids of those files of TOGA 2 that TOGaDesk has by a link, and those it has by name and size."""
    wanted = list(files)
    links = links_of(pair.integration, FILE, Side.LEFT, [file.uuid for _, file in wanted])
    known = {uuid for uuid, link in links.items() if link.state == RecordLink.State.ACTIVE}
    if there is None:
        return known, []
    found: Pairs = []
    replies = {reply.reference: reply.id for reply in there.replies}
    free = _unlinked(pair, there.files)
    for note, file in wanted:
        mine = [one for one in free if one.reply_id == replies.get(note.uuid)]
        place = None if file.uuid in known else mapping.same_file(file, mine)
        if place is not None:
            found.append((file.uuid, mine[place].id))
            free.remove(mine[place])
    return known, found


def waiting_files(pair: Pair, ticket: TogaTicket | None, there: DeskTicket) -> tuple[list[tuple[Reply, File]], Pairs]:
    """The files of TOGaDesk that TOGA 2 does not have, with their replies; and those it has by name and size."""
    found: Pairs = []
    notes = {note.uuid: note for note in ticket.notes} if ticket else {}
    replies = {reply.id: reply for reply in there.replies if reply.kind == "reply"}
    free: dict[int, list[NoteFile]] = {}
    waiting = []
    for file in _unlinked(pair, there.files):
        reply = replies[file.reply_id]
        note = notes.get(reply.reference)
        if note is not None and reply.id not in free:
            shown = note.files if note.files is not None else pair.toga.note(pair.kind, note.uuid).files
            free[reply.id] = _not_linked(pair, shown or ())
        mine = free.get(reply.id, [])
        place = mapping.same_file(file, mine)
        if place is None:
            waiting.append((reply, file))
        else:
            found.append((mine.pop(place).uuid, file.id))
    return waiting, found


def recognition(pair: Pair, uuid: str, file_id: int) -> Write:
    """The write that links two files that are the same."""
    return Write("recognise a file", lambda mine: recognise(pair, uuid, file_id))


def arrival(pair: Pair, note: Note, file: NoteFile) -> Write:
    """The write that brings a file to TOGaDesk."""
    return Write(f"file “{file.name}”", lambda mine: arrive(pair, note, file))


def departure(pair: Pair, reply: Reply, file: File) -> Write:
    """The write that brings a file to TOGA 2."""
    return Write(f"file “{file.name}”", lambda mine: leave(pair, reply, file))


def recognise(pair: Pair, uuid: str, file_id: int) -> str:
    """The two are the same file: from now on by a link."""
    with in_hand(pair.integration, FILE, Side.LEFT, uuid) as mine:
        if not mine.right_id:
            attach(mine, Side.RIGHT, str(file_id))
    return ""


def _unlinked(pair: Pair, files: Iterable[File]) -> list[File]:
    """Those that are there, whole, and belong to no file of TOGA 2 yet."""
    whole = [file for file in files if file.file]
    links = links_of(pair.integration, FILE, Side.RIGHT, [str(file.id) for file in whole])
    return [file for file in whole if not (link := links.get(str(file.id))) or not link.left_id]


def _not_linked(pair: Pair, files: Iterable[NoteFile]) -> list[NoteFile]:
    listed = list(files)
    links = links_of(pair.integration, FILE, Side.LEFT, [file.uuid for file in listed])
    return [file for file in listed if not (link := links.get(file.uuid)) or not link.right_id]


def arrive(pair: Pair, note: Note, file: NoteFile) -> str:
    """A file of TOGA 2 becomes one of TOGaDesk, byte for byte; never half of it."""
    reply_id = _reply_of(pair, note)
    with in_hand(pair.integration, FILE, Side.LEFT, file.uuid) as mine:
        if mine.right_id:
            return ""
        row = int(mine.base.get("row") or pair.desk.reserve_file(reply_id, file.name[:255]))
        if not mine.base.get("row"):
            mine.base = {"row": row}
            mine.save(update_fields=["base"])
        with (
            tempfile.SpooledTemporaryFile(max_size=SPOOLED) as answer,
            pair.desk.uploads.writing(row, file.name) as (target, name),
        ):
            size = pair.toga.download_file(file.uuid, target, answer)  # type: ignore[arg-type]  # a file all the same
            if file.size is not None and size != file.size:
                raise TemporaryError(f"The file “{file.name}” came with {size} bytes instead of {file.size}.")
        pair.desk.finish_file(row, file=name, media_type=file.type[:255], size=size)
        attach(mine, Side.RIGHT, str(row))
    return ""


def _reply_of(pair: Pair, note: Note) -> int:
    found = pair.desk.find_reply(note.uuid)
    if found is None:
        raise ConflictError("The reply this file belongs to is not in TOGaDesk any more.")
    return found


def leave(pair: Pair, reply: Reply, file: File) -> str:
    """A file of TOGaDesk becomes one of TOGA 2, and hangs on its note once."""
    note = reply.reference or _note_of(pair, reply)
    with in_hand(pair.integration, FILE, Side.RIGHT, str(file.id)) as mine:
        if mine.left_id:
            return ""
        if mine.sent_at is not None and (found := _hung(pair, note, file, mine.base.get("file", ""))):
            attach(mine, Side.LEFT, found)
            return ""
        uuid = mine.base.get("file") or _upload(pair, file)
        mine.base, mine.sent_at = {"file": uuid}, timezone.now()
        mine.save(update_fields=["base", "sent_at"])
        try:
            pair.toga.attach_file(pair.kind, note, uuid)
        except UnknownOutcomeError as error:
            raise TemporaryError(f"The call that hangs a file on its note got no answer: {error.message}") from error
        attach(mine, Side.LEFT, uuid)
    return ""


def _note_of(pair: Pair, reply: Reply) -> str:
    """The uuid that an earlier step of the same run gave this reply."""
    links = links_of(pair.integration, NOTE, Side.RIGHT, [f"{reply.kind}-{reply.id}"])
    found = next((link.left_id for link in links.values()), "")
    if not found:
        raise ConflictError("The reply this file belongs to is not in TOGA 2 yet.")
    return found


def _hung(pair: Pair, note: str, file: File, uuid: str) -> str:
    """The uuid under which the note has this file already; an error here raises, it is never "no files"."""
    files = _not_linked(pair, pair.toga.note(pair.kind, note).files or ())
    if any(one.uuid == uuid for one in files):
        return uuid
    place = mapping.same_file(file, files)
    return "" if place is None else files[place].uuid


def _upload(pair: Pair, file: File) -> str:
    with pair.desk.uploads.reading(file.file) as (content, size):
        media_type = file.type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        try:
            return pair.toga.create_file(content, name=file.name, size=size, media_type=media_type)
        except UnknownOutcomeError as error:  # at worst a file lies in TOGA 2 that hangs on nothing
            raise TemporaryError(f"The call that sends a file got no answer: {error.message}") from error
