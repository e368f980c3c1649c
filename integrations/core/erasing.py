"""Taking what names a person out of what the portal keeps: found by their words, deleted or replaced, said per table.

What is gone here may still be at the vendors, from where the next look brings it again: erase it there first. Audit
entries stay; they hold ids and no contents.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext

from . import audit, registry
from .jobs import Stopped
from .models import ApiCall, AuditEntry, HeldItem, Job, RecordLink, SyncEntry, SyncRun, User, WebhookDelivery

Told = Callable[[str], object]

ERASED = "[erased]"
SHORTEST = 4  # letters of a word: shorter ones are in everything
BATCH = 500  # rows changed in one transaction


class TooShortError(ValueError):
    """A word that would be found everywhere."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one table that hold one of the words, and what is done with them."""

    table: str
    count: int
    what: str


@dataclass(frozen=True, slots=True)
class _Place:
    rows: QuerySet[Any]
    fields: tuple[str, ...]
    is_deleted: bool

    @property
    def table(self) -> str:
        return str(self.rows.model._meta.verbose_name_plural)

    @property
    def what(self) -> str:
        return "deleted" if self.is_deleted else f"the words are replaced by {ERASED}"


def find(words: Sequence[str], *, told: Told = lambda said: None) -> list[Found]:
    """Where the words stand, and what `erase` would do. `told` hears which table is next, and what it raises ends the
    search. Raises TooShortError."""
    spellings = _spellings(words)
    found = []
    for place in _places():
        told(f"Looking through {place.table}")
        found.append(_found(place, _keys(place, spellings)))
    return [one for one in found if one.count]


def erase(
    words: Sequence[str],
    *,
    user: User | None = None,
    actor: str = "",
    reason: str,
    told: Told = lambda said: None,
) -> list[Found]:
    """Do it; may be repeated. The audit says that and why, and not the words. `told` hears how far it is; when it
    raises `Stopped`, what was taken out by then is, and the audit says so. Raises TooShortError."""
    spellings = _spellings(words)
    entry = audit.begin("personal_data.erase", user=user, actor=actor, record="portal", detail=reason)
    done: Counter[_Place] = Counter()
    try:
        for place in _places():
            told(f"Looking through {place.table}")
            keys = _keys(place, spellings)
            for start in range(0, len(keys), BATCH):
                some = keys[start : start + BATCH]
                _take_out(place, some, spellings)
                done[place] += len(some)
                told(f"{done[place]:,} of {len(keys):,} {place.table} done")
    except Stopped:
        said = gettext("{reason} Stopped before its end. Rows it was taken out of by then: {count:,}.")
        audit.finish(entry, AuditEntry.Outcome.DONE, detail=said.format(reason=reason, count=done.total()))
        raise
    said = gettext("{reason} Rows that held it: {count:,}.")
    audit.finish(entry, AuditEntry.Outcome.DONE, detail=said.format(reason=reason, count=done.total()))
    return [Found(place.table, count, place.what) for place, count in done.items()]


def _found(place: _Place, keys: list[Any]) -> Found:
    return Found(place.table, len(keys), place.what)


def _spellings(words: Sequence[str]) -> list[str]:
    """Each word as it is, and as JSON writes it where it has letters beyond ASCII."""
    for word in words:
        if len(word.strip()) < SHORTEST:
            raise TooShortError(f"“{word}” is too short: it would be found in what is somebody else's.")
    return list(dict.fromkeys(form for word in words for form in (word.strip(), json.dumps(word.strip())[1:-1])))


# --- where ------------------------------------------------------------------------------------------------------------


def _places() -> Iterator[_Place]:
    yield _Place(ApiCall.objects.all(), ("query", "error", "request_body", "response_body"), is_deleted=True)
    yield _Place(WebhookDelivery.objects.filter(over_at__isnull=False), ("body",), is_deleted=True)
    yield _Place(SyncEntry.objects.all(), ("why", "writes"), is_deleted=True)
    yield _Place(WebhookDelivery.objects.all(), ("outcome", "earlier"), is_deleted=False)
    yield _Place(SyncRun.objects.all(), ("outcome",), is_deleted=False)
    yield _Place(Job.objects.all(), ("outcome",), is_deleted=False)
    yield _Place(HeldItem.objects.all(), ("sentence", "shape", "reason"), is_deleted=False)
    yield _Place(RecordLink.objects.all(), ("base", "sent", "cause"), is_deleted=False)
    kinds = {kind.slug for kind in registry.kinds()}
    for model in apps.get_models():
        if model._meta.app_label in kinds and not model.__name__.startswith("Historical"):
            fields = tuple(field.name for field in model._meta.concrete_fields if _may_hold_words(field))
            if fields:
                yield _Place(model._default_manager.all(), fields, is_deleted=False)


def _may_hold_words(field: models.Field[Any, Any]) -> bool:
    is_text = isinstance(field, models.CharField | models.TextField | models.JSONField)
    return is_text and not (field.choices or field.unique or isinstance(field, models.SlugField))


def _keys(place: _Place, spellings: list[str]) -> list[Any]:
    """The rows that hold one of the words."""
    if place.fields == ("body",):
        return [pk for pk, body in place.rows.values_list("pk", "body").iterator() if _is_in(bytes(body), spellings)]
    rows = place.rows.alias(**{f"{name}_text": Cast(name, models.TextField()) for name in place.fields})
    held = reduce(or_, (Q(**{f"{name}_text__icontains": form}) for name in place.fields for form in spellings))
    return list(rows.filter(held).order_by("pk").values_list("pk", flat=True))


def _is_in(body: bytes, spellings: list[str]) -> bool:
    said = body.decode("utf-8", "replace").casefold()
    return any(form.casefold() in said for form in spellings)


# --- how --------------------------------------------------------------------------------------------------------------


def _take_out(place: _Place, keys: list[Any], spellings: list[str]) -> None:
    clean, identity = _cleaner(spellings), _identity(place.rows.model)
    with transaction.atomic():
        rows = place.rows.filter(pk__in=keys)
        if place.is_deleted:
            rows.delete()
            return
        for row in rows.select_for_update(of=("self",)):
            values = {name: clean(value) for name in place.fields if clean(value := getattr(row, name)) != value}
            values |= dict.fromkeys(values.keys() & identity, f"{ERASED} {row.pk}")
            place.rows.model._default_manager.filter(pk=row.pk).update(**values)


def _identity(model: type[models.Model]) -> set[str]:
    """Fields of which no two rows may have the same."""
    constraints = [one for one in model._meta.constraints if isinstance(one, models.UniqueConstraint)]
    return {name for one in constraints for name in one.fields}


def _cleaner(spellings: list[str]) -> Callable[[Any], Any]:
    pattern = re.compile("|".join(map(re.escape, sorted(spellings, key=len, reverse=True))), re.IGNORECASE)

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(ERASED, value)
        if isinstance(value, dict):
            return {key: clean(one) for key, one in value.items()}
        return [clean(one) for one in value] if isinstance(value, list) else value

    return clean
