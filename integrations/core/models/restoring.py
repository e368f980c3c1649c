from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .integrations import Integration
from .scoping import ScopedQuerySet


class DatabaseMark(models.Model):
    """How far this database has come: one row, counted on as time goes by. Each machine remembers the highest count
    beside the database (`core.marks`), so that one that was put back is known."""

    installation = models.UUIDField(default=uuid.uuid4, help_text="Of the database; a new one has another.")
    mark = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(default=timezone.now)

    ONLY = 1  # its primary key

    def __str__(self) -> str:
        return f"{self.installation}: {self.mark}"


class WriteHold(models.Model):
    """A time in which nothing is written to any vendor, because the database was put back from a backup."""

    class Cause(models.TextChoices):
        SAID = "said", "somebody said that the database was restored"
        NOTICED = "noticed", "this database is older than what a machine of the portal remembers"

    is_on = models.BooleanField("writes are paused", default=True)
    cause = models.CharField(max_length=10, choices=Cause)
    detail = models.TextField(blank=True, help_text="What was noticed or said, in a sentence.")
    began_at = models.DateTimeField("paused at", default=timezone.now)
    began_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    as_of = models.DateTimeField("the database is as of", null=True, blank=True)
    stop_asked = models.BooleanField(default=False)
    lifted_at = models.DateTimeField("resumed at", null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    lifted_with = models.TextField(blank=True, help_text="What the report said when writes were resumed.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "restore"
        verbose_name_plural = "restores"
        constraints = [models.UniqueConstraint(fields=["is_on"], condition=Q(is_on=True), name="one_write_hold")]

    def __str__(self) -> str:
        return f"restore of {self.began_at:%Y-%m-%d %H:%M}"


class Readoption(models.Model):
    """What one integration found of its own at the vendors that the database, as it was put back, does not know."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done", "looked at"
        FAILED = "failed", "not looked at to the end"
        LEFT_OUT = "left_out", "not looked at"

    hold = models.ForeignKey(WriteHold, on_delete=models.CASCADE, related_name="readoptions")
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    outcome = models.TextField(blank=True, help_text="In a sentence; why it was not looked at.")
    cursor = models.JSONField(default=dict, blank=True, help_text="Where the look goes on.")
    looked = models.PositiveIntegerField("records looked at", default=0)
    adopted = models.JSONField(default=list, blank=True, help_text="What was linked again: about, said.")
    unclear = models.JSONField(default=list, blank=True, help_text="What a person has to look at: about, said.")
    notes = models.JSONField(default=list, blank=True, help_text="What nobody can know from here, in sentences.")
    previews = models.JSONField(default=list, blank=True, help_text="Ids of the dry runs of its streams.")
    looked_at = models.DateTimeField(null=True, blank=True)

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["integration__client__name", "integration__slug"]
        constraints = [models.UniqueConstraint(fields=["hold", "integration"], name="one_readoption_per_integration")]

    def __str__(self) -> str:
        return f"{self.integration} after the {self.hold}"
