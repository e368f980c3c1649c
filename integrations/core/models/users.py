from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .clients import Client


class User(AbstractUser):
    """A person. What they may do comes from roles (groups); whose records they may see, from here."""

    all_clients = models.BooleanField(
        _("all clients"), default=True, help_text=_("Off: this person sees only the clients chosen below.")
    )
    clients = models.ManyToManyField(
        "core.Client",
        verbose_name=_("clients"),
        blank=True,
        related_name="users",
        help_text=_("Counts only while “all clients” is off."),
    )

    def may_see(self, client: Client | None) -> bool:
        """Whether this person may see that client's records; None stands for the house's own."""
        if self.all_clients:
            return True
        return client is not None and self.clients.filter(pk=client.pk).exists()
