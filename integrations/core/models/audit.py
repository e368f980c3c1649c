from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

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
        PENDING = "pending", _("not known yet")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        UNKNOWN = "unknown", _("unknown, being checked")

    at = models.DateTimeField(_("at"), auto_now_add=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    actor = models.CharField(_("actor"), max_length=150, help_text=_("The user's name at the time, or the job."))
    action = models.CharField(_("action"), max_length=80, help_text=_("For example connection.test."))
    client = models.ForeignKey(
        Client, verbose_name=_("client"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    record = models.CharField(_("record"), max_length=200, db_index=True, help_text=_("Ours, for example run:17."))
    vendor_record = models.CharField(
        _("vendor record"), max_length=200, blank=True, help_text=_("Theirs, for example ticket 128926.")
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.PENDING)
    detail = models.TextField(_("detail"), blank=True, help_text=_("In a sentence."))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    client_path = "client"
    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
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
