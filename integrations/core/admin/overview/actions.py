"""What this person did last, from the audit trail."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from integrations.core.addresses import address_of
from integrations.core.labels import OUTCOME_TONES
from integrations.core.models import AuditEntry, User
from integrations.core.registry import Line, Panel
from integrations.core.roles import may_open

SHOWN = 10


def own_actions(user: User | AnonymousUser) -> Panel:
    """One statement, by the index of their entries."""
    entries = AuditEntry.objects.visible_to(user).filter(user=user.pk).order_by("-pk")[:SHOWN]
    may_read = may_open(user, "core.view_auditentry")
    lines = tuple(
        Line(
            entry.get_outcome_display(),
            OUTCOME_TONES.get(AuditEntry.Outcome(entry.outcome), "neutral"),
            said(entry),
            reverse("admin:core_auditentry_change", args=[entry.pk]) if may_read else "",
            f"{timezone.localtime(entry.at):%-d %b %H:%M}",
        )
        for entry in entries
    )
    url = f"{address_of('admin:core_auditentry_changelist')}?q={user.get_username()}" if may_read and lines else ""
    return Panel(
        gettext("What you did last"), lines, gettext("Nothing yet."), url, gettext("All you did") if url else ""
    )


def said(entry: AuditEntry) -> str:
    """An action as people say it: “Create ticket, run 17, ticket 128926”."""
    verb = entry.action.rpartition(".")[2].replace("_", " ")
    thing = entry.action.rpartition(".")[0].rpartition(".")[2].replace("_", " ")
    of = " ".join(entry.record.split(":", 1)) or thing
    return ", ".join(part for part in (verb.capitalize(), of, entry.vendor_record) if part)
