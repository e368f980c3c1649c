"""Pairs that wait for a person, for the page about failures: parked ones, and those whose twin is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from integrations.core import audit
from integrations.core.failures.source import Act, Column, Explanation, FailureSource, Link, columns, each
from integrations.core.models import AuditEntry, RecordLink, User

from . import pairs
from .models import Pair

_PARKED = Explanation(
    _("parked"),
    _("Nothing is written to this pair: it was written to so often that it may go in circles, or a person parked it."),
    _("Look at what both sides do with the ticket, such as a trigger that undoes a change. Then resume it."),
)
_MISSING = Explanation(
    _("twin gone"),
    _("One ticket of the pair is not there any more, though others could be read in the same pass."),
    _(
        "Open the pair: relink it to another ticket, or have a new twin made. Where it was deleted on purpose, park "
        "the pair."
    ),
    "warning",
)
_OF_PAIR: dict[str, Column] = {
    "client": "integration__client_id",
    "integration": "integration_id",
    "what": Value("reconcile"),
}


def _page(row: Any) -> Link:
    return Link(str(row), reverse("admin:itop_bridge_pair_change", args=[row.pk]))


def _resume(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    for row in rows:
        entry = audit.begin("bridge.resume", user=user, client=row.integration.client, record=f"pair:{row.pk}")
        pairs.resume(row.link)
        audit.finish(entry, AuditEntry.Outcome.DONE)
    return {}


FAILURES = (
    FailureSource(
        slug="itop_bridge.parked",
        one=_("parked pair"),
        many=_("parked pairs"),
        permission="itop_bridge.view_pair",
        model=Pair,
        columns=columns(**_OF_PAIR, cause=Value("parked"), sentence="parked_why", since="parked_at"),
        waits=lambda: Q(parked_at__isnull=False) & ~Q(link__state=RecordLink.State.REPLACED),
        show=each(_page),
        explanations={"parked": _PARKED},
        tells_of="ParkedError",
        acts=(
            Act(
                "retry",
                _("Resume"),
                "itop_bridge.change_pair",
                _(
                    "The next run brings both tickets of each pair to agreement again; their writes are counted from "
                    "here."
                ),
                _("It is looked at again by the next run."),
                _resume,
            ),
        ),
        related=("link", "integration__client"),
    ),
    FailureSource(
        slug="itop_bridge.missing",
        one=_("pair without a twin"),
        many=_("pairs without a twin"),
        permission="itop_bridge.view_pair",
        model=Pair,
        columns=columns(**_OF_PAIR, cause=Value("missing"), sentence="link__cause", since=""),
        waits=lambda: Q(link__state=RecordLink.State.MISSING),
        show=each(_page),
        explanations={"missing": _MISSING},
        related=("link",),
    ),
)
