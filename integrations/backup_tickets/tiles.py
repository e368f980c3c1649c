"""The figures of the first page: what waits for an operator, each a link to the list behind it."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from integrations.core.models import User
from integrations.core.registry import Tile

from . import permissions
from .checks_list import waiting
from .models import CompanyMapping, Customer, Ticket, TicketLink

State = TicketLink.State


def tiles(user: User) -> Iterator[Tile]:
    """What this person may see; every count is of few rows or stops early."""
    if user.has_perm(permissions.VIEW_RUN):
        yield from _of_runs(user)
    if user.has_perm(permissions.VIEW_CUSTOMER):
        yield from _of_customers(user)


def _of_runs(user: User) -> Iterator[Tile]:
    page = reverse("admin:backup_tickets_run_changelist")
    runs = waiting(user).total()
    links = TicketLink.objects.visible_to(user)
    checking = links.filter(state__in=(State.CREATING, State.UNKNOWN)).count()
    yield Tile("runs need attention", runs, page, "warning" if runs else "good")
    yield Tile("tickets being checked", checking, f"{page}?ticket=checking", "warning" if checking else "good")
    yield Tile(
        "open tickets", links.filter(state=State.ACTIVE, ticket__state=Ticket.State.OPEN).count(), f"{page}?ticket=open"
    )


def _of_customers(user: User) -> Iterator[Tile]:
    page = reverse("admin:backup_tickets_customer_changelist")
    customers = Customer.objects.visible_to(user)
    unmapped = customers.filter(mapping__isnull=True).count()
    yield Tile("customers not mapped", unmapped, f"{page}?mapping=none", "warning" if unmapped else "good")
    for status, tone in ((CompanyMapping.Status.MISSING, "bad"), (CompanyMapping.Status.INVALID, "bad")):
        if broken := customers.filter(mapping__status=status).count():
            yield Tile(f"customers {status.label}", broken, f"{page}?mapping={status}", tone)
