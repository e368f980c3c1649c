"""Files that a ticket has already when it becomes somebody's twin: known by their content, so that none is doubled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side
from integrations.transport.errors import NotFoundError
from integrations.vendors.itop.answers import TooLarge
from integrations.vendors.itop.schemas import Ticket

from .sides import FILE, Half, Sides


@dataclass(frozen=True, slots=True)
class Content:
    """A file by the id that it has in links. No hash: it cannot be read, or is over the limit."""

    id: str
    sha256: str
    name: str


def same_files(sides: Sides, old: RecordLink, outside: Ticket, inside: Ticket) -> list[tuple[Content, Content]]:
    """What is, byte by byte, on the external ticket, or in its texts, and on the new twin: each once."""
    there = sides.internal.api.attachments_of(inside.ticket_class, inside.id)
    waiting = [_read(sides.internal, row.id) for row in there]
    found = []
    for original in _originals(sides, old, outside) if waiting else ():
        twin = next((one for one in waiting if original.sha256 and one.sha256 == original.sha256), None)
        if twin is not None:
            waiting.remove(twin)
            found.append((original, twin))
    return found


def base_of(old: RecordLink, original: Content, twin: Content) -> dict[str, Any]:
    """The base of their link, as if the twin had been brought and read back."""
    names = {Side.LEFT: original.name, Side.RIGHT: twin.name}
    known = {"sha256": twin.sha256, "name": twin.name, "names": names}
    return known | {"pair": old.left_id, "to": Side.RIGHT, "read_back": True}


def _originals(sides: Sides, old: RecordLink, outside: Ticket) -> Iterator[Content]:
    """The external ticket's files, and the pictures of its texts that were brought as files."""
    for row in sides.external.api.attachments_of(outside.ticket_class, outside.id):
        yield _read(sides.external, row.id)
    links = RecordLink.objects.filter(integration=old.integration, object_type=FILE, base__pair=old.left_id)
    for link in links.exclude(left_id="").exclude(state=RecordLink.State.REPLACED):
        if not link.left_id.isdigit():
            yield Content(link.left_id, link.base.get("sha256", ""), link.base.get("name", ""))


def _read(half: Half, number: int) -> Content:
    with TemporaryFile() as spool, TemporaryFile() as content:
        try:
            file = half.api.download_attachment(number, spool, content)
        except (TooLarge, NotFoundError):
            return Content(str(number), "", "")
        content.seek(0)
        return Content(str(number), hashlib.file_digest(content, "sha256").hexdigest(), file.name)
