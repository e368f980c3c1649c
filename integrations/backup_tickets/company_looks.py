"""How far a look for companies is: the companies it has read, and the customers it has compared with them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from integrations.core.models import Client
from integrations.core.models.scoping import ScopedQuerySet


class CompanyLook(models.Model):
    """The last look for companies of a client's unmapped customers. A new one takes its place."""

    client = models.OneToOneField(Client, on_delete=models.CASCADE, primary_key=True, related_name="company_look")
    begun_at = models.DateTimeField(default=timezone.now)
    companies = models.PositiveIntegerField(default=0, help_text="Companies read.")
    last_company = models.BigIntegerField(null=True, help_text="Reading goes on after this id.")
    read_at = models.DateTimeField(null=True, help_text="When all of them were.")
    customers = models.PositiveIntegerField(default=0, help_text="Customers compared with them.")
    last_customer = models.BigIntegerField(default=0, help_text="Customers up to this id are compared.")
    proposed = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"look for companies of {self.client}"


class SeenCompany(models.Model):
    """An active company of Autotask, kept until the customers are compared with all of them."""

    look = models.ForeignKey(CompanyLook, on_delete=models.CASCADE, related_name="seen")
    number = models.BigIntegerField(help_text="Its id in Autotask.")
    name = models.CharField(max_length=200)

    client_path = "look__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["look", "number"], name="one_seen_company_per_number")]

    def __str__(self) -> str:
        return self.name
