"""An attachment whose content or name was replaced in place, which other programs do over REST: its twin follows.

Neither a list nor a date tells of it, and contents are not read at every look. So it is compared when a webhook
announced it, or when a person has the pair looked at. Where both halves were replaced the original wins.
"""

from __future__ import annotations

from datetime import datetime
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.models import RecordLink
from integrations.core.sync.linking import SETTLES_WITHIN, in_hand
from integrations.transport.errors import (
    MalformedResponseError,
    NotFoundError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.vendors.itop.answers import NotAllowed, TooLarge

from .contents import Seen, is_announced, look, name_for, note, note_seen, read, refuse
from .sides import FILE, Half, Meeting, other_id


def is_due(link: RecordLink, source: Half, target: Half) -> bool:
    """Whether the source's half has to be compared: it was announced, or an earlier write got no answer."""
    is_pair = link.state == RecordLink.State.ACTIVE and bool(other_id(link, target.side))
    return is_pair and (is_announced(link, source.side) or link.sent.get("side") == target.side)


def comparing(meeting: Meeting, source: Half, target: Half, number: str) -> Any:
    def compare(_mine: RecordLink) -> str:
        with in_hand(meeting.sides.integration, FILE, source.side, number) as link:
            if is_due(link, source, target):
                _compare(meeting, source, target, link)
        return ""

    return compare


def _compare(meeting: Meeting, source: Half, target: Half, link: RecordLink) -> None:
    number = other_id(link, source.side)
    with TemporaryFile() as content:
        try:
            seen = read(source, int(number), content)
        except NotFoundError:
            return  # a deletion is another matter
        except (TooLarge, NotAllowed) as refused:
            refuse(meeting, link, _not_again(source, number, refused))
            return
        is_unanswered = link.sent.get("side") == target.side
        if not is_unanswered and _is_known(link, source, seen):
            note_seen(link, source.side, seen)
            return
        if link.base.get("to") == source.side and (target, source) in meeting.ways("files"):
            original = _seen(target, link)
            if original is not None and not _is_known(link, target, original):
                note(link, announced={target.side: timezone.now().isoformat()})
                _compare(meeting, target, source, link)
                return
        try:
            _replace(meeting, target, link, content, seen, name_for(seen.file, number))
        except (TooLarge, NotAllowed) as refused:
            refuse(meeting, link, _not_again(source, number, refused))
        else:
            note_seen(link, source.side, seen)


def _not_again(source: Half, number: str, why: Exception) -> str:
    said = _("The file {number} of the {side} iTop was not brought again: {why}")
    return said.format(number=number, side=source.name, why=why)


def _is_known(link: RecordLink, half: Half, seen: Seen) -> bool:
    """Whether this half is as both were, or as the bridge itself last wrote it there."""
    base = link.base
    name = base.get("names", {}).get(half.side, base.get("name"))
    is_agreed = (seen.sha256, seen.file.name) == (base.get("sha256"), name)
    return is_agreed or (link.sent.get("side") == half.side and _is_as_sent(link, seen))


def _is_as_sent(link: RecordLink, seen: Seen) -> bool:
    sent = link.sent["fields"]
    return (seen.sha256, seen.file.name) == (sent["sha256"], sent["name"])


def _seen(half: Half, link: RecordLink) -> Seen | None:
    try:
        return look(half, int(other_id(link, half.side)))
    except NotFoundError:
        return None


def _replace(meeting: Meeting, target: Half, link: RecordLink, content: BinaryIO, seen: Seen, name: str) -> None:
    """Written once more only when an earlier write that got no answer can no longer arrive."""
    twin = int(other_id(link, target.side))
    if link.sent.get("side") == target.side:
        there = _seen(target, link)
        if there is not None and _is_as_sent(link, there):
            _agreed(link, target, there)
            if (there.sha256, there.file.name) == (seen.sha256, name):
                return
        elif timezone.now() < datetime.fromisoformat(link.sent["at"]) + SETTLES_WITHIN:
            said = _("An earlier write of “{name}” got no answer; it is looked for until it can no longer arrive.")
            raise TemporaryError(said.format(name=name), retry_after=SETTLES_WITHIN.total_seconds())
    fields = {"sha256": seen.sha256, "name": name}
    _note_sent(link, {"side": target.side, "at": timezone.now().isoformat(), "fields": fields})
    content.seek(0)
    kind = seen.file.content_type or "application/octet-stream"
    try:
        target.api.replace_attachment(twin, content, name=name, size=seen.file.size, content_type=kind)
    except (UnknownOutcomeError, MalformedResponseError) as error:
        said = _("The write got no usable answer: {why}").format(why=error.message)
        raise TemporaryError(said, retry_after=5) from error
    except NotFoundError:
        _note_sent(link, {})  # it was deleted there
        return
    except VendorError:
        _note_sent(link, {})  # it was refused, or never left
        raise
    there = _seen(target, link)
    if there is None:
        meeting.waits.append(_("The attachment “{name}” cannot be read back yet.").format(name=name))
    elif there.sha256 != seen.sha256:
        _note_sent(link, {})
        said = _("The {side} iTop stored other bytes of “{name}” than were sent.")
        refuse(meeting, link, said.format(side=target.name, name=name))
    else:
        _agreed(link, target, there)


def _agreed(link: RecordLink, target: Half, there: Seen) -> None:
    """The target has what was sent: both halves are the same from here."""
    base = {name: value for name, value in link.base.items() if name != "refused"}
    link.base = base | {"sha256": there.sha256, "name": link.sent["fields"]["name"], "read_back": True}
    note_seen(link, target.side, there)
    _note_sent(link, {})


def _note_sent(link: RecordLink, sent: dict[str, Any]) -> None:
    link.sent = sent
    link.save(update_fields=["sent"])
