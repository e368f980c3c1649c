from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .connections import Connection
from .scoping import ScopedQuerySet


class ApiCall(models.Model):
    """One call to or from a vendor, redacted by name and by value; pruned by age."""

    class Direction(models.TextChoices):
        OUT = "out", _("to the vendor")
        IN = "in", _("from the vendor")

    at = models.DateTimeField(_("at"), db_index=True)
    transaction_id = models.CharField(
        _("transaction id"), max_length=32, db_index=True, help_text=_("Joins the calls of one piece of work.")
    )
    connection = models.ForeignKey(
        Connection,
        verbose_name=_("connection"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="api_calls",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    direction = models.CharField(_("direction"), max_length=3, choices=Direction, default=Direction.OUT)
    source = models.CharField(_("source"), max_length=100, blank=True, help_text=_("Which job or page made the call."))
    source_ip = models.GenericIPAddressField(_("source ip"), null=True, blank=True)
    instance = models.CharField(
        _("instance"), max_length=200, blank=True, help_text=_("Host and process that made the call.")
    )
    record = models.CharField(
        _("record"), max_length=200, blank=True, db_index=True, help_text=_("The record it was about.")
    )
    job_id = models.BigIntegerField(_("job id"), null=True, blank=True, help_text=_("The job that made it."))
    run_id = models.BigIntegerField(
        _("run id"), null=True, blank=True, help_text=_("The run of a stream that made it.")
    )
    in_hand = models.CharField(
        _("in hand"),
        max_length=200,
        blank=True,
        help_text=_("The record that the run had in hand, by its id on the stream's own side."),
    )
    duration_ms = models.PositiveIntegerField(_("duration ms"), default=0)
    method = models.CharField(_("method"), max_length=10)
    host = models.CharField(_("host"), max_length=255)
    route = models.CharField(_("route"), max_length=500)
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    query = models.TextField(_("query"), blank=True)
    request_headers = models.JSONField(_("request headers"), default=dict, blank=True)
    request_body = models.TextField(_("request body"), blank=True)
    response_headers = models.JSONField(_("response headers"), default=dict, blank=True)
    response_body = models.TextField(_("response body"), blank=True)

    client_path = "connection__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("API call")
        verbose_name_plural = _("API calls")
        indexes = [
            models.Index(fields=["connection", "-id"], name="apicall_by_connection"),
            models.Index(fields=["run_id", "in_hand"], name="apicall_of_run"),
            models.Index(fields=["job_id"], name="apicall_of_job"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.route}"
