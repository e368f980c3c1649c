from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string


class PasswordLink(models.Model):
    """A link, mailed to a person, to the page where they choose their password. It works once, and for a time.

    Only a digest of it is kept. A row without one is not mailed yet.
    """

    class Purpose(models.TextChoices):
        INVITATION = "invitation"
        RESET = "reset", "forgotten password"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="password_links")
    purpose = models.CharField(max_length=10, choices=Purpose)
    sent_to = models.EmailField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True, blank=True, help_text="When it was used, taken back or replaced.")
    digest = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001 — unique where set
    trouble = models.TextField(blank=True, help_text="Why it could not be mailed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "purpose"], condition=Q(over_at=None), name="one_live_link_per_person_and_purpose"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} for {self.user}"

    @staticmethod
    def digest_of(secret: str) -> str:
        """Secrets of links are long and random, so a plain SHA-256 is enough to keep them unreadable."""
        return hashlib.sha256(secret.encode()).hexdigest()

    @staticmethod
    def new_secret() -> str:
        return get_random_string(43)


class ResetRequest(models.Model):
    """Somebody said on the sign-in page that they forgot the password of this address. Written for any address, known
    or not, so that nobody can tell from the answer or its time."""

    address = models.EmailField()
    asked_from = models.CharField(max_length=45, help_text="The caller's IP address.")
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"forgotten password of {self.address}"
