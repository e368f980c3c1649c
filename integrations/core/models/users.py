from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractUser, Permission
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.core.prewritten import Prewritten, slot

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

    # What Django says of permissions, by one statement where it makes two for every page (M9). Of our backends only
    # Django's own gives permissions, so nothing is left out.

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Given to this person or to their groups (`app_label.codename`), as far as this instance has asked once."""
        if not self.is_active or obj is not None:
            return set()
        if not hasattr(self, "_held"):
            self._held = super().get_all_permissions() if self.is_superuser else _permissions_of(self.pk)
        return self._held

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and (self.is_superuser or perm in self.get_all_permissions(obj))

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and (
            self.is_superuser or any(name.startswith(f"{app_label}.") for name in self.get_all_permissions())
        )


def _permissions_of(user_id: int) -> set[str]:
    return {f"{app_label}.{codename}" for app_label, codename in _permissions().rows(user=user_id)}


@cache
def _permissions() -> Prewritten:
    own, of_groups = (
        Permission.objects.filter(**{path: slot("user")}).order_by().values_list("content_type__app_label", "codename")
        for path in ("user", "group__user")
    )
    return Prewritten(own.union(of_groups))
