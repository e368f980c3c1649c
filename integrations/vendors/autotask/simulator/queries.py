"""Autotask's query language over records in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .world import Record

PAGE = 500


class Refused(Exception):
    """Answered as 500 with this sentence in `errors`."""


def _text(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda have, want: have is not None and test(have, want)


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda have, want: bool(have == want),
    "noteq": lambda have, want: bool(have != want),
    "gt": _ordered(lambda have, want: bool(have > want)),
    "gte": _ordered(lambda have, want: bool(have >= want)),
    "lt": _ordered(lambda have, want: bool(have < want)),
    "lte": _ordered(lambda have, want: bool(have <= want)),
    "beginswith": lambda have, want: str(have or "").startswith(want),
    "endswith": lambda have, want: str(have or "").endswith(want),
    "contains": lambda have, want: want in str(have or ""),
    "exist": lambda have, want: have is not None,
    "notexist": lambda have, want: have is None,
    "in": lambda have, want: have in want,
    "notin": lambda have, want: have not in want,
}


def _fits(record: Record, one: Record) -> bool:
    op = str(one.get("op", "")).lower()
    if op in ("and", "or"):
        found = [_fits(record, item) for item in one.get("items", [])]
        return all(found) if op == "and" else any(found)
    if op not in _TESTS:
        return True  # a misspelt operator is silently ignored, as on live tenants
    have = {name.lower(): value for name, value in record.items()}.get(str(one.get("field", "")).lower())
    want = one.get("value")
    want = [_text(value) for value in want] if isinstance(want, list) else _text(want)
    try:
        return _TESTS[op](_text(have), want)
    except TypeError:
        raise Refused(f"The value of {one.get('field')} does not fit.") from None


def search(records: dict[int, Record], body: Record) -> list[Record]:
    """All records that fit, ascending by id. Raises Refused without a filter."""
    members = {name.lower(): value for name, value in body.items()}
    if not isinstance(members.get("filter"), list):
        raise Refused("Value cannot be null. Parameter name: filters")
    fitting = [records[key] for key in sorted(records) if all(_fits(records[key], one) for one in members["filter"])]
    wanted = {name.lower() for name in members.get("includefields") or ()}
    if wanted:
        return [{name: value for name, value in row.items() if name.lower() in wanted} for row in fitting]
    return fitting
