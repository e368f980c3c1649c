"""One pair brought to agreement: read both, merge, write one side, and read both again until nothing is left to write.

What both agreed on, and what is about to be written, is stored before each write; so whatever dies in between, the next
look goes on from there. EspoCRM is written first and whole, Advoware entry by entry afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils import timezone
from django.utils.translation import gettext

from integrations.core.models import RecordLink
from integrations.core.sync.linking import SETTLES_WITHIN, may_still_arrive
from integrations.transport.errors import RejectedError, TemporaryError, UnknownOutcomeError, VendorError
from integrations.vendors.espocrm.answers import Invalid, Modified
from integrations.vendors.espocrm.schemas import Email, Phone

from . import pairs
from .mapping import KINDS, Channel, normal
from .merge import Item, Plan, Post, Put, Rules, Why, merge
from .models import ADVOWARE, ESPOCRM
from .sides import Done, Meeting, Sides

ROUNDS = 6  # of reading and writing; it takes three, or four where slots were emptied first


def read(sides: Sides, betnr: int, contact_id: str, link: RecordLink | None) -> Meeting:
    """Both halves as they are now. Raises NotFoundError."""
    return Meeting(sides.advoware.party(betnr), sides.espocrm.party(contact_id), link)


def planned(sides: Sides, meeting: Meeting) -> Plan:
    """What is to be written, with what only EspoCRM knows of values that others hold too."""
    base, begun = pairs.base_of(meeting.link)
    pair = getattr(meeting.link, "contact_pair", None) if meeting.link is not None else None
    rules = replace(sides.rules, decided=pairs.decided(pair), refused={**pairs.refused(pair), **sides.rules.refused})

    def merged(rules: Rules) -> Plan:
        return merge(meeting.entries, meeting.party.mirrors, meeting.items, base, rules, begun)

    plan = merged(rules)
    if plan.added or plan.retyped:
        plan = merged(_of_shared_values(sides, meeting, plan, rules))
    return plan


def _of_shared_values(sides: Sides, meeting: Meeting, plan: Plan, rules: Rules) -> Rules:
    """Values are rows of the whole CRM: a flag left out is reset for all who hold them, a type is everybody's."""
    flags, types = dict(rules.flags), rules.types
    if any(channel is Channel.PHONE for channel, _ in plan.added):
        types = frozenset(sides.espocrm.phone_types())
    for item in [*(plan.emails or []), *(plan.phones or [])]:
        for channel, key in plan.added:
            if item.channel is channel and _key(rules, item) == key and (held := _held_elsewhere(sides, meeting, item)):
                flags[channel, key] = (held.opt_out, held.invalid)
    shared = {one.key for one in plan.retyped if _held_elsewhere(sides, meeting, Item(Channel.PHONE, one.key))}
    return replace(rules, flags=flags, types=types, shared=rules.shared | shared)


def _key(rules: Rules, item: Item) -> str:
    return normal(item.channel, item.value, rules.region)


def _held_elsewhere(sides: Sides, meeting: Meeting, item: Item) -> Email | Phone | None:
    """The value as another party of EspoCRM has it; None where no other one has. Other entities are not seen."""
    asked: Email | Phone
    asked = Email(address=item.value) if item.channel is Channel.EMAIL else Phone(number=item.value)
    others = [row.id for row in sides.espocrm.parties_with(asked) if row.id != meeting.contact.id]
    if not others:
        return None
    other = sides.espocrm.party(others[0])
    found: Sequence[Email | Phone] = other.emails if item.channel is Channel.EMAIL else other.phones
    return next((one for one in found if one.key == asked.key), None)


# --- writing ----------------------------------------------------------------------------------------------------------


def carry_out(sides: Sides, link: RecordLink, meeting: Meeting, plan: Plan, *, only: Plan | None = None) -> None:
    """Write what the plan says, and what follows from it; both are at rest then. Call it with the link in hand.
    `sides.done` counts, also where it ends early.

    With `only`, nothing else than that plan is written, whatever somebody does meanwhile: TemporaryError says so.
    Raises RejectedError at the end for what Advoware refused, the other values went on; TemporaryError where somebody
    is editing all the time, or an earlier write may still arrive; UnknownOutcomeError where an answer was lost.
    """
    for _ in range(ROUNDS):
        if only is not None and not is_part_of(plan, only):
            raise TemporaryError(gettext("Now something else follows than was approved; it is not written."))
        pairs.note(sides, link, meeting, plan)
        if plan.is_empty:
            pairs.at_rest(sides, link, meeting)
            return
        if plan.writes_espocrm:
            sides.done.writing = ESPOCRM
            _write_espocrm(sides, meeting, plan, sides.done)
        else:
            sides.done.writing = ADVOWARE
            _write_advoware(sides, link, meeting, plan, sides.done)
        sides.done.writing = ""
        meeting = read(sides, meeting.party.betnr, meeting.contact.id, link)
        plan = planned(sides, meeting)
    raise TemporaryError(gettext("The party changes all the time; it is looked at again soon."), retry_after=60)


def is_part_of(plan: Plan, whole: Plan) -> bool:
    """Whether all values that the plan writes are written by the other one too.

    An entry that was emptied by hand may be a slot by now, so it is not told where a new value goes; markers follow.
    """
    is_same = plan.emails in (None, whole.emails) and plan.phones in (None, whole.phones)
    return is_same and _values(plan) <= _values(whole)


def _values(plan: Plan) -> set[tuple[int, int, str]]:
    """What is written of each entry, by its kind; entry 0 is a new one."""
    writes = [write for write in (*plan.advoware, *plan.later) if write.why is not Why.MARKED]
    return {(0 if write.why is Why.CREATED else _entry_of(write), write.komm_kz, write.key) for write in writes}


def _entry_of(write: Put | Post) -> int:
    return write.entry_id if isinstance(write, Put) else 0


def _write_espocrm(sides: Sides, meeting: Meeting, plan: Plan, done: Done) -> None:
    """Both arrays whole, guarded: by the record's version, or by one more look where EspoCRM counts none."""
    contact = meeting.contact
    if contact.version is None:
        now = sides.espocrm.party(contact.id)
        if pairs.espocrm_print(now) != pairs.espocrm_print(contact):
            return  # somebody edited it meanwhile: the next round sees it
    try:
        _put(sides, meeting, plan)
    except Modified:
        return
    except UnknownOutcomeError:
        return  # the next round reads what came of it; the same write may be sent again
    except Invalid as refusal:
        _find_refused(sides, meeting, plan, refusal)
        return
    done.count_given(plan)


def _put(sides: Sides, meeting: Meeting, plan: Plan) -> None:
    sides.espocrm.update_party(
        meeting.contact.id,
        emails=None if plan.emails is None else [_email(item) for item in plan.emails],
        phones=None if plan.phones is None else [_phone(item) for item in plan.phones],
        version=meeting.contact.version,
    )


def _email(item: Item) -> Email:
    return Email(address=item.value, primary=item.primary, opt_out=item.opt_out, invalid=item.invalid)


def _phone(item: Item) -> Phone:
    return Phone(number=item.value, type=item.type, primary=item.primary, opt_out=item.opt_out, invalid=item.invalid)


def _find_refused(sides: Sides, meeting: Meeting, plan: Plan, refusal: Invalid) -> None:
    """EspoCRM names the field and not the value, and stores nothing: each new value of it is tried without the others.

    Raises the refusal where no new value is the reason.
    """
    channel = Channel.EMAIL if "email" in refusal.field.lower() else Channel.PHONE
    suspects = [key for one, key in plan.added if one is channel]
    if not suspects or refusal.kind == "maxCount":
        raise refusal
    for key in suspects:
        others = {(channel, one): gettext("It waits for another one.") for one in suspects if one != key}
        why = _refusal_of(sides, meeting, others) if others else refusal.message
        if why:
            sides.rules = replace(sides.rules, refused={**sides.rules.refused, (channel, key): why})
        meeting = replace(meeting, contact=sides.espocrm.party(meeting.contact.id))


def _refusal_of(sides: Sides, meeting: Meeting, others: dict[tuple[Channel, str], str]) -> str:
    """What EspoCRM says of what is left without these; empty where it takes it."""
    trial = replace(sides, rules=replace(sides.rules, refused={**sides.rules.refused, **others}))
    plan = planned(trial, meeting)
    try:
        if plan.writes_espocrm:
            _put(sides, meeting, plan)
    except Invalid as refused:
        return refused.message
    return ""


def _write_advoware(sides: Sides, link: RecordLink, meeting: Meeting, plan: Plan, done: Done) -> None:
    """Entry by entry. What Advoware refuses of one is told at the end, and the others go on."""
    _wait_for_lost(link, plan)
    betnr, refusals = meeting.party.betnr, list[str]()
    for write in plan.advoware:
        try:
            if isinstance(write, Post):
                _post(sides, link, betnr, write)
            else:
                sides.advoware.update_kommunikation(
                    betnr, write.entry_id, tlf=write.value, bemerkung=write.note, online=write.online
                )
        except RejectedError as refused:
            refusals.append(f"{KINDS[write.komm_kz].name}: {refused.message}")
        else:
            done.count(write)
    if refusals:
        raise RejectedError(" ".join(dict.fromkeys(refusals)))


def _post(sides: Sides, link: RecordLink, betnr: int, write: Post) -> None:
    """There is no key against doubles, and a double cannot be deleted: an answer that was lost is waited for."""
    RecordLink.objects.filter(pk=link.pk).update(sent_at=timezone.now())
    try:
        sides.advoware.create_kommunikation(
            betnr, tlf=write.value, komm_kz=write.komm_kz, bemerkung=write.note, online=True
        )
    except UnknownOutcomeError:
        raise
    except VendorError:
        RecordLink.objects.filter(pk=link.pk).update(sent_at=None)
        raise
    RecordLink.objects.filter(pk=link.pk).update(sent_at=None)


def _wait_for_lost(link: RecordLink, plan: Plan) -> None:
    """Raises TemporaryError while a new entry whose answer was lost may still appear."""
    link.refresh_from_db(fields=["sent_at"])
    if may_still_arrive(link) and any(isinstance(write, Post) for write in plan.advoware):
        raise TemporaryError(
            gettext("An earlier write of a new entry got no answer; it is looked for until it can no longer arrive."),
            retry_after=SETTLES_WITHIN.total_seconds(),
        )
