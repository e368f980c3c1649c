from __future__ import annotations

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from ..fields import SealedField
from .clients import Client
from .scoping import ScopedQuerySet


class Connection(models.Model):
    """One account on one vendor system, of one client or (client empty) shared by the house."""

    class Environment(models.TextChoices):
        PRODUCTION = "production"
        SANDBOX = "sandbox"

    class Health(models.TextChoices):
        UNKNOWN = "unknown", "not tried yet"
        OK = "ok", "working"
        TROUBLE = "trouble", "temporary trouble"
        ATTENTION = "attention", "needs attention"

    class TroubleBy(models.TextChoices):
        TOLD = "told", "the vendor or a stream"
        SILENCE = "silence", "the portal's own watch"

    class LogLevel(models.TextChoices):
        OFF = "off"
        ERRORS = "errors", "errors only"
        ALL = "all", "all calls"

    client = models.ForeignKey(
        Client,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="connections",
        help_text="Empty: shared by the house.",
    )
    slug = models.SlugField(help_text="Part of webhook addresses; do not change it later.")
    vendor = models.CharField(max_length=40)
    base_url = models.CharField("base URL", max_length=500, blank=True)
    environment = models.CharField(max_length=20, choices=Environment, default=Environment.PRODUCTION)
    identity = models.JSONField(default=dict, blank=True, help_text="The credentials that are not secret, by name.")
    settings = models.JSONField(default=dict, blank=True)
    credentials = SealedField(help_text="The secret credentials, encrypted; a JSON object by name.")
    credentials_set = models.JSONField(
        default=dict, blank=True, editable=False, help_text="Per secret: when it was set, and by whom."
    )
    webhook_digest = models.CharField(
        max_length=150, blank=True, editable=False, db_index=True, help_text="Keyed, of the webhook secret."
    )
    facts = models.JSONField(
        default=dict, blank=True, editable=False, help_text="What the vendor told us and we remember, such as its zone."
    )
    allow_private_address = models.BooleanField(
        default=False, help_text="Allow addresses inside your own network. Off for anything on the internet."
    )
    is_paused = models.BooleanField("paused", default=False, help_text="While paused, no call goes out.")
    call_log_level = models.CharField("API log", max_length=10, choices=LogLevel, default=LogLevel.ALL)

    health = models.CharField(max_length=20, choices=Health, default=Health.UNKNOWN, editable=False)
    health_cause = models.TextField(blank=True, editable=False)
    last_ok_at = models.DateTimeField("last good call", null=True, blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, blank=True, editable=False)
    webhook_trouble = models.TextField(
        blank=True, editable=False, help_text="Why its webhooks have stopped, and what to do; empty while they come."
    )
    webhook_trouble_at = models.DateTimeField(null=True, blank=True, editable=False)
    webhook_trouble_by = models.CharField(
        max_length=10, choices=TroubleBy, blank=True, editable=False, help_text="Who says that they have stopped."
    )

    client_path = "client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords(
        excluded_fields=[
            *("credentials", "webhook_digest", "facts"),
            *("health", "health_cause", "last_ok_at", "last_error_at"),
            *("webhook_trouble", "webhook_trouble_at", "webhook_trouble_by"),
        ]
    )

    class Meta:
        ordering = ["client__name", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["client", "slug"], name="one_connection_per_client_and_slug"),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(client__isnull=True), name="one_house_connection_per_slug"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client or 'House'} · {self.slug}"

    @property
    def owner_slug(self) -> str:
        """The client's slug, or `house`."""
        return self.client.slug if self.client else "house"
