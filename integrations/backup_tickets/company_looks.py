"""How far a look for companies is: the companies it has read, and the customers it has compared with them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Client
from integrations.core.models.scoping import ScopedQuerySet


class CompanyLook(models.Model):
    """The last look for companies of a client's unmapped customers. A new one takes its place."""

    client = models.OneToOneField(
        Client, on_delete=models.CASCADE, primary_key=True, related_name="company_look", verbose_name=_("client")
    )
    begun_at = models.DateTimeField(_("begun at"), default=timezone.now)
    companies = models.PositiveIntegerField(_("companies"), default=0, help_text=_("Companies read."))
    last_company = models.BigIntegerField(_("last company"), null=True, help_text=_("Reading goes on after this id."))
    read_at = models.DateTimeField(_("read at"), null=True, help_text=_("When all of them were."))
    customers = models.PositiveIntegerField(_("customers"), default=0, help_text=_("Customers compared with them."))
    last_customer = models.BigIntegerField(
        _("last customer"), default=0, help_text=_("Customers up to this id are compared.")
    )
    proposed = models.PositiveIntegerField(_("proposed"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("company look")
        verbose_name_plural = _("company looks")

    def __str__(self) -> str:
        return gettext("look for companies of {client}").format(client=self.client)


class SeenCompany(models.Model):
    """An active company of Autotask, kept until the customers are compared with all of them."""

    look = models.ForeignKey(CompanyLook, on_delete=models.CASCADE, related_name="seen", verbose_name=_("look"))
    number = models.BigIntegerField(_("number"), help_text=_("Its id in Autotask."))
    name = models.CharField(_("name"), max_length=200)

    client_path = "look__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("seen company")
        verbose_name_plural = _("seen companies")
        constraints = [models.UniqueConstraint(fields=["look", "number"], name="one_seen_company_per_number")]

    def __str__(self) -> str:
        return self.name
