from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from ..fields import SealedField
from .clients import Client
from .scoping import ScopedQuerySet


class Connection(models.Model):
    """One account on one vendor system, of one client or (client empty) shared by the house."""

    class Environment(models.TextChoices):
        PRODUCTION = "production", _("Production")
        SANDBOX = "sandbox", _("Sandbox")

    class Health(models.TextChoices):
        UNKNOWN = "unknown", _("not tried yet")
        OK = "ok", _("working")
        TROUBLE = "trouble", _("temporary trouble")
        ATTENTION = "attention", _("needs attention")

    class TroubleBy(models.TextChoices):
        TOLD = "told", _("the vendor or a stream")
        SILENCE = "silence", _("the portal's own watch")

    class LogLevel(models.TextChoices):
        OFF = "off", _("Off")
        ERRORS = "errors", _("errors only")
        ALL = "all", _("all calls")

    client = models.ForeignKey(
        Client,
        verbose_name=_("client"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="connections",
        help_text=_("Empty: shared by the house."),
    )
    slug = models.SlugField(_("slug"), help_text=_("Part of webhook addresses; do not change it later."))
    vendor = models.CharField(_("vendor"), max_length=40)
    base_url = models.CharField(_("base URL"), max_length=500, blank=True)
    environment = models.CharField(_("environment"), max_length=20, choices=Environment, default=Environment.PRODUCTION)
    identity = models.JSONField(
        _("identity"), default=dict, blank=True, help_text=_("The credentials that are not secret, by name.")
    )
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    credentials = SealedField(
        _("credentials"), help_text=_("The secret credentials, encrypted; a JSON object by name.")
    )
    credentials_set = models.JSONField(
        _("credentials set"),
        default=dict,
        blank=True,
        editable=False,
        help_text=_("Per secret: when it was set, and by whom."),
    )
    webhook_digest = models.CharField(
        _("webhook digest"),
        max_length=150,
        blank=True,
        editable=False,
        db_index=True,
        help_text=_("Keyed, of the webhook secret."),
    )
    facts = models.JSONField(
        _("facts"),
        default=dict,
        blank=True,
        editable=False,
        help_text=_("What the vendor told us and we remember, such as its zone."),
    )
    allow_private_address = models.BooleanField(
        _("allow private address"),
        default=False,
        help_text=_("Allow addresses inside your own network. Off for anything on the internet."),
    )
    is_paused = models.BooleanField(_("paused"), default=False, help_text=_("While paused, no call goes out."))
    call_log_level = models.CharField(_("API log"), max_length=10, choices=LogLevel, default=LogLevel.ALL)

    health = models.CharField(_("health"), max_length=20, choices=Health, default=Health.UNKNOWN, editable=False)
    health_cause = models.TextField(_("health cause"), blank=True, editable=False)
    last_ok_at = models.DateTimeField(_("last good call"), null=True, blank=True, editable=False)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True, editable=False)
    webhook_trouble = models.TextField(
        _("webhook trouble"),
        blank=True,
        editable=False,
        help_text=_("Why its webhooks have stopped, and what to do; empty while they come."),
    )
    webhook_trouble_at = models.DateTimeField(_("webhook trouble at"), null=True, blank=True, editable=False)
    webhook_trouble_by = models.CharField(
        _("webhook trouble by"),
        max_length=10,
        choices=TroubleBy,
        blank=True,
        editable=False,
        help_text=_("Who says that they have stopped."),
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
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["client__name", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["client", "slug"], name="one_connection_per_client_and_slug"),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(client__isnull=True), name="one_house_connection_per_slug"
            ),
        ]

    def __str__(self) -> str:
        owner = self.client or gettext("House")
        return f"{owner} · {self.slug}"

    @property
    def owner_slug(self) -> str:
        """The client's slug, or `house`."""
        return self.client.slug if self.client else "house"
