"""Attachments that were deleted on one side, and their twins on the other.

No list tells of a deletion, and iTop says the same of what is gone and of what the account must not see. So a twin goes
only after its other half was missing twice, with the ticket readable, and nothing goes where all are missing at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side, Write
from integrations.core.sync.linking import in_hand, links_of, mark_missing
from integrations.transport.errors import NotFoundError

from .contents import note
from .sides import FILE, Half, Meeting, other_id

SEEN_TWICE = timedelta(seconds=10)  # iTop announces a deletion before it carries it out
FORGOTTEN = timedelta(days=1)  # a first look that long ago says nothing any more


def plan(meeting: Meeting, source: Half, target: Half, ids: dict[Side, list[str]]) -> list[Write]:
    """The twins on the target whose other half is not there any more: deleted, or let go where the settings say so."""
    follows = (source, target) in meeting.ways("deletions")
    links = links_of(meeting.sides.integration, FILE, target.side, ids[target.side])
    gone = [
        link
        for link in links.values()
        if link.state == RecordLink.State.ACTIVE
        and other_id(link, source.side).isdigit()  # a picture of a text is never deleted by itself
        and other_id(link, source.side) not in ids[source.side]
    ]
    if len(gone) > 1 and not ids[source.side]:  # so it looks too when an account may see them no longer
        if follows:
            said = _(
                "All {n} attachments are missing in the {side} iTop at once; none was deleted. If that is right, "
                "delete them in the {other} one."
            )
            meeting.refused.append(said.format(n=len(gone), side=source.name, other=target.name))
        return []
    sentence = _("delete attachment {number} {way}") if follows else _("keep attachment {number} {way}")
    return [
        Write(
            sentence.format(number=other_id(link, target.side), way=target.way),
            _deleting(meeting, source, target, other_id(link, target.side), follows=follows),
        )
        for link in gone
    ]


def _deleting(meeting: Meeting, source: Half, target: Half, twin: str, *, follows: bool) -> Any:
    def delete(_mine: RecordLink) -> str:
        with in_hand(meeting.sides.integration, FILE, target.side, twin) as link:
            number = other_id(link, source.side)
            now = timezone.now()
            first = datetime.fromisoformat(link.base.get("absent") or now.isoformat())
            if not SEEN_TWICE <= now - first <= FORGOTTEN:
                note(link, absent=(now if now - first > FORGOTTEN else first).isoformat())
                said = _("Attachment {number} is missing in the {side} iTop; it is looked for again.")
                meeting.waits.append(said.format(number=number, side=source.name))
                return ""
            try:
                source.api.attachment(int(number))
            except NotFoundError:
                if follows:
                    target.api.delete_attachment(int(twin))
                why = _("It was deleted in the {side} iTop.")
                if not follows:
                    why = _("It was deleted in the {side} iTop. Deletions do not go {way}: its twin stays.")
                mark_missing(link, why.format(side=source.name, way=target.way))
        return ""

    return delete
