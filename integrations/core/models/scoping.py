"""One rule for "whose records may this person see", used by every list, page, search, export and bulk action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models

if TYPE_CHECKING:
    from .users import User


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset of records that belong to a client, by the model's `client_path`."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only what this user may see. House records (no client) need "all clients"."""
        if not user.is_authenticated:
            return self.none()
        if user.all_clients:
            return self
        path = self.model.client_path
        return self.filter(**{f"{path}__in": user.clients.values("pk")})
