"""What charts are drawn from: how much there was in each hour or day, counted once by a job. Tables only."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .clients import Client
from .scoping import ScopedQuerySet


class Figure(models.Model):
    """How many of one part of a series one client had in one hour or day. What there was none of has no row."""

    series = models.CharField(_("series"), max_length=80, help_text=_("For example core.webhooks."))
    start = models.DateTimeField(_("start"), help_text=_("When its hour or day begins."))
    part = models.CharField(_("part"), max_length=60, help_text=_("What was counted of the series: a state, a vendor."))
    client = models.ForeignKey(
        Client,
        verbose_name=_("client"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text=_("Empty: the house."),
    )
    count = models.PositiveBigIntegerField(_("count"))
    total = models.PositiveBigIntegerField(
        _("total"), default=0, help_text=_("What they add up to, where a mean is wanted.")
    )

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
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

    series = models.CharField(_("series"), max_length=80, unique=True)
    counted_to = models.DateTimeField(
        _("counted to"), help_text=_("The beginning of the newest hour or day that was counted.")
    )
    counted_at = models.DateTimeField(_("counted at"), null=True, help_text=_("When its counting came to an end last."))

    class Meta:
        verbose_name = _("figure series")
        verbose_name_plural = _("figure series")

    def __str__(self) -> str:
        return f"{self.series} to {self.counted_to:%Y-%m-%d %H:%M}"
