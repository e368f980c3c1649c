"""Which Autotask company a customer is: searched in Autotask, chosen and confirmed by a person, checked later."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from integrations.core import audit
from integrations.core.models import AuditEntry, Connection, User
from integrations.core.opening import open_connection
from integrations.transport.errors import ConfigurationError
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.schemas import Company

from .mapping_check import judged
from .models import CompanyMapping, Customer, TicketLink
from .setup import setup_of

SHORTEST_SEARCH = 2  # characters; less would list half of Autotask


def search_companies(customer: Customer, text: str, *, user: User) -> Sequence[Company]:
    """Active companies whose name contains the text, at most 25; empty for too short a text. Raises `VendorError`."""
    if len(text.strip()) < SHORTEST_SEARCH:
        return []
    with _open(customer, user=user) as api:
        found: Sequence[Company] = api.search_companies(text.strip(), limit=25)
    return found


def confirm_mapping(customer: Customer, company_id: int, *, user: User) -> CompanyMapping:
    """Store this company as the customer's, after reading it from Autotask. Id 0 is valid (the provider's own company).

    Raises `NotFoundError` for an id Autotask does not know, `ConfigurationError` for an inactive company.
    """
    with _open(customer, user=user) as api:
        company = api.get_company(company_id)
    if not company.is_active:
        raise ConfigurationError(
            gettext("{company} is inactive in Autotask; choose an active company.").format(company=company.name)
        )
    return store_mapping(customer, company, user=user)


def store_mapping(customer: Customer, company: Company, *, user: User) -> CompanyMapping:
    """A person confirmed this active company, which was just read from Autotask, for the customer."""
    with transaction.atomic():
        mapping, _ = CompanyMapping.objects.update_or_create(
            customer=customer,
            defaults={
                "company_id": company.id,
                "company_name": company.name,
                "status": CompanyMapping.Status.OK,
                "cause": "",
                "checked_at": timezone.now(),
                "confirmed_by": user,
            },
        )
        said = gettext("{customer} is {company} ({id}).")
        said = said.format(customer=customer, company=company.name, id=company.id)
        _audited(customer, user, "backup_tickets.confirm_mapping", said)
    return mapping


def check_mapping(mapping: CompanyMapping, *, user: User) -> CompanyMapping:
    """Read the mapped company again: a new name is noted, an inactive company blocks tickets. Raises `VendorError`.

    A company that is not found is not marked here: one read alone may mean lost access.
    """
    with _open(mapping.customer, user=user) as api:
        company = api.get_company(mapping.company_id)
    mapping.status, mapping.cause = judged(mapping, company)
    mapping.company_name = company.name
    mapping.checked_at = timezone.now()
    mapping.save()
    return mapping


def acknowledge_rename(mapping: CompanyMapping, *, user: User) -> bool:
    """A person has seen the company's new name; False when there was nothing to acknowledge."""
    renamed = CompanyMapping.objects.filter(pk=mapping.pk, status=CompanyMapping.Status.RENAMED)
    row = renamed.select_related("customer__client").first()
    if row is None:
        return False
    with transaction.atomic():
        row.status, row.cause = CompanyMapping.Status.OK, ""
        row.save()
        said = gettext("The new name is {company}.").format(company=row.company_name)
        _audited(row.customer, user, "backup_tickets.acknowledge_rename", said)
    return True


def reach_of(customer: Customer) -> str:
    """What a broken mapping of this customer affects, for a sentence: `14 jobs, 3 open tickets`."""
    jobs = customer.jobs.count()
    links = TicketLink.objects.filter(run__job__customer=customer, state=TicketLink.State.ACTIVE)
    tickets = links.values("ticket").distinct().count()
    of_jobs = ngettext("{n} job", "{n} jobs", jobs).format(n=jobs)
    of_tickets = ngettext("{n} open ticket", "{n} open tickets", tickets).format(n=tickets)
    return f"{of_jobs}, {of_tickets}"


def connection_for(customer: Customer) -> Connection:
    """The Autotask connection of the customer's client. Raises `ConfigurationError` when calls may not go out."""
    setup = setup_of(customer.client)
    if setup is None or setup.connection is None:
        said = gettext("No Autotask connection is set up for {client}.")
        raise ConfigurationError(said.format(client=customer.client))
    if not setup.integration.is_enabled:
        said = gettext("The Autotask integration of {client} is switched off.")
        raise ConfigurationError(said.format(client=customer.client))
    return setup.connection


def _open(customer: Customer, *, user: User) -> AbstractContextManager[AutotaskApi]:
    return open_connection(
        connection_for(customer),
        source="company mapping",
        user=user,
        record=f"customer:{customer.pk}",
        interactive=True,
    )


def _audited(customer: Customer, user: User, action: str, detail: str) -> None:
    entry = audit.begin(action, user=user, client=customer.client, record=f"customer:{customer.pk}", detail=detail)
    audit.finish(entry, AuditEntry.Outcome.DONE, detail=detail)
