"""Another internal ticket for a pair that was linked wrongly, or whose twin is gone, because a person says so.

It is read from iTop before it is shown, again before it is asked for, and again by the job that links it. Nothing is
deleted: the old link is replaced, as those of its entries and files are. What the other ticket has already is
recognised: files by their content here, entries by their text at the next look, as after a death. The form inside stays
as it is until it changes outside, and states until one changes; only the marker moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from integrations.core import audit, jobs
from integrations.core.jobs import Claim
from integrations.core.models import AuditEntry, Job, RecordLink, User
from integrations.core.opening import open_connection
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import in_hand, may_still_arrive
from integrations.transport.errors import (
    ConflictError,
    NotFoundError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
)
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.schemas import Ticket

from . import form, mapping, pairs
from .models import INTERNAL, MARKER, Pair
from .same_files import base_of, same_files
from .sides import FILE, TICKET, Meeting, Sides, both_open

RELINK, SYNC = "itop_bridge.relink_pair", "itop_bridge.sync_pair"
_MARKED = re.compile(r"\[([A-Z]{1,3}-[0-9]{1,12})\]")


class NotPossibleError(Exception):
    """The pair was not linked to that ticket; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An internal ticket as iTop describes it, before it is linked. `warnings` must be confirmed by a person."""

    id: int
    ref: str
    title: str
    status: str
    organisation: str
    url: str
    warnings: tuple[str, ...]


def find_candidate(pair: Pair, given: str, *, user: User) -> Candidate:
    """The internal ticket of that ref or id, with what a person should know before linking it.

    Raises `NotPossibleError` (there is no such ticket, or it is somebody's twin) and `VendorError`.
    """
    with _inside(pair, user, "find a twin") as api:
        return _candidate(api, pair, _found(api, given.strip()), user)


def ask_for(pair: Pair, number: int, *, user: User, confirmed: bool = False) -> Candidate:
    """Have the pair linked to that internal ticket, by a job: its files are compared first.

    Raises `NotPossibleError`, also when the ticket has warnings that were not `confirmed`, and `VendorError`.
    """
    with _inside(pair, user, "link a twin") as api:
        candidate = _candidate(api, pair, _found(api, str(number)), user)
    if candidate.warnings and not confirmed:
        raise NotPossibleError(" ".join(candidate.warnings))
    with transaction.atomic():
        entry = audit.begin(
            "bridge.relink",
            user=user,
            client=pair.integration.client,
            record=f"pair:{pair.pk}",
            detail=_("{ref}: {twin} in the place of {other}.").format(
                ref=pair.external_ref, twin=candidate.ref, other=pair.internal_ref or _("no twin")
            ),
        )
        priority, trigger = Job.Priority.CLICK, Job.Trigger.MANUAL
        jobs.enqueue(RELINK, pair.pk, number, entry.pk, priority=priority, trigger=trigger, user=user)
    return candidate


def _inside(pair: Pair, user: User, source: str) -> AbstractContextManager[ItopApi]:
    connection = pair.integration.connection(INTERNAL)
    return open_connection(connection, source=source, user=user, record=f"pair:{pair.pk}", interactive=True)


def _found(api: ItopApi, given: str) -> Ticket:
    try:
        if given.isascii() and given.isdigit() and len(given) < 19:
            return api.ticket(int(given))
        rows = api.tickets_where("Ticket", "ref", given[:100])
        if len(rows) == 1:
            return api.ticket(rows[0].id)
    except NotFoundError:
        rows = []
    if rows:
        said = _("Several tickets have the ref {ref}; give the id, which is in the page's address.")
        raise NotPossibleError(said.format(ref=given[:60]))
    said = _("The internal iTop has no ticket {ref}, or does not show it to the portal's account.")
    raise NotPossibleError(said.format(ref=given[:60]))


def _candidate(api: ItopApi, pair: Pair, ticket: Ticket, user: User) -> Candidate:
    if problem := _in_the_way(pair.link, ticket, user):
        raise NotPossibleError(problem)
    try:
        organisation = api.named("Organization", ticket.org_id)
        name = organisation.label or organisation.name
    except NotFoundError:
        name = _("organisation {number}").format(number=ticket.org_id)
    url = f"{pair.integration.connection(INTERNAL).base_url.rstrip('/')}/pages/UI.php?operation=details&class=Ticket"
    warnings = tuple(_warnings(pair, ticket, name))
    return Candidate(ticket.id, ticket.ref, ticket.title, ticket.status, name, f"{url}&id={ticket.id}", warnings)


def _in_the_way(link: RecordLink, ticket: Ticket, user: User | None) -> str:
    """Why the pair cannot have this twin, in a sentence; empty when it can."""
    if link.state == RecordLink.State.REPLACED:
        return _("The pair was given another twin meanwhile; look it up in the list.")
    if str(ticket.id) == link.right_id:
        return _("{ref} is the twin of this pair already.").format(ref=ticket.ref)
    if ticket.ticket_class not in mapping.FORM_OF:
        said = _("{ref} is of the class {name}, which the bridge does not know.")
        return said.format(ref=ticket.ref, name=ticket.ticket_class)
    if not link.right_id and may_still_arrive(link):
        return _("A twin of it is being made just now; wait five minutes and see.")
    other = pairs.twins(link.integration, [str(ticket.id)]).exclude(pk=link.pk).first()
    if other is None:
        return ""
    return _("{ref} is the twin of {other} already.").format(ref=ticket.ref, other=_name_of(other, user))


def _name_of(link: RecordLink, user: User | None) -> str:
    """The external ticket of another pair, to whom may see that pair."""
    seen = Pair.objects.all() if user is None else Pair.objects.visible_to(user)
    pair = seen.filter(link=link).first()
    if pair is None:
        return _("a ticket of another client")
    return pair.external_ref or _("the external ticket {number}").format(number=link.left_id)


def _warnings(pair: Pair, ticket: Ticket, organisation: str) -> Iterator[str]:
    if ticket.org_id != pair.integration.bridge_options.defaults(INTERNAL).get("org_id"):
        said = _("It belongs to {name}, which is not the organisation of twins in this integration's settings.")
        yield said.format(name=organisation)
    if ticket.status == pairs.OVER:
        yield _("It is closed: nothing leads out of that state.")
    marked = _MARKED.match(ticket.title)
    if marked and marked[1] != pair.external_ref:
        yield _("Its title names another ticket: {ref}.").format(ref=marked[1])


# --- the job ----------------------------------------------------------------------------------------------------------


def relink_pair(claim: Claim, link_id: int, number: int, entry_id: int) -> str:
    """Job: link the pair to that internal ticket, and have it looked at. Carried out again it goes on where it was."""
    old = RecordLink.objects.select_related("integration__client").get(pk=link_id)
    entry = AuditEntry.objects.get(pk=entry_id)
    try:
        with both_open(old.integration, "re-link", guard=claim.check) as sides:
            outside = sides.external.api.ticket(int(old.left_id))
            inside = sides.internal.api.ticket(number)
            new = _linked(old, number) or _link(sides, old, outside, inside, entry)
            _move_marker(sides, outside, inside, old)
    except (NotPossibleError, NotFoundError, ConflictError, RejectedError) as refused:
        _finish(entry, AuditEntry.Outcome.REFUSED, str(refused))
        return _("Not linked. {why}").format(why=refused)
    except UnknownOutcomeError as error:  # of the marker, which is read before it is written again
        raise TemporaryError(error.message, retry_after=5, status=error.status) from error
    with transaction.atomic():
        _finish(entry, AuditEntry.Outcome.DONE, "", vendor_record=inside.ref)
        jobs.enqueue(SYNC, new.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=entry.user)
    return _("{ref} has {twin} as its twin; it is looked at now.").format(ref=outside.ref, twin=inside.ref)


def _finish(entry: AuditEntry, outcome: AuditEntry.Outcome, detail: str, *, vendor_record: str = "") -> None:
    if entry.outcome == AuditEntry.Outcome.PENDING:
        said = f"{entry.detail} {detail}" if detail else ""
        audit.finish(entry, outcome, detail=said, vendor_record=vendor_record)


def _linked(old: RecordLink, number: int) -> RecordLink | None:
    """The new link, where this job died after it was made."""
    rows = RecordLink.objects.filter(integration=old.integration, object_type=TICKET, left_id=old.left_id)
    return rows.filter(right_id=str(number)).exclude(state=RecordLink.State.REPLACED).exclude(pk=old.pk).first()


def _link(sides: Sides, old: RecordLink, outside: Ticket, inside: Ticket, entry: AuditEntry) -> RecordLink:
    """Everything that says which ticket is the twin, in one transaction. Raises `NotPossibleError`, BusyError."""
    if problem := _in_the_way(old, inside, entry.user):
        raise NotPossibleError(problem)
    same, pair = same_files(sides, old, outside, inside), Pair.objects.get(link=old)
    base = form.agreed(Meeting(sides, outside, inside), {})
    said = _("{user} gave it {twin} in the place of {other}.").format(
        user=entry.actor, twin=inside.ref, other=pair.internal_ref or _("no twin")
    )
    with in_hand(sides.integration, TICKET, Side.LEFT, old.left_id) as mine:
        if mine.pk != old.pk or mine.right_id != old.right_id:
            raise NotPossibleError(_("The pair was changed meanwhile; look at it again."))
        try:
            with transaction.atomic():
                pairs.forget(old, said)
                new = _row(sides, TICKET, old.left_id, str(inside.id), base, said)
                for original, twin in same:
                    _row(sides, FILE, original.id, twin.id, base_of(old, original, twin))
                _keep(pair, new, inside)
        except IntegrityError:
            said = _("{ref} became the twin of another ticket meanwhile.").format(ref=inside.ref)
            raise NotPossibleError(said) from None
    return new


def _row(sides: Sides, kind: str, left: str, right: str, base: dict[str, object], cause: str = "") -> RecordLink:
    row: RecordLink = RecordLink.objects.create(
        integration=sides.integration,
        object_type=kind,
        left_id=left,
        right_id=right,
        base=base,
        state=RecordLink.State.ACTIVE,
        cause=cause,
    )
    return row


def _keep(pair: Pair, new: RecordLink, inside: Ticket) -> None:
    """What is known of the pair goes on under its new link, a park too."""
    Pair.objects.create(
        link=new,
        integration=pair.integration,
        external_ref=pair.external_ref,
        external_state=pair.external_state,
        internal_ref=inside.ref[:60],
        internal_state=inside.status[:60],
        parked_at=pair.parked_at,
        parked_why=pair.parked_why,
    )


def _move_marker(sides: Sides, outside: Ticket, inside: Ticket, old: RecordLink) -> None:
    """To the new twin, and off the ticket that is none any more, so that nothing finds that one by it again."""
    api, field, mark = sides.internal.api, sides.internal.defaults.get(MARKER), mapping.marker(outside.ref)
    if field and inside.fields.get(field) != outside.ref:
        api.update_ticket(inside.ticket_class, inside.id, {field: outside.ref})
    if not field and not inside.title.startswith(mark):
        marked = mapping.title(inside.title, outside.ref, in_title=True)
        api.update_ticket(inside.ticket_class, inside.id, {"title": marked})
    try:
        other = api.ticket(int(old.right_id)) if old.right_id else None
    except NotFoundError:
        return
    if other is not None and field and other.fields.get(field) == outside.ref:
        api.update_ticket(other.ticket_class, other.id, {field: ""})
    if other is not None and not field and other.title.startswith(f"{mark} "):
        api.update_ticket(other.ticket_class, other.id, {"title": other.title.removeprefix(f"{mark} ")})
