"""What the sync engine keeps: which records are the same, which ones failed, and what became of each. Tables only."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .integrations import Integration
from .scoping import ScopedQuerySet
from .streams import Stream, SyncRun


def new_key() -> str:
    return f"lnk-{uuid.uuid4()}"


class RecordLink(models.Model):
    """“These two records are the same”; also the intent of a create. Never deleted by code."""

    class State(models.TextChoices):
        CREATING = "creating", _("Creating")
        ACTIVE = "active", _("Active")
        MISSING = "missing", _("Missing")
        REPLACED = "replaced", _("Replaced")

    integration = models.ForeignKey(
        Integration, verbose_name=_("integration"), on_delete=models.PROTECT, related_name="record_links"
    )
    object_type = models.SlugField(_("object type"), help_text=_("What kind of record: ticket, note, file."))
    left_id = models.CharField(_("left id"), max_length=200, blank=True)
    right_id = models.CharField(_("right id"), max_length=200, blank=True)
    left_fingerprint = models.CharField(
        _("left fingerprint"), max_length=64, blank=True, help_text=_("Of the version that was last dealt with.")
    )
    right_fingerprint = models.CharField(_("right fingerprint"), max_length=64, blank=True)
    base = models.JSONField(_("base"), default=dict, help_text=_("The fields as both sides last had them."))
    sent = models.JSONField(
        _("sent"),
        default=dict,
        blank=True,
        help_text=_("What is being written, and to which side, until its answer is stored."),
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CREATING)
    cause = models.TextField(_("cause"), blank=True, help_text=_("Why it is in this state, in a sentence."))
    key = models.CharField(
        _("key"), max_length=50, unique=True, default=new_key, help_text=_("Our marker on the record we make.")
    )
    sent_at = models.DateTimeField(
        _("sent at"), null=True, blank=True, help_text=_("When a create call was sent last.")
    )
    lease_until = models.DateTimeField(
        _("lease until"), null=True, blank=True, help_text=_("Until then one process works on this pair.")
    )
    lease_by = models.CharField(_("lease by"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("record link")
        verbose_name_plural = _("record links")
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
        TEMPORARY = "temporary", _("Temporary")
        PERMANENT = "permanent", _("refused")
        CONFLICT = "conflict", _("Conflict")
        MALFORMED = "malformed", _("not understood")
        BUG = "bug", _("bug in the portal")

    class State(models.TextChoices):
        HELD = "held", _("Held")
        SETTLED = "settled", _("Settled")
        DISMISSED = "dismissed", _("Dismissed")

    stream = models.ForeignKey(Stream, verbose_name=_("stream"), on_delete=models.CASCADE, related_name="held_items")
    record_id = models.CharField(_("record id"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.HELD)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    sentence = models.TextField(_("sentence"), help_text=_("What went wrong, as the vendor or the portal said it."))
    shape = models.CharField(
        _("shape"), max_length=300, blank=True, help_text=_("The sentence without ids; for groups.")
    )
    error_class = models.CharField(
        _("error class"), max_length=80, blank=True, help_text=_("Which error it was; empty for old rows.")
    )
    fingerprint = models.CharField(
        _("fingerprint"), max_length=64, blank=True, help_text=_("Of the version that failed.")
    )
    tries = models.PositiveIntegerField(_("tries"), default=0, help_text=_("Counted before each try."))
    next_try = models.DateTimeField(
        _("next try"), null=True, blank=True, help_text=_("Empty: only when a person asks for it.")
    )
    held_at = models.DateTimeField(_("held at"), auto_now_add=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("dismissed by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True, help_text=_("Why it was dismissed."))

    client_path = "stream__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("held item")
        verbose_name_plural = _("held items")
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
        CREATED = "created", _("Created")
        UPDATED = "updated", _("Updated")
        SKIPPED = "skipped", _("Skipped")
        HELD = "held", _("Held")

    run = models.ForeignKey(SyncRun, verbose_name=_("run"), on_delete=models.CASCADE, related_name="entries")
    record_id = models.CharField(_("record id"), max_length=200)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    why = models.TextField(_("why"), blank=True)
    writes = models.JSONField(
        _("writes"), default=list, help_text=_("What was written, or would be, each in a sentence.")
    )

    client_path = "run__stream__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync entry")
        verbose_name_plural = _("sync entrys")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["run", "id"], name="sync_entry_of_run"),
            models.Index(fields=["record_id"], name="sync_entry_of_record"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id}: {self.outcome}"
