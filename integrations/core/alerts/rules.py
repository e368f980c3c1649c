"""What people are alerted to: core's rules as a table, and those that integrations bring along.

Each rule looks with a query or two, whatever there is to find; what it finds is decided about elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, IntegerField, Max, Min, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.core import registry
from integrations.core.budgets.hours import COUNTED_FOR
from integrations.core.models import AlertChannel, AlertRule, CallCount, Connection, HeldItem, Job, Stream, SyncRun
from integrations.core.registry import Finding, Rule
from integrations.core.running import due

NOTICE, WARNING, URGENT = 10, 20, 30
DEAD_FOR = timedelta(hours=24)  # a job that died is news for a day; it stays on the list of failed jobs
DELIVERED_BY = timedelta(minutes=15)  # a channel whose tries have failed for so long is in trouble
_ON = Q(is_enabled=True, integration__is_enabled=True, integration__client__is_active=True)
_ALIVE = Q(client=None) | Q(client__is_active=True)


def _failing_streams(threshold: int, now: datetime) -> Iterator[Finding]:
    over = (SyncRun.State.DONE, SyncRun.State.STOPPED, SyncRun.State.FAILED)
    own = SyncRun.objects.filter(stream=OuterRef("pk"), subject="", is_dry=False, state__in=over).order_by("-pk")
    good = own.exclude(state=SyncRun.State.FAILED).values("pk")[:1]
    bad = own.filter(state=SyncRun.State.FAILED, pk__gt=OuterRef("good"))
    counted = bad.order_by().values("stream").annotate(n=Count("pk"), first=Min("started_at"))
    failing = (
        Stream.objects.filter(_ON)
        .annotate(latest=Subquery(own.values("state")[:1]))
        .filter(latest=SyncRun.State.FAILED)
        .annotate(good=Coalesce(Subquery(good), Value(0), output_field=IntegerField()))
        .annotate(failures=Subquery(counted.values("n")), first=Subquery(counted.values("first")))
    )
    for stream in failing.filter(failures__gte=threshold).select_related("integration__client"):
        yield Finding(
            f"stream:{stream.pk}",
            gettext("{stream} failed {times} times in a row").format(stream=stream, times=stream.failures),
            gettext("What it would have brought is brought by the first run that works again."),
            reverse("admin:core_integration_stream", args=[stream.integration_id, stream.slug]),
            stream.first,
            stream.integration.client_id,
        )


def _sick_connections(threshold: int, now: datetime) -> Iterator[Finding]:
    sick = Connection.objects.filter(_ALIVE, health=Connection.Health.ATTENTION, is_paused=False)
    for connection in sick.select_related("client"):
        yield _of_connection(
            connection,
            gettext("{connection} needs attention").format(connection=connection),
            gettext("No call of it works until somebody changes a setting; its page says which."),
            connection.last_error_at or now,
        )


def _silent_webhooks(threshold: int, now: datetime) -> Iterator[Finding]:
    stopped = Connection.objects.filter(_ALIVE).exclude(webhook_trouble="").exclude(webhook_digest="")
    for connection in stopped.select_related("client", "sender"):
        since, title = connection.webhook_trouble_at or now, gettext("its webhooks have stopped")
        if connection.webhook_trouble_by == Connection.TroubleBy.SILENCE:
            since, title = connection.sender.last_call_at or since, gettext("no webhooks come")
        yield _of_connection(connection, f"{connection}: {title}", connection.webhook_trouble, since)


def _of_connection(connection: Connection, title: str, sentence: str, since: datetime) -> Finding:
    path = reverse("admin:core_connection_change", args=[connection.pk])
    return Finding(f"connection:{connection.pk}", title, sentence, path, since, connection.client_id)


def _dead_jobs(threshold: int, now: datetime) -> Iterator[Finding]:
    dead = Job.objects.filter(state=Job.State.DEAD, finished_at__gte=now - DEAD_FOR).order_by()
    counted = dead.values("kind").annotate(n=Count("pk"), first=Min("finished_at"), newest=Max("pk"))
    for row in counted.filter(n__gte=threshold):
        title = ngettext("{count:,} job was given up: {kind}", "{count:,} jobs were given up: {kind}", row["n"])
        yield Finding(
            f"job:{row['kind']}",
            title.format(count=row["n"], kind=row["kind"]),
            gettext("The newest is job #{number}; its page says why.").format(number=row["newest"]),
            f"{reverse('admin:core_job_changelist')}?state__exact=dead&kind={row['kind']}",
            row["first"],
        )


def _late_queue(threshold: int, now: datetime) -> Iterator[Finding]:
    oldest = due().order_by("not_before").values_list("not_before", flat=True).first()
    if oldest is not None and now - oldest > timedelta(minutes=threshold):
        yield Finding(
            "queue",
            gettext("The job queue is late"),
            gettext("The oldest job that is due has waited for {time}.").format(time=_minutes(now - oldest)),
            f"{reverse('admin:core_job_changelist')}?state__exact=queued",
            oldest,
        )


def _spent_budgets(threshold: int, now: datetime) -> Iterator[Finding]:
    vendors = registry.vendors()
    counted = CallCount.objects.filter(minute__gt=now - COUNTED_FOR).order_by()
    calls = dict(counted.values_list("connection").annotate(n=Sum("calls")))
    for connection in Connection.objects.filter(pk__in=calls).select_related("client") if calls else ():
        vendor = vendors.get(connection.vendor)
        limit = vendor.limits_of(connection.settings).calls_per_hour if vendor else None
        if limit and calls[connection.pk] * 100 > limit * threshold:
            yield _of_connection(
                connection,
                gettext("{connection} has used {percent} of its calls").format(
                    connection=connection, percent=f"{calls[connection.pk] * 100 // limit} %"
                ),
                gettext("{calls:,} of {limit:,} calls in the last hour. When they are used up, work waits.").format(
                    calls=calls[connection.pk], limit=limit
                ),
                now,
            )


def _many_held(threshold: int, now: datetime) -> Iterator[Finding]:
    for held in _held():
        if held.number > threshold:
            yield _of_held(
                held, gettext("{stream} holds {number:,} records").format(stream=held.stream, number=held.number)
            )


def _long_held(threshold: int, now: datetime) -> Iterator[Finding]:
    for held in _held():
        if held.oldest < now - timedelta(hours=threshold):
            yield _of_held(
                held,
                gettext("{stream} has held a record for more than {hours} hours").format(
                    stream=held.stream, hours=threshold
                ),
            )


class _Held(NamedTuple):
    stream: Stream
    number: int
    oldest: datetime


def _held() -> Iterator[_Held]:
    """What each stream holds; those that hold nothing are not among them."""
    rows = HeldItem.objects.filter(state=HeldItem.State.HELD).order_by().values_list("stream")
    counted = {pk: (count, oldest) for pk, count, oldest in rows.annotate(n=Count("pk"), oldest=Min("held_at"))}
    streams = Stream.objects.filter(_ON, pk__in=counted).select_related("integration__client") if counted else ()
    yield from (_Held(stream, *counted[stream.pk]) for stream in streams)


def _of_held(held: _Held, title: str) -> Finding:
    stream = held.stream
    path = reverse("admin:core_integration_stream", args=[stream.integration_id, stream.slug])
    said = gettext("{number:,} records failed and wait; everything else goes on.").format(number=held.number)
    return Finding(f"stream:{stream.pk}", title, said, path, held.oldest, stream.integration.client_id)


def _dead_channels(threshold: int, now: datetime) -> Iterator[Finding]:
    failing = AlertChannel.objects.filter(is_enabled=True, problem_since__lt=now - DELIVERED_BY).exclude(problem="")
    for channel in failing:
        yield Finding(
            f"channel:{channel.pk}",
            gettext("Alerts do not reach “{channel}”").format(channel=channel),
            channel.problem,
            reverse("admin:core_alertchannel_change", args=[channel.pk]),
            channel.problem_since or now,
            channel.client_id,
        )


def _minutes(span: timedelta) -> str:
    return gettext("{count:,.0f} minutes").format(count=span.total_seconds() // 60)


CORE = (
    Rule(
        "stream_failing",
        _("A stream fails again and again"),
        _("Open the stream: its last run says why. After a change, press Run now."),
        _failing_streams,
        WARNING,
        3,
        _("failed runs in a row"),
    ),
    Rule(
        "connection_attention",
        _("A connection needs attention"),
        _("Open the connection: it names the setting. Change it, and test the connection."),
        _sick_connections,
        URGENT,
    ),
    Rule(
        "webhooks_silent",
        _("Webhooks have stopped or fallen silent"),
        _(
            "See at the vendor whether the webhook is active and reaches the portal. Nothing is lost: polls find it "
            "later."
        ),
        _silent_webhooks,
        WARNING,
    ),
    Rule(
        "dead_jobs",
        _("Jobs were given up"),
        _("Open the list: each job says why. Mend the cause, then try them again there."),
        _dead_jobs,
        WARNING,
        1,
        _("dead jobs of one kind within 24 hours"),
    ),
    Rule(
        "queue_late",
        _("The job queue is late"),
        _("See whether the queue's process runs, and whether one kind of job takes all its time; /readyz says more."),
        _late_queue,
        URGENT,
        5,
        _("minutes that the oldest due job has waited"),
    ),
    Rule(
        "budget",
        _("A vendor's quota is nearly used up"),
        _("See under API calls what makes so many. Work that finds none left waits for the next hour by itself."),
        _spent_budgets,
        WARNING,
        80,
        _("percent of the calls allowed in an hour"),
    ),
    Rule(
        "held_many",
        _("Many records are held"),
        _("Open the stream and look at what is held: one cause often holds them all."),
        _many_held,
        WARNING,
        100,
        _("held records of one stream"),
    ),
    Rule(
        "held_long",
        _("A record has been held for long"),
        _("Open the stream and look at what is held: mend the cause and try again, or dismiss it with a reason."),
        _long_held,
        NOTICE,
        24,
        _("hours since the oldest record was held"),
    ),
    Rule(
        "channel_failing",
        _("Alerts do not reach a channel"),
        _("Open the channel: it says what went wrong. Change it, and send a test."),
        _dead_channels,
        WARNING,
    ),
)


@dataclass(frozen=True)
class Active:
    """A declared rule under its full name, with what an admin changed of it."""

    name: str
    rule: Rule
    row: AlertRule

    @property
    def threshold(self) -> int:
        return self.row.threshold or self.rule.threshold


def declared() -> dict[str, Rule]:
    """Every rule by its full name: core's first."""
    found = {rule.slug: rule for rule in CORE}
    for kind in registry.kinds():
        found |= {f"{kind.slug}.{rule.slug}": rule for rule in kind.alert_rules}
    return found


def active_rules() -> list[Active]:
    """Every rule with its row, which is made where it is missing, in declared order."""
    known = declared()
    rows = {row.slug: row for row in AlertRule.objects.all()}
    if missing := [AlertRule(slug=name) for name in known if name not in rows]:
        AlertRule.objects.bulk_create(missing, ignore_conflicts=True)
        rows = {row.slug: row for row in AlertRule.objects.all()}
    return [Active(name, rule, rows[name]) for name, rule in known.items()]


def findings_of(active: Active) -> Iterable[Finding]:
    """What the rule finds now; nothing while it is switched off."""
    return active.rule.find(active.threshold, timezone.now()) if active.row.is_enabled else ()
