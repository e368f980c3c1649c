"""What the sync engine keeps: which records are the same, which ones failed, and what became of each. Tables only."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from .integrations import Integration
from .scoping import ScopedQuerySet
from .streams import Stream, SyncRun


def new_key() -> str:
    return f"lnk-{uuid.uuid4()}"


class RecordLink(models.Model):
    """“These two records are the same”; also the intent of a create. Never deleted by code."""

    class State(models.TextChoices):
        CREATING = "creating"
        ACTIVE = "active"
        MISSING = "missing"
        REPLACED = "replaced"

    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="record_links")
    object_type = models.SlugField(help_text="What kind of record: ticket, note, file.")
    left_id = models.CharField(max_length=200, blank=True)
    right_id = models.CharField(max_length=200, blank=True)
    left_fingerprint = models.CharField(max_length=64, blank=True, help_text="Of the version that was last dealt with.")
    right_fingerprint = models.CharField(max_length=64, blank=True)
    base = models.JSONField(default=dict, help_text="The fields as both sides last had them.")
    sent = models.JSONField(
        default=dict, blank=True, help_text="What is being written, and to which side, until its answer is stored."
    )
    state = models.CharField(max_length=10, choices=State, default=State.CREATING)
    cause = models.TextField(blank=True, help_text="Why it is in this state, in a sentence.")
    key = models.CharField(max_length=50, unique=True, default=new_key, help_text="Our marker on the record we make.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When a create call was sent last.")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Until then one process works on this pair.")
    lease_by = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "object_type", "left_id"],
                condition=~Q(left_id="") & ~Q(state="replaced"),
                name="one_link_per_left_record",
            ),
            models.UniqueConstraint(
                fields=["integration", "object_type", "right_id"],
                condition=~Q(right_id="") & ~Q(state="replaced"),
                name="one_link_per_right_record",
            ),
        ]
        indexes = [
            models.Index(fields=["integration", "object_type", "left_id"], name="record_link_left"),
            models.Index(fields=["integration", "object_type", "right_id"], name="record_link_right"),
            models.Index(fields=["left_id"], name="record_link_by_left_id"),
            models.Index(fields=["right_id"], name="record_link_by_right_id"),
        ]

    def __str__(self) -> str:
        return f"{self.object_type} {self.left_id or '…'} = {self.right_id or '…'}"


class HeldItem(models.Model):
    """One record that failed. It stops nothing else, and is tried again until it works or a person dismisses it."""

    class Cause(models.TextChoices):
        TEMPORARY = "temporary"
        PERMANENT = "permanent", "refused"
        CONFLICT = "conflict"
        MALFORMED = "malformed", "not understood"
        BUG = "bug", "bug in the portal"

    class State(models.TextChoices):
        HELD = "held"
        SETTLED = "settled"
        DISMISSED = "dismissed"

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="held_items")
    record_id = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    cause = models.CharField(max_length=10, choices=Cause)
    sentence = models.TextField(help_text="What went wrong, as the vendor or the portal said it.")
    shape = models.CharField(max_length=300, blank=True, help_text="The sentence without ids; for groups.")
    error_class = models.CharField(max_length=80, blank=True, help_text="Which error it was; empty for old rows.")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="Of the version that failed.")
    tries = models.PositiveIntegerField(default=0, help_text="Counted before each try.")
    next_try = models.DateTimeField(null=True, blank=True, help_text="Empty: only when a person asks for it.")
    held_at = models.DateTimeField(auto_now_add=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was dismissed.")

    client_path = "stream__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["stream", "record_id"], name="one_held_item_per_record")]
        indexes = [
            models.Index(fields=["state", "next_try"], name="held_item_due"),
            # With what groups show, so that a hundred thousand are grouped without reading them.
            models.Index(
                fields=["state", "stream", "cause", "error_class", "shape", "held_at", "next_try"],
                name="held_item_group",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream.slug} {self.record_id}"


class SyncEntry(models.Model):
    """What became of one record in one run, and why. Unchanged records are only counted."""

    class Outcome(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        SKIPPED = "skipped"
        HELD = "held"

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="entries")
    record_id = models.CharField(max_length=200)
    outcome = models.CharField(max_length=10, choices=Outcome)
    why = models.TextField(blank=True)
    writes = models.JSONField(default=list, help_text="What was written, or would be, each in a sentence.")

    client_path = "run__stream__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["run", "id"], name="sync_entry_of_run"),
            models.Index(fields=["record_id"], name="sync_entry_of_record"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id}: {self.outcome}"
