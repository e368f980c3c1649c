"""Bringing one row to what the file says, and saying what changed by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from .reading import Table


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the plan: "create", "change" or "unchanged", with `field: old → new` for each field."""

    action: str
    what: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.action} {self.what}" + "".join(f"\n    {detail}" for detail in self.details)


def settle(
    table: Table,
    row: Model,
    what: str,
    wanted: Mapping[str, Any],
    *,
    more: Iterable[str] = (),
    skip: Iterable[str] = (),
) -> Change | None:
    """Set the wanted fields, validate and save the row; None when it was refused (noted in the table's file).

    `more` are details of what the caller changed on the row already; `skip` are fields that are not validated.
    """
    creating = row._state.adding
    details = list(more)
    for name, value in wanted.items():
        column = row._meta.get_field(name)
        try:
            new = column.to_python(value)  # type: ignore[union-attr]  # only plain columns come here
        except ValidationError as error:
            table.problem(f"{name}: {' '.join(error.messages)}", name)
            return None
        old = getattr(row, name)
        if old != new:
            setattr(row, name, new)
            details.append(f"{name} = {shown(new)}" if creating else f"{name}: {shown(old)} → {shown(new)}")
    try:
        row.full_clean(exclude=set(skip))
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            table.problem(f"{what}: {'' if name == '__all__' else name + ': '}{' '.join(messages)}", name)
        return None
    if creating or details:
        row.save()
    return Change("create" if creating else "change" if details else "unchanged", what, tuple(details))


def shown(value: Any) -> str:
    if value is None or value == "":
        return "(empty)"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
