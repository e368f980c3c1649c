from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from .clients import Client
from .connections import Connection
from .scoping import ScopedQuerySet

_REFUSAL = "The audit trail is append-only: entries are added by audit.begin and completed once by audit.finish."


class AuditQuerySet(ScopedQuerySet):
    """Reads and adds; changes nothing but by `complete`."""

    def update(self, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(_REFUSAL)

    def bulk_update(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(_REFUSAL)

    def delete(self) -> NoReturn:
        raise RuntimeError(_REFUSAL)

    def complete(self, pk: int, fields: Mapping[str, Any]) -> None:
        """Store what became of an entry that is not finished yet. Raises `RuntimeError` when it is."""
        unfinished = [AuditEntry.Outcome.PENDING, AuditEntry.Outcome.UNKNOWN]
        if not models.QuerySet.update(self.filter(pk=pk, outcome__in=unfinished), **fields):
            raise RuntimeError(f"Audit entry {pk} was finished before. {_REFUSAL}")


class AuditEntry(models.Model):
    """Who made us change what, where, with what outcome. Written before the call, completed after it; never deleted."""

    class Outcome(models.TextChoices):
        PENDING = "pending", "not known yet"
        DONE = "done"
        REFUSED = "refused"
        UNKNOWN = "unknown", "unknown, being checked"

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor = models.CharField(max_length=150, help_text="The user's name at the time, or the job.")
    action = models.CharField(max_length=80, help_text="For example connection.test.")
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(Connection, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    record = models.CharField(max_length=200, db_index=True, help_text="Ours, for example run:17.")
    vendor_record = models.CharField(max_length=200, blank=True, help_text="Theirs, for example ticket 128926.")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.PENDING)
    detail = models.TextField(blank=True, help_text="In a sentence.")
    finished_at = models.DateTimeField(null=True, blank=True)

    client_path = "client"
    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["user", "-id"], name="audit_of_user"),
            models.Index(fields=["outcome", "-id"], name="audit_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.record}"

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise RuntimeError(_REFUSAL)
        super().save(**kwargs)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> NoReturn:
        raise RuntimeError(_REFUSAL)
