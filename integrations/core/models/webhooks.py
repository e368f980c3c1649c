from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .connections import Connection
from .jobs import Job
from .scoping import ScopedQuerySet


class Replay(models.Model):
    """Many deliveries looked at again, by filter and time range: first what it would do, then by a job, at a rate."""

    class State(models.TextChoices):
        SHOWN = "shown", _("waits for a look")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    deliveries = models.CharField(_("deliveries"), max_length=10, blank=True, help_text=_("Their state; empty: any."))
    record = models.CharField(
        _("record"), max_length=160, blank=True, help_text=_("How their records begin, such as ticket:17.")
    )
    since = models.DateTimeField(_("received from"), null=True, blank=True)
    until = models.DateTimeField(_("received before"), null=True, blank=True)
    up_to = models.BigIntegerField(_("up to"), help_text=_("What came after it was asked for is left alone."))
    rate = models.PositiveSmallIntegerField(_("records a minute"), default=60)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SHOWN)
    begun_at = models.DateTimeField(_("begun at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    due_at = models.DateTimeField(
        _("due at"), null=True, blank=True, help_text=_("When the next records may be asked for.")
    )
    cursor = models.BigIntegerField(_("cursor"), default=0, help_text=_("The last delivery that was dealt with."))
    records = models.PositiveIntegerField(
        _("records"), default=0, help_text=_("To be looked at, when it was confirmed.")
    )
    asked = models.PositiveIntegerField(_("records asked for"), default=0)

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")
        ordering = ["-id"]

    def __str__(self) -> str:
        return gettext("replay #{number}").format(number=self.pk)


class WebhookDelivery(models.Model):
    """One call that a vendor made, or one part of it when its body is an array. Pruned by age, once it is over."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        IGNORED = "ignored", _("Ignored")
        FAILED = "failed", _("Failed")

    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.PROTECT, related_name="deliveries"
    )
    event = models.CharField(_("event"), max_length=50, help_text=_("The last part of the address it was sent to."))
    subject = models.CharField(
        _("subject"), max_length=160, help_text=_("The record it is about; hints of one subject collapse.")
    )
    delivery_id = models.CharField(
        _("delivery id"), max_length=200, blank=True, help_text=_("The vendor's own name of this call, if any.")
    )
    received_at = models.DateTimeField(_("received at"), db_index=True)
    source_ip = models.GenericIPAddressField(_("source ip"), null=True, blank=True)
    headers = models.JSONField(_("headers"), default=dict, help_text=_("By an allow-list; never a credential."))
    body = models.BinaryField(_("body"), help_text=_("As it came."))

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    trigger = models.CharField(_("trigger"), max_length=10, choices=Job.Trigger, default=Job.Trigger.WEBHOOK)
    outcome = models.TextField(
        _("outcome"), blank=True, help_text=_("What came of it, or why nothing did, in a sentence.")
    )
    over_at = models.DateTimeField(_("worked off"), null=True, blank=True)
    job_id = models.BigIntegerField(_("job id"), null=True, blank=True, help_text=_("The job that worked it off last."))
    earlier = models.JSONField(
        _("earlier"),
        default=list,
        blank=True,
        help_text=_("What came of it before a person decided otherwise, newest first."),
    )
    replayed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("replayed by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    replay = models.ForeignKey(
        Replay,
        verbose_name=_("replay"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="taken",
        help_text=_("That took it last."),
    )

    client_path = "connection__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
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
