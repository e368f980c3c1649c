"""What the sender watch keeps: how many webhooks came in each hour, what is usual, and when somebody fell silent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .connections import Connection
from .scoping import ScopedQuerySet


class WebhookHour(models.Model):
    """How many webhooks a connection got in one hour; its rhythm is learned from it. Hours without any have no row."""

    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    hour = models.DateTimeField(_("hour"))
    calls = models.PositiveIntegerField(_("calls"), default=0)
    last_at = models.DateTimeField(_("last at"))

    class Meta:
        verbose_name = _("webhook hour")
        verbose_name_plural = _("webhook hours")
        constraints = [models.UniqueConstraint(fields=["connection", "hour"], name="one_webhook_count_per_hour")]
        indexes = [models.Index(fields=["hour"], name="webhook_hour")]

    def __str__(self) -> str:
        return f"{self.connection} {self.hour:%Y-%m-%d %H}: {self.calls}"


class SenderWatch(models.Model):
    """What is known of one sender: its last call, since when the portal has listened without a break, its rhythm."""

    connection = models.OneToOneField(
        Connection, verbose_name=_("connection"), primary_key=True, on_delete=models.CASCADE, related_name="sender"
    )
    last_call_at = models.DateTimeField(_("last call at"), null=True, blank=True)
    looked_at = models.DateTimeField(_("looked at"))
    listening_since = models.DateTimeField(_("listening since"))
    rhythm = models.JSONField(_("rhythm"), default=dict)
    learned_at = models.DateTimeField(_("learned at"), null=True, blank=True)

    client_path = "connection__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("sender watch")
        verbose_name_plural = _("sender watches")

    def __str__(self) -> str:
        return f"{self.connection}: last call {self.last_call_at or 'never'}"


class SenderSilence(models.Model):
    """One time in which a sender was silent against its habit; over with its next call."""

    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="silences"
    )
    last_call_at = models.DateTimeField(_("silent since"))
    noticed_at = models.DateTimeField(_("noticed at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    found = models.PositiveIntegerField(
        _("found"), default=0, help_text=_("Changes that polls found in this time by themselves.")
    )

    client_path = "connection__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("sender silence")
        verbose_name_plural = _("sender silences")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(ended_at__isnull=True), name="one_silence_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection} silent since {self.last_call_at:%Y-%m-%d %H:%M}"
