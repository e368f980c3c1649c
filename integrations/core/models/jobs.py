from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Job(models.Model):
    """One unit of work, and the truth about it; the queue only wakes workers."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        DEAD = "dead"

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule"
        WEBHOOK = "webhook"
        MANUAL = "manual"
        REPLAY = "replay"

    class Priority(models.IntegerChoices):
        CLICK = 0, "somebody waits"
        NORMAL = 50
        BULK = 100

    kind = models.CharField(max_length=80)
    args = models.JSONField(default=list, help_text="Row ids only.")
    key = models.CharField(max_length=200, help_text="At most one queued and one running job per key.")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    trigger = models.CharField(max_length=10, choices=Trigger, default=Trigger.SCHEDULE)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)

    fence = models.PositiveIntegerField(default=0, help_text="Counts claims; only the newest claim may write.")
    lease_until = models.DateTimeField(null=True, blank=True)
    owner_host = models.CharField(max_length=200, blank=True)
    owner_pid = models.PositiveIntegerField(null=True, blank=True)
    owner_started = models.FloatField(null=True, blank=True, help_text="Start time of the owning process.")

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True, help_text="What came of it, or how far it is, in a sentence.")
    error_class = models.CharField(max_length=80, blank=True)

    # Of long jobs: see long_jobs.py.
    done = models.PositiveIntegerField(default=0, help_text="How much of it is done.")
    total = models.PositiveIntegerField(default=0, help_text="Of how much; 0 while nobody knows.")
    stop_asked = models.BooleanField(default=False, help_text="It ends after the page it is at.")

    class Meta:
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

    host = models.CharField(max_length=200)
    role = models.CharField(max_length=20)
    beat_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "role"], name="one_heartbeat_per_host_and_role")]

    def __str__(self) -> str:
        return f"{self.role} on {self.host}"
