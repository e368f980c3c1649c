"""The sender watch: counts webhooks by the hour, learns each sender's rhythm, and notes it when one falls silent.

Deliveries are counted, never loaded, and only those of the hours that are not over; everything else is read from the
hourly counts. Silence is counted from the last call, but not from before the portal listened: after an outage of ours
nobody is blamed for calls that we could not take.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import jobs, registry
from integrations.core.jobs import Claim
from integrations.core.models import (
    Connection,
    Job,
    SenderSilence,
    SenderWatch,
    SyncRun,
    WebhookDelivery,
    WebhookHour,
)
from integrations.core.opening import WEBHOOK_SECRET

from . import trouble
from .rhythm import HOUR, LEARNED_FROM, Rhythm, in_words, is_silent, learn

WATCH = "core.watch_senders"
LOOK_EVERY = dt.timedelta(minutes=5)
BREAK = dt.timedelta(minutes=20)  # without a look means that the portal did not listen
LEARN_EVERY = dt.timedelta(hours=6)
SILENCES_SHOWN = 5
KEPT = LEARNED_FROM + dt.timedelta(days=7)


def ask_for_look() -> None:
    """Called every minute: a look every five. One row of it is kept."""
    done = Job.objects.filter(key=WATCH, state=Job.State.DONE)
    if not done.filter(finished_at__gt=timezone.now() - LOOK_EVERY).exists():
        done.delete()
        jobs.enqueue(WATCH, key=WATCH)


def watch_senders(claim: Claim) -> str:
    """Job `core.watch_senders`: count, learn, and note who is silent or sends again."""
    now = timezone.now()
    count(now)
    rows = list(watched())
    for connection in rows:
        look(connection, now)
    end_silences(now)
    silent = sum(connection.webhook_trouble_by == Connection.TroubleBy.SILENCE for connection in rows)
    return (
        _("{count} senders, {silent} silent.").format(count=len(rows), silent=silent)
        if silent
        else _("{count} senders.").format(count=len(rows))
    )


def watched() -> Any:
    """Connections whose vendor may send: those with a secret, of the house or an active client."""
    may_send = Connection.objects.exclude(webhook_digest="").filter(Q(client=None) | Q(client__is_active=True))
    return may_send.select_related("client", "sender").order_by("pk")


def count(now: dt.datetime) -> None:
    """Bring the hourly counts up to date: the newest counted hour and all after it are counted anew."""
    newest = WebhookHour.objects.aggregate(newest=Max("hour"))["newest"]
    first = max(newest - HOUR, now - LEARNED_FROM) if newest else now - LEARNED_FROM
    deliveries = WebhookDelivery.objects.filter(received_at__gte=_hour(first)).order_by()
    counted = deliveries.values("connection_id", hour=TruncHour("received_at", tzinfo=dt.UTC))
    rows = [WebhookHour(**row) for row in counted.annotate(calls=Count("pk"), last_at=Max("received_at"))]
    WebhookHour.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["connection", "hour"],
        update_fields=["calls", "last_at"],
    )
    WebhookHour.objects.filter(hour__lt=now - KEPT).delete()


def look(connection: Connection, now: dt.datetime) -> None:
    """Bring what is known of one sender up to date, and note it when it is silent."""
    known: SenderWatch | None = getattr(connection, "sender", None)
    sender = known or SenderWatch(connection=connection, looked_at=now, listening_since=now)
    if now - sender.looked_at > BREAK:
        sender.listening_since = now
    sender.looked_at = now
    own = WebhookHour.objects.filter(connection=connection)
    sender.last_call_at = own.aggregate(last=Max("last_at"))["last"]
    if sender.last_call_at and (sender.learned_at is None or now - sender.learned_at > LEARN_EVERY):
        calls = dict(own.values_list("hour", "calls"))
        sender.rhythm, sender.learned_at = learn(calls, sender.last_call_at, zone_of(connection)).stored(), now
    sender.save()
    since = silent_from(connection, sender)
    if since and not connection.webhook_trouble and is_silent(rhythm_of(sender), since, now, zone_of(connection)):
        _note(connection, sender, now)


def silent_from(connection: Connection, sender: SenderWatch) -> dt.datetime | None:
    """From when a silence counts: the last call, the secret it is sent with, or the end of our own outage."""
    if sender.last_call_at is None or not sender.rhythm:
        return None
    stamp = connection.credentials_set.get(WEBHOOK_SECRET, {}).get("at")
    secret = [dt.datetime.fromisoformat(stamp)] if stamp else []
    return max([sender.last_call_at, sender.listening_since, *secret])


def _note(connection: Connection, sender: SenderWatch, now: dt.datetime) -> None:
    assert sender.last_call_at is not None
    at = sender.last_call_at.astimezone(zone_of(connection))
    sentence = _(
        "No webhook since {at:%Y-%m-%d %H:%M %Z}; {rhythm}. The portal noticed this, the vendor said nothing: see "
        "there whether they are sent and reach the portal. Streams find the changes meanwhile."
    ).format(at=at, rhythm=in_words(rhythm_of(sender)))
    with transaction.atomic():
        if trouble.note_silence(connection.pk, sentence):
            connection.webhook_trouble_by = Connection.TroubleBy.SILENCE
            values = {"last_call_at": sender.last_call_at, "noticed_at": now}
            SenderSilence.objects.get_or_create(connection=connection, ended_at=None, defaults=values)


def end_silences(now: dt.datetime) -> None:
    """The silences of those who send again are over; what polls found meanwhile is kept with them."""
    still = Connection.TroubleBy.SILENCE
    over = SenderSilence.objects.filter(ended_at=None).exclude(connection__webhook_trouble_by=still)
    for silence in over.select_related("connection"):
        hours = WebhookHour.objects.filter(connection=silence.connection, last_at__gt=silence.last_call_at)
        heard = hours.exists() or not silence.connection.webhook_trouble
        found = found_by_polls(silence.connection, silence.last_call_at, now)
        if heard:
            SenderSilence.objects.filter(pk=silence.pk, ended_at=None).update(ended_at=now, found=found)


def found_by_polls(connection: Connection, since: dt.datetime, until: dt.datetime) -> int:
    """Changes that streams found by themselves in a time in which no webhook of this connection came."""
    slugs = _hinted_streams()
    condition = Q(pk__in=())
    for kind, role, slug in slugs:
        condition |= Q(
            stream__slug=slug,
            stream__integration__kind=kind,
            stream__integration__roles__role=role,
            stream__integration__roles__connection=connection,
        )
    polls = SyncRun.objects.filter(condition, subject="", is_dry=False, started_at__gt=since, started_at__lte=until)
    pks = polls.values("pk").distinct()
    totals = SyncRun.objects.filter(pk__in=pks).aggregate(made=Sum("created"), changed=Sum("updated"))
    return (totals["made"] or 0) + (totals["changed"] or 0)


def _hinted_streams() -> list[tuple[str, str, str]]:
    """Kind, role and stream of every stream that webhooks hint."""
    return [
        (kind.slug, role, stream.slug)
        for kind in registry.kinds()
        for stream in kind.streams
        for role in stream.hinted_by
    ]


def silence_of_run(run: SyncRun) -> SenderSilence | None:
    """The silence in which this poll found changes that no webhook told, if it was in one."""
    if run.subject or run.is_dry or not run.created + run.updated:
        return None
    integration = run.stream.integration
    roles = {role for kind, role, slug in _hinted_streams() if (kind, slug) == (integration.kind, run.stream.slug)}
    silences = SenderSilence.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=run.started_at),
        last_call_at__lt=run.started_at,
        connection__roles__integration=integration,
        connection__roles__role__in=roles,
    )
    found: SenderSilence | None = silences.select_related("connection__client").order_by("-pk").first()
    return found


@dataclass(frozen=True)
class Report:
    """What a page says of a sender: its rhythm in words, its last call, what polls found since while it is silent."""

    words: str
    last_call_at: dt.datetime | None
    found: int | None
    silences: list[SenderSilence]


def report(connection: Connection) -> Report | None:
    """None for a connection that nobody may send to."""
    if not connection.webhook_digest:
        return None
    sender: SenderWatch | None = SenderWatch.objects.filter(pk=connection.pk).first()
    if sender is None or sender.last_call_at is None:
        return Report(_("no webhook has come yet"), None, None, [])
    words = in_words(rhythm_of(sender)) if sender.rhythm else _("its rhythm is being learned")
    is_quiet = bool(connection.webhook_trouble)
    found = found_by_polls(connection, sender.last_call_at, timezone.now()) if is_quiet else None
    return Report(words, sender.last_call_at, found, list(connection.silences.order_by("-pk")[:SILENCES_SHOWN]))


def rhythm_of(sender: SenderWatch) -> Rhythm:
    return Rhythm(**sender.rhythm)


def zone_of(connection: Connection) -> ZoneInfo:
    """The time zone in which the sender's days and nights are."""
    return ZoneInfo((connection.client.time_zone if connection.client else "") or settings.TIME_ZONE)


def _hour(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
