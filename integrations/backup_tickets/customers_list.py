"""The customers to look at, a page at a time, each with how it stands. Pages are keyed by (name, id)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from integrations.core.models import User

from .models import BackupJob, CompanyMapping, Customer, Run, TicketLink

PAGE = 50
NOT_MAPPED = "none"
MAPPINGS = {
    NOT_MAPPED: "Not mapped",
    **{value: str(label).capitalize() for value, label in CompanyMapping.Status.choices},
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is limited to; every field is one parameter of the address, empty when not used."""

    q: str = ""
    mapping: str = ""
    client: int | None = None

    def query(self, **more: str) -> str:
        """The address's query for these filters and more."""
        values = {name: str(getattr(self, name) or "") for name in self.__slots__} | more
        return urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    """One customer with its figures."""

    customer: Customer
    mapping: CompanyMapping | None
    jobs: int
    attention: int
    open_tickets: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `before` and `after` are the ids of the customers at its ends, 0 where there is nothing beyond."""

    rows: list[Row]
    before: int = 0
    after: int = 0


def customers(user: User, filters: Filters) -> QuerySet[Customer]:
    """The customers this person may see and asked for, by name."""
    found: QuerySet[Customer] = Customer.objects.visible_to(user)
    if filters.mapping == NOT_MAPPED:
        found = found.filter(mapping__isnull=True)
    elif filters.mapping:
        found = found.filter(mapping__status=filters.mapping)
    if filters.client:
        found = found.filter(client=filters.client)
    if filters.q:
        found = found.filter(_search(filters.q))
    return found.order_by("name", "pk")


def _search(text: str) -> Q:
    wanted = Q(name__icontains=text) | Q(mapping__company_name__icontains=text) | Q(client__name__icontains=text)
    if text.isascii() and text.isdecimal() and len(text) < 19:
        wanted |= Q(mapping__company_id=int(text))
    return wanted


def page(user: User, filters: Filters, *, after: int = 0, before: int = 0) -> Page:
    """The page that follows (or precedes) this customer; the first one without, or when it is gone."""
    found = customers(user, filters)
    cut = Customer.objects.visible_to(user).filter(pk=after or before).first() if after or before else None
    if cut is not None and before and not after:
        found = found.filter(Q(name__lt=cut.name) | Q(name=cut.name, pk__lt=cut.pk)).order_by("-name", "-pk")
    elif cut is not None:
        found = found.filter(Q(name__gt=cut.name) | Q(name=cut.name, pk__gt=cut.pk))
    backwards = cut is not None and not after
    fetched = list(_with_figures(found)[: PAGE + 1])
    more, fetched = len(fetched) > PAGE, fetched[:PAGE]
    if backwards:
        fetched.reverse()
    if not fetched:
        return Page([])
    earlier = more if backwards else cut is not None
    later = backwards or more
    return Page(_rows(fetched), fetched[0].pk if earlier else 0, fetched[-1].pk if later else 0)


def _with_figures(found: QuerySet[Customer]) -> QuerySet[Customer]:
    waiting = Run.objects.filter(job__customer=OuterRef("pk"), needs_attention=True)
    return found.select_related("client", "mapping").annotate(
        job_count=_counted(BackupJob.objects.filter(customer=OuterRef("pk")), "customer"),
        attention_count=_counted(waiting, "job__customer"),
    )


def _counted(rows: QuerySet[BackupJob] | QuerySet[Run], group: str) -> Coalesce:
    per_customer = rows.order_by().values(group).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(per_customer), 0, output_field=IntegerField())


def _rows(fetched: list[Customer]) -> list[Row]:
    open_tickets = open_tickets_of(customer.pk for customer in fetched)
    return [
        Row(
            customer,
            getattr(customer, "mapping", None),
            customer.job_count,  # type: ignore[attr-defined]  # annotated
            customer.attention_count,  # type: ignore[attr-defined]
            open_tickets.get(customer.pk, 0),
        )
        for customer in fetched
    ]


def open_tickets_of(customer_ids: Iterable[int]) -> dict[int, int]:
    """How many open tickets each of these customers has; one ticket that serves several runs counts once."""
    links = TicketLink.objects.filter(state=TicketLink.State.ACTIVE, run__job__customer__in=list(customer_ids))
    counted = links.order_by().values_list("run__job__customer").annotate(count=Count("ticket", distinct=True))
    return dict(counted)
