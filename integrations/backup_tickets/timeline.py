"""Everything that happened to a run: what core keeps of it, and what was reported and judged."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import timeline as core_timeline
from integrations.core.models import Integration, User
from integrations.core.timeline import About, Chain, Step

from .models import Run, TicketLink
from .setup import KIND

ACTIONS = {
    "backup_tickets.create_ticket": _("asked for an Autotask ticket"),
    "backup_tickets.adopt_ticket": _("found a ticket that came late"),
    "backup_tickets.report_extra_ticket": _("reported a further ticket"),
    "backup_tickets.link_ticket": _("linked an existing ticket"),
    "backup_tickets.add_note": _("wrote an internal note"),
    "backup_tickets.resolve_ticket": _("asked to resolve the ticket"),
    "backup_tickets.notice_deletion": _("noticed that the ticket is gone"),
    "backup_tickets.enter_number": _("changed the ticket number by hand"),
}


def timeline(run: Run, user: User) -> list[Chain]:
    """The newest of it, as this person may see it; for the shell."""
    links = list(run.links.select_related("ticket"))
    return core_timeline.timeline(about(run, links), user, extra=reported(run)).chains


def about(run: Run, links: list[TicketLink]) -> About:
    """The run, by our name of it, and its tickets, by Autotask's. One statement."""
    tickets = {link.ticket for link in links if link.ticket}
    integration = Integration.objects.filter(client=run.client_id, kind=KIND).values_list("pk", flat=True).first()
    return About(
        names=(f"run:{run.pk}",),
        hints=tuple(sorted((ticket.connection_id, f"ticket:{ticket.ticket_id}") for ticket in tickets)),
        integration_id=integration,
        words={action: str(said) for action, said in ACTIONS.items()},
    )


def reported(run: Run) -> Iterator[Chain]:
    """What the portal was told of the run, and what people made of it."""
    arrived = gettext("the run arrived as “{status}”").format(status=run.get_status_display())
    yield _one(Step(run.received_at, gettext("Reported"), arrived))
    if run.superseded_by:
        later = run.superseded_by
        superseded = gettext("a later run of this job succeeded")
        yield _one(Step(later.received_at, gettext("Reported"), superseded, url=page(later)))
    for review in run.reviews.select_related("by"):
        yield _one(Step(review.at, str(review.by), review.get_action_display(), review.reason))


def _one(step: Step) -> Chain:
    return Chain(step.at, (step,))


def page(run: Run) -> str:
    return reverse("admin:backup_tickets_run_change", args=[run.pk])
