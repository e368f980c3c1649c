"""What people leave at the desk around runs: their reviews, and files waiting to be confirmed. Tables only."""

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

    def __str__(self) -> str:
        return f"{self.get_action_display()} by {self.by}"


class ImportDraft(models.Model):
    """A file of runs that was uploaded and previewed, and waits for its uploader's word."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=10)
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
