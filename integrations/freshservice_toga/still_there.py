"""Whether the tickets behind the pairs still exist: no list of changed tickets shows one that was deleted or hidden.

What Freshservice says is believed: its lists of deleted and of spam tickets, read from where the last pass ended, and a
ticket's own members. What merely cannot be read goes by DESIGN, Absence: open tickets are looked for singly, the one
whose last look is oldest first. One counts as gone when it was absent in two passes, others could be read, and no more
than a tenth was absent at once. Nothing is written to TOGA 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from integrations.core.models import RecordLink
from integrations.core.streams import StreamProblem
from integrations.core.sync.flow import Flow, Page, Plan, Reading, Record, Side, Write
from integrations.core.sync.linking import links_of
from integrations.transport.errors import MalformedResponseError, NotFoundError, RejectedError
from integrations.vendors.freshservice.answers import OtherWorkspace

from . import looking, mapping
from .flow import OVERLAP, find, put_away, unsettled
from .models import OpenTicket
from .sides import TICKET, Sides

LISTS = tuple(mapping.PUT_AWAY)
LOOKS = 100  # open tickets that are looked for in one pass
AT_ONCE = 25  # of these on one page: a call each
RESTS = timedelta(hours=2)  # one that was read so short ago is not looked for
OLD = timedelta(days=180)  # one that nobody touched for so long is looked for no more
MOST_GONE = 0.1  # of the tickets looked for
ALWAYS_BELIEVED = 2  # so many may be gone at once however few there are
WITNESSES = 3  # other tickets that are tried where none of those looked for could be read
State = RecordLink.State


def flow(sides: Sides) -> Flow:
    """Pairs whose ticket is hidden, or shown again."""
    return Flow(TICKET, Side.LEFT, reading(sides), lambda record, link: plan(sides, record, link))


def plan(sides: Sides, record: Record, link: RecordLink | None) -> Plan:
    """`record.data` says why the ticket is hidden; empty: it can be read."""
    if record.data:
        return put_away(link, record.data)
    if link is None or link.state != State.MISSING:
        return Plan()

    def back(mine: RecordLink) -> str:
        looking.ask(sides, mine.left_id)
        return find(mine)

    again = Write(gettext("show the pair as whole again; the catch-up looks at it anew"), back)
    return Plan(gettext("It can be read again."), [again], seen=unsettled(link))


# --- reading ----------------------------------------------------------------------------------------------------------


def reading(sides: Sides) -> Reading:
    """The lists of what was put away, then tickets one by one, then what their absence means."""

    shown: set[str] = set()  # in a dry run nothing is stored that would tell what was listed

    def page(since: datetime | None, cursor: str) -> Page:
        place: dict[str, Any] = json.loads(cursor) if cursor else {"list": LISTS[0], "page": 1}
        found = _page(sides, since, place)
        if sides.is_dry:
            found = replace(found, records=[record for record in found.records if record.id not in shown])
            shown.update(record.id for record in found.records)
        return found

    def get(key: str) -> Record:
        ticket = sides.fresh.ticket(int(key))
        return Record(key, timezone.now(), "", data=mapping.put_away(ticket), is_news=True)

    return Reading(page, get, overlap=OVERLAP)


def _page(sides: Sides, since: datetime | None, place: dict[str, Any]) -> Page:
    if "list" in place:
        return _listed(sides, since, place)
    return _looked_for(sides, place) if place["waiting"] else _judged(sides, place)


def _listed(sides: Sides, since: datetime | None, place: dict[str, Any]) -> Page:
    """A page of the tickets that were put away since the last pass; in the first one, since there are pairs."""
    links = RecordLink.objects.filter(integration=sides.integration, object_type=TICKET)
    first = since or links.order_by("pk").values_list("created_at", flat=True).first()
    if first is None:
        return Page([])
    where = place["list"]
    rows, has_next = sides.fresh.tickets_put_away(where, first, place["page"])
    known = links_of(sides.integration, TICKET, Side.LEFT, [str(row.id) for row in rows])
    rows = [row for row in rows if str(row.id) in known]
    records = [_record(known[str(row.id)], mapping.put_away(row)) for row in rows]
    if not sides.is_dry:
        _rows(sides, [row.id for row in rows]).update(looked_at=timezone.now())
    if has_next:
        return Page(records, json.dumps(place | {"page": place["page"] + 1}))
    if where != LISTS[-1]:
        return Page(records, json.dumps({"list": LISTS[LISTS.index(where) + 1], "page": 1}))
    return Page(records, json.dumps({"waiting": _turn(sides), "looked": 0, "read": 0, "absent": []}))


def _record(link: RecordLink, why: str) -> Record:
    """The ticket of this pair, as news where the pair does not say so yet."""
    says = link.cause if link.state == State.MISSING else ""
    is_news = bool(link.right_id) and says != why
    return Record(link.left_id, timezone.now(), link.left_fingerprint, data=why, is_news=is_news)


def _turn(sides: Sides) -> list[int]:
    """The tickets whose turn it is: those that were absent once, then those whose last look is oldest."""
    now = timezone.now()
    rows = OpenTicket.objects.filter(
        integration=sides.integration, looked_at__lt=now - RESTS, changed_at__gte=now - OLD
    )
    order = rows.order_by(F("absent_since").asc(nulls_last=True), "looked_at", "pk")
    return list(order.values_list("number", flat=True)[:LOOKS])


def _looked_for(sides: Sides, place: dict[str, Any]) -> Page:
    """Some tickets, a call each. Of a missing pair it is no news that its ticket cannot be read."""
    batch = place["waiting"][:AT_ONCE]
    links = links_of(sides.integration, TICKET, Side.LEFT, map(str, batch))
    records, absent = [], []
    looked = read = 0
    for number in batch:
        link = links.get(str(number))
        why = _why_hidden(sides, number) if link else None
        if link is None or why is None:
            continue
        is_absent = why == mapping.HIDDEN
        looked += link.state != State.MISSING
        read += not is_absent
        if not is_absent:
            records.append(_record(link, why))
        elif link.state != State.MISSING:
            absent.append(number)
    if not sides.is_dry:
        _rows(sides, batch).update(looked_at=timezone.now())
    following = {
        "waiting": place["waiting"][AT_ONCE:],
        "looked": place["looked"] + looked,
        "read": place["read"] + read,
        "absent": [*place["absent"], *absent],
    }
    return Page(records, json.dumps(following))


def _why_hidden(sides: Sides, number: int) -> str | None:
    """Why this ticket is hidden, in a sentence, and empty when it is not; None when its answer is not understood,
    which says neither."""
    try:
        ticket = sides.fresh.ticket(number)
    except (NotFoundError, OtherWorkspace):
        return mapping.HIDDEN
    except (RejectedError, MalformedResponseError):
        return None
    looking.note(sides, ticket)
    return mapping.put_away(ticket)


# --- what absence means -----------------------------------------------------------------------------------------------


def _judged(sides: Sides, place: dict[str, Any]) -> Page:
    """The last page: those that were absent in this pass and in one before. Raises StreamProblem for what is not
    believed."""
    absent, looked = place["absent"], place["looked"]
    if not absent:
        return Page([])
    if not place["read"] and not _is_any_readable(sides, absent):
        said = gettext(
            "None of {n} open tickets could be read; the agent of the API key may have lost the right to read "
            "tickets. No pair was changed."
        )
        raise StreamProblem(said.format(n=looked))
    if len(absent) > max(ALWAYS_BELIEVED, looked * MOST_GONE):
        said = gettext(
            "{n} of {all} open tickets were not found, which is too many at once to be believed. Look at some of them "
            "in Freshservice ({some}). No pair was changed."
        )
        raise StreamProblem(said.format(n=len(absent), all=looked, some=", ".join(map(str, absent[:5]))))
    rows = _rows(sides, absent)
    twice = list(rows.filter(absent_since__isnull=False).values_list("number", flat=True))
    if not sides.is_dry:
        rows.filter(absent_since=None).update(absent_since=timezone.now())
        rows.filter(number__in=twice).update(absent_since=None)  # as a missing one it waits for its turn like others
    links = links_of(sides.integration, TICKET, Side.LEFT, map(str, twice))
    return Page([_record(link, mapping.HIDDEN) for link in links.values()])


def _is_any_readable(sides: Sides, absent: list[int]) -> bool:
    """Whether another ticket can be read, so that the key still may."""
    pairs = RecordLink.objects.filter(integration=sides.integration, object_type=TICKET, state=State.ACTIVE)
    others = pairs.exclude(left_id__in=list(map(str, absent))).order_by("-pk").values_list("left_id", flat=True)
    for number in others[:WITNESSES]:
        try:
            sides.fresh.ticket(int(number))
        except (NotFoundError, OtherWorkspace):
            continue
        return True
    return False


def _rows(sides: Sides, numbers: Iterable[int]) -> Any:
    return OpenTicket.objects.filter(integration=sides.integration, number__in=list(numbers))
