from __future__ import annotations

import hashlib
import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import get_random_string
from simple_history.models import HistoricalRecords

from .scoping import ScopedQuerySet


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is not a time zone; use a name such as Europe/Amsterdam.")


class Client(models.Model):
    """The organisation whose systems are connected (tenant)."""

    slug = models.SlugField(unique=True, help_text="Part of webhook addresses; do not change it later.")
    name = models.CharField(max_length=200, unique=True)
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[validate_time_zone], help_text="Empty: the portal's time zone."
    )
    is_active = models.BooleanField("active", default=True)

    client_path = "pk"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A client's token for the portal's own API. Only a digest is kept; the token itself is shown once."""

    class Scope(models.TextChoices):
        POST = "post", "sends data in"
        READ = "read", "reads data"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="Who uses it, for example the backup product.")
    scope = models.CharField(
        "use",
        max_length=10,
        choices=Scope,
        default=Scope.POST,
        help_text="A token on a customer's machine only sends; one that reads sees all of the client's records.",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["client", "name"]
        verbose_name = "API token"
        verbose_name_plural = "API tokens"
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
