"""A ticket of Freshservice, brought to TOGA 2: its fields, what was said in it as notes, their files.

One way: what people change in TOGA 2 stays, until the same field changes in Freshservice. Whatever dies in between
leaves a record with Freshservice's id on it, by which it is found before anything is made again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Flow, Page, Plan, Reading, Record, Side, Write
from integrations.core.sync.linking import attach, base_of, create_once, fingerprints_of, mark_found, mark_missing
from integrations.transport.errors import NotFoundError
from integrations.vendors.freshservice.inline import inline_images, lasting
from integrations.vendors.freshservice.schemas import Ticket as FreshTicket
from integrations.vendors.toga.categories import category_name
from integrations.vendors.toga.schemas import Ticket as TogaTicket

from . import looking, mapping, notes
from .matching import TO_BE_MADE, Matches, only_one
from .models import ValueWord
from .sides import CONTACT, KIND, MEMBERS, TICKET, Sides

OVERLAP = timedelta(minutes=10)  # webhooks come at once; what they missed may be listed late
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # without a time only the last thirty days are listed
UNSETTLED = "unsettled"  # no version has this fingerprint: whoever meets the ticket next looks again
NEW = frozenset({"", "new"})  # nor these two: the portal never brought this pair in step
PAGE = 100  # tickets that are looked at once more


def flow(sides: Sides) -> Flow:
    """Changed tickets of Freshservice."""
    return Flow(TICKET, Side.LEFT, reading(sides), lambda record, link: plan(sides, record, link))


def reading(sides: Sides) -> Reading:
    """What changed, then what is looked at once more. Freshservice keeps no order: the watermark moves when the last
    page was dealt with."""
    shown: set[str] = set()  # in a dry run nothing is stored that would tell what was dealt with

    def page(since: datetime | None, cursor: str) -> Page:
        place: dict[str, Any] = json.loads(cursor) if cursor else {"page": 1}
        return once_more(place) if "after" in place else changed(since, place)

    def changed(since: datetime | None, place: dict[str, Any]) -> Page:
        first, asked_at = since or sides.options.start_at or BEGINNING, timezone.now()
        rows, has_next = sides.fresh.tickets_updated_since(first, place["page"])
        by_both = min(asked_at, sides.fresh.told_at or asked_at)  # the earlier of both clocks
        place.setdefault("began", by_both.isoformat())
        records = [Record(str(row.id), row.updated_at, row.updated_at.isoformat()) for row in rows]
        if sides.is_dry:
            shown.update(record.id for record in records)
        following = {"page": place["page"] + 1} if has_next else {"after": ""}
        return Page(records, json.dumps(following | {"began": place["began"]}))

    def once_more(place: dict[str, Any]) -> Page:
        tickets = looking.due(sides, after=place["after"], most=PAGE)
        if not tickets:
            return Page([], began=datetime.fromisoformat(place["began"]))
        seen = fingerprints_of(sides.integration, TICKET, Side.LEFT, tickets)
        now = timezone.now()
        records = [Record(one, now, seen.get(one, ""), is_news=True) for one in tickets if one not in shown]
        return Page(records, json.dumps(place | {"after": tickets[-1]}))

    def get(key: str) -> Record:
        ticket = sides.fresh.ticket(int(key))
        return Record(key, ticket.updated_at, ticket.updated_at.isoformat(), data=ticket)

    return Reading(page, get, overlap=OVERLAP)


def plan(sides: Sides, record: Record, link: RecordLink | None) -> Plan:
    """What the ticket as it is now means for TOGA 2. Raises NotFoundError when either half is gone."""
    ticket: FreshTicket = record.data or _read(sides, record.id)
    hidden = mapping.put_away(ticket)
    if link or not hidden:
        looking.note(sides, ticket)
    if hidden:
        looking.forget(sides, record.id)
        return put_away(link, hidden)
    there = _there(sides, record.id, link)
    talk = sides.fresh.conversations(ticket.id)
    said = mapping.said_in(ticket, talk, images=inline_images, lasting=lasting)
    matches = Matches(sides)
    words = _words(sides, ticket)
    found = _found(ticket, words, matches)
    before = _base(link, there)
    values = mapping.wanted(found, before, _fields_of(there) | _category_of(there, ticket, found)) if there else {}
    writes = [*_back(link), *matches.writes]
    if there is None:
        values = {name: value for name, value in found.items() if value is not None}
        create = gettext("create “{subject}”").format(subject=ticket.subject)
        writes.append(Write(create, lambda mine: _create(sides, ticket, mine, values)))
    else:
        if link is None or not link.right_id:
            writes.append(Write(gettext("recognise the ticket"), lambda mine: _recognise(mine, there.uuid)))
        if values:
            writes.append(Write(mapping.differences(values), lambda mine: _update(sides, ticket, mine, values)))
    told, is_settled = notes.plan(sides, said, there, is_new=link is None or link.left_fingerprint in NEW)
    unsaid = [word for word in words.values() if not word.word]
    again = looking.again(sides, record.id, unsaid, is_settled=is_settled)
    return Plan(
        why=_why(there, matches, unsaid),
        writes=[*writes, *told, *again],
        creates=there is None,
        base=before | {name: value for name, value in found.items() if value not in (None, TO_BE_MADE)},
        seen=ticket.updated_at.isoformat() if is_settled and ticket.is_settled else UNSETTLED,
    )


def _read(sides: Sides, number: str) -> FreshTicket:
    try:
        return sides.fresh.ticket(int(number))
    except NotFoundError:
        looking.forget(sides, number)
        raise


def _there(sides: Sides, number: str, link: RecordLink | None) -> TogaTicket | None:
    """The ticket in TOGA 2: by its link, else by Freshservice's id on it."""
    uuid = (link.right_id if link else "") or only_one(sides, KIND.tickets, "TicketId", number)
    if not uuid:
        return None
    try:
        return sides.toga.ticket(KIND, uuid)
    except NotFoundError:
        said = gettext("Its ticket {uuid} is gone in TOGA 2; link it anew or dismiss it.")
        raise NotFoundError(said.format(uuid=uuid)) from None


def _words(sides: Sides, ticket: FreshTicket) -> dict[str, ValueWord]:
    """How the ticket's codes are said in TOGA 2, by field."""
    codes = {"status": ticket.status, "priority": ticket.priority, "source": ticket.source}
    return {name: sides.word(name, code) for name, code in codes.items() if code is not None}


def _found(ticket: FreshTicket, words: dict[str, ValueWord], matches: Matches) -> dict[str, str | None]:
    """The ticket's fields in TOGA 2's words; None: cannot be said there."""
    return {
        "subject": ticket.subject,
        **{name: words[name].word or None if name in words else None for name in mapping.WORDS},
        "contact": matches.contact(ticket.requester_id),
        "team": matches.team(ticket.group_id),
        "category": matches.category(ticket.category_path),
    }


def _fields_of(there: TogaTicket | None) -> dict[str, str]:
    return {name: getattr(there, name) for name in mapping.FIELDS if name != "category"} if there else {}


def _category_of(there: TogaTicket, ticket: FreshTicket, found: dict[str, str | None]) -> dict[str, str]:
    """A ticket of TOGA 2 shows its category's path and not which one it is: the one that was found, if paths agree."""
    path = " > ".join(category_name(part) for part in ticket.category_path)
    return {"category": found["category"] or ""} if there.category == path else {}


def _base(link: RecordLink | None, there: TogaTicket | None) -> dict[str, Any]:
    if link is None or there is None:
        return {}
    return base_of(link, {}, _fields_of(there))


def _why(there: TogaTicket | None, matches: Matches, unsaid: list[ValueWord]) -> str:
    said = gettext("It is new.") if there is None else gettext("It changed in Freshservice.")
    no_word = [gettext("{field} {code} has no word yet").format(field=word.field, code=word.code) for word in unsaid]
    alone = "; ".join([*matches.unmatched, *no_word])
    return gettext("{why} Left alone: {list}.").format(why=said, list=alone) if alone else said


# --- tickets that were put away ---------------------------------------------------------------------------------------


def put_away(link: RecordLink | None, why: str) -> Plan:
    """What it means that Freshservice hides this ticket: its pair is missing, and nothing is changed in TOGA 2."""
    if link is None or not link.right_id:
        return Plan(why, skipped=True)
    if (link.state, link.cause) == (RecordLink.State.MISSING, why):
        return Plan(seen=unsettled(link))
    return Plan(why, [Write(gettext("show the pair as missing"), lambda mine: _lose(mine, why))], seen=unsettled(link))


def unsettled(link: RecordLink) -> str:
    """The fingerprint with which the ticket is looked at again, and a pair that is new stays so."""
    return "new" if link.left_fingerprint in NEW else UNSETTLED


def _lose(mine: RecordLink, why: str) -> str:
    mark_missing(mine, why)
    return ""


def _back(link: RecordLink | None) -> list[Write]:
    if link is None or link.state != RecordLink.State.MISSING:
        return []
    return [Write(gettext("show the pair as whole again"), find)]


def find(mine: RecordLink) -> str:
    """The ticket of a missing pair was read."""
    mark_found(mine)
    return ""


# --- writes -----------------------------------------------------------------------------------------------------------


def _create(sides: Sides, ticket: FreshTicket, mine: RecordLink, values: dict[str, str]) -> str:
    member, number = sides.own("TicketId"), str(ticket.id)
    values = _with_contact(sides, ticket, values)  # what is kept before the call is what the call says

    def find(_key: str) -> str | None:
        return only_one(sides, KIND.tickets, "TicketId", number) or None

    def create(_key: str) -> str:
        return sides.toga.create_ticket(KIND, mapping.members(values, MEMBERS) | {member: number})

    create_once(mine, Side.RIGHT, fields=values, find=find, create=create)
    return ""


def _recognise(mine: RecordLink, uuid: str) -> str:
    if not mine.right_id:
        attach(mine, Side.RIGHT, uuid)
    return ""


def _update(sides: Sides, ticket: FreshTicket, mine: RecordLink, values: dict[str, str]) -> str:
    sides.toga.update_ticket(KIND, mine.right_id, mapping.members(_with_contact(sides, ticket, values), MEMBERS))
    return ""


def _with_contact(sides: Sides, ticket: FreshTicket, values: dict[str, str]) -> dict[str, str]:
    """The contact that an earlier write of the same plan made."""
    if values.get("contact") == TO_BE_MADE:
        return values | {"contact": sides.linked(CONTACT, str(ticket.requester_id))}
    return values
