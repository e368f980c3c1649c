"""Once a minute: what the rules find opens alerts, what they find no longer ends them, and who has to be told is told.

One open alert per rule and subject: the database says so, so that of two who evaluate at once one opens it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import jobs
from integrations.core.jobs import Claim
from integrations.core.models import Alert, Job
from integrations.core.registry import Finding

from . import notices
from .deciding import FLAPS, Decisions, Key, decide, due_notice
from .rules import Active, active_rules, findings_of

EVALUATE = "core.evaluate_alerts"
LONGEST_SUBJECT = 200  # what its column holds
State = Alert.State


def ask_for_evaluation() -> None:
    """Called every minute. Before other work: that the queue is late must not wait in it. One row of it is kept."""
    Job.objects.filter(key=EVALUATE, state=Job.State.DONE).delete()
    jobs.enqueue(EVALUATE, key=EVALUATE, priority=Job.Priority.CLICK)


def evaluate_alerts(claim: Claim) -> str:
    """Job `core.evaluate_alerts`."""
    return evaluate(timezone.now())


def evaluate(now: datetime) -> str:
    """Look with every rule, bring the alerts up to date, write what has to be told and ask for its sending."""
    rules = active_rules()
    found, severities = found_by(rules)
    with transaction.atomic():
        known = Alert.objects.select_for_update().filter(Q(state=State.OPEN) | Q(recovered_at__gte=now - FLAPS))
        decisions = decide(found, known.order_by("pk"), now)
        carry_out(decisions, severities, now)
    told = tell(now)
    notices.ask_for_sending()
    if not (decisions.new or decisions.over or told):
        return ""  # as nearly every minute
    count = len(decisions.new) + len(decisions.back) + len(decisions.seen)
    return _("{count:,} open, {over:,} over, {told:,} to tell.").format(
        count=count, over=len(decisions.over), told=told
    )


def found_by(rules: list[Active]) -> tuple[dict[Key, Finding], dict[str, int]]:
    """What each rule finds, by rule and subject; and the severity of each rule."""
    found = {}
    for active in rules:
        for finding in findings_of(active):
            subject = finding.subject[:LONGEST_SUBJECT]
            found[active.name, subject] = finding._replace(subject=subject)
    return found, {active.name: active.rule.severity for active in rules}


def carry_out(decisions: Decisions, severities: dict[str, int], now: datetime) -> None:
    """Write the decisions; inside a transaction."""
    muted = _muted_before(decisions, now)
    fresh = [
        Alert(
            rule=rule,
            subject=finding.subject,
            severity=severities[rule],
            opened_at=now,
            muted_until=muted.get((rule, finding.subject)),
            **_said(finding, now),
        )
        for rule, finding in decisions.new
    ]
    Alert.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    for alert, finding in decisions.back:
        values = _said(finding, now) | {"state": State.OPEN, "opened_at": now, "recovered_at": None}
        Alert.objects.filter(pk=alert.pk, state=State.RECOVERED).update(**values, count=F("count") + 1)
    changed = []
    for alert, finding in decisions.seen:
        values = _said(finding, now) | {"since": min(alert.since, finding.since)}
        if any(getattr(alert, name) != value for name, value in values.items() if name != "seen_at"):
            changed.append(alert)
        for name, value in values.items():
            setattr(alert, name, value)
    Alert.objects.bulk_update(changed, list(_SAID), batch_size=200)
    Alert.objects.filter(pk__in=[alert.pk for alert, _ in decisions.seen]).update(seen_at=now)
    over = Alert.objects.filter(pk__in=[alert.pk for alert in decisions.over], state=State.OPEN)
    over.update(state=State.RECOVERED, recovered_at=now)


_SAID = ("client_id", "title", "sentence", "path", "since")


def _said(finding: Finding, now: datetime) -> dict[str, object]:
    return {
        "client_id": finding.client_id,
        "title": " ".join(finding.title.split())[:250],
        "sentence": finding.sentence,
        "path": finding.path[:300],
        "since": finding.since,
        "seen_at": now,
    }


def _muted_before(decisions: Decisions, now: datetime) -> dict[Key, datetime]:
    """A subject that somebody muted stays muted when it opens anew."""
    if not decisions.new:
        return {}
    muted = Alert.objects.filter(muted_until__gt=now).order_by("pk")
    return {(row.rule, row.subject): row.muted_until for row in muted if row.muted_until}


def tell(now: datetime) -> int:
    """Write a notice for each channel that an alert's news is for; how many alerts had any."""
    waiting = Alert.objects.filter(Q(state=State.OPEN) | Q(state=State.RECOVERED, told=Alert.Told.OPEN))
    remind = timedelta(hours=settings.ALERT_REMIND_HOURS)
    with transaction.atomic():
        rows = list(waiting.select_for_update().order_by("pk"))
        news = [(alert, what) for alert in rows if (what := due_notice(alert, now, remind_every=remind))]
        if news:
            notices.write(news, now)
    return len(news)
