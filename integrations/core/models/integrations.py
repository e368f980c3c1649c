from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .clients import Client
from .connections import Connection
from .scoping import ScopedQuerySet


class Integration(models.Model):
    """One integration kind switched on for one client. Its own options are the kind's model, one-to-one to this row."""

    client = models.ForeignKey(Client, verbose_name=_("client"), on_delete=models.PROTECT, related_name="integrations")
    slug = models.SlugField(_("slug"))
    kind = models.CharField(_("kind"), max_length=40)
    is_enabled = models.BooleanField(_("enabled"), default=True, help_text=_("Off: no call goes out for it at all."))

    client_path = "client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        ordering = ["client__name", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["client", "slug"], name="one_integration_per_client_and_slug"),
        ]

    def __str__(self) -> str:
        return f"{self.client} · {self.slug}"

    @classmethod
    def named(cls, given: str, *, kind: str = "") -> Integration:
        """The integration `client/integration`, as people name it, of that kind if one is said.

        Raises LookupError with those that there are.
        """
        client, _, slug = given.partition("/")
        rows = cls.objects.select_related("client").filter(**({"kind": kind} if kind else {}))
        found: Integration | None = rows.filter(client__slug=client, slug=slug).first()
        if found is None:
            known = ", ".join(sorted(f"{row.client.slug}/{row.slug}" for row in rows)) or "none"
            raise LookupError(f"There is no {kind or 'integration'} “{given}”. Known: {known}.")
        return found

    def connection(self, role: str) -> Connection:
        """The connection that plays this role. Raises `Connection.DoesNotExist` when none was chosen."""
        return Connection.objects.get(roles__integration=self, roles__role=role)


class IntegrationRole(models.Model):
    """Which connection plays which role in an integration."""

    integration = models.ForeignKey(
        Integration, verbose_name=_("integration"), on_delete=models.CASCADE, related_name="roles"
    )
    role = models.CharField(_("role"), max_length=40)
    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.PROTECT, related_name="roles"
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("integration role")
        verbose_name_plural = _("integration roles")
        ordering = ["integration", "role"]
        constraints = [
            models.UniqueConstraint(fields=["integration", "role"], name="one_connection_per_integration_and_role"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.connection}"
