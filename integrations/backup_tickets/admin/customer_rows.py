"""The rows of the customer list as HTML. Drawn here and not in the template: they are most of the page's time (M9)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from django.utils.safestring import SafeString

from integrations.backup_tickets.customers_list import Row
from integrations.backup_tickets.models import CompanyMapping
from integrations.core.addresses import address_of
from integrations.core.markup import NOTHING, filled, joined

TONES = {
    CompanyMapping.Status.OK: "good",
    CompanyMapping.Status.RENAMED: "info",
    CompanyMapping.Status.MISSING: "bad",
    CompanyMapping.Status.INVALID: "bad",
}
LABELS = dict(CompanyMapping.Status.choices)

_ROW = (
    '<tr><td data-label="Customer"><a class="p-link" href="{url}">{name}</a></td>'
    '<td data-label="Client"><a href="?client={client_id}" title="Only this client">{client}</a></td>'
    '<td data-label="In Autotask"><div>{company}</div></td>'
    '<td data-label="Jobs">{jobs}</td>'
    '<td data-label="Need attention">{attention}</td>'
    '<td data-label="Open tickets">{open_tickets}</td></tr>'
)
_COMPANY = '{name} <span class="p-muted">id {id}</span>{status}'
_STATUS = ' <span class="p-label p-{tone}" title="{cause}">{status}</span>'
_NOT_MAPPED = SafeString(
    '<span class="p-label p-warning" title="No ticket can be created for this customer.">not mapped</span>'
)
_COUNT = '<a class="p-label p-{tone}" href="{url}">{count}</a>'
_NONE = SafeString('<span class="p-muted">0</span>')


def rows_html(rows: Iterable[Row]) -> SafeString:
    """The body of the table; everything that others wrote is escaped."""
    page, runs = (address_of(f"admin:backup_tickets_{name}_changelist") for name in ("customer", "run"))
    return joined(_row(row, page, runs) for row in rows)


def _row(row: Row, page: str, runs: str) -> SafeString:
    of_customer = f"customer={quote(row.name)}"
    return filled(
        _ROW,
        url=f"{page}{row.pk}/change/",
        name=row.name,
        client_id=row.client_id,
        client=row.client,
        company=_company(row),
        jobs=row.jobs,
        attention=_count(row.attention, "warning", f"{runs}?{of_customer}"),
        open_tickets=_count(row.open_tickets, "info", f"{runs}?ticket=open&{of_customer}"),
    )


def _company(row: Row) -> SafeString:
    if row.mapping is None:
        return _NOT_MAPPED
    is_well = row.mapping == CompanyMapping.Status.OK
    tone, label = TONES[CompanyMapping.Status(row.mapping)], LABELS[row.mapping]
    status = NOTHING if is_well else filled(_STATUS, tone=tone, cause=row.cause, status=label)
    return filled(_COMPANY, name=row.company, id=row.company_id, status=status)


def _count(count: int, tone: str, url: str) -> SafeString:
    return filled(_COUNT, tone=tone, url=url, count=count) if count else _NONE
