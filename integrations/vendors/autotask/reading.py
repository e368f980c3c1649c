"""Reading records: Autotask's query language, by POST, page after page by id (keyset).

The vendor's own paging (`nextPageUrl`) wants the same body POSTed again to an address with the ids in it; asking for
`id gt <last>` needs neither and cannot skip a row. A filter that got lost would return somebody else's records, so
what comes back is compared with what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError, NotFoundError

from .schemas import WireCount, WireRow, read, read_all
from .tenant import Tenant

PAGE = 500
CHUNK = 200  # values of one `in`
OPERATORS = frozenset(  # the vendor's words
    [
        *("eq", "noteq", "gt", "gte", "lt", "lte", "beginsWith", "endsWith", "contains"),
        *("exist", "notExist", "in", "notIn", "and", "or"),
    ]
)
Row = TypeVar("Row", bound=WireRow)


def condition(field: str, op: str, value: Any = None) -> dict[str, Any]:
    """One filter condition. A misspelt operator would be ignored by the vendor and return too many rows."""
    if op not in OPERATORS:
        raise ValueError(f"unknown Autotask operator {op!r}")
    return {"op": op, "field": field} if op in ("exist", "notExist") else {"op": op, "field": field, "value": value}


def page(
    tenant: Tenant, entity: str, conditions: Sequence[dict[str, Any]], fields: Sequence[str], *, records: int
) -> list[Any]:
    """One call: at most `records` (1–500) raw rows that meet every condition, ascending by id."""
    search = {
        "MaxRecords": records,
        "IncludeFields": list(fields),
        "filter": [{"op": "and", "items": list(conditions)}],
    }
    rows = tenant.ask("POST", f"{entity}/query", json=search, about=f"search {entity}").get("items")
    if not isinstance(rows, list):
        raise MalformedResponseError(
            _("Autotask's answer to a search of {entity} has no list of items.").format(entity=entity)
        )
    return rows


def count(tenant: Tenant, entity: str, conditions: Sequence[dict[str, Any]]) -> int:
    """How many records meet every condition."""
    search = {"filter": [{"op": "and", "items": list(conditions)}]}
    return read(WireCount, tenant.ask("POST", f"{entity}/query/count", json=search, about=f"count {entity}")).count


def rows_with(
    tenant: Tenant,
    schema: type[Row],
    entity: str,
    field: str,
    values: Iterable[Any],
    fields: Sequence[str],
) -> list[Row]:
    """All records whose field is one of the values, ascending by id; one call for each 200 values and 500 rows."""
    wanted = list(dict.fromkeys(values))
    found: dict[int, Row] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        for rows in pages(tenant, entity, [condition(field, "in", chunk)], fields):
            _only_asked_for(entity, field, chunk, rows)
            found |= {row.id: row for row in read_all(schema, rows)}
    return [found[key] for key in sorted(found)]


def pages(tenant: Tenant, entity: str, conditions: list[dict[str, Any]], fields: Sequence[str]) -> Iterator[list[Any]]:
    """All raw rows that meet every condition, ascending by id, 500 with each call."""
    following: int | None = None
    while True:
        rows, following = page_after(tenant, entity, conditions, fields, following)
        yield rows
        if following is None:
            return


def page_after(
    tenant: Tenant, entity: str, conditions: list[dict[str, Any]], fields: Sequence[str], last: int | None
) -> tuple[list[Any], int | None]:
    """The next 500 raw rows above the id `last`, by one call, and the id after which the next begin; None: no more."""
    above = [] if last is None else [condition("id", "gt", last)]
    rows = page(tenant, entity, conditions + above, fields, records=PAGE)
    if len(rows) < PAGE:
        return rows, None
    reached = rows[-1].get("id") if isinstance(rows[-1], dict) else None
    if not isinstance(reached, int) or (last is not None and reached <= last):
        raise MalformedResponseError(
            _("Autotask's pages of {entity} are not in ascending order of id.").format(entity=entity)
        )
    return rows, reached


def _only_asked_for(entity: str, field: str, wanted: Sequence[Any], rows: Sequence[Any]) -> None:
    allowed = {_compared(value) for value in wanted}
    for row in rows:
        if isinstance(row, dict) and _compared(row.get(field)) not in allowed:
            raise MalformedResponseError(
                _("Autotask's answer to a search of {entity} has records not asked for.").format(entity=entity)
            )


def _compared(value: Any) -> str:
    return str(value).strip().casefold()  # Autotask compares text without regard to case


def item(tenant: Tenant, entity: str, record_id: int, word: str) -> dict[str, Any]:
    """One record by its id. Raises NotFoundError for both of Autotask's ways to say so: 404, and 200 with null."""
    body = tenant.ask("GET", f"{entity}/{record_id}", about=f"{word} {record_id}")
    if "item" not in body:
        raise MalformedResponseError(
            _("Autotask's answer for {word} {record_id} has no item.").format(word=word, record_id=record_id)
        )
    found = body["item"]
    if found is None:
        raise NotFoundError(
            _("Autotask has no {word} {record_id}, or this API user may not read it.").format(
                word=word, record_id=record_id
            ),
            status=200,
        )
    if not isinstance(found, dict) or found.get("id") != record_id:
        raise MalformedResponseError(
            _("Autotask answered with another record than {word} {record_id}.").format(word=word, record_id=record_id)
        )
    return found
