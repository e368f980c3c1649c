"""New secrets for a connection: tried first, and taken over only when everything works with them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import audit
from .models import AuditEntry, Connection, User
from .opening import set_secrets


def trial(connection: Connection, secrets: Mapping[str, str], *, user: User) -> Connection:
    """The same row with these secrets in the place of the stored ones, never to be saved.

    What the vendor told the old account, such as a token, is left out. Raises `UnreadableSecret`.
    """
    candidate = copy(connection)
    candidate.facts = {}
    set_secrets(candidate, secrets, by=user.get_username())
    return candidate


def swap(connection: Connection, secrets: Mapping[str, str], *, user: User) -> None:
    """Store secrets that were tried. Calls that are under way end with the old ones. Raises `UnreadableSecret`."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        entry = audit.begin("connection.rotate", user=user, connection=row, record=f"connection:{row.pk}")
        set_secrets(row, secrets, by=user.get_username())
        row.facts = {}
        row.health, row.health_cause, row.last_ok_at = Connection.Health.OK, "", timezone.now()
        row.save(update_fields=["credentials", "credentials_set", "facts", "health", "health_cause", "last_ok_at"])
        names = ", ".join(sorted(secrets))
        audit.finish(
            entry,
            AuditEntry.Outcome.DONE,
            detail=_("New secrets, tried before they were stored: {names}.").format(names=names),
        )
