"""What was said in a ticket, as notes of TOGA 2, with their files. Each is known by Freshservice's id.

A note carries the id, so one whose answer was lost is found by it. A file is known by its link (the attachment's id and
the file's uuid); when a ticket is new to the portal, also by equal name and size on the note. Its address expires: it
is fetched in the same look that read it, and read anew in the next.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side, Write
from integrations.core.sync.linking import attach, create_once, in_hand, links_of
from integrations.transport.errors import (
    ConflictError,
    MalformedResponseError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.vendors.freshservice.answers import ExpiredUrl
from integrations.vendors.freshservice.inline import lasting
from integrations.vendors.freshservice.schemas import Attachment
from integrations.vendors.toga import dialect
from integrations.vendors.toga.schemas import Note, NoteFile
from integrations.vendors.toga.schemas import Ticket as TogaTicket

from .mapping import GONE, Said
from .sides import CONTACT, FILE, KIND, NOTE, Sides

ONCE, TOLD = "once", "told"  # how often a conversation was absent, in its link's base under "gone"
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
        elif note is not None and (link.base.get("said") != one.fingerprint or link.base.get("gone") == TOLD):
            does = gettext("recognise: {note}") if _is_said(one, note) else gettext("edit: {note}")
            writes.append(Write(does.format(note=_told(one)), _editing(sides, one, note)))
    spoken = {one.key for one in said}
    _forget_absence(sides, (link for key, link in links.items() if key in spoken))
    gone, waits = _gone(sides, spoken, here, links)
    files = [
        write for one in said if one not in doubled for write in _files(sides, one, here.get(one.key), is_new=is_new)
    ]
    nothing = gettext("nothing for the {note}")
    refused = [Write(nothing.format(note=_told(one)), _refusing(one, carrying[one.key])) for one in doubled]
    # Files come after all that was said, and what a person must decide comes last: neither keeps back the rest.
    return [*writes, *gone, *_one_by_one(files), *refused], not waits


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
        said = gettext("{n} notes of TOGA 2 have the id {number}: leave it on one of {uuids}.")
        raise ConflictError(said.format(n=len(found), number=one.key, uuids=uuids))

    return refuse


def _told(one: Said) -> str:
    said = gettext("note for the customer {number}") if one.is_external else gettext("internal note {number}")
    return said.format(number=one.key)


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
    return (lasting(note.body), note.is_external) == (one.lasting, one.is_external)


def _write(sides: Sides, one: Said, uuid: str) -> None:
    values = {dialect.BODY: one.html, dialect.EXTERNAL: one.is_external}
    sides.toga.update(KIND.notes, uuid, values, about=f"note {uuid}")


def _agreed(mine: RecordLink, one: Said) -> None:
    mine.base = {"said": one.fingerprint}
    mine.save(update_fields=["base"])


def _forget_absence(sides: Sides, links: Iterable[RecordLink]) -> None:
    """Conversations that a read missed once and that are there after all."""
    for link in links:
        if link.base.get("gone") == ONCE and not sides.is_dry:
            base = {name: value for name, value in link.base.items() if name != "gone"}
            RecordLink.objects.filter(pk=link.pk).update(base=base)


def _gone(
    sides: Sides, present: set[str], here: Mapping[str, Note | None], links: Mapping[str, RecordLink]
) -> tuple[list[Write], bool]:
    """Conversations that were deleted, absent from two reads: the note stays and says so. And whether any was absent
    for the first time."""
    writes: list[Write] = []
    waits = False
    for key, note in here.items():
        link = links.get(key)
        if key in present or note is None or link is None or link.base.get("gone") == TOLD:
            continue
        if link.base.get("gone") == ONCE:
            said = gettext("say that {number} was deleted").format(number=key)
            writes.append(Write(said, _telling(sides, link, note)))
        else:
            waits = True
            if not sides.is_dry:
                RecordLink.objects.filter(pk=link.pk).update(base=link.base | {"gone": ONCE})
    return writes, waits


def _telling(sides: Sides, link: RecordLink, note: Note) -> Any:
    def tell(_ticket: RecordLink) -> str:
        if not note.body.startswith(GONE):  # an earlier call without an answer may have said so
            sides.toga.update(KIND.notes, note.uuid, {dialect.BODY: GONE + note.body}, about=f"note {note.uuid}")
        RecordLink.objects.filter(pk=link.pk).update(base=link.base | {"gone": TOLD})
        return ""

    return tell


# --- files ------------------------------------------------------------------------------------------------------------


def _one_by_one(files: list[Write]) -> list[Write]:
    """One write for them all, so that a file that cannot be had keeps back no other; its error comes at the end."""

    def bring_all(ticket: RecordLink) -> str:
        trouble: VendorError | None = None
        for file in files:
            try:
                file.do(ticket)
            except (ExpiredUrl, MalformedResponseError, RejectedError) as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble
        return ""

    return [Write("; ".join(file.sentence for file in files), bring_all)] if files else []


def _files(sides: Sides, one: Said, note: Note | None, *, is_new: bool) -> list[Write]:
    """The writes for the files that TOGA 2 does not have."""
    links = links_of(sides.integration, FILE, Side.LEFT, [file.key for file in one.files])
    waiting = [file for file in one.files if not (link := links.get(file.key)) or not link.right_id]
    if not waiting:
        return []
    there = _unlinked(sides, note, links) if note is not None and is_new else []
    writes: list[Write] = []
    for file in waiting:
        same = next((f for f in there if f.size is not None and (f.name, f.size) == (file.name, file.size)), None)
        if same is not None:
            there.remove(same)
            said = gettext("recognise the file “{name}”").format(name=file.name)
            writes.append(Write(said, _recognising(sides, file, same.uuid)))
        else:
            writes.append(Write(gettext("file “{name}”").format(name=file.name), _bringing(sides, one, file)))
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
        sides.remember(FILE, file.key, uuid)
        return ""

    return recognise


def _bringing(sides: Sides, one: Said, file: Attachment) -> Any:
    """A file is fetched, sent, and hung on its note once; its uuid is kept before it hangs."""

    def bring(_ticket: RecordLink) -> str:
        note = sides.linked(NOTE, one.key)
        if not note:
            raise ConflictError(gettext("The note of the file “{name}” is not in TOGA 2.").format(name=file.name))
        with in_hand(sides.integration, FILE, Side.LEFT, file.key) as mine:
            if mine.right_id:
                return ""
            uuid = mine.base.get("file") or _sent(sides, file)

            def find(_key: str) -> str | None:
                hung = sides.toga.note(KIND, note).files or ()
                return uuid if any(known.uuid == uuid for known in hung) else None

            def hang(_key: str) -> str:
                sides.toga.attach_file(KIND, note, uuid)
                return uuid

            try:
                create_once(mine, Side.RIGHT, fields={"file": uuid}, find=find, create=hang)
            finally:
                mine.base = {"file": uuid}  # also when it was refused: it lies in TOGA 2 and is not sent again
                mine.save(update_fields=["base"])
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
            said = gettext("The call that sends a file got no answer: {why}").format(why=error.message)
            raise TemporaryError(said) from error
