from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .integrations import Integration
from .jobs import Job
from .scoping import ScopedQuerySet


class Stream(models.Model):
    """One direction of one kind of record inside an integration, or one check of it: whether it runs, and how often."""

    integration = models.ForeignKey(
        Integration, verbose_name=_("integration"), on_delete=models.CASCADE, related_name="streams"
    )
    slug = models.SlugField(_("slug"))
    is_enabled = models.BooleanField(_("enabled"), default=True)
    interval_minutes = models.PositiveIntegerField(_("minutes between runs"), validators=[MinValueValidator(1)])
    started_at = models.DateTimeField(_("last started"), null=True, blank=True)
    last_ok_at = models.DateTimeField(_("last good run"), null=True, blank=True, help_text=_("When it ended."))
    watermark = models.DateTimeField(
        _("watermark"),
        null=True,
        blank=True,
        help_text=_("Everything that changed before it was dealt with, or is held."),
    )
    in_hand = models.JSONField(
        _("in hand"), default=dict, blank=True, help_text=_("The record being written just now: id, fingerprint.")
    )
    object_type = models.SlugField(
        _("object type"), blank=True, help_text=_("What kind of link its records have, once it has run.")
    )
    side = models.CharField(
        _("side"), max_length=5, blank=True, help_text=_("Which id of a link its records are: left or right.")
    )
    approved_at = models.DateTimeField(_("first run approved"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("approved by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords(
        excluded_fields=["started_at", "last_ok_at", "watermark", "in_hand", "object_type", "side"]
    )

    class Meta:
        verbose_name = _("stream")
        verbose_name_plural = _("streams")
        ordering = ["integration", "slug"]
        constraints = [models.UniqueConstraint(fields=["integration", "slug"], name="one_stream_per_slug")]

    def __str__(self) -> str:
        return f"{self.integration} · {self.slug}"


class SyncRun(models.Model):
    """One execution of a stream, with its result in a sentence."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")
        INTERRUPTED = "interrupted", _("Interrupted")

    stream = models.ForeignKey(Stream, verbose_name=_("stream"), on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(_("trigger"), max_length=10, choices=Job.Trigger, default=Job.Trigger.SCHEDULE)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    outcome = models.TextField(_("outcome"), blank=True, help_text=_("What came of it, in a sentence."))

    subject = models.CharField(
        _("subject"),
        max_length=200,
        blank=True,
        help_text=_("The one record that a webhook was about; empty: everything that changed."),
    )
    record_id = models.CharField(
        _("record id"),
        max_length=200,
        blank=True,
        help_text=_("The record it looked at, by its id on the stream's own side."),
    )
    is_dry = models.BooleanField(_("dry run"), default=False, help_text=_("It only says what it would write."))
    job_id = models.BigIntegerField(
        _("job id"), null=True, blank=True, help_text=_("A run goes on in slices of one job.")
    )
    stop_asked = models.BooleanField(_("stop asked"), default=False)
    watermark_before = models.DateTimeField(_("watermark before"), null=True, blank=True)
    watermark_after = models.DateTimeField(_("watermark after"), null=True, blank=True)
    cursor = models.TextField(_("cursor"), blank=True, help_text=_("Where reading goes on, within this run."))
    read = models.PositiveIntegerField(_("read"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    held = models.PositiveIntegerField(_("held"), default=0)

    client_path = "stream__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["stream"],
                condition=Q(state="running", is_dry=False, subject=""),
                name="one_running_sync_per_stream",
            )
        ]
        indexes = [
            models.Index(fields=["started_at"], name="sync_run_started"),
            models.Index(fields=["stream", "subject", "id"], name="sync_run_of_stream"),
            models.Index(fields=["stream", "record_id"], name="sync_run_of_record"),
            models.Index(fields=["job_id"], name="sync_run_of_job"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.pk}"
