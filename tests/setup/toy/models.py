from __future__ import annotations

from django.db import models

from integrations.core.models import Integration
from integrations.core.models.scoping import ScopedQuerySet


class ToyOptions(models.Model):
    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, primary_key=True)
    warm_from = models.FloatField(default=20.0)

    def __str__(self) -> str:
        return f"Toy options of {self.integration}"


class Reading(models.Model):
    """One reading; a row without a verdict was asked for and has not been answered."""

    client_path = "integration__client"

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE)
    verdict = models.CharField(max_length=20, blank=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.verdict or "not answered yet"
