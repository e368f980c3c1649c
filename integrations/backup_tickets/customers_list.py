"""The customers to look at, a page at a time, each with how it stands. Pages are keyed by (name, id)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from integrations.core.models import User
from integrations.core.prewritten import Prewritten, slot
from integrations.texts import Text

from .models import BackupJob, CompanyMapping, Customer, Run, TicketLink

PAGE = 50
FEW = 5  # customers whose runs are found first, so that SQLite does not look up the run of everybody's open tickets
NOT_MAPPED = "none"
MAPPINGS: dict[str, Text] = {
    NOT_MAPPED: _("Not mapped"),
    **{value: capfirst(label) for value, label in CompanyMapping.Status.choices},
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


class Row(NamedTuple):
    """One customer with its figures: what `COLUMNS` reads, and a count."""

    pk: int
    name: str
    client_id: int
    client: str
    mapping: str | None  # its state; None without one
    cause: str
    company_id: int
    company: str
    jobs: int
    attention: int
    open_tickets: int


COLUMNS = (
    *("pk", "name", "client_id", "client__name"),
    *("mapping__status", "mapping__cause", "mapping__company_id", "mapping__company_name"),
    *("job_count", "attention_count"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `before` and `after` are the ids of the customers at its ends, 0 where there is nothing beyond."""

    rows: list[Row]
    before: int = 0
    after: int = 0


def page(user: User, filters: Filters, *, after: int = 0, before: int = 0) -> Page:
    """The page that follows (or precedes) this customer; the first one without, or when nothing does."""
    end = after or before
    backwards = bool(before and not after)
    is_number = filters.q.isascii() and filters.q.isdecimal() and len(filters.q) < 19
    wanted = _Wanted(
        user_id=0 if user.all_clients else user.pk,
        mapping=filters.mapping,
        of_client=bool(filters.client),
        text=bool(filters.q),
        number=is_number,
        place="" if not end else "before" if backwards else "after",
    )
    number = int(filters.q) if is_number else 0
    fetched = _statement(wanted).rows(text=filters.q, number=number, client=filters.client, end=end)
    more, fetched = len(fetched) > PAGE, fetched[:PAGE]
    if backwards:
        fetched.reverse()
    if not fetched:
        return page(user, filters) if end else Page([])
    earlier = more if backwards else bool(end)
    later = backwards or more
    open_tickets = open_tickets_of(pk for pk, *_ in fetched)
    rows = [Row._make((*values, open_tickets.get(values[0], 0))) for values in fetched]
    return Page(rows, rows[0].pk if earlier else 0, rows[-1].pk if later else 0)


class _Wanted(NamedTuple):
    """What a statement depends on besides its values: who may see (0: one who sees all), and which conditions."""

    user_id: int
    mapping: str
    of_client: bool
    text: bool
    number: bool
    place: str  # before or after a customer; empty: the first page


@lru_cache(maxsize=256)
def _statement(wanted: _Wanted) -> Prewritten:
    """`COLUMNS` of a page of the customers this person may see and asked for, by name, and one more."""
    user = User(pk=wanted.user_id, all_clients=not wanted.user_id)
    visible = Customer.objects.visible_to(user)
    found = visible.order_by("name", "pk")
    if wanted.mapping == NOT_MAPPED:
        found = found.filter(mapping__isnull=True)
    elif wanted.mapping:
        found = found.filter(mapping__status=wanted.mapping)
    if wanted.of_client:
        found = found.filter(client=slot("client"))
    if wanted.text:
        found = found.filter(_search(number=wanted.number))
    end = slot("end")
    name = Subquery(visible.filter(pk=end).values("name")[:1])
    if wanted.place == "before":
        found = found.filter(Q(name__lt=name) | Q(name=name, pk__lt=end)).order_by("-name", "-pk")
    elif wanted.place == "after":
        found = found.filter(Q(name__gt=name) | Q(name=name, pk__gt=end))
    return Prewritten(found.annotate(**_figures()).values_list(*COLUMNS)[: PAGE + 1])


def _search(*, number: bool) -> Q:
    text = slot("text")
    wanted = Q(name__icontains=text) | Q(mapping__company_name__icontains=text) | Q(client__name__icontains=text)
    return wanted | Q(mapping__company_id=slot("number")) if number else wanted


@cache
def _figures() -> dict[str, Coalesce]:
    """Of a customer how many jobs it has, and how many of its runs need attention."""
    waiting = Run.objects.filter(job__customer=OuterRef("pk"), needs_attention=True)
    return {
        "job_count": _counted(BackupJob.objects.filter(customer=OuterRef("pk")), "customer"),
        "attention_count": _counted(waiting, "job__customer"),
    }


def _counted(rows: QuerySet[BackupJob] | QuerySet[Run], group: str) -> Coalesce:
    per_customer = rows.order_by().values(group).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(per_customer), 0, output_field=IntegerField())


def open_tickets_of(customer_ids: Iterable[int]) -> dict[int, int]:
    """How many open tickets each of these customers has; one ticket that serves several runs counts once."""
    ids = list(customer_ids)
    places = FEW if len(ids) <= FEW else PAGE
    counted: dict[int, int] = {}
    for start in range(0, len(ids), places):
        asked = ids[start : start + places]
        padded = asked + [0] * (places - len(asked))
        counted.update(_open_tickets(places).rows(**{f"id{n}": pk for n, pk in enumerate(padded)}))
    return counted


@cache
def _open_tickets(places: int) -> Prewritten:
    """(customer, how many) of as many customers as there are places; no customer has the id 0."""
    ids: Any = [slot(f"id{n}") for n in range(places)]
    links = TicketLink.objects.filter(state=TicketLink.State.ACTIVE)
    if places <= FEW:
        links = links.filter(run__in=Run.objects.filter(job__customer__pk__in=ids).order_by().values("pk"))
    else:
        links = links.filter(run__job__customer__pk__in=ids)
    counted = links.order_by().values_list("run__job__customer")
    return Prewritten(counted.annotate(count=Count("ticket", distinct=True)))
