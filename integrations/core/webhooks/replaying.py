"""Replay: many records looked at again, by filter and time range, at a rate, by a job that can be stopped and goes on.

    shown → (confirmed) → running → done
                                  ↘ stopped

A delivery that a replay takes waits again, with its record's job, in the transaction that stores how far the replay is:
whoever goes on after a death takes none twice. Deliveries of one record are one look, and what waits already, or was
looked at since the replay began, is passed over; so two replays of the same rows cost one look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import audit, jobs, streams
from integrations.core.jobs import Again, Claim
from integrations.core.models import AuditEntry, Connection, Job, Replay, User, WebhookDelivery

from . import working
from .receiving import NOT_UNDERSTOOD

KIND = "core.replay"
EVERY = timedelta(seconds=10)  # between two batches
RATES = (6, 30, 60, 300, 1200)  # records a minute
FIRST = 50  # records that a preview names
State, Delivery = Replay.State, WebhookDelivery.State


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the preview: how many deliveries are about it, what came of the last, and who would look."""

    connection: Connection
    subject: str
    deliveries: int
    last: WebhookDelivery
    looked_at_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a replay would do; `left_out` are sentences with the number of deliveries each is about."""

    deliveries: int
    records: int
    first: tuple[Record, ...]
    left_out: tuple[tuple[int, str], ...]


def newest() -> int:
    """The last delivery there is now."""
    return int(WebhookDelivery.objects.aggregate(newest=Max("pk"))["newest"] or 0)


def matching(replay: Replay) -> QuerySet[WebhookDelivery]:
    """The deliveries that fit its filter, as far as who asked for it may see them."""
    if replay.asked_by is None:
        return WebhookDelivery.objects.none()
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.visible_to(replay.asked_by).filter(pk__lte=replay.up_to)
    fits = Q()
    if replay.connection_id:
        fits &= Q(connection=replay.connection_id)
    if replay.deliveries:
        fits &= Q(state=replay.deliveries)
    if replay.record:
        fits &= Q(subject__startswith=replay.record)
    if replay.since:
        fits &= Q(received_at__gte=replay.since)
    if replay.until:
        fits &= Q(received_at__lt=replay.until)
    return rows.filter(fits).defer("body", "headers")


def eligible(replay: Replay) -> QuerySet[WebhookDelivery]:
    """Those of them that a look would do something for."""
    rows = matching(replay).exclude(subject=NOT_UNDERSTOOD).exclude(state=Delivery.WAITING)
    return rows if replay.begun_at is None else rows.exclude(replay=replay.pk).filter(over_at__lt=replay.begun_at)


def preview(replay: Replay) -> Preview:
    """What it would do, without doing it."""
    rows = eligible(replay)
    grouped = rows.order_by().values("connection_id", "subject")
    groups = list(grouped.annotate(deliveries=Count("pk"), last=Max("pk")).order_by("last")[:FIRST])
    last = {row.pk: row for row in rows.filter(pk__in=[group["last"] for group in groups])}
    connections = Connection.objects.select_related("client").in_bulk({group["connection_id"] for group in groups})
    lookers = {pk: tuple(_lookers(connection)) for pk, connection in connections.items()}
    first = tuple(
        Record(
            connections[group["connection_id"]],
            group["subject"],
            group["deliveries"],
            last[group["last"]],
            lookers[group["connection_id"]],
        )
        for group in groups
    )
    return Preview(rows.count(), grouped.distinct().count(), first, tuple(_left_out(replay)))


def _lookers(connection: Connection) -> list[str]:
    """Which streams would look at a record of this connection, or why one would not."""
    said = []
    for integration, kind, _role in working.interested(connection):
        problem = streams.why_not(integration)
        said.append(f"{integration}: {problem}" if problem else f"{integration}, {kind.label}")
    return said


def _left_out(replay: Replay) -> list[tuple[int, str]]:
    rows = matching(replay)
    unclear = rows.filter(subject=NOT_UNDERSTOOD).count()
    waiting = rows.exclude(subject=NOT_UNDERSTOOD).filter(state=Delivery.WAITING).count()
    paused = eligible(replay).filter(connection__is_paused=True).count()
    told = (
        (unclear, _("not understood, so no record is known to look at.")),
        (waiting, _("waiting for a look already.")),
        (paused, _("of a paused connection: asked for, and kept waiting until it is resumed.")),
    )
    return [one for one in told if one[0]]


def confirm(replay: Replay, *, user: User) -> bool:
    """Have the shown replay carried out; False when it is no longer waiting for that (a second click, another tab)."""
    with transaction.atomic():
        mine = Replay.objects.select_for_update().filter(pk=replay.pk, state=State.SHOWN)
        if not mine.exists():
            return False
        now = timezone.now()
        records = eligible(replay).order_by().values("connection_id", "subject").distinct().count()
        mine.update(state=State.RUNNING, begun_at=now, due_at=now, records=records)
        entry = audit.begin(
            "webhooks.replay",
            user=user,
            connection=replay.connection,
            record=f"replay:{replay.pk}",
            detail=_("{records:,} records, {rate} a minute.").format(records=records, rate=replay.rate),
        )
        audit.finish(entry, AuditEntry.Outcome.DONE)
        jobs.enqueue(KIND, replay.pk, priority=Job.Priority.BULK, trigger=Job.Trigger.MANUAL, user=user)
    return True


def stop(replay: Replay) -> None:
    """No further record is asked for; what was asked for is still looked at."""
    mine = Replay.objects.filter(pk=replay.pk, state__in=(State.SHOWN, State.RUNNING))
    mine.update(state=State.STOPPED, finished_at=timezone.now())


def carry_out(claim: Claim, replay_id: int) -> str:
    """Job: ask for the next records whenever the rate lets it, until none is left or it is stopped."""
    while True:
        claim.check()
        with transaction.atomic():
            replay = Replay.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=replay_id)
            if replay.state != State.RUNNING:
                return _("{state}: {asked:,} of {records:,} asked for.").format(
                    state=replay.get_state_display().capitalize(), asked=replay.asked, records=replay.records
                )
            if replay.due_at is None or replay.due_at <= timezone.now():
                _next(replay)
        if replay.state == State.RUNNING and replay.due_at is not None:
            raise Again(
                at=replay.due_at,
                outcome=_("{asked:,} of {records:,} records asked for.").format(
                    asked=replay.asked, records=replay.records
                ),
            )


def _next(replay: Replay) -> None:
    """Ask for as many records as the rate allows in one go, and store how far it is, in the caller's transaction."""
    most = max(1, round(replay.rate * EVERY.total_seconds() / 60))
    rows = eligible(replay).filter(pk__gt=replay.cursor).order_by("pk")
    asked = 0
    while asked < most and (row := rows.filter(pk__gt=replay.cursor).first()) is not None:
        alike = eligible(replay).filter(connection=row.connection_id, subject=row.subject).order_by("pk")
        assert replay.asked_by is not None  # else nothing matches
        working.replay(list(alike), user=replay.asked_by, of=replay)
        replay.cursor, asked = row.pk, asked + 1
    replay.asked += asked
    if asked < most:
        replay.state, replay.finished_at = State.DONE, timezone.now()
    replay.due_at = timezone.now() + timedelta(minutes=most / replay.rate)
    replay.save(update_fields=["cursor", "asked", "state", "finished_at", "due_at"])


def results(replay: Replay) -> dict[str, int]:
    """How many of the deliveries it took are in which state now."""
    counted = replay.taken.order_by().values_list("state").annotate(count=Count("pk"))
    return {str(state): count for state, count in counted}
