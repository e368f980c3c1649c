from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class PasswordLink(models.Model):
    """A link, mailed to a person, to the page where they choose their password. It works once, and for a time.

    Only a digest of it is kept. A row without one is not mailed yet.
    """

    class Purpose(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        RESET = "reset", _("forgotten password")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="password_links"
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    sent_to = models.EmailField(_("sent to"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("made by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    made_at = models.DateTimeField(_("made at"), default=timezone.now, db_index=True)
    mailed_at = models.DateTimeField(_("mailed at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"))
    over_at = models.DateTimeField(
        _("over at"), null=True, blank=True, help_text=_("When it was used, taken back or replaced.")
    )
    digest = models.CharField(_("digest"), max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001 — unique where set
    trouble = models.TextField(_("trouble"), blank=True, help_text=_("Why it could not be mailed."))

    class Meta:
        verbose_name = _("password link")
        verbose_name_plural = _("password links")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "purpose"], condition=Q(over_at=None), name="one_live_link_per_person_and_purpose"
            ),
        ]

    def __str__(self) -> str:
        return gettext("{purpose} for {user}").format(purpose=self.get_purpose_display(), user=self.user)

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

    address = models.EmailField(_("address"))
    asked_from = models.CharField(_("asked from"), max_length=45, help_text=_("The caller's IP address."))
    at = models.DateTimeField(_("at"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("reset request")
        verbose_name_plural = _("reset requests")

    def __str__(self) -> str:
        return f"forgotten password of {self.address}"
