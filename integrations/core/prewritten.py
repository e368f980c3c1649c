"""Statements whose SQL the ORM writes once: writing it takes longer than the database takes to answer (M9, M10).

The values go in by name at each execution, as parameters. Nothing that the database said is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Value


@dataclass(frozen=True, slots=True)
class _Named:
    name: str


def slot(name: str) -> Value:
    """Where a value goes in a filter; `__contains` and the like escape what they must."""
    return Value(_Named(name))


class Prewritten:
    """A `values_list` of numbers and texts, which come as the database gives them."""

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        self._sql: str
        self._values: tuple[Any, ...]
        self._sql, self._values = rows.query.sql_with_params()

    def rows(self, **values: str | int | None) -> list[tuple[Any, ...]]:
        """What it finds now. Raises `KeyError` for a slot without a value."""
        given = [values[each.name] if isinstance(each, _Named) else each for each in self._values]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, given)
            return list(cursor.fetchall())
