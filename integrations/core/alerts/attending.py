"""What people do with an alert: look after it, leave it to others, mute it for a while. Each leaves a trail."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import audit
from integrations.core.models import Alert, AuditEntry, User


def acknowledge(alert: Alert, user: User) -> bool:
    """This person looks after it: no more reminders. False when it is over, or somebody does already."""
    return _do(alert, user, "alert.acknowledge", acknowledged_by=user, acknowledged_at=timezone.now())


def release(alert: Alert, user: User) -> bool:
    """Nobody looks after it any more; reminders go on."""
    return _do(alert, user, "alert.release", acknowledged_by=None, acknowledged_at=None)


def mute(alert: Alert, user: User, until: datetime | None) -> bool:
    """Nothing is told of this rule and subject before then; None: muted no more."""
    said = _("Until {until:%Y-%m-%d %H:%M} UTC.").format(until=until) if until else _("No more.")
    return _do(alert, user, "alert.mute", said, muted_until=until)


def _do(alert: Alert, user: User, action: str, detail: str = "", **values: object) -> bool:
    with transaction.atomic():
        row = Alert.objects.select_for_update().filter(pk=alert.pk, state=Alert.State.OPEN)
        if action == "alert.acknowledge":
            row = row.filter(acknowledged_at=None)
        if not row.exists():
            return False
        entry = audit.begin(action, user=user, client=alert.client, record=f"alert:{alert.pk}", detail=detail)
        row.update(**values)
        audit.finish(entry, AuditEntry.Outcome.DONE)
    return True
