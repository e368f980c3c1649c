"""“Reviewed, no ticket needed”, for one run or many, and its undoing. A local act: nothing is sent anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from integrations.core.models import User

from . import attention
from .intake import zone_of
from .models import Run, RunReview, TicketLink

REASON_LIMIT = 500


class ReviewResult(NamedTuple):
    """What came of it for one run, in a sentence."""

    run_id: int
    done: bool
    sentence: str


def review(run_ids: Iterable[int], user: User, reason: str = "") -> list[ReviewResult]:
    """Mark these runs as needing no ticket. Runs with a live ticket, reviewed or successful ones are left alone."""
    reason = reason.replace("\x00", "").strip()[:REASON_LIMIT]
    return _each(run_ids, user, RunReview.Action.REVIEWED, reason)


def undo(run_ids: Iterable[int], user: User) -> list[ReviewResult]:
    """Take the review of these runs back; they need attention again unless something else settles them."""
    return _each(run_ids, user, RunReview.Action.UNDONE, "")


def _each(run_ids: Iterable[int], user: User, action: RunReview.Action, reason: str) -> list[ReviewResult]:
    wanted = list(dict.fromkeys(run_ids))
    with transaction.atomic():
        attention.lock_jobs(wanted)
        visible = Run.objects.visible_to(user).filter(pk__in=wanted)
        runs = {run.pk: run for run in visible.select_related("client", "job__customer")}
        live = TicketLink.objects.filter(run__in=runs, state__in=TicketLink.LIVE).select_related("ticket")
        tickets = {link.run_id: link for link in live}
        results = [_one(pk, runs.get(pk), tickets.get(pk), user, action, reason) for pk in wanted]
        attention.refresh(result.run_id for result in results if result.done)
    return results


def _one(
    pk: int, run: Run | None, link: TicketLink | None, user: User, action: RunReview.Action, reason: str
) -> ReviewResult:
    if run is None:
        return ReviewResult(pk, False, _("Run {pk} does not exist or is not yours to see.").format(pk=pk))
    started = run.started_at.astimezone(zone_of(run.client))  # as the list shows it
    name = f"{run.job.customer} · {run.job}, {date_format(started, 'j M Y H:i')}"
    undoing = action == RunReview.Action.UNDONE
    if obstacle := _not_reviewed(run) if undoing else _obstacle(run, link):
        return ReviewResult(pk, False, f"{name}: {obstacle}")
    now = timezone.now()
    run.reviewed_at, run.reviewed_by, run.review_reason = (None, None, "") if undoing else (now, user, reason)
    run.save(update_fields=["reviewed_at", "reviewed_by", "review_reason"])
    RunReview.objects.create(run=run, action=action, by=user, at=now, reason=reason)
    said = _("{run}: the review was undone.") if undoing else _("{run}: no ticket needed.")
    return ReviewResult(pk, True, said.format(run=name))


def _not_reviewed(run: Run) -> str:
    return "" if run.reviewed_at else _("there is no review to undo.")


def _obstacle(run: Run, link: TicketLink | None) -> str:
    if link is not None:
        said = _("it has a ticket ({ticket}); resolve that instead.")
        return said.format(ticket=link.ticket or link.get_state_display())
    if run.reviewed_at is not None:
        return _("{person} has already reviewed it.").format(person=run.reviewed_by)
    if run.status == Run.Status.SUCCESS:
        return _("it succeeded, so there is nothing to review.")
    return ""
