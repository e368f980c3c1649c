"""What the rehearsal has to show of alerts: a channel whose mails go to the console, one alert that is over since last
night, and a sender that has just fallen silent, which the portal itself notices and tells."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from integrations.core.alerts import evaluating
from integrations.core.alerts.rules import declared
from integrations.core.alerts.wording import content_of
from integrations.core.models import (
    Alert,
    AlertChannel,
    AlertMessage,
    AlertNotice,
    Connection,
    SenderWatch,
    Severity,
    WebhookHour,
)
from integrations.core.opening import WEBHOOK_SECRET
from integrations.core.webhooks import watch

HOUR, WEEKS = dt.timedelta(hours=1), dt.timedelta(days=28)
SILENT_FOR = dt.timedelta(hours=3)


def build() -> str:
    """Once; a second time it leaves everything as it is. Returns a sentence."""
    name = "people on duty"
    if AlertChannel.objects.filter(name=name).exists():
        return "as it was."
    channel = AlertChannel.objects.create(name=name, emails="duty@example.com", minimum_severity=Severity.WARNING)
    now = timezone.now()
    senders = list(Connection.objects.exclude(webhook_digest="").select_related("client").order_by("slug"))
    if not senders:
        return "a channel, and nobody who sends webhooks."
    _over_since_last_night(senders[-1], channel, now)
    _fell_silent(senders[0], now)
    evaluating.evaluate(now)
    return f"{senders[0]} fell silent; its alert is mailed to the console."


def _fell_silent(connection: Connection, now: dt.datetime) -> None:
    """Four weeks of six calls an hour, none for three hours."""
    last = now - SILENT_FOR
    first = last.replace(minute=0, second=0, microsecond=0)
    hours = [first - number * HOUR for number in range(28 * 24)]
    rows = [
        WebhookHour(connection=connection, hour=hour, calls=5 + hour.hour % 3, last_at=min(last, hour + HOUR))
        for hour in hours
    ]
    WebhookHour.objects.filter(connection=connection).delete()
    WebhookHour.objects.bulk_create(rows)
    stamp = connection.credentials_set | {WEBHOOK_SECRET: {"at": (now - WEEKS).isoformat(), "by": "demo"}}
    Connection.objects.filter(pk=connection.pk).update(credentials_set=stamp)
    SenderWatch.objects.filter(pk=connection.pk).delete()
    SenderWatch.objects.create(connection=connection, looked_at=now, listening_since=now - WEEKS)
    watch.look(watch.watched().get(pk=connection.pk), now)


def _over_since_last_night(connection: Connection, channel: AlertChannel, now: dt.datetime) -> None:
    """An outage of half an hour that was told, and whose end was."""
    began, ended = now - 9 * HOUR, now - 8.5 * HOUR
    alert = Alert.objects.create(
        rule="connection_attention",
        subject=f"connection:{connection.pk}",
        client=connection.client,
        severity=Severity.URGENT,
        title=f"{connection} needs attention",
        sentence="No call of it works until somebody changes a setting; its page says which.",
        path=reverse("admin:core_connection_change", args=[connection.pk]),
        state=Alert.State.RECOVERED,
        told=Alert.Told.RECOVERED,
        since=began,
        opened_at=began,
        seen_at=ended,
        recovered_at=ended,
        last_notified_at=ended,
    )
    for what, at in ((AlertNotice.What.OPENED, began), (AlertNotice.What.RECOVERED, ended)):
        notice = AlertNotice.objects.create(alert=alert, channel=channel, what=what, created_at=at)
        content = content_of([notice], declared(), base_url=settings.PORTAL_BASE_URL, now=at)
        notice.message = AlertMessage.objects.create(
            channel=channel,
            state=AlertMessage.State.SENT,
            content=content,
            attempts=1,
            outcome="Given to the mail server for duty@example.com.",
            **{"created_at": at, "next_try": at, "sent_at": at},
        )
        notice.state = AlertNotice.State.IN_MESSAGE
        notice.save()
