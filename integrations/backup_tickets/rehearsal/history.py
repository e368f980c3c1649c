"""What has happened before the rehearsal begins: tickets of earlier nights, and two days of the streams' runs."""

from __future__ import annotations

import datetime as dt
import random

from django.utils import timezone

from integrations.backup_tickets.attention import refresh
from integrations.backup_tickets.mapping import STATUS_LABELS
from integrations.backup_tickets.models import Run, Ticket, TicketLink
from integrations.core.models import ApiCall, Client, Connection, Job, Stream, SyncRun, WebhookDelivery

FIRST_TICKET = 90_000  # ids below those that the simulator gives
HOURS = 48
CALLS = (("POST", "/V1.0/Tickets/query", 60, 220), ("GET", "/V1.0/Tickets/entityInformation", 90, 400))
CONTENT = {  # as it was sent: values of the simulator's first world
    "queue": {"id": 29683001, "label": "Helpdesk"},
    "source": {"id": 8, "label": "Monitoring Alert"},
    "priority": {"id": 1, "label": "High"},
}
PROBLEM = "Autotask answered 503: the service is not available."


def remember(client: Client, connection: Connection) -> None:
    """On a world that stands, only what is missing is added."""
    old = timezone.now() - dt.timedelta(days=1)
    failed = Run.objects.filter(
        client=client, status__in=(Run.Status.ERROR, Run.Status.MISSED), started_at__lt=old, links=None
    ).exclude(job__customer__mapping=None)
    runs = [_ticketed(run, connection) for run in failed.select_related("job__customer__mapping")]
    refresh(runs)
    for stream in Stream.objects.filter(integration__client=client, slug="link_validation", runs=None):
        _hours(stream, connection)


def _ticketed(run: Run, connection: Connection) -> int:
    """Somebody made a ticket in the morning, and closed it when the backup was well again."""
    luck = random.Random(run.external_id)  # noqa: S311 — made-up data, the same every time
    opened = run.started_at + dt.timedelta(hours=luck.uniform(9, 12))
    closed = min(opened + dt.timedelta(hours=luck.uniform(2, 50)), timezone.now())
    customer = run.job.customer
    ticket = Ticket.objects.create(
        connection=connection,
        ticket_id=FIRST_TICKET + run.pk,
        number=f"T{opened:%Y%m%d}.{run.pk:04}",
        company_id=customer.mapping.company_id,
        title=f"[Backupchecks] {customer} - {run.job} - {STATUS_LABELS[run.status]}",
        status_id=5,
        status_label="Complete",
        state=Ticket.State.RESOLVED,
        state_since=closed,
        read_at=closed,
    )
    link = TicketLink.objects.create(
        run=run,
        ticket=ticket,
        connection=connection,
        key=f"bt-history-{run.pk}",
        state=TicketLink.State.RESOLVED,
        content=CONTENT,
        send_before=opened,
    )
    TicketLink.objects.filter(pk=link.pk).update(created_at=opened)
    return run.pk


def _hours(stream: Stream, connection: Connection) -> None:
    """Its run of every hour, with the calls it made; one met an outage. By day, webhooks have it look at tickets."""
    now, luck = timezone.now(), random.Random(stream.slug)  # noqa: S311 — made-up data
    runs, calls = [], []
    deliveries: list[WebhookDelivery] = []
    for back in range(HOURS, 0, -1):
        at, is_out = now - dt.timedelta(hours=back), back == HOURS // 3
        runs.append(
            SyncRun(
                stream=stream,
                state=SyncRun.State.FAILED if is_out else SyncRun.State.DONE,
                started_at=at,
                finished_at=at + dt.timedelta(seconds=2),
                outcome=PROBLEM if is_out else "Read 3 open tickets, 0 of them were closed meanwhile.",
            )
        )
        for method, route, least, most in CALLS:
            calls.append(
                ApiCall(
                    at=at,
                    transaction_id=f"{luck.getrandbits(128):032x}",
                    connection=connection,
                    source="core.run_stream",
                    duration_ms=luck.randint(least, most) * (8 if is_out else 1),
                    method=method,
                    host="autotask.example",
                    route=route,
                    status=503 if is_out else 200,
                )
            )
        if 7 <= at.hour < 18:
            for minutes in range(luck.randint(0, 3)):
                hinted = at + dt.timedelta(minutes=7 * minutes + 3)
                delivery, run = _hint(stream, connection, hinted, FIRST_TICKET + luck.randint(1, 400))
                deliveries.append(delivery)
                runs += [run] if run else []
    SyncRun.objects.bulk_create(runs)
    WebhookDelivery.objects.bulk_create(deliveries)
    ApiCall.objects.bulk_create(calls)


def _hint(
    stream: Stream, connection: Connection, at: dt.datetime, ticket: int
) -> tuple[WebhookDelivery, SyncRun | None]:
    """A call about a ticket, and the run that looked at it; every third ticket is none of ours."""
    subject, is_ours = f"ticket:{ticket}", ticket % 3 > 0
    delivery = WebhookDelivery(
        connection=connection,
        event="ticket",
        subject=subject,
        received_at=at,
        over_at=at + dt.timedelta(seconds=1),
        body=f'{{"Id": {ticket}}}'.encode(),
        state=WebhookDelivery.State.DONE if is_ours else WebhookDelivery.State.IGNORED,
        outcome="Nothing has changed." if is_ours else "No run has this ticket.",
    )
    run = SyncRun(
        stream=stream,
        trigger=Job.Trigger.WEBHOOK,
        subject=subject,
        state=SyncRun.State.DONE,
        started_at=at,
        finished_at=at + dt.timedelta(seconds=1),
        outcome="Nothing has changed.",
    )
    return delivery, run if is_ours else None
