from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .connections import Connection
from .jobs import Job
from .scoping import ScopedQuerySet


class Replay(models.Model):
    """Many deliveries looked at again, by filter and time range: first what it would do, then by a job, at a rate."""

    class State(models.TextChoices):
        SHOWN = "shown", "waits for a look"
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    connection = models.ForeignKey(Connection, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    deliveries = models.CharField(max_length=10, blank=True, help_text="Their state; empty: any.")
    record = models.CharField(max_length=160, blank=True, help_text="How their records begin, such as ticket:17.")
    since = models.DateTimeField("received from", null=True, blank=True)
    until = models.DateTimeField("received before", null=True, blank=True)
    up_to = models.BigIntegerField(help_text="What came after it was asked for is left alone.")
    rate = models.PositiveSmallIntegerField("records a minute", default=60)

    state = models.CharField(max_length=10, choices=State, default=State.SHOWN)
    begun_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When the next records may be asked for.")
    cursor = models.BigIntegerField(default=0, help_text="The last delivery that was dealt with.")
    records = models.PositiveIntegerField(default=0, help_text="To be looked at, when it was confirmed.")
    asked = models.PositiveIntegerField("records asked for", default=0)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"replay #{self.pk}"


class WebhookDelivery(models.Model):
    """One call that a vendor made, or one part of it when its body is an array. Pruned by age, once it is over."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        IGNORED = "ignored"
        FAILED = "failed"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="deliveries")
    event = models.CharField(max_length=50, help_text="The last part of the address it was sent to.")
    subject = models.CharField(max_length=160, help_text="The record it is about; hints of one subject collapse.")
    delivery_id = models.CharField(max_length=200, blank=True, help_text="The vendor's own name of this call, if any.")
    received_at = models.DateTimeField(db_index=True)
    source_ip = models.GenericIPAddressField(null=True, blank=True)
    headers = models.JSONField(default=dict, help_text="By an allow-list; never a credential.")
    body = models.BinaryField(help_text="As it came.")

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    trigger = models.CharField(max_length=10, choices=Job.Trigger, default=Job.Trigger.WEBHOOK)
    outcome = models.TextField(blank=True, help_text="What came of it, or why nothing did, in a sentence.")
    over_at = models.DateTimeField("worked off", null=True, blank=True)
    job_id = models.BigIntegerField(null=True, blank=True, help_text="The job that worked it off last.")
    earlier = models.JSONField(
        default=list, blank=True, help_text="What came of it before a person decided otherwise, newest first."
    )
    replayed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    replay = models.ForeignKey(
        Replay, null=True, blank=True, on_delete=models.SET_NULL, related_name="taken", help_text="That took it last."
    )

    client_path = "connection__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "delivery_id"],
                condition=~Q(delivery_id=""),
                name="one_delivery_per_name",
            )
        ]
        indexes = [
            models.Index(fields=["connection", "subject", "state"], name="delivery_of_subject"),
            models.Index(fields=["state", "id"], name="delivery_waiting"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}: {self.subject}"
