"""What people are alerted to besides core's rules: tickets whose creation nobody has confirmed for too long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.core.registry import Finding, Rule

from .models import TicketLink


def _long_checked(threshold: int, now: dt.datetime) -> Iterator[Finding]:
    """One per client, however many there are."""
    waiting = TicketLink.objects.filter(
        state=TicketLink.State.UNKNOWN, unknown_since__lt=now - dt.timedelta(minutes=threshold)
    )
    counted = waiting.order_by().values("run__client", "run__client__name")
    for row in counted.annotate(n=Count("pk"), oldest=Min("unknown_since")):
        title = ngettext(
            "{client}: {count} ticket has been checked for long",
            "{client}: {count} tickets have been checked for long",
            row["n"],
        )
        yield Finding(
            f"client:{row['run__client']}",
            title.format(client=row["run__client__name"], count=f"{row['n']:,}"),
            gettext("Autotask gave no answer when they were created, and whether they are there is not known yet."),
            f"{reverse('admin:backup_tickets_run_changelist')}?ticket=checking",
            row["oldest"],
            row["run__client"],
        )


CHECKING = Rule(
    "checking",
    _("Tickets are being checked for long"),
    _("Open Run Checks, list “checking”. Autotask may be slow or away: see its connection. Create none by hand yet."),
    _long_checked,
    severity=20,
    threshold=60,
    counts=_("minutes since the answer is missing"),
)
