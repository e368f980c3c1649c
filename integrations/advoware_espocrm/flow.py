"""A pair as the engine sees it: look, say what would be written, write it.

A hint or a list only says which pair to look at, and on which side something may have changed: where that side is as it
was at rest, the other one is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Flow, Plan, Record, Side, Write
from integrations.core.sync.linking import attach, mark_found, mark_missing
from integrations.transport.errors import ConflictError, NotFoundError, RejectedError
from integrations.vendors.espocrm.answers import NotAllowed
from integrations.vendors.espocrm.schemas import Party as Contact

from . import agreement, merge, pairs
from .mapping import KINDS
from .models import ADVOWARE, ESPOCRM, Pair
from .reading import reading
from .sides import PARTY, Meeting, Sides

SEVERAL = 2  # values that are not deleted when all of them are missing at once
UNLINKED = _("A person unlinked these two; link them by hand to have them kept in step again.")
GONE = "It was deleted, or hidden from the account. Nothing is changed on the other side."


def flow(sides: Sides) -> Flow:
    """All pairs of one integration."""
    return Flow(PARTY, Side.LEFT, reading(sides), lambda record, link: plan(sides, record, link))


@contextmanager
def _record_alone() -> Iterator[None]:
    """What EspoCRM's role forbids of one record holds that record. What it forbids of all, the list of changes says."""
    try:
        yield
    except NotAllowed as refusal:
        raise RejectedError(refusal.message, status=refusal.status) from refusal


@_record_alone()
def plan(sides: Sides, record: Record, link: RecordLink | None) -> Plan:
    """What the pair as it is now needs on both sides."""
    betnr, pair = int(record.id), Pair.objects.filter(link=link).first() if link else None
    sides.tried.append(record.id)
    seen = pair if pair is not None and pair.advoware_seen and pair.espocrm_seen else None
    contact = None
    try:
        if seen is not None and record.data == ESPOCRM:
            contact = contact_of(sides, betnr, link)
            if contact is not None and pairs.espocrm_print(contact) == seen.espocrm_seen:
                return Plan()
        party = sides.advoware.party(betnr)
        if seen is not None and record.data == ADVOWARE and pairs.advoware_print(party) == seen.advoware_seen:
            return Plan()
        contact = contact or contact_of(sides, betnr, link)
    except NotFoundError as gone:
        return missing(link, f"{gone.message} {GONE}")
    if contact is None:
        return Plan(gettext("EspoCRM has no party of the number {number}.").format(number=betnr), skipped=True)
    if link is None and pairs.was_unlinked(sides.integration, betnr, contact.id):
        return Plan(str(UNLINKED), skipped=True)
    meeting = Meeting(party, contact, link)
    found = agreement.planned(sides, meeting)
    hold_if_all_is_gone(meeting, found)
    return of_plan(sides, meeting, found)


def hold_if_all_is_gone(meeting: Meeting, found: merge.Plan) -> None:
    """Raises ConflictError where a side has nothing left of several values."""
    if side := _where_all_is_gone(meeting, found):
        said = gettext(
            "All values are gone from {side} at once, so nothing is deleted. If that is meant, apply the pair's dry "
            "run."
        )
        raise ConflictError(said.format(side=side))


def _where_all_is_gone(meeting: Meeting, found: merge.Plan) -> str:
    """The side that has nothing left of several values; empty where it has some. A new or wrong record looks so too."""
    emptied = sum(write.why is merge.Why.DELETED for write in (*found.advoware, *found.later))
    if not meeting.items and emptied >= SEVERAL:
        return "EspoCRM"
    is_empty = not any(entry.value.strip() for entry in meeting.entries)
    withdrawn = len(meeting.items) - len(found.emails or []) - len(found.phones or [])
    return "Advoware" if is_empty and found.writes_espocrm and withdrawn >= SEVERAL else ""


def contact_of(sides: Sides, betnr: int, link: RecordLink | None) -> Contact | None:
    """EspoCRM's half: by the link, else by the party number; None where there is none. Never guessed among several."""
    if link is not None and link.right_id:
        return sides.espocrm.party(link.right_id)
    found = sides.espocrm.parties_numbered(betnr)
    if len(found) > 1:
        said = gettext(
            "EspoCRM has {n} parties of the number {number}. Take it off all but one of them, or link by hand."
        )
        raise ConflictError(said.format(n=len(found), number=betnr))
    return sides.espocrm.party(found[0].id) if found else None


def of_plan(sides: Sides, meeting: Meeting, found: merge.Plan, *, is_approved: bool = False) -> Plan:
    """What two halves that were read need. What was approved is written alone, and nothing that follows later."""
    link = meeting.link
    base = link.base if link is not None else {}
    is_linked = link is not None and bool(link.right_id) and link.state == RecordLink.State.ACTIVE
    if found.is_empty and is_linked:
        if not sides.is_dry and link is not None:
            pairs.note(sides, link, meeting, found)
            pairs.at_rest(sides, link, meeting)
        return Plan()

    @_record_alone()
    def carry_out(mine: RecordLink) -> str:
        _link(mine, meeting.contact)
        now, wanted = meeting, found
        if mine.base != base:  # somebody else has been writing since both were read
            now = agreement.read(sides, meeting.party.betnr, meeting.contact.id, mine)
            wanted = agreement.planned(sides, now)
        now.link = mine
        agreement.carry_out(sides, mine, now, wanted, only=found if is_approved else None)
        return ""

    said = list(sentences(found, is_open=sides.is_dry)) or [gettext("make a pair of them")]
    writes = [Write(said[0], carry_out), *(Write(one, lambda _mine: "") for one in said[1:])]
    return Plan(gettext("The lists differ.") if is_linked else gettext("It is new."), writes, creates=not is_linked)


def _link(mine: RecordLink, contact: Contact) -> None:
    if not mine.right_id:
        attach(mine, Side.RIGHT, contact.id)
    elif mine.state == RecordLink.State.MISSING:
        mark_found(mine)


def sentences(plan: merge.Plan, *, is_open: bool) -> Iterator[str]:
    """What would be written, field by field. The values are people's: only a dry run shows them."""
    arrays = (
        (plan.emails, gettext("EspoCRM: e-mail addresses become {values}"), gettext("EspoCRM: {n} e-mail addresses")),
        (plan.phones, gettext("EspoCRM: phone numbers become {values}"), gettext("EspoCRM: {n} phone numbers")),
    )
    for array, become, so_many in arrays:
        if array is not None:
            values = ", ".join(f"{item.value}{f' ({item.type})' if item.type else ''}" for item in array)
            yield (become if is_open else so_many).format(values=values or gettext("none"), n=len(array))
    for write in (*plan.advoware, *plan.later):
        said = _of_post(write, is_open=is_open) if isinstance(write, merge.Post) else _of_put(write, is_open=is_open)
        entry = write.entry_id if isinstance(write, merge.Put) else 0
        yield said.format(entry=entry, kind=KINDS[write.komm_kz].name, value=write.value)


def _of_post(write: merge.Post, *, is_open: bool) -> str:
    return gettext("Advoware: new {kind} “{value}”") if is_open else gettext("Advoware: new {kind}")


def _of_put(write: merge.Put, *, is_open: bool) -> str:
    if not write.value:
        return gettext("Advoware: entry {entry} ({kind}) becomes an empty slot")
    if write.why is merge.Why.MARKED:
        return gettext("Advoware: marker of entry {entry} ({kind})")
    if is_open:
        return gettext("Advoware: entry {entry} ({kind}) becomes “{value}”")
    return gettext("Advoware: entry {entry} ({kind}) becomes another value")


def missing(link: RecordLink | None, why: str) -> Plan:
    """A half that cannot be read: the pair is missing until it is back, and nothing follows from it."""
    if link is None or not link.right_id:
        return Plan(why, skipped=True)
    if (link.state, link.cause) == (RecordLink.State.MISSING, why):
        return Plan()

    def lose(mine: RecordLink) -> str:
        mark_missing(mine, why)
        pairs.unsettle(Pair.objects.filter(link=mine))
        return ""

    return Plan(why, [Write(gettext("show the pair as missing"), lose)])
