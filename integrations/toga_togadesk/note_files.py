"""Files of notes, both ways. A file is known by its link; when a pair is new to the portal, by equal name and size.

To TOGaDesk: a row without a file, the file in the folder, the row finished, the link. To TOGA 2: the file, its uuid
kept, hung on the note, the link. Whatever dies in between, the next run goes on from what is there.
"""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext

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


@dataclass(frozen=True, slots=True)
class Matched:
    """Which files are on both sides: by a link, or found to be the same without one yet."""

    uuids: set[str]
    ids: set[int]
    found: Pairs


def known_files(
    pair: Pair, files: Iterable[tuple[Note, NoteFile]], there: DeskTicket | None, *, by_name: bool
) -> Matched:
    """Those of these files of TOGA 2 that TOGaDesk has. `by_name`: equal name and size on the same reply will do too,
    which is right for what came before the portal, and for nothing else: two new files may be alike in both."""
    wanted = list(files)
    rows = {file.id: file for file in there.files if file.file} if there else {}
    replies = {reply.reference: reply.id for reply in there.replies} if there else {}
    left = links_of(pair.integration, FILE, Side.LEFT, [file.uuid for _, file in wanted])
    right = links_of(pair.integration, FILE, Side.RIGHT, [str(key) for key in rows])
    uuids = {uuid for uuid, link in left.items() if link.right_id}
    ids = {int(key) for key, link in right.items() if link.left_id}
    begun = {uuid: link.base.get("row") for uuid, link in left.items() if not link.right_id}
    begun |= {link.base.get("file"): int(key) for key, link in right.items() if not link.left_id}
    found: Pairs = []
    for note, file in wanted:
        free = [row for row in rows.values() if row.id not in ids and row.reply_id == replies.get(note.uuid)]
        if file.uuid in uuids:
            continue
        row = next((one for one in free if one.id == begun.get(file.uuid)), None)
        if row is None and by_name and (place := mapping.same_file(file, free)) is not None:
            row = free[place]
        if row is not None:
            found.append((file.uuid, row.id))
            ids.add(row.id)
    return Matched(uuids | {uuid for uuid, _ in found}, ids, found)


def waiting_files(
    pair: Pair, ticket: TogaTicket | None, there: DeskTicket, *, by_name: bool
) -> tuple[list[tuple[Reply, File]], Pairs]:
    """The files of TOGaDesk that TOGA 2 does not have, with their replies; and those found to be the same."""
    whole = [file for file in there.files if file.file]
    links = links_of(pair.integration, FILE, Side.RIGHT, [str(file.id) for file in whole])
    unlinked = [file for file in whole if not (link := links.get(str(file.id))) or not link.left_id]
    replies = {reply.id: reply for reply in there.replies if reply.kind == "reply"}
    wanted = {replies[file.reply_id].reference for file in unlinked}
    notes = [note for note in ticket.notes if note.uuid in wanted] if ticket else []
    shown = [(note, file) for note in notes for file in files_of(pair, note)]
    matched = known_files(pair, shown, there, by_name=by_name)
    return [(replies[file.reply_id], file) for file in unlinked if file.id not in matched.ids], matched.found


def files_of(pair: Pair, note: Note) -> Sequence[NoteFile]:
    """The files of a note; asked for where its ticket did not show them."""
    return note.files if note.files is not None else pair.toga.note(pair.kind, note.uuid).files or ()


def recognition(pair: Pair, uuid: str, file_id: int) -> Write:
    """The write that links two files that are the same."""
    return Write(gettext("recognise a file"), lambda mine: recognise(pair, uuid, file_id))


def arrival(pair: Pair, note: Note, file: NoteFile) -> Write:
    """The write that brings a file to TOGaDesk."""
    return Write(gettext("file “{name}”").format(name=file.name), lambda mine: arrive(pair, note, file))


def departure(pair: Pair, reply: Reply, file: File) -> Write:
    """The write that brings a file to TOGA 2."""
    return Write(gettext("file “{name}”").format(name=file.name), lambda mine: leave(pair, reply, file))


def recognise(pair: Pair, uuid: str, file_id: int) -> str:
    """The two are the same file: from now on by a link."""
    with in_hand(pair.integration, FILE, Side.LEFT, uuid) as mine:
        if not mine.right_id:
            attach(mine, Side.RIGHT, str(file_id))
    return ""


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
                said = gettext("The file “{name}” came with {n} bytes instead of {size}.")
                raise TemporaryError(said.format(name=file.name, n=size, size=file.size))
        pair.desk.finish_file(row, file=name, media_type=file.type[:255], size=size)
        attach(mine, Side.RIGHT, str(row))
    return ""


def _reply_of(pair: Pair, note: Note) -> int:
    found = pair.desk.find_reply(note.uuid)
    if found is None:
        raise ConflictError(gettext("The reply this file belongs to is not in TOGaDesk any more."))
    return found


def leave(pair: Pair, reply: Reply, file: File) -> str:
    """A file of TOGaDesk becomes one of TOGA 2, and hangs on its note once."""
    note = reply.reference or _note_of(pair, reply)
    with in_hand(pair.integration, FILE, Side.RIGHT, str(file.id)) as mine:
        if mine.left_id:
            return ""
        uuid = mine.base.get("file") or _upload(pair, file)
        if mine.sent_at is not None and _hung(pair, note, uuid):
            attach(mine, Side.LEFT, uuid)
            return ""
        mine.base, mine.sent_at = {"file": uuid}, timezone.now()
        mine.save(update_fields=["base", "sent_at"])
        try:
            pair.toga.attach_file(pair.kind, note, uuid)
        except UnknownOutcomeError as error:
            said = gettext("The call that hangs a file on its note got no answer: {why}").format(why=error.message)
            raise TemporaryError(said) from error
        attach(mine, Side.LEFT, uuid)
    return ""


def _note_of(pair: Pair, reply: Reply) -> str:
    """The uuid that an earlier step of the same run gave this reply."""
    links = links_of(pair.integration, NOTE, Side.RIGHT, [f"{reply.kind}-{reply.id}"])
    found = next((link.left_id for link in links.values()), "")
    if not found:
        raise ConflictError(gettext("The reply this file belongs to is not in TOGA 2 yet."))
    return found


def _hung(pair: Pair, note: str, uuid: str) -> bool:
    """Whether the note has this file already; an error here raises, it is never "no files"."""
    return any(file.uuid == uuid for file in pair.toga.note(pair.kind, note).files or ())


def _upload(pair: Pair, file: File) -> str:
    with pair.desk.uploads.reading(file.file) as (content, size):
        media_type = file.type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        try:
            return pair.toga.create_file(content, name=file.name, size=size, media_type=media_type)
        except UnknownOutcomeError as error:  # at worst a file lies in TOGA 2 that hangs on nothing
            said = gettext("The call that sends a file got no answer: {why}").format(why=error.message)
            raise TemporaryError(said) from error
