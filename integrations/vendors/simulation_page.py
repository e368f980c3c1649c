"""A simulator's page for people: what is there, and what happened. Every word on it is escaped; it runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from integrations.vendors.simulation import Call

SHOWN = 200  # newest calls
LONGEST = 400  # characters of one cell
_STYLE = (
    "body{font:15px/1.4 system-ui,sans-serif;margin:2rem;color:#222;background:#fff}"
    "table{border-collapse:collapse;margin:.5rem 0 2rem}"
    "td,th{padding:.3rem .7rem;text-align:left;vertical-align:top;border-bottom:1px solid #ddd}"
    "td{white-space:pre-wrap;overflow-wrap:break-word;max-width:40rem}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}}"
)
Table = tuple[Sequence[str], Iterable[Mapping[str, Any]]]  # columns, and the rows by column
_CALLS = ("number", "arrived", "method", "path", "body", "answer", "carried out", "fault")


def people_page(title: str, tables: Mapping[str, Table]) -> str:
    """A whole HTML page; each table under its heading."""
    parts = [_table(heading, columns, list(rows)) for heading, (columns, rows) in tables.items()]
    name = escape(title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>'
        f"<h1>{name}</h1>{''.join(parts)}</html>"
    )


def ledger_table(calls: Sequence[Call]) -> Table:
    """The newest calls, newest first."""
    rows = [
        {
            "number": call.number,
            "arrived": call.arrived[11:23],
            "method": call.method,
            "path": call.path,
            "body": call.body,
            "answer": "none" if call.status is None else call.status,
            "carried out": "yes" if call.committed else "",
            "fault": call.fault + (f" held back {call.delay} s" if call.delay else ""),
        }
        for call in reversed(calls[-SHOWN:])
    ]
    return _CALLS, rows


def _table(heading: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return f"<h2>{escape(heading)}</h2><p>Nothing yet.</p>"
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(row.get(column)))}</td>" for column in columns) + "</tr>" for row in rows
    )
    return f"<h2>{escape(heading)} ({len(rows)})</h2><table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"
