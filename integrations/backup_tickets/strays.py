"""Tickets that a restore left unlinked because their run was not in the database: kept from being created once more."""

from __future__ import annotations

from integrations.core.models import Readoption

from .mapping import told_of
from .models import Run
from .setup import KIND
from .telling import text_of


def stray_of(run: Run) -> str:
    """The ticket that a restore left unlinked and that says to be about this run; empty when there is none."""
    rows = Readoption.objects.filter(integration__client=run.client, integration__kind=KIND).exclude(unclear=[])
    last = rows.order_by("-hold").first()
    if last is None:
        return ""
    mine = sorted(told_of(text_of(run)))
    return next((str(one["number"]) for one in last.unclear if one.get("told") == mine), "")
