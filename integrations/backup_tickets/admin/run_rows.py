"""The rows of Run Checks as HTML. Drawn here and not in the template: fifty rows are most of the page's time (M9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from django.utils.dates import MONTHS_3
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from integrations.backup_tickets.checks_list import STATUSES, Row, ShownLink
from integrations.backup_tickets.models import TicketLink
from integrations.core.addresses import address_of
from integrations.core.markup import NOTHING, escaped, filled, joined, worded

ICONS = {"success": "check_circle", "warning": "warning", "error": "error", "missed": "event_busy"}
TONES = {"success": "p-good", "warning": "p-warning", "error": "p-bad", "missed": "p-bad"}
REASON_SHOWN = 120

_STATUS = (
    '<span class="p-label {tone}">'
    '<span class="material-symbols-outlined rc-icon" aria-hidden="true">{icon}</span>{status}</span>'
)
# Names with a capital are words of ours; the others are values.
_ROW = (
    '<tr data-row>{select}<td data-label="{Status}">{label}</td>'
    '<td data-label="{Customer}" class="rc-customer">{customer}</td>'
    '<td data-label="{Job}" class="rc-job"><a class="p-link" href="{url}" data-open>{job}</a>{kind}</td>'
    '<td data-label="{Started}" class="rc-time"><time datetime="{instant}" title="{zone}">{started}</time></td>'
    '<td data-label="{Remark}" class="rc-remark{no_remark}">'
    '<span class="rc-line" title="{remark}">{remark_shown}</span></td>'
    '<td data-label="{Ticket}" class="rc-ticket{no_ticket}">{ticket}</td></tr>'
)
_SELECT = (
    '<td data-label="{Select}" class="rc-select">'
    '<input type="checkbox" name="run" value="{pk}" aria-label="{SelectThis}"></td>'
)
_KIND = '<span class="p-muted rc-type">{kind}</span>'
_TICKET = '{number} <span class="p-muted">{state}</span>'
_NUMBER = '<a class="p-link" href="{url}" target="_blank" rel="noopener noreferrer">{number}</a>'
_REVIEWED = '<span class="p-muted">{said}{reason}</span>'
_EMPTY, _DASH = SafeString(" rc-nothing"), SafeString("–")
_SUPERSEDED = '<span class="p-muted">{said}</span>'


def rows_html(rows: Iterable[Row], *, selectable: bool) -> SafeString:
    """The body of the table; everything that others wrote is escaped."""
    page = address_of("admin:backup_tickets_run_changelist")
    words = _words()
    return joined(_row(row, page, words, selectable=selectable) for row in rows)


class _Words(NamedTuple):
    """What the rows of a page say, looked up once."""

    row: str
    select: str
    labels: dict[str, SafeString]  # by status
    months: list[str]
    by_hand: str
    reviewed: str
    superseded: SafeString


def _words() -> _Words:
    row = worded(
        _ROW,
        Status=_("Status"),
        Customer=_("Customer"),
        Job=_("Job"),
        Started=_("Started"),
        Remark=_("Remark"),
        Ticket=_("Ticket"),
    )
    return _Words(
        row,
        worded(_SELECT, Select=_("Select"), SelectThis=_("Select {customer} · {job}")),
        {s: filled(_STATUS, status=STATUSES[s], tone=TONES[s], icon=ICONS[s]) for s in ICONS},
        [MONTHS_3[number].title() for number in range(1, 13)],
        _("by hand"),
        worded(_REVIEWED, said=_("no ticket needed: {by}, {day}")),
        filled(_SUPERSEDED, said=_("a later run succeeded")),
    )


def _day(at: dt.datetime, words: _Words) -> str:
    return f"{at.day} {words.months[at.month - 1]}"


def _row(row: Row, page: str, words: _Words, *, selectable: bool) -> SafeString:
    started = row.started_at.astimezone(row.zone)
    customer, job, remark = escaped(row.customer), escaped(row.job), escaped(row.remark)
    ticket = _ticket(row, words)
    return filled(
        words.row,
        select=filled(words.select, pk=row.pk, customer=customer, job=job) if selectable else NOTHING,
        label=words.labels[row.status],
        customer=customer,
        url=f"{page}{row.pk}/change/",
        job=job,
        kind=filled(_KIND, kind=row.backup_type) if row.backup_type else NOTHING,
        instant=started.isoformat(),
        zone=row.zone,
        started=f"{_day(started, words)} {started:%Y %H:%M}",
        no_remark=NOTHING if remark else _EMPTY,
        remark=remark,
        remark_shown=remark or _DASH,
        no_ticket=NOTHING if ticket else _EMPTY,
        ticket=ticket or _DASH,
    )


def _ticket(row: Row, words: _Words) -> SafeString:
    """The last cell: the ticket, or why the run has none; empty when neither."""
    if row.link is not None:
        return filled(_TICKET, number=_number(row.link), state=row.link.label)
    if row.manual_ticket_number:
        return filled(_TICKET, number=row.manual_ticket_number, state=words.by_hand)
    if row.reviewed_at:
        at = row.reviewed_at.astimezone(row.zone)
        reason = Truncator(row.review_reason).chars(REASON_SHOWN)
        return filled(
            words.reviewed,
            by=row.reviewed_by,
            day=_day(at, words),
            reason=filled("<br>{reason}", reason=reason) if reason else NOTHING,
        )
    return words.superseded if row.superseded_by else NOTHING


def _number(link: ShownLink) -> str:
    if not link.url or link.state == TicketLink.State.DELETED:
        return link.number
    return filled(_NUMBER, url=link.url, number=link.number)
