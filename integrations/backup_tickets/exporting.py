"""Runs as a file for a spreadsheet. What others wrote stays text there: no cell can become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from .intake import zone_of
from .models import Run, TicketLink

LIMIT = 100_000  # rows of one file
CELL_LIMIT = 32_000  # characters a spreadsheet cell holds
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = (
    "external_id",
    "client",
    "customer",
    "job",
    "backup_type",
    "status",
    "started_at",
    "finished_at",
    "remark",
    "needs_attention",
    "reviewed_at",
    "review_reason",
    "ticket",
    "ticket_state",
)


def as_csv(runs: QuerySet[Run]) -> StreamingHttpResponse:
    """The newest runs as UTF-8 CSV with a byte order mark, which spreadsheets need; sent as it is read."""
    answer = StreamingHttpResponse(_csv_lines(runs), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="runs.csv"'
    return answer


def as_xlsx(runs: QuerySet[Run]) -> HttpResponse:
    """The newest runs as an XLSX file; every cell is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Runs")
    sheet.append(list(COLUMNS))
    for row in _rows(runs):
        sheet.append([_text_cell(sheet, value) for value in row])
    content = io.BytesIO()
    book.save(content)
    answer = HttpResponse(
        content.getvalue(), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    answer["Content-Disposition"] = 'attachment; filename="runs.xlsx"'
    return answer


def inert(value: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would calculate it."""
    return f"'{value}" if value.lstrip(" ").startswith(FORMULA_STARTS) else value


def _text_cell(sheet: Any, value: str) -> Any:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:CELL_LIMIT])
    cell.data_type = "s"
    return cell


def _csv_lines(runs: QuerySet[Run]) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)
    line.write("\ufeff")
    writer.writerow(COLUMNS)
    for row in _rows(runs):
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def _rows(runs: QuerySet[Run]) -> Iterator[list[str]]:
    links = TicketLink.objects.filter(run=OuterRef("pk")).order_by("-id")
    wanted = runs.select_related("client", "job__customer").annotate(
        ticket_number=Subquery(links.values("ticket__number")[:1]), link_state=Subquery(links.values("state")[:1])
    )
    states = dict(TicketLink.State.choices)
    for run in wanted[:LIMIT].iterator(chunk_size=1_000):
        zone = zone_of(run.client)
        times = [
            at.astimezone(zone).isoformat(timespec="seconds") if at else ""
            for at in (run.started_at, run.finished_at, run.reviewed_at)
        ]
        yield [
            inert(str(value))
            for value in (
                run.external_id,
                run.client.name,
                run.job.customer.name,
                run.job.name,
                run.job.backup_type,
                run.status,
                times[0],
                times[1],
                run.remark,
                "yes" if run.needs_attention else "no",
                times[2],
                run.review_reason,
                run.ticket_number or run.manual_ticket_number,
                states.get(run.link_state, ""),
            )
        ]
