"""What people are alerted to besides core's rules: tickets whose creation nobody has confirmed for too long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count, Min
from django.urls import reverse

from integrations.core.registry import Finding, Rule

from .models import TicketLink


def _long_checked(threshold: int, now: dt.datetime) -> Iterator[Finding]:
    """One per client, however many there are."""
    waiting = TicketLink.objects.filter(
        state=TicketLink.State.UNKNOWN, unknown_since__lt=now - dt.timedelta(minutes=threshold)
    )
    counted = waiting.order_by().values("run__client", "run__client__name")
    for row in counted.annotate(n=Count("pk"), oldest=Min("unknown_since")):
        tickets = "ticket has" if row["n"] == 1 else "tickets have"
        yield Finding(
            f"client:{row['run__client']}",
            f"{row['run__client__name']}: {row['n']:,} {tickets} been checked for long",
            "Autotask gave no answer when they were created, and whether they are there is not known yet.",
            f"{reverse('admin:backup_tickets_run_changelist')}?ticket=checking",
            row["oldest"],
            row["run__client"],
        )


CHECKING = Rule(
    "checking",
    "Tickets are being checked for long",
    "Open Run Checks, list “checking”. Autotask may be slow or away: see its connection. Create none by hand yet.",
    _long_checked,
    severity=20,
    threshold=60,
    counts="minutes since the answer is missing",
)
