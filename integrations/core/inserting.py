"""Inserting rows by one statement, without what a model does around it: for doors that take many calls a second."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models

MOST = 500  # rows of one statement


def insert(rows: Sequence[models.Model], after: str = 'RETURNING "id"', values: Sequence[Any] = ()) -> list[Any]:
    """Insert up to `MOST` rows of one model, and give what the statement returns: a tuple a row, in their order.

    `after` is SQL that stands after the rows, with values of its own; there a row that is in the way is `waiting`.
    Sends no signal. Raises `IntegrityError` as `save` does.
    """
    model = type(rows[0])
    fields = _fields(model)
    own = [_prepared(field, row) for row in rows for field in fields]
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
    columns = ", ".join(f'"{field.column}"' for field in fields)
    statement = f"INSERT INTO {model._meta.db_table} AS waiting ({columns}) VALUES {places} {after}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [*own, *values])
        return list(cursor.fetchall())


# Fields whose texts and numbers the database takes as they are: what Django does to each costs more than the statement.
_PLAIN = frozenset(
    {
        models.CharField,
        models.TextField,
        models.ForeignKey,
        models.BigIntegerField,
        models.PositiveIntegerField,
        models.PositiveSmallIntegerField,
    }
)


def _prepared(field: models.Field[Any, Any], row: models.Model) -> Any:
    if type(field) in _PLAIN:
        value = getattr(row, field.attname)
        if value is None or isinstance(value, str | int):
            return value
    return field.get_db_prep_save(field.pre_save(row, add=True), connection)


@cache
def _fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]
