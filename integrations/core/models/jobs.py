from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One unit of work, and the truth about it; the queue only wakes workers."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        DEAD = "dead", _("Dead")

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", _("Schedule")
        WEBHOOK = "webhook", _("Webhook")
        MANUAL = "manual", _("Manual")
        REPLAY = "replay", _("Replay")

    class Priority(models.IntegerChoices):
        CLICK = 0, _("somebody waits")
        NORMAL = 50, _("Normal")
        BULK = 100, _("Bulk")

    kind = models.CharField(_("kind"), max_length=80)
    args = models.JSONField(_("args"), default=list, help_text=_("Row ids only."))
    key = models.CharField(_("key"), max_length=200, help_text=_("At most one queued and one running job per key."))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    trigger = models.CharField(_("trigger"), max_length=10, choices=Trigger, default=Trigger.SCHEDULE)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    not_before = models.DateTimeField(_("not before"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    max_attempts = models.PositiveSmallIntegerField(_("max attempts"), default=5)

    fence = models.PositiveIntegerField(
        _("fence"), default=0, help_text=_("Counts claims; only the newest claim may write.")
    )
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    owner_host = models.CharField(_("owner host"), max_length=200, blank=True)
    owner_pid = models.PositiveIntegerField(_("owner pid"), null=True, blank=True)
    owner_started = models.FloatField(
        _("owner started"), null=True, blank=True, help_text=_("Start time of the owning process.")
    )

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    outcome = models.TextField(
        _("outcome"), blank=True, help_text=_("What came of it, or how far it is, in a sentence.")
    )
    error_class = models.CharField(_("error class"), max_length=80, blank=True)

    # Of long jobs: see long_jobs.py.
    done = models.PositiveIntegerField(_("done"), default=0, help_text=_("How much of it is done."))
    total = models.PositiveIntegerField(_("total"), default=0, help_text=_("Of how much; 0 while nobody knows."))
    stop_asked = models.BooleanField(_("stop asked"), default=False, help_text=_("It ends after the page it is at."))

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(state="queued"), name="one_queued_job_per_key"),
            models.UniqueConstraint(fields=["key"], condition=Q(state="running"), name="one_running_job_per_key"),
        ]
        indexes = [
            # Not partial: SQLite takes a partial index only for conditions without parameters; Django writes them with.
            models.Index(fields=["state", "priority", "not_before", "id"], name="job_due"),
            models.Index(fields=["key", "state"], name="job_of_key"),
            models.Index(fields=["state", "finished_at"], name="job_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.DEAD)

    @property
    def was_stopped(self) -> bool:
        """It ended because a person wanted it to, before all was done."""
        return self.state == self.State.DONE and self.error_class == "Stopped"


class Heartbeat(models.Model):
    """A sign of life from one process role on one host."""

    host = models.CharField(_("host"), max_length=200)
    role = models.CharField(_("role"), max_length=20)
    beat_at = models.DateTimeField(_("beat at"), default=timezone.now)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        constraints = [models.UniqueConstraint(fields=["host", "role"], name="one_heartbeat_per_host_and_role")]

    def __str__(self) -> str:
        return f"{self.role} on {self.host}"
