"""The rows of the customer list as HTML. Drawn here and not in the template: they are most of the page's time (M9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from integrations.backup_tickets.customers_list import Row
from integrations.backup_tickets.models import CompanyMapping
from integrations.core.addresses import address_of
from integrations.core.markup import NOTHING, filled, joined, worded

TONES = {
    CompanyMapping.Status.OK: "good",
    CompanyMapping.Status.RENAMED: "info",
    CompanyMapping.Status.MISSING: "bad",
    CompanyMapping.Status.INVALID: "bad",
}

# Names with a capital are words of ours; the others are values.
_ROW = (
    '<tr><td data-label="{Customer}"><a class="p-link" href="{url}">{name}</a></td>'
    '<td data-label="{Client}"><a href="?client={client_id}" title="{OnlyThis}">{client}</a></td>'
    '<td data-label="{InAutotask}"><div>{company}</div></td>'
    '<td data-label="{Jobs}">{jobs}</td>'
    '<td data-label="{NeedAttention}">{attention}</td>'
    '<td data-label="{OpenTickets}">{open_tickets}</td></tr>'
)
_COMPANY = '{name} <span class="p-muted">{number}</span>{status}'
_STATUS = ' <span class="p-label p-{tone}" title="{cause}">{status}</span>'
_NOT_MAPPED = '<span class="p-label p-warning" title="{why}">{said}</span>'
_COUNT = '<a class="p-label p-{tone}" href="{url}">{count}</a>'
_NONE = SafeString('<span class="p-muted">0</span>')


def rows_html(rows: Iterable[Row]) -> SafeString:
    """The body of the table; everything that others wrote is escaped."""
    page, runs = (address_of(f"admin:backup_tickets_{name}_changelist") for name in ("customer", "run"))
    words = _words()
    return joined(_row(row, page, runs, words) for row in rows)


class _Words(NamedTuple):
    """What the rows of a page say, looked up once."""

    row: str
    company: str
    not_mapped: SafeString
    states: dict[str, str]


def _words() -> _Words:
    row = worded(
        _ROW,
        Customer=_("Customer"),
        Client=_("Client"),
        OnlyThis=_("Only this client"),
        InAutotask=_("In Autotask"),
        Jobs=_("Jobs"),
        NeedAttention=_("Need attention"),
        OpenTickets=_("Open tickets"),
    )
    why = _("No ticket can be created for this customer.")
    return _Words(
        row,
        worded(_COMPANY, number=_("id {id}")),
        filled(_NOT_MAPPED, why=why, said=_("not mapped")),
        {status.value: str(status.label) for status in CompanyMapping.Status},
    )


def _row(row: Row, page: str, runs: str, words: _Words) -> SafeString:
    of_customer = f"customer={quote(row.name)}"
    return filled(
        words.row,
        url=f"{page}{row.pk}/change/",
        name=row.name,
        client_id=row.client_id,
        client=row.client,
        company=_company(row, words),
        jobs=row.jobs,
        attention=_count(row.attention, "warning", f"{runs}?{of_customer}"),
        open_tickets=_count(row.open_tickets, "info", f"{runs}?ticket=open&{of_customer}"),
    )


def _company(row: Row, words: _Words) -> SafeString:
    if row.mapping is None:
        return words.not_mapped
    is_well = row.mapping == CompanyMapping.Status.OK
    tone, label = TONES[CompanyMapping.Status(row.mapping)], words.states[row.mapping]
    status = NOTHING if is_well else filled(_STATUS, tone=tone, cause=row.cause, status=label)
    return filled(words.company, name=row.company, id=row.company_id, status=status)


def _count(count: int, tone: str, url: str) -> SafeString:
    return filled(_COUNT, tone=tone, url=url, count=count) if count else _NONE
