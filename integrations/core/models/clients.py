from __future__ import annotations

import hashlib
import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .scoping import ScopedQuerySet


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            gettext("“{value}” is not a time zone; use a name such as Europe/Amsterdam.").format(value=value)
        )


class Client(models.Model):
    """The organisation whose systems are connected (tenant)."""

    slug = models.SlugField(_("slug"), unique=True, help_text=_("Part of webhook addresses; do not change it later."))
    name = models.CharField(_("name"), max_length=200, unique=True)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("Empty: the portal's time zone."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    client_path = "pk"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A client's token for the portal's own API. Only a digest is kept; the token itself is shown once."""

    class Scope(models.TextChoices):
        POST = "post", _("sends data in")
        READ = "read", _("reads data")

    client = models.ForeignKey(Client, verbose_name=_("client"), on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100, help_text=_("Who uses it, for example the backup product."))
    scope = models.CharField(
        _("use"),
        max_length=10,
        choices=Scope,
        default=Scope.POST,
        help_text=_("A token on a customer's machine only sends; one that reads sees all of the client's records."),
    )
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["client", "name"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.UniqueConstraint(fields=["client", "name"], name="one_api_token_per_client_and_name"),
        ]

    def __str__(self) -> str:
        return f"{self.client} · {self.name}"

    @staticmethod
    def digest_of(token: str) -> str:
        """Tokens are long and random, so a plain SHA-256 is enough to keep them unreadable."""
        return hashlib.sha256(token.encode()).hexdigest()

    @staticmethod
    def new_token() -> str:
        return f"ip_{get_random_string(43)}"
