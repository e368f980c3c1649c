from __future__ import annotations

from django.conf import settings
from django.db import models

from .connections import Connection
from .scoping import ScopedQuerySet


class ApiCall(models.Model):
    """One call to or from a vendor, redacted by name and by value; pruned by age."""

    class Direction(models.TextChoices):
        OUT = "out", "to the vendor"
        IN = "in", "from the vendor"

    at = models.DateTimeField(db_index=True)
    transaction_id = models.CharField(max_length=32, db_index=True, help_text="Joins the calls of one piece of work.")
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.SET_NULL, related_name="api_calls"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    direction = models.CharField(max_length=3, choices=Direction, default=Direction.OUT)
    source = models.CharField(max_length=100, blank=True, help_text="Which job or page made the call.")
    source_ip = models.GenericIPAddressField(null=True, blank=True)
    instance = models.CharField(max_length=200, blank=True, help_text="Host and process that made the call.")
    record = models.CharField(max_length=200, blank=True, db_index=True, help_text="The record it was about.")
    job_id = models.BigIntegerField(null=True, blank=True, help_text="The job that made it.")
    run_id = models.BigIntegerField(null=True, blank=True, help_text="The run of a stream that made it.")
    in_hand = models.CharField(
        max_length=200, blank=True, help_text="The record that the run had in hand, by its id on the stream's own side."
    )
    duration_ms = models.PositiveIntegerField(default=0)
    method = models.CharField(max_length=10)
    host = models.CharField(max_length=255)
    route = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    query = models.TextField(blank=True)
    request_headers = models.JSONField(default=dict, blank=True)
    request_body = models.TextField(blank=True)
    response_headers = models.JSONField(default=dict, blank=True)
    response_body = models.TextField(blank=True)

    client_path = "connection__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "API call"
        verbose_name_plural = "API calls"
        indexes = [
            models.Index(fields=["connection", "-id"], name="apicall_by_connection"),
            models.Index(fields=["run_id", "in_hand"], name="apicall_of_run"),
            models.Index(fields=["job_id"], name="apicall_of_job"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.route}"
