"""Coloured labels and plain sentences for lists and pages."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from integrations.core.models import Alert, AuditEntry, Connection, Job, Severity, SyncEntry, SyncRun
from integrations.texts import Text

HEALTH_TONES = {
    Connection.Health.OK: "good",
    Connection.Health.TROUBLE: "warning",
    Connection.Health.ATTENTION: "bad",
}
JOB_TONES = {
    Job.State.QUEUED: "neutral",
    Job.State.RUNNING: "info",
    Job.State.DONE: "good",
    Job.State.DEAD: "bad",
}
SEVERITY_TONES = {Severity.NOTICE: "info", Severity.WARNING: "warning", Severity.URGENT: "bad"}
OUTCOME_TONES = {
    AuditEntry.Outcome.DONE: "good",
    AuditEntry.Outcome.REFUSED: "bad",
    AuditEntry.Outcome.UNKNOWN: "warning",
}
RUN_TONES = {
    SyncRun.State.RUNNING: "info",
    SyncRun.State.DONE: "good",
    SyncRun.State.FAILED: "bad",
    SyncRun.State.STOPPED: "warning",
    SyncRun.State.INTERRUPTED: "warning",
}
ENTRY_TONES = {
    SyncEntry.Outcome.CREATED: "good",
    SyncEntry.Outcome.UPDATED: "good",
    SyncEntry.Outcome.SKIPPED: "neutral",
    SyncEntry.Outcome.HELD: "bad",
}


def label(text: Text, tone: str = "neutral", *, title: Text = "") -> SafeString:
    """A coloured label; tones are neutral, info, good, warning, bad."""
    return format_html('<span class="p-label p-{}" title="{}">{}</span>', tone, title, text)


def health(connection: Connection) -> SafeString:
    """How a connection is: paused, or its health with the cause as a tooltip; and that its webhooks have stopped."""
    if connection.is_paused:
        shown = label(gettext("paused"), "info", title=gettext("No call goes out until it is resumed."))
    else:
        tone = HEALTH_TONES.get(Connection.Health(connection.health), "neutral")
        shown = label(connection.get_health_display(), tone, title=connection.health_cause)
    if not connection.webhook_trouble:
        return shown
    is_silent = connection.webhook_trouble_by == Connection.TroubleBy.SILENCE
    said = label(
        gettext("webhooks silent") if is_silent else gettext("webhooks stopped"),
        "bad",
        title=connection.webhook_trouble,
    )
    return format_html("{} {}", shown, said)


def environment(connection: Connection) -> SafeString:
    """Whether real tickets and real people are behind it; said on every page that is about to write."""
    if connection.environment == Connection.Environment.SANDBOX:
        return label(
            gettext("sandbox"), "info", title=gettext("A test system: nobody works with what is written here.")
        )
    return label(
        gettext("production"), "neutral", title=gettext("The real system: people work with what is written here.")
    )


def job_state(job: Job) -> SafeString:
    if job.was_stopped:
        return label(gettext("stopped"), "warning")
    return label(job.get_state_display(), JOB_TONES[Job.State(job.state)])


def outcome(entry: AuditEntry) -> SafeString:
    return label(entry.get_outcome_display(), OUTCOME_TONES.get(AuditEntry.Outcome(entry.outcome), "neutral"))


def http_status(status: int | None) -> SafeString:
    """An HTTP status as a label; none means that no answer came."""
    if status is None:
        return label(gettext("no answer"), "bad")
    return label(str(status), "good" if status < 400 else "warning" if status < 500 else "bad")


def severity(value: int) -> SafeString:
    return label(Severity(value).label, SEVERITY_TONES[Severity(value)])


def alert_state(alert: Alert) -> SafeString:
    """Open, over, or open and looked after."""
    if alert.state == Alert.State.RECOVERED:
        return label(gettext("over"), "good")
    if alert.acknowledged_at:
        return label(
            gettext("looked after"),
            "info",
            title=gettext("By {acknowledged_by}.").format(acknowledged_by=alert.acknowledged_by),
        )
    return label(gettext("open"), "bad")
