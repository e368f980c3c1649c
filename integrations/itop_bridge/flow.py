"""One pair of tickets, brought to agreement: both are read, what is missing on either side is written there.

A hint or a list only says which pair to look at. A side is written only where the other one changed since both agreed
(form, state), or has something that this one never had (entries of the private log, attachments). Whatever dies in
between is found on the other side before anything is written again.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Flow, Plan, Record, Side, Write
from integrations.core.sync.linking import attach, mark_found, mark_missing
from integrations.transport.errors import (
    ConflictError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
)
from integrations.vendors.itop.schemas import Ticket

from . import files, form, logs, pairs, states
from .reading import fingerprint, reading
from .sides import TICKET, Meeting, Sides

NOT_SHOWN = "is not shown any more: it was deleted, or hidden from the account. Nothing is made in its place."


def flow(sides: Sides) -> Flow:
    """All pairs of one bridge."""
    return Flow(TICKET, Side.LEFT, reading(sides), lambda record, link: plan(sides, record, link))


def plan(sides: Sides, record: Record, link: RecordLink | None) -> Plan:
    """What the pair as it is now needs on both sides. Raises ParkedError for a parked one, so that it stays held."""
    if why := pairs.parked(link):
        raise pairs.ParkedError(_("The pair is parked. {why}").format(why=why))
    try:
        outside: Ticket = record.data or sides.external.api.ticket(int(record.id))
    except NotFoundError:
        return missing(link, f"The external ticket {record.id} {NOT_SHOWN}")
    if outside.ticket_class not in sides.options.classes:
        said = _("Tickets of the class {name} are not bridged.").format(name=outside.ticket_class)
        return Plan(said, skipped=True)
    try:
        inside = _inside(sides, outside, link)
    except NotFoundError:
        return missing(link, f"The internal ticket {link.right_id if link else ''} {NOT_SHOWN}")
    meeting = Meeting(sides, outside, inside)
    if link is not None and not sides.is_dry:
        pairs.note(meeting, link)
    return _agreement(meeting, link)


def _inside(sides: Sides, outside: Ticket, link: RecordLink | None) -> Ticket | None:
    """The twin: by its link, else by its marker; None where there is none yet."""
    if link is not None and link.right_id:
        return sides.internal.api.ticket(int(link.right_id))
    return form.find(sides, outside)


def _agreement(meeting: Meeting, link: RecordLink | None) -> Plan:
    sides, inside = meeting.sides, meeting.inside
    writes = _first(meeting, link)
    base = form.base_of_pair(meeting, link)
    parts = [
        *logs.plan(meeting),
        *files.plan(meeting),
        *form.plan(meeting, base),
        *states.plan(meeting, base),
    ]
    writes += [Write(part.sentence, _going_on(meeting, part.do)) for part in parts]
    if not writes and sides.is_dry:
        meeting.close()  # a dry run writes nothing that could say it
    if not writes and (meeting.refused or meeting.waits):
        writes = [Write(_("say what is left"), lambda _mine: "")]
    return Plan(
        why=_("It is new.") if inside is None else _("The pair differs."),
        writes=pairs.braked(meeting, _closed(meeting, writes)),
        creates=inside is None,
        base=form.agreed(meeting, base),
        seen=f"{fingerprint(sides.external, meeting.outside)}|{fingerprint(sides.internal, inside)}",
    )


def _first(meeting: Meeting, link: RecordLink | None) -> list[Write]:
    """What makes a pair of them."""
    inside = meeting.inside
    if inside is None:
        said = _("create “{title}”").format(title=meeting.outside.title)
        return [Write(said, lambda mine: form.create(meeting, mine))]
    if link is None or not link.right_id:
        said = _("recognise {ref}").format(ref=inside.ref)
        return [Write(said, lambda mine: _recognise(meeting, mine, inside))]
    if link.state == RecordLink.State.MISSING:
        return [Write(_("show the pair as whole again"), _back)]
    return []


def _recognise(meeting: Meeting, mine: RecordLink, inside: Ticket) -> str:
    if not mine.right_id:
        attach(mine, Side.RIGHT, str(inside.id))
    pairs.note(meeting, mine)
    return ""


def _back(mine: RecordLink) -> str:
    mark_found(mine)
    return ""


def _going_on(meeting: Meeting, do: Callable[[RecordLink], str]) -> Callable[[RecordLink], str]:
    """What iTop refuses of one part is said at the end of the look, and holds the pair; the other parts go on."""

    def tolerant(mine: RecordLink) -> str:
        try:
            return do(mine)
        except (RejectedError, ConflictError, MalformedResponseError) as refused:
            meeting.refused.append(refused.message)
            return ""

    return tolerant


def _closed(meeting: Meeting, writes: list[Write]) -> list[Write]:
    """The last write ends the look: it raises what `Meeting.close` does."""
    if not writes:
        return []
    last = writes[-1]

    def do(mine: RecordLink) -> str:
        other = last.do(mine)
        meeting.close()
        return other

    return [*writes[:-1], Write(last.sentence, do)]


# --- tickets that are gone --------------------------------------------------------------------------------------------


def missing(link: RecordLink | None, why: str) -> Plan:
    """A half that cannot be read: the pair is missing until it is back. A twin is never made twice without a click."""
    if link is None or not link.right_id:
        return Plan(why, skipped=True)
    if (link.state, link.cause) == (RecordLink.State.MISSING, why):
        return Plan(seen="~|~")
    return Plan(why, [Write(_("show the pair as missing"), lambda mine: _lose(mine, why))], seen="~|~")


def _lose(mine: RecordLink, why: str) -> str:
    mark_missing(mine, why)
    return ""
