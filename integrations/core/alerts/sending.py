"""Telling one channel: what waits becomes one message, which is written before it is sent.

One job per channel at a time. A message that nobody answered for, or whose process died, is sent again as it is; so
everything after it waits, and in the end it is given up. A channel gets a few messages an hour at most: what comes
meanwhile is told together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.core.jobs import Again, Claim
from integrations.core.models import Alert, AlertChannel, AlertMessage, AlertNotice
from integrations.transport.errors import VendorError

from .delivery import hand_over
from .notices import told_openings
from .rules import declared
from .wording import content_of, test_content

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60))  # then it is given up
HOUR = timedelta(hours=1)
TEST_TAKES = timedelta(minutes=5)  # at most; a job that found it in between would send it again
STALE = timedelta(days=1)  # an end of that age is no news any more
State, What = AlertMessage.State, AlertNotice.What


def send_alerts(claim: Claim, channel_id: int) -> str:
    """Job `core.send_alerts`: send this channel what waits for it, until nothing does."""
    channel = AlertChannel.objects.get(pk=channel_id)
    sent = 0
    while channel.is_enabled and (message := _begun(channel) or _next(channel)):
        now = timezone.now()
        if message.next_try > now:
            raise Again(at=message.next_try, outcome=message.outcome)
        claim.check()
        outcome = send(channel, message, now)
        if message.state == State.SENDING:
            raise Again(at=message.next_try, outcome=outcome)
        sent += message.state == State.SENT
    if not channel.is_enabled:
        return _("The channel is switched off.")
    return ngettext("{sent} message.", "{sent} messages.", sent).format(sent=sent)


def send_test(channel: AlertChannel, *, by: str) -> AlertMessage:
    """Send one test now, with what is stored; its row, with what came of it. It is not tried again."""
    now = timezone.now()
    content = test_content(base_url=settings.PORTAL_BASE_URL, now=now, by=by)
    message = _written(channel, content, now, next_try=now + TEST_TAKES)
    send(channel, message, now, is_last=True)
    return message


def send(channel: AlertChannel, message: AlertMessage, now: datetime, *, is_last: bool = False) -> str:
    """One try, counted before it is made; what came of it is stored with the message and the channel."""
    message.attempts += 1
    message.next_try = now + PAUSES[min(message.attempts, len(PAUSES)) - 1]  # also when this process dies of it
    message.save(update_fields=["attempts", "next_try"])
    try:
        outcome = hand_over(channel, message.content, message=f"alert-message-{message.pk}", now=now)
    except VendorError as problem:
        is_last = is_last or message.attempts > len(PAUSES)
        message.state = State.FAILED if is_last else State.SENDING
        message.outcome = problem.message
        broken = AlertChannel.objects.filter(pk=channel.pk)
        broken.filter(problem="").update(problem_since=now)
        broken.update(problem=problem.message)
    else:
        message.state, message.sent_at, message.outcome = State.SENT, now, outcome
        AlertChannel.objects.filter(pk=channel.pk).update(problem="", problem_since=None, last_sent_at=now)
    message.save(update_fields=["state", "sent_at", "outcome"])
    return message.outcome


def _begun(channel: AlertChannel) -> AlertMessage | None:
    """The message that is being sent, perhaps by a process that died."""
    begun = AlertMessage.objects.filter(channel=channel, state=State.SENDING)
    found: AlertMessage | None = begun.order_by("pk").first()
    return found


def _next(channel: AlertChannel) -> AlertMessage | None:
    """All that waits, as one message; None when nothing does. Raises `Again` when the hour has had its messages."""
    now = timezone.now()
    with transaction.atomic():
        waiting = AlertNotice.objects.select_for_update(of=("self",)).filter(
            channel=channel, state=AlertNotice.State.WAITING
        )
        rows = list(waiting.select_related("alert__client").order_by("pk"))
        news, dropped = _split(rows, now)
        AlertNotice.objects.filter(pk__in=dropped).update(state=AlertNotice.State.DROPPED)
        if not news:
            return None
        room = _room(channel, now)
        if room is None:
            content = content_of(_latest(news), declared(), base_url=settings.PORTAL_BASE_URL, now=now)
            message = _written(channel, content, now)
            carried = AlertNotice.objects.filter(pk__in=[row.pk for row in news])
            carried.update(state=AlertNotice.State.IN_MESSAGE, message=message)
            return message
    raise Again(at=room, outcome=_("{count} wait: this hour has had its messages.").format(count=len(news)))


def _split(rows: Sequence[AlertNotice], now: datetime) -> tuple[list[AlertNotice], list[int]]:
    """What is news, and the ids of what is not: the end of what was never told, and old openings of what is over."""
    told = (
        {alert for alert, _ in told_openings([row.alert_id for row in rows], channel=rows[0].channel_id)}
        if rows
        else ()
    )
    news, dropped = [], []
    for row in rows:
        if row.what == What.RECOVERED:
            is_pointless = row.alert_id not in told
        else:
            is_pointless = row.alert.state == Alert.State.RECOVERED and now - row.created_at > STALE
        dropped.append(row.pk) if is_pointless else news.append(row)
    return news, dropped


def _latest(notices: Sequence[AlertNotice]) -> list[AlertNotice]:
    """Of several notices of one alert the last: an end that waited together with a reminder says it all."""
    return list({notice.alert_id: notice for notice in notices}.values())


def _room(channel: AlertChannel, now: datetime) -> datetime | None:
    """When this channel may get another message; None: now."""
    most = settings.ALERT_MESSAGES_PER_HOUR
    lately = AlertMessage.objects.filter(channel=channel, created_at__gt=now - HOUR).order_by("-created_at")
    times = list(lately.values_list("created_at", flat=True)[:most])
    return times[-1] + HOUR if len(times) >= most else None


def _written(
    channel: AlertChannel, content: dict[str, object], now: datetime, *, next_try: datetime | None = None
) -> AlertMessage:
    values = {"channel": channel, "content": content, "created_at": now, "next_try": next_try or now}
    made: AlertMessage = AlertMessage.objects.create(**values)
    return made
