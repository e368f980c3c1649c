"""What people leave at the desk around runs: reviews, acts on many runs, and the files they import. Tables only."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from integrations.core.models import Client
from integrations.core.models.scoping import ScopedQuerySet


class RunReview(models.Model):
    """One step in the review of a run, kept for its timeline: judged to need no ticket, or that judgement undone."""

    class Action(models.TextChoices):
        REVIEWED = "reviewed", "reviewed, no ticket needed"
        UNDONE = "undone", "review undone"

    run = models.ForeignKey("backup_tickets.Run", on_delete=models.CASCADE, related_name="reviews")
    action = models.CharField(max_length=10, choices=Action)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="run_review_at")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} by {self.by}"


class RunImport(models.Model):
    """A file of runs: uploaded, checked by a job, confirmed by its uploader, stored by a job, kept as a report.

    The counters say how far the job is; they move in the same transaction as the runs, so a job that was killed goes on
    where it was and nothing is counted twice.
    """

    class State(models.TextChoices):
        CHECKING = "checking", "being checked"
        CHECKED = "checked", "waiting for confirmation"
        IMPORTING = "importing", "being imported"
        DONE = "done", "imported"
        STOPPED = "stopped"
        UNREADABLE = "unreadable"

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=10)
    content = models.BinaryField(help_text="Emptied when the import is over.")
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=10, choices=State, default=State.CHECKING)
    cause = models.TextField(blank=True, help_text="Why the file is unreadable, in a sentence.")
    total = models.PositiveIntegerField(default=0, help_text="Items in the file, known once it was checked.")
    done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=list, help_text="The first thousand, each a sentence with its place.")

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_busy(self) -> bool:
        """Whether a job works on it, or is about to."""
        return self.state in (self.State.CHECKING, self.State.IMPORTING)

    @property
    def changes(self) -> int:
        """How many runs are new or differ from what is stored."""
        return self.created + self.updated


class BulkAction(models.Model):
    """One act on many runs, chosen by a person, shown first, then carried out by a job, row by row."""

    class Act(models.TextChoices):
        CREATE = "create", "Create tickets"
        LINK = "link", "Link to the open tickets of the jobs"
        RESOLVE = "resolve", "Resolve tickets"
        CHECK = "check", "Check tickets"

    class State(models.TextChoices):
        SHOWN = "shown", "waiting for confirmation"
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    act = models.CharField(max_length=10, choices=Act)
    state = models.CharField(max_length=10, choices=State, default=State.SHOWN)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    back = models.TextField(blank=True, help_text="The list's filters, to go back to it.")
    cause = models.TextField(blank=True, help_text="Why it ended early, in a sentence.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.get_act_display()} #{self.pk}"


class BulkItem(models.Model):
    """One run of a bulk action. It is taken in hand at most once: what a dead process left is never sent again."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        WORKING = "working", "at work"
        DONE = "done", "done"
        CHECKING = "checking", "being checked"
        LEFT_ALONE = "left_alone", "left alone"
        FAILED = "failed", "failed"

    action = models.ForeignKey(BulkAction, on_delete=models.CASCADE, related_name="items")
    run = models.ForeignKey("backup_tickets.Run", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    sentence = models.TextField(blank=True, help_text="What will be done; later, what came of it or why not.")
    seen = models.CharField(max_length=64, blank=True, help_text="Fingerprint of the ticket as it was shown.")

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["action", "run"], name="one_item_per_bulk_action_and_run")]

    def __str__(self) -> str:
        return f"{self.action}, run {self.run_id}: {self.get_state_display()}"
