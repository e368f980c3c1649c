"""What may have changed since the last run: tickets outside, tickets inside, attachments of both, and the pairs whose
last look is long ago. A record is always the external ticket; it stands for its pair.

The fingerprint of a pair is when both tickets changed last, to the second. Attachments move neither, so they are listed
apart; that one was deleted no list tells.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Page, Reading, Record, Side
from integrations.core.sync.linking import fingerprints_of, links_of
from integrations.vendors.itop.api import DRAFTS_LIVE
from integrations.vendors.itop.schemas import ListedTicket, Ticket

from . import pairs
from .sides import FILE, TICKET, Half, Sides

OVERLAP = timedelta(minutes=2)
SETTLED_AFTER = timedelta(seconds=2)  # iTop's times are whole seconds: another change may have the same one
_STEPS = ("outside", "inside", "files_outside", "files_inside", "again")
LISTS = 4  # of these are lists of what changed


def reading(sides: Sides) -> Reading:
    """The pairs that something may have happened to. The watermark moves when all lists were read."""
    lists: dict[str, Callable[[datetime | None, str], tuple[list[Record], str]]] = {
        "outside": lambda since, cursor: _outside(sides, since, cursor),
        "inside": lambda since, cursor: _inside(sides, since, cursor),
        "files_outside": lambda since, cursor: _files(sides, sides.external, since, cursor),
        "files_inside": lambda since, cursor: _files(sides, sides.internal, since, cursor),
        "again": lambda since, cursor: ([_news(one) for one in pairs.take_turns(sides)], ""),
    }

    def page(since: datetime | None, cursor: str) -> Page:
        place: dict[str, Any] = json.loads(cursor) if cursor else {"step": 0, "at": "", "began": _now()}
        records, at = lists[_STEPS[place["step"]]](since, place["at"])
        place["began"] = _earliest(place["began"], sides.external, sides.internal)
        if not at and place["step"] == len(_STEPS) - 1:
            return Page(records, began=datetime.fromisoformat(place["began"]))
        return Page(records, json.dumps(place | {"step": place["step"] if at else place["step"] + 1, "at": at}))

    def get(key: str) -> Record:
        ticket = sides.external.api.ticket(int(key))
        return Record(key, ticket.last_update, f"{_stamp(ticket.last_update)}|", data=ticket, is_news=True)

    return Reading(page, get, overlap=OVERLAP)


def fingerprint(half: Half, ticket: Ticket | None) -> str:
    """Of one half of a pair. While the second of its last change may not be over, it fits no list's."""
    if ticket is None:
        return "~"
    told = half.api.told_at or timezone.now()
    stamp = _stamp(ticket.last_update)
    return stamp if told - ticket.last_update > SETTLED_AFTER else f"{stamp}~"


def _outside(sides: Sides, since: datetime | None, cursor: str) -> tuple[list[Record], str]:
    rows, at = sides.external.api.changed_tickets("Ticket", since or sides.options.start_at, cursor)
    bridged = [row for row in rows if row.ticket_class in sides.options.classes]
    known = fingerprints_of(sides.integration, TICKET, Side.LEFT, [str(row.id) for row in bridged])
    return [_record(str(row.id), row, known.get(str(row.id), ""), 0) for row in bridged], at


def _inside(sides: Sides, since: datetime | None, cursor: str) -> tuple[list[Record], str]:
    """Only what came from outside exists for the bridge."""
    first = RecordLink.objects.filter(integration=sides.integration, object_type=TICKET).order_by("pk").first()
    if first is None:
        return [], ""
    rows, at = sides.internal.api.changed_tickets("Ticket", since or first.created_at, cursor)
    links = links_of(sides.integration, TICKET, Side.RIGHT, [str(row.id) for row in rows])
    mine = [(links[str(row.id)], row) for row in rows if str(row.id) in links]
    return [_record(link.left_id, row, link.left_fingerprint, 1) for link, row in mine if link.left_id], at


def _record(ticket: str, row: ListedTicket, known: str, half: int) -> Record:
    """Unchanged where this half of the pair is as it was when the pair was dealt with."""
    is_news = [*known.split("|"), "", ""][half] != _stamp(row.last_update)
    mark = f"{_stamp(row.last_update)}|" if half == 0 else f"|{_stamp(row.last_update)}"
    return Record(ticket, row.last_update, mark if is_news else known, is_news=is_news)


def _files(sides: Sides, half: Half, since: datetime | None, cursor: str) -> tuple[list[Record], str]:
    """Pairs with an attachment that nobody dealt with. A first run looks at every ticket anyway."""
    if since is None:
        return [], ""
    rows, at = half.api.new_attachments(since - DRAFTS_LIVE, cursor)
    hung = [row for row in rows if not row.is_draft]
    links = links_of(sides.integration, FILE, half.side, [str(row.id) for row in hung])
    done = {one for one, link in links.items() if _is_over(link)}
    tickets = {str(row.item_id) for row in hung if str(row.id) not in done}
    pairs_of = links_of(sides.integration, TICKET, half.side, tickets)
    return [_news(one) for one in _sorted(link.left_id for link in pairs_of.values()) if one], at


def _is_over(link: RecordLink) -> bool:
    """Whether this attachment was brought, refused, or deleted with its twin."""
    return bool(link.left_id and link.right_id) or "refused" in link.base


def _sorted(ids: Iterable[str]) -> list[str]:
    return sorted(set(ids), key=lambda one: (len(one), one))


def _news(ticket: str) -> Record:
    return Record(ticket, timezone.now(), "", is_news=True)


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"


def _earliest(began: str, *halves: Half) -> str:
    """When reading began, by the clock that is furthest behind: what it stamps then must not be older than that."""
    told = [half.api.told_at for half in halves]
    return min([datetime.fromisoformat(began), *(moment for moment in told if moment)]).isoformat()


def _now() -> str:
    return timezone.now().isoformat()
