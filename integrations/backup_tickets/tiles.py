"""The figures of the first page: what waits for an operator, each a link to the list behind it."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.core.models import User
from integrations.core.registry import Tile

from . import permissions
from .models import CompanyMapping, Customer
from .work_lists import Counts, counts


def tiles(user: User) -> Iterator[Tile]:
    """What this person may see; every count is of few rows or stops early."""
    found = counts(user)
    if user.has_perm(permissions.VIEW_RUN):
        yield from _of_runs(found)
    if user.has_perm(permissions.VIEW_CUSTOMER):
        yield from _of_customers(user, found)


def _of_runs(found: Counts) -> Iterator[Tile]:
    page = reverse("admin:backup_tickets_run_changelist")
    yield Tile(_("runs need attention"), found.needed, page, "warning" if found.needed else "good")
    yield Tile(
        _("tickets being checked"), found.checking, f"{page}?ticket=checking", "warning" if found.checking else "good"
    )
    yield Tile(_("open tickets"), found.open, f"{page}?ticket=open")
    if found.deleted:
        yield Tile(_("tickets deleted in Autotask"), found.deleted, f"{page}?ticket=deleted&show=attention", "bad")


def _of_customers(user: User, found: Counts) -> Iterator[Tile]:
    page = reverse("admin:backup_tickets_customer_changelist")
    customers = Customer.objects.visible_to(user)
    tone = "warning" if found.unmapped else "good"
    yield Tile(_("customers not mapped"), found.unmapped, f"{page}?mapping=none", tone)
    for status, label in (
        (CompanyMapping.Status.MISSING, _("customers missing or not accessible")),
        (CompanyMapping.Status.INVALID, _("customers inactive in Autotask")),
    ):
        if broken := customers.filter(mapping__status=status).count():
            yield Tile(label, broken, f"{page}?mapping={status}", "bad")
