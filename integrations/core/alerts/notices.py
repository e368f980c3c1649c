"""Who is told what: a notice per alert and channel, written before anything is sent, in one transaction with the note
on the alert that it was told. What is over before it was sent is not sent, and then its end is not either."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from integrations.core import jobs
from integrations.core.models import Alert, AlertChannel, AlertMessage, AlertNotice, Job

from .deciding import reaches

SEND = "core.send_alerts"
State, What = AlertNotice.State, AlertNotice.What


def write(news: Sequence[tuple[Alert, AlertNotice.What]], now: datetime) -> None:
    """The notices of this news; inside the transaction that holds the alerts."""
    channels = list(AlertChannel.objects.filter(is_enabled=True))
    over = [alert.pk for alert, what in news if what == What.RECOVERED]
    drop_unsent(over)
    told_before = told_openings(over)
    rows = [
        AlertNotice(alert=alert, channel=channel, what=what, created_at=now)
        for alert, what in news
        for channel in channels
        if alert.subject != f"channel:{channel.pk}"  # it could not be told that it cannot be told
        and ((alert.pk, channel.pk) in told_before if what == What.RECOVERED else _reached(channel, alert))
    ]
    AlertNotice.objects.bulk_create(rows, batch_size=500)
    still = [alert.pk for alert, what in news if what != What.RECOVERED]
    for pks, told in ((over, Alert.Told.RECOVERED), (still, Alert.Told.OPEN)):
        Alert.objects.filter(pk__in=pks).update(told=told, last_notified_at=now)


def _reached(channel: AlertChannel, alert: Alert) -> bool:
    return reaches(channel.client_id, channel.minimum_severity, alert)


def drop_unsent(alerts: Sequence[int]) -> None:
    """Openings and reminders that no message carries yet, of alerts that are over."""
    AlertNotice.objects.filter(alert__in=alerts, state=State.WAITING).update(state=State.DROPPED)


def told_openings(alerts: Sequence[int], *, channel: int | None = None) -> set[tuple[int, int]]:
    """Alert and channel (or this one) of those whose last opening was sent there, or is being sent."""
    openings = AlertNotice.objects.filter(alert__in=alerts, what=What.OPENED).order_by("pk")
    openings = openings if channel is None else openings.filter(channel=channel)
    last: dict[tuple[int, int], bool] = {}
    for alert, channel, state, message in openings.values_list("alert", "channel", "state", "message__state"):
        last[alert, channel] = state == State.IN_MESSAGE and message != AlertMessage.State.FAILED
    return {key for key, was_told in last.items() if was_told}


def ask_for_sending() -> None:
    """A job for each channel that has something to send now; what is tried again later has its time."""
    now = timezone.now()
    own = OuterRef("pk")
    waiting = Exists(AlertNotice.objects.filter(channel=own, state=State.WAITING))
    begun = AlertMessage.objects.filter(channel=own, state=AlertMessage.State.SENDING)
    due = Q(Exists(begun.filter(next_try__lte=now))) | Q(waiting, ~Exists(begun))
    for pk in AlertChannel.objects.filter(due, is_enabled=True).order_by("pk").values_list("pk", flat=True):
        jobs.enqueue(SEND, pk, priority=Job.Priority.CLICK)
