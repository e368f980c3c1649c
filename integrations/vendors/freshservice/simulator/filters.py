"""The language of `/tickets/filter`: `field:value`, `:>` at least, `:<` at most, AND, OR, parentheses, null."""

from __future__ import annotations

import re
from typing import Any

from .refusals import Refused, invalid
from .world import Record

_FIELDS = {
    **{name: name for name in ("workspace_id", "requester_id", "group_id", "priority", "status", "impact", "urgency")},
    **{name: name for name in ("due_by", "fr_due_by", "created_at")},
    "agent_id": "responder_id",
    "tag": "tags",
}
_TOKEN = re.compile(
    r"\s*(?:(?P<word>AND|OR|\(|\))|(?P<field>\w+):(?P<operator>[<>]?)(?P<value>'[^']*'|[^\s()]+))", re.ASCII
)


def fitting(query: str, row: Record) -> bool:
    """Whether the ticket fits. Raises Refused for what is not understood."""
    return _Reader(query, row).whole()


class _Reader:
    """Recursive descent; AND binds more tightly than OR."""

    def __init__(self, query: str, row: Record) -> None:
        self._row, self._tokens = row, []
        at, query = 0, query.strip()
        while at < len(query):
            token = _TOKEN.match(query, at)
            if token is None:
                raise _strange()
            self._tokens.append(token)
            at = token.end()

    def whole(self) -> bool:
        fits = self._any()
        if self._tokens:
            raise _strange()
        return fits

    def _any(self) -> bool:
        fits = self._all()
        while self._take("OR"):
            fits = self._all() or fits
        return fits

    def _all(self) -> bool:
        fits = self._one()
        while self._take("AND"):
            fits = self._one() and fits
        return fits

    def _one(self) -> bool:
        if self._take("("):
            fits = self._any()
            if not self._take(")"):
                raise _strange()
            return fits
        if not self._tokens or self._tokens[0]["field"] is None:
            raise _strange()
        token = self._tokens.pop(0)
        return _compare(self._row, token["field"], token["operator"], token["value"].strip("'"))

    def _take(self, word: str) -> bool:
        if self._tokens and self._tokens[0]["word"] == word:
            self._tokens.pop(0)
            return True
        return False


def _compare(row: Record, field: str, operator: str, value: str) -> bool:
    if field not in _FIELDS and field not in row["custom_fields"]:
        raise invalid(field, "Unexpected/invalid field in request", "invalid_field")
    found: Any = row[_FIELDS[field]] if field in _FIELDS else row["custom_fields"][field]
    if isinstance(found, list):
        return value in found
    if value == "null" or found is None:
        return found is None and value == "null"
    if isinstance(found, int):
        if not value.lstrip("-").isdecimal():
            raise invalid(field, "It should be a number", "datatype_mismatch")
        return {"": found == int(value), ">": found >= int(value), "<": found <= int(value)}[operator]
    text = str(found)[: len(value)] if field in ("created_at", "due_by", "fr_due_by") else str(found)
    return {"": text == value, ">": text >= value, "<": text <= value}[operator]


def _strange() -> Refused:
    return invalid("query", "The query is not valid", "invalid_value")
