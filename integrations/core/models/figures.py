"""What charts are drawn from: how much there was in each hour or day, counted once by a job. Tables only."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .clients import Client
from .scoping import ScopedQuerySet


class Figure(models.Model):
    """How many of one part of a series one client had in one hour or day. What there was none of has no row."""

    series = models.CharField(max_length=80, help_text="For example core.webhooks.")
    start = models.DateTimeField(help_text="When its hour or day begins.")
    part = models.CharField(max_length=60, help_text="What was counted of the series: a state, a vendor.")
    client = models.ForeignKey(
        Client, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="Empty: the house."
    )
    count = models.PositiveBigIntegerField()
    total = models.PositiveBigIntegerField(default=0, help_text="What they add up to, where a mean is wanted.")

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "start", "part", "client"], name="one_figure_per_client"),
            models.UniqueConstraint(
                fields=["series", "start", "part"], condition=Q(client__isnull=True), name="one_figure_of_the_house"
            ),
        ]
        # With all that a page reads, so that it adds up an index and no rows.
        indexes = [
            models.Index(fields=["series", "start", "part", "client", "count", "total"], name="figure_added_up"),
            models.Index(fields=["start"], name="figure_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.part} {self.start:%Y-%m-%d %H:%M}: {self.count}"


class FigureSeries(models.Model):
    """How far a series has been counted."""

    series = models.CharField(max_length=80, unique=True)
    counted_to = models.DateTimeField(help_text="The beginning of the newest hour or day that was counted.")
    counted_at = models.DateTimeField(null=True, help_text="When its counting came to an end last.")

    def __str__(self) -> str:
        return f"{self.series} to {self.counted_to:%Y-%m-%d %H:%M}"
