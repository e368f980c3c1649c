"""What a ticket for a run says, from the run's rows and the client's settings."""

from __future__ import annotations

import zoneinfo

from django.conf import settings
from django.urls import reverse

from .mapping import ObjectReport, RunReport, TicketText, compose
from .models import Run, TicketOptions
from .setup import base_url


def text_of(run: Run) -> str:
    """The description that a ticket for this run would have; empty as long as there are no settings."""
    options = TicketOptions.objects.filter(integration__client=run.client).first()
    return composed(run, options).description if options else ""


def composed(run: Run, options: TicketOptions) -> TicketText:
    """Title and description by these settings."""
    return compose(
        report_of(run, base_url=base_url(options)),
        prefix=options.title_prefix,
        zone=zoneinfo.ZoneInfo(run.client.time_zone or settings.TIME_ZONE),
        object_limit=options.object_limit,
    )


def report_of(run: Run, *, base_url: str) -> RunReport:
    """The run as `mapping` wants it."""
    return RunReport(
        customer=run.job.customer.name,
        job=run.job.name,
        backup_type=run.job.backup_type,
        status=run.status,
        started_at=run.started_at,
        url=base_url + reverse("admin:backup_tickets_run_change", args=[run.pk]),
        remark=run.remark,
        objects=tuple(ObjectReport(o.name, o.status, o.message) for o in run.objects_reported.all()),
    )
