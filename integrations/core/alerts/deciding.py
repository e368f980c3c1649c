"""What follows from what was found, and when people are told. Pure: rows in, decisions out, no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integrations.core.models import Alert, AlertNotice
from integrations.core.registry import Finding

FLAPS = timedelta(minutes=30)  # what comes back so soon after it was over is the same alert
STAYS = timedelta(minutes=5)  # that it is over, or back, is told once it has stayed so for so long
Key = tuple[str, str]  # rule, subject
What = AlertNotice.What


@dataclass
class Decisions:
    """New alerts, those that came back, those still seen (by what is found now), and those that are over."""

    new: list[tuple[str, Finding]] = field(default_factory=list)
    back: list[tuple[Alert, Finding]] = field(default_factory=list)
    seen: list[tuple[Alert, Finding]] = field(default_factory=list)
    over: list[Alert] = field(default_factory=list)


def decide(found: Mapping[Key, Finding], known: Iterable[Alert], now: datetime) -> Decisions:
    """`known` are the open alerts and those that were over not long ago, newest last."""
    by_key: dict[Key, Alert] = {}
    for alert in known:
        before = by_key.get((alert.rule, alert.subject))
        if before is None or before.state != Alert.State.OPEN:
            by_key[alert.rule, alert.subject] = alert
    decisions = Decisions()
    for key, finding in found.items():
        known_one = by_key.get(key)
        if known_one is None or not (known_one.state == Alert.State.OPEN or _is_flapping(known_one, now)):
            decisions.new.append((key[0], finding))
        elif known_one.state == Alert.State.OPEN:
            decisions.seen.append((known_one, finding))
        else:
            decisions.back.append((known_one, finding))
    decisions.over = [a for key, a in by_key.items() if a.state == Alert.State.OPEN and key not in found]
    return decisions


def _is_flapping(alert: Alert, now: datetime) -> bool:
    return alert.recovered_at is not None and now - alert.recovered_at < FLAPS


def due_notice(alert: Alert, now: datetime, *, remind_every: timedelta) -> AlertNotice.What | None:
    """What people have to be told of this alert now, if anything.

    The first opening is told at once. What comes back, or is over, is told once it has stayed so: between the two,
    people believe what they were told last. Who looks after it silences reminders; muted, nothing is told but the end
    of what was told before.
    """
    if alert.state == Alert.State.RECOVERED:
        is_news = alert.told == Alert.Told.OPEN and alert.recovered_at is not None
        return What.RECOVERED if is_news and now - alert.recovered_at >= STAYS else None  # type: ignore[operator]
    if alert.muted_until is not None and alert.muted_until > now:
        return None
    if alert.told != Alert.Told.OPEN:
        return What.OPENED if alert.count == 1 or now - alert.opened_at >= STAYS else None
    last = alert.last_notified_at or alert.opened_at
    is_quiet = alert.acknowledged_at is not None or now - last < remind_every
    return None if is_quiet else What.REMINDER


def reaches(channel_client: int | None, minimum: int, alert: Alert) -> bool:
    """Whether a channel of that client and severity is told of this alert."""
    return alert.severity >= minimum and channel_client in (None, alert.client_id)
