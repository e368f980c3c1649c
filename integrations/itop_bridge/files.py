"""Attachments, both ways, and the pictures of logs and descriptions, which become attachments of the twin.

Each is fetched once, sent once, and read back. Without an answer it is looked for by its content. A deletion is handed
on only after the source was confirmed gone twice, with its ticket readable; then its twin goes, and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.utils import timezone

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side, Write
from integrations.core.sync.linking import create_once, in_hand, links_of, mark_missing
from integrations.transport.errors import NotFoundError
from integrations.vendors.itop.answers import NotAllowed, TooLarge
from integrations.vendors.itop.pictures import Kind, Picture, name_of, pictures_in
from integrations.vendors.itop.schemas import File

from .mapping import picture_name
from .sides import FILE, Half, Meeting, other_id

SEEN_TWICE = timedelta(seconds=10)  # iTop announces a deletion before it carries it out
PIECE = 1 << 20  # bytes
Fetch = Callable[[BinaryIO, BinaryIO], File]


def plan(meeting: Meeting) -> list[Write]:
    """The attachments that one side has and the other has not, and the twins of those that were deleted."""
    outside, inside = meeting.sides.external, meeting.sides.internal
    ids = {half.side: _ids(meeting, half) for half in (outside, inside)}
    writes = _pictures(meeting)
    for source, target in meeting.ways("files"):
        links = links_of(meeting.sides.integration, FILE, source.side, ids[source.side])
        for one in ids[source.side]:
            link = links.get(one)
            if link is not None and link.base.get("refused"):
                meeting.refused.append(str(link.base["refused"]))
            elif link is None or not other_id(link, target.side):
                writes.append(Write(f"bring attachment {one} {target.where}", _bringing(meeting, source, target, one)))
            elif link.base.get("to") == target.side and not link.base.get("read_back"):
                writes.append(Write(f"read attachment {one} back", _reading_back(meeting, target, link)))
        if meeting.inside is not None:
            writes += _deleted(meeting, source, target, ids)
    return writes


def _ids(meeting: Meeting, half: Half) -> list[str]:
    if not meeting.has(half):
        return []
    ticket = meeting.ticket(half)
    return [str(row.id) for row in half.api.attachments_of(ticket.ticket_class, ticket.id)]


def _pictures(meeting: Meeting) -> list[Write]:
    """Those of the external description; those of a log come with their entry."""
    outside, inside = meeting.sides.external, meeting.sides.internal
    found = [one for one in pictures_in(meeting.outside.description) if one.kind is not Kind.FOREIGN]
    links = links_of(meeting.sides.integration, FILE, Side.LEFT, [_picture_id(meeting, outside, one) for one in found])
    waiting = [one for one in found if _picture_id(meeting, outside, one) not in links]

    def bringing(picture: Picture) -> Any:
        def bring(_mine: RecordLink) -> str:
            bring_picture(meeting, outside, inside, picture)
            return ""

        return bring

    return [Write(f"bring {picture_name(one)} of the description inside", bringing(one)) for one in waiting]


# --- bringing one -----------------------------------------------------------------------------------------------------


def _bringing(meeting: Meeting, source: Half, target: Half, number: str) -> Any:
    def fetch(spool: BinaryIO, content: BinaryIO) -> File:
        return source.api.download_attachment(int(number), spool, content)

    def bring(_mine: RecordLink) -> str:
        _bring(meeting, source, target, number, fetch, name=lambda file: file.name or f"attachment-{number}")
        return ""

    return bring


def bring_picture(meeting: Meeting, source: Half, target: Half, picture: Picture) -> None:
    """A picture of a text as an attachment; its name begins as the text on the other side calls it."""
    if picture.kind is Kind.FOREIGN:
        return

    def fetch(spool: BinaryIO, content: BinaryIO) -> File:
        if picture.kind is Kind.INLINE:
            return source.api.download_picture(picture.id, spool, content, secret=picture.secret)
        media_type, data = picture.content()
        content.write(data)
        return File(0, "", media_type, len(data))

    def name(file: File) -> str:
        own, ending = file.name if picture.kind is Kind.INLINE else "", name_of(0, file.content_type)
        return f"{picture_name(picture)} {own}" if own else picture_name(picture) + ending.removeprefix("picture-0")

    _bring(meeting, source, target, _picture_id(meeting, source, picture), fetch, name=name)


def _picture_id(meeting: Meeting, source: Half, picture: Picture) -> str:
    return f"{meeting.ticket(source).id}:{picture_name(picture)}"


def _bring(
    meeting: Meeting, source: Half, target: Half, key: str, fetch: Fetch, *, name: Callable[[File], str]
) -> None:
    with in_hand(meeting.sides.integration, FILE, source.side, key) as link:
        if other_id(link, target.side) or link.state == RecordLink.State.MISSING:
            return
        if link.base.get("refused"):
            meeting.refused.append(str(link.base["refused"]))
            return
        with TemporaryFile() as spool, TemporaryFile() as content:
            try:
                file = fetch(spool, content)
                _send(meeting, target, link, content, file, name(file))
            except NotFoundError as gone:
                if not key.isdigit():  # an attachment that went meanwhile is in no list of the next look
                    _refuse(meeting, link, f"{key} of the {source.label} iTop cannot be read: {gone.message}")
            except (TooLarge, NotAllowed, ValueError) as refused:
                _refuse(meeting, link, f"The file {key} of the {source.label} iTop was not brought: {refused}")


def _refuse(meeting: Meeting, link: RecordLink, why: str) -> None:
    """It is said as long as nobody takes the file away, and not tried again: it would be fetched each time."""
    link.base = link.base | {"refused": why, "pair": str(meeting.outside.id)}
    link.save(update_fields=["base"])
    meeting.refused.append(why)


def _send(meeting: Meeting, target: Half, link: RecordLink, content: BinaryIO, file: File, name: str) -> None:
    digest = _digest(content)
    ticket = meeting.ticket(target)

    def find(_key: str) -> str | None:
        rows = target.api.attachments_of(ticket.ticket_class, ticket.id)
        taken = links_of(meeting.sides.integration, FILE, target.side, [str(row.id) for row in rows])
        free = [row.id for row in rows if str(row.id) not in taken]
        return next((str(one) for one in free if _digest_of(target, one) == digest), None)

    def create(_key: str) -> str:
        content.seek(0)
        kind = file.content_type or "application/octet-stream"
        made = target.api.create_attachment(ticket, content, name=name[:250], size=file.size, content_type=kind)
        return str(made)

    fields = {"to": target.side, "pair": str(meeting.outside.id), "sha256": digest, "name": name[:250]}
    create_once(link, target.side, fields=fields, find=find, create=create)
    _read_back(meeting, target, link)


def _reading_back(meeting: Meeting, target: Half, link: RecordLink) -> Any:
    def read_back(_mine: RecordLink) -> str:
        try:
            _read_back(meeting, target, link)
        except NotFoundError:
            meeting.waits.append(f"The attachment “{link.base.get('name')}” cannot be read back yet.")
        return ""

    return read_back


def _read_back(meeting: Meeting, target: Half, link: RecordLink) -> None:
    """iTop takes almost anything for base64, so what was sent is compared with what is there."""
    stored = _digest_of(target, int(other_id(link, target.side)))
    if stored == link.base.get("sha256"):
        link.base = link.base | {"read_back": True}
        link.save(update_fields=["base"])
        return
    said = f"The {target.label} iTop stored other bytes of “{link.base.get('name')}” than were sent."
    _refuse(meeting, link, said)


def _digest(content: BinaryIO) -> str:
    content.seek(0)
    found = hashlib.sha256()
    while part := content.read(PIECE):
        found.update(part)
    return found.hexdigest()


def _digest_of(half: Half, number: int) -> str:
    with TemporaryFile() as spool, TemporaryFile() as content:
        half.api.download_attachment(number, spool, content)
        return _digest(content)


# --- deletions --------------------------------------------------------------------------------------------------------


def _deleted(meeting: Meeting, source: Half, target: Half, ids: dict[Side, list[str]]) -> list[Write]:
    """Twins on the target whose source is not there any more."""
    links = links_of(meeting.sides.integration, FILE, target.side, ids[target.side])
    gone = [
        link
        for link in links.values()
        if link.state == RecordLink.State.ACTIVE
        and other_id(link, source.side).isdigit()  # a picture of a text is never deleted by itself
        and other_id(link, source.side) not in ids[source.side]
    ]
    if len(gone) > 1 and not ids[source.side]:  # so it looks too when an account may see them no longer
        meeting.refused.append(
            f"All {len(gone)} attachments are missing in the {source.label} iTop at once; none was deleted. If that is "
            f"right, delete them in the {target.label} one."
        )
        return []
    return [
        Write(
            f"delete attachment {other_id(link, target.side)} {target.where}", _deleting(meeting, source, target, link)
        )
        for link in gone
    ]


def _deleting(meeting: Meeting, source: Half, target: Half, link: RecordLink) -> Any:
    number, twin = int(other_id(link, source.side)), int(other_id(link, target.side))

    def delete(_mine: RecordLink) -> str:
        absent, now = link.base.get("absent"), timezone.now()
        if absent is None or now < datetime.fromisoformat(absent) + SEEN_TWICE:
            RecordLink.objects.filter(pk=link.pk).update(base=link.base | {"absent": absent or now.isoformat()})
            meeting.waits.append(f"Attachment {number} is missing in the {source.label} iTop; it is looked for again.")
            return ""
        try:
            source.api.attachment(number)
        except NotFoundError:
            target.api.delete_attachment(twin)
            mark_missing(link, f"It was deleted in the {source.label} iTop.")
        return ""

    return delete
