"""What changed between the stored versions of a record, in words for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Field, Model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

EMPTY = "–"


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed; values as people read them."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Version:
    """One stored version: of what, when, by whom (empty: by a command), what was done and what changed."""

    of: str
    at: dt.datetime
    by: str
    what: str  # created, changed or deleted
    changes: tuple[Change, ...]

    @property
    def said(self) -> str:
        return str(SAID[self.what])


WHAT = {"+": "created", "~": "changed", "-": "deleted"}
SAID = {"created": _("created"), "changed": _("changed"), "deleted": _("deleted")}


def versions(records: Iterable[Model], *, limit: int) -> list[Version]:
    """The newest versions of records that keep a history, newest first."""
    found = [version for record in records for version in _versions_of(record, limit)]
    return sorted(found, key=lambda version: version.at, reverse=True)[:limit]


def _versions_of(record: Any, limit: int) -> Iterator[Version]:
    history = record.history.select_related("history_user").order_by("-history_date", "-history_id")
    rows = list(history[: limit + 1])
    for newer, older in list(pairwise([*rows, None]))[:limit]:
        changes = () if older is None else tuple(_changes(newer, older))
        by = newer.history_user.get_username() if newer.history_user else ""
        yield Version(str(record), newer.history_date, by, WHAT[newer.history_type], changes)


def _changes(newer: Any, older: Any) -> Iterator[Change]:
    for field in newer.tracked_fields:
        before, after = getattr(older, field.attname), getattr(newer, field.attname)
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _changes_by_key(str(field.verbose_name), before, after)
        else:
            yield Change(_label(field), _shown(field, older), _shown(field, newer))


def _changes_by_key(label: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield Change(f"{label}: {key}", _text(before.get(key)), _text(after.get(key)))


def _label(field: Field[Any, Any]) -> str:
    return str(field.verbose_name)


def _shown(field: Field[Any, Any], row: Any) -> str:
    if field.choices:
        return str(row._get_FIELD_display(field))
    if field.is_relation:
        key = getattr(row, field.attname)
        related = field.related_model._default_manager.filter(pk=key).first()  # type: ignore[union-attr]
        return _text(related if related is not None or key is None else gettext("#{key} (gone)").format(key=key))
    return _text(getattr(row, field.attname))


def _text(value: Any) -> str:
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, dt.datetime):
        return f"{timezone.localtime(value):%d %b %Y %H:%M}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or EMPTY
    return str(value)
