"""Proposing Autotask companies for customers that are not mapped, by the likeness of names.

A job reads the active companies and stores proposals; a person confirms or refuses each, one by one or many. Nothing is
ever mapped by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import jobs
from integrations.core.jobs import Claim
from integrations.core.models import Client, Job, User
from integrations.core.opening import open_connection
from integrations.transport.errors import VendorError

from .companies import connection_for, store_mapping
from .likeness import Companies, Name
from .models import CompanySuggestion, Customer
from .setup import is_on, setup_of, why_off

KIND = "backup_tickets.suggest_companies"
AT_ONCE = 200  # proposals confirmed by one click: one call to Autotask


class Confirmed(NamedTuple):
    """What came of one proposal, in a sentence."""

    done: bool
    sentence: str


def open_suggestions(user: User) -> QuerySet[CompanySuggestion]:
    """Proposals this person may decide: of customers that are still not mapped, the likest first."""
    found: QuerySet[CompanySuggestion] = CompanySuggestion.objects.visible_to(user)
    waiting = found.filter(is_refused=False, customer__mapping__isnull=True)
    return waiting.select_related("customer__client").order_by("-likeness", "customer__name", "pk")


def ask(user: User) -> list[Job]:
    """Have the companies read for every client of this person that has unmapped customers and a working set-up."""
    clients = Client.objects.visible_to(user).filter(customers__mapping__isnull=True, customers__isnull=False)
    return [
        jobs.enqueue(KIND, client.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)
        for client in clients.distinct().order_by("pk")
        if is_on(client)
    ]


def suggest_companies(claim: Claim, client_id: int) -> str:
    """Job: read the active companies and propose the likest for each unmapped customer of the client."""
    client = Client.objects.get(pk=client_id)
    if off := why_off(setup_of(client)):
        return off
    unmapped = list(Customer.objects.filter(client=client, mapping__isnull=True).order_by("pk"))
    if not unmapped:
        return _("Every customer is mapped.")
    with open_connection(
        connection_for(unmapped[0]), source="suggest companies", record=f"client:{client.pk}", guard=claim.check
    ) as api:
        companies = Companies(Name(company.id, company.name) for company in api.active_companies())
    made = _store(client, unmapped, companies)
    said = _("{read} companies read, {proposed} proposed for {unmapped} unmapped.")
    return said.format(read=f"{companies.count:,}", proposed=f"{made:,}", unmapped=f"{len(unmapped):,}")


def _store(client: Client, unmapped: list[Customer], companies: Companies) -> int:
    refused: dict[int, set[int]] = defaultdict(set)
    known = CompanySuggestion.objects.filter(customer__client=client)
    for customer_id, company_id in known.filter(is_refused=True).values_list("customer", "company_id"):
        refused[customer_id].add(company_id)
    matches = {row: companies.best(row.name, without=frozenset(refused[row.pk])) for row in unmapped}
    rows = [
        CompanySuggestion(customer=row, company_id=match.id, company_name=match.name[:200], likeness=match.likeness)
        for row, match in matches.items()
        if match is not None
    ]
    with transaction.atomic():
        known.filter(is_refused=False).delete()
        CompanySuggestion.objects.bulk_create(rows)
    return len(rows)


def confirm(suggestion_ids: Iterable[int], *, user: User) -> list[Confirmed]:
    """Map the customers of these proposals, after reading each company again, in one call for each client.

    At most `AT_ONCE`. What another person has decided meanwhile is left alone.
    """
    chosen = list(open_suggestions(user).filter(pk__in=list(suggestion_ids)[:AT_ONCE]))
    by_client: dict[Client, list[CompanySuggestion]] = defaultdict(list)
    for row in chosen:
        by_client[row.customer.client].append(row)
    return [result for rows in by_client.values() for result in _confirm(rows, user)]


def _confirm(rows: list[CompanySuggestion], user: User) -> list[Confirmed]:
    try:
        with open_connection(
            connection_for(rows[0].customer), source="company mapping", user=user, interactive=True
        ) as api:
            found = {company.id: company for company in api.companies_by_id(row.company_id for row in rows)}
    except VendorError as error:
        said = _("{customer}: nothing was changed. {why}")
        return [Confirmed(False, said.format(customer=row.customer, why=error.message)) for row in rows]
    results = []
    for row in rows:
        company = found.get(row.company_id)
        if company is None or not company.is_active:
            said = _("{customer}: Autotask has no active {company} any more.")
            results.append(Confirmed(False, said.format(customer=row.customer, company=row.company_name)))
            continue
        store_mapping(row.customer, company, user=user)
        said = _("{customer} is now {company} ({id}) in Autotask.")
        results.append(Confirmed(True, said.format(customer=row.customer, company=company.name, id=company.id)))
    return results


def refuse(suggestion_ids: Iterable[int], *, user: User) -> int:
    """These are not the companies: they are not proposed for their customers again."""
    wanted = CompanySuggestion.objects.visible_to(user).filter(pk__in=list(suggestion_ids), is_refused=False)
    return int(wanted.update(is_refused=True, refused_by=user, refused_at=timezone.now()))
