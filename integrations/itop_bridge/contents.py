"""What is known of an attachment beside its two ids, and the reading of its content.

The `base` of its link holds

| name        | what                                                                                     |
|-------------|------------------------------------------------------------------------------------------|
| `to`        | the side of its copy                                                                     |
| `pair`      | the external ticket                                                                      |
| `sha256`    | of the content that both have, or that was sent                                          |
| `name`      | what the copy was called                                                                 |
| `names`     | by side, the name as it was read                                                         |
| `read`      | by side, when the content was read last                                                  |
| `announced` | by side, when somebody told of it after that: it has to be read and compared             |
| `read_back` | that the copy was compared                                                               |
| `refused`   | why it was not brought, in a sentence                                                    |
| `absent`    | since when the other half is missing                                                     |
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.utils import timezone

from integrations.core.models import Integration, RecordLink
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import in_hand, links_of
from integrations.vendors.itop.schemas import File

from .sides import FILE, Half, Meeting, other_id

LONGEST_NAME = 250
PIECE = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """An attachment as it was read at that moment."""

    file: File
    sha256: str
    at: datetime


def read(half: Half, number: int, content: BinaryIO) -> Seen:
    """Write the content of an attachment to `content`. Raises NotFoundError, TooLarge, NotAllowed."""
    at = timezone.now()
    with TemporaryFile() as spool:
        file = half.api.download_attachment(number, spool, content)
    return Seen(file, digest(content), at)


def look(half: Half, number: int) -> Seen:
    """The same, for its hash alone."""
    with TemporaryFile() as content:
        return read(half, number, content)


def digest(content: BinaryIO) -> str:
    content.seek(0)
    found = hashlib.sha256()
    while part := content.read(PIECE):
        found.update(part)
    return found.hexdigest()


def name_for(file: File, number: str) -> str:
    """What a copy is called."""
    return (file.name or f"attachment-{number}")[:LONGEST_NAME]


def note(link: RecordLink, **values: Any) -> None:
    """Keep these in the base of the link, which is in hand."""
    link.base = link.base | values
    link.save(update_fields=["base"])


def note_seen(link: RecordLink, side: Side, seen: Seen, **values: Any) -> None:
    """This half was read, so whatever told of it before is answered."""
    note(
        link,
        read=link.base.get("read", {}) | {side: seen.at.isoformat()},
        names=link.base.get("names", {}) | {side: seen.file.name},
        announced={one: at for one, at in link.base.get("announced", {}).items() if one != side},
        **values,
    )


def refuse(meeting: Meeting, link: RecordLink, why: str) -> None:
    """It is said as long as nobody takes the file away or replaces it, and not tried again: it would be fetched each
    time."""
    read_at = dict.fromkeys(Side, timezone.now().isoformat())
    note(link, refused=why, pair=str(meeting.outside.id), read=read_at, announced={})
    meeting.refused.append(why)


# --- what nothing but a webhook tells of ------------------------------------------------------------------------------


def is_announced(link: RecordLink, side: Side) -> bool:
    """Whether this half may have another content than when it was read."""
    return side in link.base.get("announced", {})


def announce(integration: Integration, side: Side, number: str, at: datetime) -> None:
    """Somebody told of this attachment at that moment: unless it was read since, the next look at its pair reads it.

    Kept on the link, so that it is not forgotten if the process dies. Raises BusyError.
    """
    link = links_of(integration, FILE, side, [number]).get(number)
    if link is None or not _may_be_other(link, side, at):
        return
    with in_hand(integration, FILE, side, number) as mine:
        if _may_be_other(mine, side, at):
            note(mine, announced=mine.base.get("announced", {}) | {side: at.isoformat()})


def doubt(pair: RecordLink) -> None:
    """A person wants a pair looked at: all its attachments are read and compared once. Raises BusyError."""
    links = RecordLink.objects.filter(integration=pair.integration, object_type=FILE, base__pair=pair.left_id)
    for link in links.exclude(state=RecordLink.State.REPLACED):
        for side in Side:
            if number := other_id(link, side):
                announce(pair.integration, side, number, timezone.now())


def _may_be_other(link: RecordLink, side: Side, at: datetime) -> bool:
    """A picture of a text has no content of its own to compare."""
    is_alive = link.state in (RecordLink.State.ACTIVE, RecordLink.State.CREATING)
    is_pair = all(other_id(link, one).isdigit() for one in Side if other_id(link, one))
    read_at = link.base.get("read", {}).get(side)
    return is_alive and is_pair and (read_at is None or datetime.fromisoformat(read_at) < at)
