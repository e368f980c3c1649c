"""“Reviewed, no ticket needed”, for one run or many, and its undoing. A local act: nothing is sent anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

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
        return ReviewResult(pk, False, f"Run {pk} does not exist or is not yours to see.")
    started = run.started_at.astimezone(zone_of(run.client))  # as the list shows it
    name = f"{run.job.customer} · {run.job}, {started:%-d %b %Y %H:%M}"
    undoing = action == RunReview.Action.UNDONE
    if obstacle := _not_reviewed(run) if undoing else _obstacle(run, link):
        return ReviewResult(pk, False, f"{name}: {obstacle}")
    now = timezone.now()
    run.reviewed_at, run.reviewed_by, run.review_reason = (None, None, "") if undoing else (now, user, reason)
    run.save(update_fields=["reviewed_at", "reviewed_by", "review_reason"])
    RunReview.objects.create(run=run, action=action, by=user, at=now, reason=reason)
    return ReviewResult(pk, True, f"{name}: {'the review was undone.' if undoing else 'no ticket needed.'}")


def _not_reviewed(run: Run) -> str:
    return "" if run.reviewed_at else "there is no review to undo."


def _obstacle(run: Run, link: TicketLink | None) -> str:
    if link is not None:
        return f"it has a ticket ({link.ticket or link.get_state_display()}); resolve that instead."
    if run.reviewed_at is not None:
        return f"{run.reviewed_by} has already reviewed it."
    if run.status == Run.Status.SUCCESS:
        return "it succeeded, so there is nothing to review."
    return ""
