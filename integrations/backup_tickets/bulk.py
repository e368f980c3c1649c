"""One act on many runs: proposed and shown, confirmed, then carried out by a job that fills in row by row.

    shown → (confirmed) → running → done
                                  ↘ stopped

Each row goes through the same function as the click on the run's page, with the rights of the person who confirmed it,
looked at again. A row is taken in hand before its call and at most once: what a dead process left is looked at, never
sent again. Three rows in a row that failed end the action; the rest is not tried. One row at a time, with the deadlines
of a click, so that other clicks find a free slot and recovery keeps its times.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import jobs, write_hold
from integrations.core.jobs import Again, Claim
from integrations.core.models import Job, User
from integrations.transport.errors import VendorError

from . import checking, linking, permissions, resolving
from .models import BulkAction, BulkItem, Run, Ticket, TicketLink
from .obstacles import basis_of, live_link, obstacles
from .offers import offers, open_ticket_of_job
from .snapshots import UnclearAbsence
from .tickets import NotPossibleError, create_ticket, preview

KIND = "backup_tickets.carry_out_bulk"
AT_ONCE = 100  # runs of one action
SLICE = 30.0  # seconds of work before others get their turn
KEPT = dt.timedelta(days=30)
FAILURES = 3  # in a row, after which the rest is not tried
State, Action = BulkItem.State, BulkAction.State
RIGHTS = {
    BulkAction.Act.CREATE: permissions.CREATE_TICKET,
    BulkAction.Act.LINK: permissions.LINK_TICKET,
    BulkAction.Act.RESOLVE: permissions.RESOLVE_TICKET,
    BulkAction.Act.CHECK: permissions.LINK_TICKET,
}
WRITES = (BulkAction.Act.CREATE, BulkAction.Act.RESOLVE)
INTERRUPTED = _("The portal was interrupted at this run; look at its page, and repeat the act there if need be.")
ENDED = format_lazy(
    _("Ended: {count} runs in a row failed. Look at their reasons; the runs after them were not tried."), count=FAILURES
)


class Proposal(NamedTuple):
    """What would be done with a run, or why nothing can be; `seen` is the fingerprint of a ticket that is shown."""

    possible: bool
    sentence: str
    seen: str = ""


class Result(NamedTuple):
    """What came of it, in a sentence."""

    state: BulkItem.State
    sentence: str


def propose(act: BulkAction.Act, run_ids: Iterable[int], *, user: User, back: str = "") -> BulkAction:
    """Store what the act would do with each of these runs (at most `AT_ONCE`); nothing is sent.

    Runs the person may not see are left out. Old actions are cleared on the occasion.
    """
    wanted = list(dict.fromkeys(run_ids))[:AT_ONCE]
    visible = Run.objects.visible_to(user).filter(pk__in=wanted).select_related("client", "job__customer")
    runs = {run.pk: run for run in visible}
    proposals = [(runs[pk], PROPOSED[act](runs[pk], user)) for pk in wanted if pk in runs]
    with transaction.atomic():
        BulkAction.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(state=Action.RUNNING).delete()
        action: BulkAction = BulkAction.objects.create(act=act, by=user, back=back)
        BulkItem.objects.bulk_create(
            BulkItem(
                action=action,
                run=run,
                state=State.WAITING if proposal.possible else State.LEFT_ALONE,
                sentence=proposal.sentence,
                seen=proposal.seen,
            )
            for run, proposal in proposals
        )
    return action


def confirm(action: BulkAction) -> bool:
    """Have the shown action carried out; False when it is no longer waiting for that (a second click, another tab)."""
    with transaction.atomic():
        if not BulkAction.objects.filter(pk=action.pk, state=Action.SHOWN).update(state=Action.RUNNING):
            return False
        jobs.enqueue(KIND, action.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=action.by)
    return True


def stop(action: BulkAction) -> None:
    """No further row is begun; what was done stays."""
    BulkAction.objects.filter(pk=action.pk, state__in=(Action.SHOWN, Action.RUNNING)).update(state=Action.STOPPED)


def carry_out(claim: Claim, action_id: int) -> str:
    """Job: work on the waiting rows until none is left, it is stopped, or it fails too often."""
    action = BulkAction.objects.select_related("by").get(pk=action_id)
    for left in action.items.filter(state=State.WORKING):
        _store(left, _found_out(left.run))
    ends = time.monotonic() + SLICE
    while _is_running(action):
        claim.check()
        item = action.items.filter(state=State.WAITING).select_related("run__client", "run__job__customer").first()
        if item is None:
            return _end(action, Action.DONE, "")
        if _failures(action) >= FAILURES:
            return _end(action, Action.STOPPED, str(ENDED))
        if time.monotonic() > ends:
            raise Again(at=timezone.now(), outcome=gettext("More runs are waiting."))
        if action.act in WRITES and write_hold.is_on():
            raise Again(at=timezone.now() + write_hold.PAUSE, outcome=str(write_hold.SENTENCE))
        BulkItem.objects.filter(pk=item.pk).update(state=State.WORKING)
        _store(item, _work(action, item))
    return gettext("It was stopped.")


def _work(action: BulkAction, item: BulkItem) -> Result:
    """The same as the click on the run's page, with the same rights."""
    user, act = action.by, BulkAction.Act(action.act)
    visible = Run.objects.visible_to(user).filter(pk=item.run_id).exists()
    if not (user.is_active and visible and user.has_perm(RIGHTS[act])):
        return Result(State.LEFT_ALONE, gettext("{person} may not do this any more.").format(person=user))
    try:
        return CARRIED_OUT[act](item, user)
    except (NotPossibleError, linking.NotPossibleError, resolving.NotPossibleError, checking.NotPossibleError) as error:
        return Result(State.LEFT_ALONE, str(error))
    except (VendorError, UnclearAbsence) as error:
        return Result(State.FAILED, str(error))


def _failures(action: BulkAction) -> int:
    """How many of the rows tried last failed in a row."""
    tried = action.items.filter(state__in=(State.DONE, State.FAILED, State.CHECKING)).order_by("-pk")
    last = list(tried.values_list("state", flat=True)[:FAILURES])
    return next((place for place, state in enumerate(last) if state == State.DONE), len(last))


def _is_running(action: BulkAction) -> bool:
    return BulkAction.objects.filter(pk=action.pk, state=Action.RUNNING).exists()


def _store(item: BulkItem, result: Result) -> None:
    BulkItem.objects.filter(pk=item.pk).update(state=result.state, sentence=result.sentence)


def _end(action: BulkAction, state: BulkAction.State, cause: str) -> str:
    BulkAction.objects.filter(pk=action.pk, state=Action.RUNNING).update(state=state, cause=cause)
    return cause or gettext("All runs were worked on.")


def _found_out(run: Run) -> Result:
    """What is known of a row whose process died; its own recovery job finds out the rest."""
    link = live_link(run)
    known = gettext("It has ticket {ticket}.").format(ticket=link.ticket) if link and link.ticket else ""
    return Result(State.CHECKING, f"{INTERRUPTED} {known}".strip())


# --- what each act would do -------------------------------------------------------------------------------------------


def _propose_create(run: Run, user: User) -> Proposal:
    basis = basis_of(run)
    if found := obstacles(basis, user):
        return Proposal(False, " ".join(obstacle.sentence for obstacle in found))
    shown = preview(basis)
    sentence = gettext("“{title}” for {company}, queue {queue}, priority {priority}.").format(
        title=shown.title,
        company=shown.company.label,
        queue=shown.queue.label,
        priority=shown.priority.label,
    )
    if other := open_ticket_of_job(run):
        beside = gettext("The job has the open ticket {ticket}; linking to it would make no second one.")
        sentence = f"{sentence} {beside.format(ticket=other.ticket)}"
    return Proposal(True, sentence, shown.fingerprint)


def _propose_link(run: Run, user: User) -> Proposal:
    offered = offers(basis_of(run), user)
    if offered.same_job is not None:
        said = gettext("Link to {ticket}, the open ticket of this job.")
        return Proposal(True, said.format(ticket=offered.same_job.ticket))
    if offered.link is not None:
        return Proposal(False, gettext("This run already has a ticket."))
    return Proposal(False, gettext("No other run of this job has an open ticket."))


def _propose_resolve(run: Run, user: User) -> Proposal:
    offered = offers(basis_of(run), user)
    if offered.resolve and offered.link is not None:
        said = gettext("Resolve {ticket}, unless time was booked on it.")
        return Proposal(True, said.format(ticket=offered.link.ticket))
    return Proposal(False, gettext("This run has no ticket that could be resolved now."))


def _propose_check(run: Run, user: User) -> Proposal:
    offered = offers(basis_of(run), user)
    if offered.check and offered.link is not None:
        return Proposal(True, gettext("Read {ticket} again.").format(ticket=offered.link.ticket))
    return Proposal(False, gettext("This run has no ticket that could be checked now."))


PROPOSED: dict[str, Callable[[Run, User], Proposal]] = {
    BulkAction.Act.CREATE: _propose_create,
    BulkAction.Act.LINK: _propose_link,
    BulkAction.Act.RESOLVE: _propose_resolve,
    BulkAction.Act.CHECK: _propose_check,
}


# --- doing it ---------------------------------------------------------------------------------------------------------


def _create(item: BulkItem, user: User) -> Result:
    if existing := live_link(item.run):
        said = gettext("It has a ticket already: {ticket}.")
        return Result(State.LEFT_ALONE, said.format(ticket=existing.ticket or existing.get_state_display()))
    basis = basis_of(item.run)
    if found := obstacles(basis, user):
        raise NotPossibleError(found)
    content = preview(basis)
    if content.fingerprint != item.seen:
        said = gettext("What would be sent has changed since you looked at it; nothing was sent.")
        return Result(State.LEFT_ALONE, said)
    link = create_ticket(item.run, user=user, content=content)
    if link.state == TicketLink.State.ACTIVE:
        return Result(State.DONE, gettext("Ticket {ticket} created.").format(ticket=link.ticket))
    if link.state == TicketLink.State.ABANDONED:
        return Result(State.FAILED, gettext("No ticket was created. {why}").format(why=link.cause))
    said = gettext("Autotask has not confirmed the ticket; the run's page shows what becomes of it.")
    return Result(State.CHECKING, said)


def _link(item: BulkItem, user: User) -> Result:
    link = linking.link_open_ticket(item.run, user=user)
    return Result(State.DONE, gettext("Linked to ticket {ticket}.").format(ticket=link.ticket))


def _resolve(item: BulkItem, user: User) -> Result:
    row = resolving.resolve(item.run, user=user)
    sentence = gettext("Ticket {ticket}: {state}.").format(ticket=row.ticket, state=row.get_state_display())
    sentence = f"{sentence} {row.cause}".strip()
    if row.is_open:
        return Result(State.CHECKING, gettext("{sentence} The portal goes on by itself.").format(sentence=sentence))
    return Result(State.FAILED if row.state == row.State.FAILED else State.DONE, sentence)


def _check(item: BulkItem, user: User) -> Result:
    ticket = checking.check_now(item.run, user=user)
    if ticket.state == Ticket.State.DELETED:
        return Result(State.DONE, gettext("Ticket {ticket} was deleted in Autotask.").format(ticket=ticket))
    said = gettext("Ticket {ticket} is “{status}” in Autotask.")
    return Result(State.DONE, said.format(ticket=ticket, status=ticket.status_label))


CARRIED_OUT: dict[str, Callable[[BulkItem, User], Result]] = {
    BulkAction.Act.CREATE: _create,
    BulkAction.Act.LINK: _link,
    BulkAction.Act.RESOLVE: _resolve,
    BulkAction.Act.CHECK: _check,
}
