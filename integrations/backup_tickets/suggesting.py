"""Proposing Autotask companies for customers that are not mapped, by the likeness of names.

A job reads the active companies, compares the customers with them and stores proposals; how far it is, is kept with
each page, so it goes on where it was stopped or died. A person confirms or refuses each proposal, one by one or many.
Nothing is ever mapped by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import jobs, long_jobs
from integrations.core.jobs import Claim
from integrations.core.long_jobs import Slice
from integrations.core.models import Client, Job, User
from integrations.core.opening import open_connection
from integrations.transport.errors import ConflictError, VendorError
from integrations.vendors.autotask.api import AutotaskApi

from .companies import connection_for, store_mapping
from .likeness import Companies, Name
from .models import CompanyLook, CompanySuggestion, Customer, SeenCompany
from .setup import is_on, setup_of, why_off

KIND = "backup_tickets.suggest_companies"
JOBS = (KIND,)
AT_ONCE = 200  # proposals confirmed by one click: one call to Autotask
COMPARED_AT_ONCE = 20  # customers; with 100,000 companies about a second
FRESH = timedelta(hours=12)  # a look that was stopped is gone on with; later the companies are read anew


class Confirmed(NamedTuple):
    """What came of one proposal, in a sentence."""

    done: bool
    sentence: str


def open_suggestions(user: User) -> QuerySet[CompanySuggestion]:
    """Proposals this person may decide: of customers that are still not mapped, the likest first."""
    found: QuerySet[CompanySuggestion] = CompanySuggestion.objects.visible_to(user)
    waiting = found.filter(is_refused=False, customer__mapping__isnull=True)
    return waiting.select_related("customer__client").order_by("-likeness", "customer__name", "pk")


# --- looking ----------------------------------------------------------------------------------------------------------


def ask(user: User) -> list[Job]:
    """Have the companies read for every client of this person that has unmapped customers and a working set-up."""
    return [ask_for(client, user=user) for client in lookable(Client.objects.visible_to(user))]


def lookable(clients: QuerySet[Client]) -> list[Client]:
    """Those of them that have unmapped customers and a working set-up."""
    unmapped = clients.filter(customers__mapping__isnull=True, customers__isnull=False)
    return [client for client in unmapped.distinct().order_by("pk") if is_on(client)]


def ask_for(client: Client, *, user: User | None = None) -> Job:
    """Have a job look, or go on where a look of today was stopped; the job that is at work already, if one is. None: at
    the command line."""
    with transaction.atomic():
        Client.objects.select_for_update(no_key=True).get(pk=client.pk)  # one after the other
        if (job := long_jobs.at_work(JOBS, client.pk)) is not None:
            return job
        if unfinished(client) is None:
            _begin(client)
        return jobs.enqueue(KIND, client.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)


def unfinished(client: Client) -> CompanyLook | None:
    """The look that was stopped, or ended with an error, before its end, and is not too old to go on with."""
    recent = CompanyLook.objects.filter(client=client, finished_at=None, begun_at__gt=timezone.now() - FRESH)
    found: CompanyLook | None = recent.first()
    return found


def _begin(client: Client) -> CompanyLook:
    CompanyLook.objects.filter(client=client).delete()
    made: CompanyLook = CompanyLook.objects.create(client=client)
    return made


def suggest_companies(claim: Claim, client_id: int) -> str:
    """Job: read the active companies and propose the likest for each unmapped customer of the client."""
    client = Client.objects.get(pk=client_id)
    if off := why_off(setup_of(client)):
        return off
    first = _unmapped(client).first()
    if first is None:
        return _("Every customer is mapped.")
    look, share = CompanyLook.objects.filter(client=client).first() or _begin(client), Slice(claim)
    if look.read_at is None:
        source, record = "suggest companies", f"client:{client.pk}"
        with open_connection(connection_for(first), source=source, record=record, guard=claim.check) as api:
            _read(api, look, share)
    if look.finished_at is None:
        _compare(look, share)
    said = _("{read} companies read, {proposed} proposed for {unmapped} unmapped.")
    return said.format(read=f"{look.companies:,}", proposed=f"{look.proposed:,}", unmapped=f"{look.customers:,}")


def _unmapped(client: Client) -> QuerySet[Customer]:
    found: QuerySet[Customer] = Customer.objects.filter(client=client, mapping__isnull=True).order_by("pk")
    return found


def _read(api: AutotaskApi, look: CompanyLook, share: Slice) -> None:
    """The companies that were not read yet, a page at a time."""
    while look.read_at is None:
        page, last = api.active_companies(look.last_company)
        with transaction.atomic():
            rows = [SeenCompany(look=look, number=one.id, name=one.name[:200]) for one in page]
            SeenCompany.objects.bulk_create(rows, ignore_conflicts=True)
            read_at = timezone.now() if last is None else None
            _keep(look, companies=look.companies + len(page), last_company=last, read_at=read_at)
        share.tell(_("{read} companies read.").format(read=f"{look.companies:,}"), done=look.companies)


def _compare(look: CompanyLook, share: Slice) -> None:
    """The customers that were not compared yet, some at a time."""
    seen = look.seen.order_by("number").values_list("number", "name")
    companies = Companies(Name(number, name) for number, name in seen)
    waiting = _unmapped(look.client)
    while some := list(waiting.filter(pk__gt=look.last_customer)[:COMPARED_AT_ONCE]):
        with transaction.atomic():
            proposed = look.proposed + _store(some, companies)
            _keep(look, customers=look.customers + len(some), last_customer=some[-1].pk, proposed=proposed)
        total = look.customers + waiting.filter(pk__gt=look.last_customer).count()  # some may have come meanwhile
        said = _("{read} companies read, {done} of {total} customers compared with them.").format(
            read=f"{look.companies:,}", done=f"{look.customers:,}", total=f"{total:,}"
        )
        share.tell(said, done=look.customers, total=total)
    with transaction.atomic():
        CompanySuggestion.objects.filter(
            customer__client=look.client, customer__mapping__isnull=False, is_refused=False
        ).delete()
        look.seen.all().delete()
        _keep(look, finished_at=timezone.now())


def _keep(look: CompanyLook, **values: Any) -> None:
    """Raises ConflictError when another look took the place of this one."""
    if not CompanyLook.objects.filter(pk=look.pk, begun_at=look.begun_at).update(**values):
        raise ConflictError(_("The companies are being read anew; this look ends."))
    for name, value in values.items():
        setattr(look, name, value)


def _store(some: list[Customer], companies: Companies) -> int:
    """New proposals for these customers in place of those that nobody refused; how many."""
    refused: dict[int, set[int]] = defaultdict(set)
    known = CompanySuggestion.objects.filter(customer__in=some)
    for customer_id, company_id in known.filter(is_refused=True).values_list("customer", "company_id"):
        refused[customer_id].add(company_id)
    matches = {row: companies.best(row.name, without=frozenset(refused[row.pk])) for row in some}
    rows = [
        CompanySuggestion(customer=row, company_id=match.id, company_name=match.name[:200], likeness=match.likeness)
        for row, match in matches.items()
        if match is not None
    ]
    known.filter(is_refused=False).delete()
    CompanySuggestion.objects.bulk_create(rows, ignore_conflicts=True)  # one of them may be refused just now
    return len(rows)


# --- deciding ---------------------------------------------------------------------------------------------------------


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
