"""What waits for a person around tickets, for the page about failures. Nothing here ever creates a ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import OuterRef, Q, Subquery, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from integrations.core import jobs
from integrations.core.failures.source import UNKNOWN, Act, Column, Explanation, FailureSource, Link, columns, each
from integrations.core.models import Integration, Job, User

from . import permissions
from .models import CompanyMapping, TicketLink
from .work_lists import CHECKING, LOST

KIND, RECOVER = "backup_tickets", "backup_tickets.recover_creation"

_DELETED = Explanation(
    _("ticket deleted"),
    _(
        "The ticket was deleted in Autotask, and its run still needs attention. A second look, while other tickets "
        "could be read, did not find it either."
    ),
    _("Open the run: create a ticket anew, link another one, or say that none is needed."),
    "warning",
)
_NOT_CREATED = Explanation(
    _("ticket not created"),
    _("A ticket was asked for and is not there: Autotask refused it, or nothing was found under its key."),
    _(
        "Open the run, mend what the sentence says, and create it again. That is a person's decision and never done "
        "for you."
    ),
)
_MAPPING = Explanation(
    _("company mapping broken"),
    _("The Autotask company of this customer is gone, inactive, or not readable, so no ticket can be created for it."),
    _("Open the customer and choose the right company."),
)


def _integration(client: str) -> Subquery:
    """The client's integration of this kind."""
    return Subquery(Integration.objects.filter(client=OuterRef(client), kind=KIND).values("pk")[:1])


def _run(row: Any) -> Link:
    return Link(str(row.run), reverse("admin:backup_tickets_run_change", args=[row.run_id]))


def _customer(row: Any) -> Link:
    return Link(str(row.customer), reverse("admin:backup_tickets_customer_change", args=[row.customer_id]))


def _check_now(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    for row in rows:
        jobs.enqueue(RECOVER, row.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)
    return {}


_CHECK = Act(
    "check",
    _("Check now"),
    permissions.LINK_TICKET,
    _("The key of each attempt is looked up in Autotask now. Found, its ticket is adopted. Nothing is sent again."),
    _("Its key is looked up now; the run's page says what was found."),
    _check_now,
    unknown="only",
)
_OF_LINK: dict[str, Column] = {"client": "run__client_id", "integration": _integration("run__client")}
_RUN = ("run__job__customer",)

FAILURES = (
    FailureSource(
        slug="backup_tickets.checking",
        one=_("ticket being checked"),
        many=_("tickets being checked"),
        permission=permissions.VIEW_RUN,
        model=TicketLink,
        columns=columns(**_OF_LINK, cause=Value(UNKNOWN), sentence="cause", since="created_at"),
        waits=lambda: CHECKING,
        show=each(_run),
        acts=(_CHECK,),
        audited=("backup_tickets.create_ticket",),
        related=_RUN,
    ),
    FailureSource(
        slug="backup_tickets.deleted",
        one=_("deleted ticket"),
        many=_("deleted tickets"),
        permission=permissions.VIEW_RUN,
        model=TicketLink,
        columns=columns(**_OF_LINK, cause=Value("deleted"), sentence="cause", since="created_at"),
        waits=lambda: LOST,
        show=each(_run),
        explanations={"deleted": _DELETED},
        related=_RUN,
    ),
    FailureSource(
        slug="backup_tickets.not_created",
        one=_("ticket that was not created"),
        many=_("tickets that were not created"),
        permission=permissions.VIEW_RUN,
        model=TicketLink,
        columns=columns(**_OF_LINK, cause=Value("not_created"), sentence="cause", since="created_at"),
        waits=lambda: Q(state=TicketLink.State.ABANDONED, run__needs_attention=True),
        show=each(_run),
        explanations={"not_created": _NOT_CREATED},
        related=_RUN,
    ),
    FailureSource(
        slug="backup_tickets.mappings",
        one=_("customer"),
        many=_("customers"),
        label=_("customers whose company is broken"),
        permission=permissions.VIEW_CUSTOMER,
        model=CompanyMapping,
        columns=columns(
            client="customer__client_id",
            integration=_integration("customer__client"),
            cause=Value("mapping"),
            sentence="cause",
            since="checked_at",
        ),
        waits=lambda: Q(status__in=(CompanyMapping.Status.MISSING, CompanyMapping.Status.INVALID)),
        show=each(_customer),
        explanations={"mapping": _MAPPING},
        related=("customer",),
    ),
)
