"""The rows of Run Checks as HTML. Drawn here and not in the template: fifty rows are most of the page's time (M9)."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from integrations.backup_tickets.checks_list import Row, ShownLink

ICONS = {"success": "check_circle", "warning": "warning", "error": "error", "missed": "event_busy"}
TONES = {"success": "p-good", "warning": "p-warning", "error": "p-bad", "missed": "p-bad"}
REASON_SHOWN = 120
NOTHING = SafeString("")

_ROW = (
    '<tr data-row>{select}<td data-label="Status"><span class="p-label {tone}">'
    '<span class="material-symbols-outlined rc-icon" aria-hidden="true">{icon}</span>{status}</span></td>'
    '<td data-label="Customer" class="rc-customer">{customer}</td>'
    '<td data-label="Job" class="rc-job"><a class="p-link" href="{url}" data-open>{job}</a>{kind}</td>'
    '<td data-label="Started" class="rc-time"><time datetime="{instant}" title="{zone}">{started}</time></td>'
    '<td data-label="Remark" class="rc-remark{no_remark}">'
    '<span class="rc-line" title="{remark}">{remark_shown}</span></td>'
    '<td data-label="Ticket" class="rc-ticket{no_ticket}">{ticket}</td></tr>'
)
_OUTSIDE = '<a class="p-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>'
_SELECT = (
    '<td data-label="Select" class="rc-select">'
    '<input type="checkbox" name="run" value="{}" aria-label="Select {} · {}"></td>'
)


def rows_html(rows: Iterable[Row], *, selectable: bool) -> SafeString:
    """The body of the table; everything that others wrote is escaped."""
    page = reverse("admin:backup_tickets_run_changelist")
    return format_html_join("", "{}", ((_row(row, page, selectable=selectable),) for row in rows))


def _row(row: Row, page: str, *, selectable: bool) -> SafeString:
    run, job = row.run, row.run.job
    started = run.started_at.astimezone(row.zone)
    remark: str = run.remark_start  # type: ignore[attr-defined]  # annotated
    ticket = _ticket(row)
    return format_html(
        _ROW,
        select=format_html(_SELECT, run.pk, job.customer.name, job.name) if selectable else NOTHING,
        tone=TONES[run.status],
        icon=ICONS[run.status],
        status=run.status,
        customer=job.customer.name,
        url=f"{page}{run.pk}/change/",
        job=job.name,
        kind=format_html('<span class="p-muted rc-type">{}</span>', job.backup_type) if job.backup_type else NOTHING,
        instant=started.isoformat(),
        zone=str(row.zone),
        started=format_date(started, "j M Y H:i"),
        no_remark="" if remark else " rc-nothing",
        remark=remark,
        remark_shown=remark or "–",
        no_ticket="" if ticket else " rc-nothing",
        ticket=ticket or "–",
    )


def _ticket(row: Row) -> SafeString:
    """The last cell: the ticket, or why the run has none; empty when neither."""
    run = row.run
    if row.link is not None:
        return format_html('{} <span class="p-muted">{}</span>', _number(row.link), row.link.label)
    if run.manual_ticket_number:
        return format_html('{} <span class="p-muted">by hand</span>', run.manual_ticket_number)
    if run.reviewed_at:
        day = format_date(run.reviewed_at.astimezone(row.zone), "j M")
        reason = (
            format_html("<br>{}", Truncator(run.review_reason).chars(REASON_SHOWN)) if run.review_reason else NOTHING
        )
        return format_html('<span class="p-muted">no ticket needed: {}, {}{}</span>', run.reviewed_by, day, reason)
    if run.superseded_by_id:
        return SafeString('<span class="p-muted">a later run succeeded</span>')
    return NOTHING


def _number(link: ShownLink) -> SafeString:
    if not link.url or link.state == "deleted":
        return format_html("{}", link.number)
    return format_html(
        '<a class="p-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>', link.url, link.number
    )
