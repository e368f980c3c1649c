"""Working off what came: the job of one record has every integration look at it, whatever calls wait for it.

A hint is believed for its subject alone, so one look serves all deliveries of that subject that were stored before it
began. What comes while it looks has a job of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import registry, streams
from integrations.core.jobs import Again, Claim, ClaimLost
from integrations.core.models import Connection, Integration, Job, Replay, Stream, User, WebhookDelivery
from integrations.core.registry import StreamKind
from integrations.transport.errors import ConfigurationError, QuotaSpent, TemporaryError, VendorError

from .receiving import WORK, ask_for, key_of

PAUSED = timedelta(minutes=5)  # until the job of a paused connection looks again
LOST_AFTER = timedelta(minutes=2)  # a delivery without a live job for so long has lost it
LOOKED_AT = 500  # deliveries a sweep looks at
State = WebhookDelivery.State
_OPEN = (State.WAITING, State.FAILED)
EARLIER = 20  # outcomes that a delivery keeps beside its last


def work_delivery(claim: Claim, delivery_id: int) -> str:
    """Job `core.work_delivery`: look at the record this delivery is about, for each integration that wants to know."""
    first = WebhookDelivery.objects.select_related("connection").get(pk=delivery_id)
    alike = WebhookDelivery.objects.filter(connection=first.connection, subject=first.subject, state__in=_OPEN)
    waiting = list(alike.order_by("pk").values_list("pk", flat=True))
    if not waiting:
        return _("Nothing waits for it any more.")
    if first.connection.is_paused:
        raise Again(at=timezone.now() + PAUSED, outcome=_("The connection is paused; it waits until it is resumed."))

    def settle(state: State, outcome: str) -> None:
        over = None if state == State.WAITING else timezone.now()
        rows = WebhookDelivery.objects.filter(pk__in=waiting)
        rows.update(state=state, outcome=outcome, job_id=claim.job_id, over_at=over)

    try:
        state, outcome = _looked_at(claim, first)
    except ClaimLost:
        raise  # they are somebody else's now
    except Again as again:
        settle(State.WAITING, again.outcome)
        raise
    except QuotaSpent as spent:
        settle(State.WAITING, spent.message)
        raise
    except VendorError as error:
        is_over = not isinstance(error, TemporaryError) or claim.attempt >= claim.max_attempts
        settle(State.FAILED if is_over else State.WAITING, error.message)
        raise
    settle(state, outcome)
    return (
        outcome
        if len(waiting) == 1
        else _("{outcome} ({count} deliveries)").format(outcome=outcome, count=len(waiting))
    )


def _looked_at(claim: Claim, first: WebhookDelivery) -> tuple[State, str]:
    """What all of them said. One that has trouble leaves the others their look; its error is raised afterwards."""
    said: list[str] = []
    reasons: list[str] = []
    trouble: Exception | None = None
    for integration, kind, role in interested(first.connection):
        if problem := streams.why_not(integration):
            reasons.append(f"{integration}: {problem}")
            continue
        stream = _row(integration, kind)
        if streams.waits_for_approval(stream):
            reasons.append(f"{integration}: {streams.UNAPPROVED}")
            continue
        try:
            streams.wait_while_held(kind)
            said.append(streams.run_for_hint(stream, kind, claim, first.subject, role))
        except (Again, VendorError) as error:
            trouble = trouble or error
        except streams.StreamProblem as problem:
            trouble = trouble or ConfigurationError(str(problem))
    if trouble is not None:
        raise trouble
    if said:
        return State.DONE, " ".join(said)
    return State.IGNORED, " ".join(reasons) or _("No integration uses what this connection sends.")


def interested(connection: Connection) -> Iterator[tuple[Integration, StreamKind, str]]:
    """The integrations in which the connection plays a role that a stream takes hints of, and the role."""
    kinds = {kind.slug: kind for kind in registry.kinds()}
    roles = connection.roles.select_related("integration__client").order_by("integration_id")
    for role in roles:
        kind = kinds.get(role.integration.kind)
        for stream in kind.streams if kind else ():
            if role.role in stream.hinted_by and stream.run_hint is not None:
                yield role.integration, stream, role.role


def _row(integration: Integration, kind: StreamKind) -> Stream:
    return next(row for row in streams.streams_of(integration) if row.slug == kind.slug)


# --- mending ----------------------------------------------------------------------------------------------------------


def sweep_deliveries() -> int:
    """Find deliveries that wait without a live job: those of a dead job have failed, the others get one. How many."""
    cut: datetime = timezone.now() - LOST_AFTER
    rows = WebhookDelivery.objects.filter(state=State.WAITING, received_at__lt=cut).order_by("pk")[:LOOKED_AT]
    keys = {row.pk: key_of(row) for row in rows}
    alive = set(
        Job.objects.filter(key__in=set(keys.values()), state__in=(Job.State.QUEUED, Job.State.RUNNING)).values_list(
            "key", flat=True
        )
    )
    return sum(_mend(row, keys[row.pk]) for row in rows if keys[row.pk] not in alive)


def _mend(row: WebhookDelivery, key: str) -> int:
    dead = Job.objects.filter(kind=WORK, key=key, state=Job.State.DEAD, finished_at__gt=row.received_at)
    last = dead.order_by("-pk").first()
    with transaction.atomic():
        mine = WebhookDelivery.objects.select_for_update().filter(pk=row.pk, state=State.WAITING)
        if not mine.exists():
            return 0
        if last is None:
            ask_for([row])
        else:
            mine.update(state=State.FAILED, outcome=last.outcome, job_id=last.pk, over_at=timezone.now())
    return 1


# --- what a person decides --------------------------------------------------------------------------------------------


def subjects_of(deliveries: list[WebhookDelivery]) -> int:
    """How many records these are about: so many looks a replay means."""
    return len({key_of(row) for row in deliveries})


def replay(deliveries: list[WebhookDelivery], *, user: User, of: Replay | None = None) -> int:
    """Have the records these are about looked at anew, behind all other work; how many records.

    A record is read as it is now, so a replay never repeats an effect; those of one record are one look. `of` is the
    long action they are part of.
    """
    by_record: dict[str, list[WebhookDelivery]] = {}
    for row in deliveries:
        by_record.setdefault(key_of(row), []).append(row)
    for rows in by_record.values():
        with transaction.atomic():
            for row in _locked(rows):
                values = {"trigger": Job.Trigger.REPLAY, "over_at": None, "replayed_by": user, "replay": of}
                _put(row, State.WAITING, "", **values)
            rows[0].trigger = Job.Trigger.REPLAY
            ask_for(rows[:1], priority=Job.Priority.BULK)
    return len(by_record)


def ignore(deliveries: list[WebhookDelivery], *, user: User, reason: str) -> int:
    """A person decides that nothing should follow from these; how many that were not over."""
    said = f"{user.get_username()}: {reason}"[:500]
    with transaction.atomic():
        rows = list(_locked(deliveries).filter(state__in=_OPEN))
        for row in rows:
            _put(row, State.IGNORED, said, over_at=timezone.now())
    return len(rows)


def _locked(deliveries: list[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
    """These rows as they are now, without what was sent."""
    rows = WebhookDelivery.objects.select_for_update().filter(pk__in=[row.pk for row in deliveries])
    return rows.defer("body", "headers")


def _put(row: WebhookDelivery, state: State, outcome: str, **values: Any) -> None:
    """This is what comes of it now; what came of it until now stays readable beside it."""
    before = {"at": (row.over_at or row.received_at).isoformat(), "state": row.state, "outcome": row.outcome}
    earlier = [before, *row.earlier][:EARLIER] if row.outcome else row.earlier
    rows = WebhookDelivery.objects.filter(pk=row.pk)
    rows.update(state=state, outcome=outcome, earlier=earlier, **values)
