"""What is kept for how long. One job, once a night; audit entries and what integrations hold are never touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Task

from integrations.texts import Text

from .jobs import Claim
from .models import (
    Alert,
    AlertMessage,
    ApiCall,
    Figure,
    Heartbeat,
    Job,
    PasswordLink,
    ResetRequest,
    SyncRun,
    WebhookDelivery,
)

OVER = (Job.State.DONE, Job.State.DEAD)
BATCH = 2_000  # rows deleted in one transaction, so that nobody waits long

# what; the setting that says how many days it is kept; which rows those older than a moment are
KEPT: tuple[tuple[Text, str, Callable[[datetime], QuerySet[Any]]], ...] = (
    (_("API calls"), "API_CALL_DAYS", lambda then: ApiCall.objects.filter(at__lt=then)),
    (_("jobs"), "JOB_DAYS", lambda then: Job.objects.filter(state__in=OVER, finished_at__lt=then)),
    (_("runs of streams"), "JOB_DAYS", lambda then: SyncRun.objects.filter(finished_at__lt=then)),
    (_("webhook deliveries"), "WEBHOOK_DAYS", lambda then: WebhookDelivery.objects.filter(over_at__lt=then)),
    (_("figures"), "FIGURE_DAYS", lambda then: Figure.objects.filter(start__lt=then)),
    (_("alerts"), "ALERT_DAYS", lambda then: Alert.objects.filter(state="recovered", recovered_at__lt=then)),
    (_("alert messages"), "ALERT_DAYS", lambda then: AlertMessage.objects.filter(created_at__lt=then)),
    (_("failed wake-ups"), "JOB_DAYS", lambda then: Task.objects.filter(stopped__lt=then)),
    (_("heartbeats of gone hosts"), "JOB_DAYS", lambda then: Heartbeat.objects.filter(beat_at__lt=then)),
    (_("sign-ins"), "SIGN_IN_DAYS", lambda then: AccessLog.objects.filter(attempt_time__lt=then)),
    (_("attempts to sign in"), "SIGN_IN_DAYS", lambda then: AccessAttempt.objects.filter(attempt_time__lt=then)),
    (_("refused sign-ins"), "SIGN_IN_DAYS", lambda then: AccessFailureLog.objects.filter(attempt_time__lt=then)),
    (_("password links"), "SIGN_IN_DAYS", lambda then: PasswordLink.objects.filter(over_at__lt=then)),
    (_("forgotten passwords"), "SIGN_IN_DAYS", lambda then: ResetRequest.objects.filter(at__lt=then)),
    (_("sessions"), "SIGN_IN_DAYS", lambda then: Session.objects.filter(expire_date__lt=then)),
)


def prune(claim: Claim) -> str:
    """Job `core.prune`: delete what is older than the settings keep it, in small transactions."""
    now = timezone.now()
    deleted = {}
    for what, setting, older_than in KEPT:
        count = _delete(older_than(now - timedelta(days=getattr(settings, setting))), claim)
        if count:
            deleted[str(what)] = count
    if not deleted:
        return gettext("Nothing.")
    rows = ", ".join(f"{count:,} {what}" for what, count in deleted.items())
    return gettext("Deleted: {rows}.").format(rows=rows)


def _delete(rows: QuerySet[Any], claim: Claim) -> int:
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        claim.check()
        deleted += rows.model._default_manager.filter(Q(pk__in=keys)).delete()[0]
    return deleted
