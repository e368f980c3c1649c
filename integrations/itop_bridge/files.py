"""Attachments, both ways, and the pictures of logs and descriptions, which become attachments of the twin.

Each is fetched once, sent once, and read back. Without an answer it is looked for by its content, before anything else
is brought: else it would come home as something new.
"""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side, Write
from integrations.core.sync.linking import (
    SETTLES_WITHIN,
    attach,
    create_once,
    in_hand,
    links_of,
    mark_missing,
    may_still_arrive,
)
from integrations.transport.errors import NotFoundError, TemporaryError
from integrations.vendors.itop.answers import NotAllowed, TooLarge
from integrations.vendors.itop.pictures import Kind, Picture, name_of, pictures_in
from integrations.vendors.itop.schemas import File

from . import deletions, replaced
from .contents import LONGEST_NAME, digest, is_announced, look, name_for, note_seen, refuse
from .mapping import picture_name
from .sides import FILE, Half, Meeting, other_id

Fetch = Callable[[BinaryIO, BinaryIO], File]


def plan(meeting: Meeting) -> list[Write]:
    """The attachments that one side has and the other has not or has otherwise, and the twins of deleted ones."""
    outside, inside = meeting.sides.external, meeting.sides.internal
    ids = {half.side: _ids(meeting, half) for half in (outside, inside)}
    writes = [*_left_over(meeting), *_pictures(meeting)]
    for source, target in meeting.ways("files"):
        links = links_of(meeting.sides.integration, FILE, source.side, ids[source.side])
        for one in ids[source.side]:
            writes += _of_one(meeting, source, target, one, links.get(one))
        if meeting.inside is not None:
            writes += deletions.plan(meeting, source, target, ids)
    return writes


def _ids(meeting: Meeting, half: Half) -> list[str]:
    if not meeting.has(half):
        return []
    ticket = meeting.ticket(half)
    return [str(row.id) for row in half.api.attachments_of(ticket.ticket_class, ticket.id)]


def _of_one(meeting: Meeting, source: Half, target: Half, number: str, link: RecordLink | None) -> list[Write]:
    """What this attachment of the source means for the target."""
    if link is not None and link.base.get("refused") and not is_announced(link, source.side):
        meeting.refused.append(str(link.base["refused"]))
        return []
    if link is None or not other_id(link, target.side):
        said = _("bring attachment {number} {way}").format(number=number, way=target.way)
        return [Write(said, _bringing(meeting, source, target, number))]
    if replaced.is_due(link, source, target):
        compared = replaced.comparing(meeting, source, target, number)
        said = _("compare attachment {number} with its twin {way}").format(number=number, way=target.way)
        return [Write(said, compared)]
    if link.base.get("to") == target.side and not link.base.get("read_back"):
        said = _("read attachment {number} back").format(number=number)
        return [Write(said, _reading_back(meeting, source, target, number))]
    return []


def _left_over(meeting: Meeting) -> list[Write]:
    """What an earlier look began with this pair: what was sent and not heard of, pictures that were not read back."""
    links = RecordLink.objects.filter(
        integration=meeting.sides.integration, object_type=FILE, base__pair=str(meeting.outside.id)
    )
    writes: list[Write] = []
    for link in links.order_by("pk"):
        target = meeting.sides.half(Side(link.base.get("to") or Side.RIGHT))
        source, name = meeting.sides.half(target.side.other), link.base.get("name")
        key = other_id(link, source.side)
        if link.state == RecordLink.State.CREATING and link.sent_at is not None:
            said = _("look for “{name}” {way}").format(name=name, way=target.way)
            writes.append(Write(said, _looking_for(meeting, source, target, key)))
        elif (
            link.state == RecordLink.State.ACTIVE and not key.isdigit() and not {"read_back", "refused"} & {*link.base}
        ):
            said = _("read “{name}” back").format(name=name)
            writes.append(Write(said, _reading_back(meeting, source, target, key)))
    return writes


def _looking_for(meeting: Meeting, source: Half, target: Half, key: str) -> Any:
    def look_for(_mine: RecordLink) -> str:
        with in_hand(meeting.sides.integration, FILE, source.side, key) as mine:
            if mine.sent_at is None or other_id(mine, target.side):
                return ""
            if found := _found(meeting, target, str(mine.base["sha256"])):
                attach(mine, target.side, found)
            elif may_still_arrive(mine):
                said = _("The call with “{name}” got no answer; it is looked for until it can no longer arrive.")
                raise TemporaryError(said.format(name=mine.base["name"]), retry_after=SETTLES_WITHIN.total_seconds())
            else:
                mine.sent_at = None
                mine.save(update_fields=["sent_at"])
        return ""

    return look_for


def _found(meeting: Meeting, target: Half, sha256: str) -> str | None:
    """The attachment on the target that has this content and is no link's."""
    ticket = meeting.ticket(target)
    rows = target.api.attachments_of(ticket.ticket_class, ticket.id)
    taken = links_of(meeting.sides.integration, FILE, target.side, [str(row.id) for row in rows])
    free = [row.id for row in rows if str(row.id) not in taken]
    return next((str(one) for one in free if look(target, one).sha256 == sha256), None)


def _pictures(meeting: Meeting) -> list[Write]:
    """Those of the external description; those of a log come with their entry."""
    outside, inside = meeting.sides.external, meeting.sides.internal
    found = [one for one in pictures_in(meeting.outside.description) if one.kind is not Kind.FOREIGN]
    links = links_of(meeting.sides.integration, FILE, Side.LEFT, [_picture_id(meeting, outside, one) for one in found])
    waiting = [one for one in found if _is_waiting(links.get(_picture_id(meeting, outside, one)))]

    def bringing(picture: Picture) -> Any:
        def bring(_mine: RecordLink) -> str:
            bring_picture(meeting, outside, inside, picture)
            return ""

        return bring

    said = _("bring {name} of the description inside")
    return [Write(said.format(name=picture_name(one)), bringing(one)) for one in waiting]


def _is_waiting(link: RecordLink | None) -> bool:
    """Whether this picture has not become an attachment yet, and may."""
    return link is None or (link.state == RecordLink.State.CREATING and not link.base.get("refused"))


# --- bringing one -----------------------------------------------------------------------------------------------------


def _bringing(meeting: Meeting, source: Half, target: Half, number: str) -> Any:
    def fetch(spool: BinaryIO, content: BinaryIO) -> File:
        return source.api.download_attachment(int(number), spool, content)

    def bring(_mine: RecordLink) -> str:
        _bring(meeting, source, target, number, fetch, name=lambda file: name_for(file, number))
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
        if link.base.get("refused") and not is_announced(link, source.side):
            meeting.refused.append(str(link.base["refused"]))
            return
        at = timezone.now()
        with TemporaryFile() as spool, TemporaryFile() as content:
            try:
                file = fetch(spool, content)
                fields = {"read": {source.side: at.isoformat()}, "names": {source.side: file.name}}
                _send(meeting, target, link, content, file, name(file)[:LONGEST_NAME], fields)
            except NotFoundError as gone:
                if not key.isdigit():  # an attachment that went meanwhile is in no list of the next look
                    said = _("{file} of the {side} iTop cannot be read: {why}")
                    refuse(meeting, link, said.format(file=key, side=source.name, why=gone.message))
            except (TooLarge, NotAllowed, ValueError) as refused:
                said = _("The file {file} of the {side} iTop was not brought: {why}")
                refuse(meeting, link, said.format(file=key, side=source.name, why=refused))


def _send(
    meeting: Meeting, target: Half, link: RecordLink, content: BinaryIO, file: File, name: str, fields: dict[str, Any]
) -> None:
    ticket, sha256 = meeting.ticket(target), digest(content)

    def create(_key: str) -> str:
        content.seek(0)
        kind = file.content_type or "application/octet-stream"
        made = target.api.create_attachment(ticket, content, name=name, size=file.size, content_type=kind)
        return str(made)

    fields |= {"to": target.side, "pair": str(meeting.outside.id), "sha256": sha256, "name": name}
    create_once(link, target.side, fields=fields, find=lambda _key: _found(meeting, target, sha256), create=create)
    _read_back(meeting, target, link)


def _reading_back(meeting: Meeting, source: Half, target: Half, key: str) -> Any:
    def read_back(_mine: RecordLink) -> str:
        with in_hand(meeting.sides.integration, FILE, source.side, key) as link:
            try:
                _read_back(meeting, target, link)
            except NotFoundError:
                if key.isdigit():  # its deletion would be handed on
                    said = _("The attachment “{name}” cannot be read back yet.")
                    meeting.waits.append(said.format(name=link.base.get("name")))
                else:
                    said = _("It was deleted in the {side} iTop before it was read back.")
                    mark_missing(link, said.format(side=target.name))
        return ""

    return read_back


def _read_back(meeting: Meeting, target: Half, link: RecordLink) -> None:
    """iTop takes almost anything for base64, so what was sent is compared with what is there."""
    seen = look(target, int(other_id(link, target.side)))
    if seen.sha256 == link.base.get("sha256"):
        note_seen(link, target.side, seen, read_back=True)
        return
    said = _("The {side} iTop stored other bytes of “{name}” than were sent.")
    refuse(meeting, link, said.format(side=target.name, name=link.base.get("name")))
