"""What a body says: normalised first, then validated, all or nothing (fact sheet, sections 2 and 4)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from integrations.vendors.simulation import Request

from . import numbers
from .refusals import Refused, broken_json, invalid, refused
from .values import EMAIL, KINDS, PHONE, TYPES, Item, Kind
from .world import INTEGERS, TEXTS, Record, World

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,20}[A-Za-z]{2,63}")


@dataclass(slots=True)
class Write:
    """The plain fields, scalars and arrays of a body; an array of null is not given, yet shown in the answer."""

    plain: Record = field(default_factory=dict)
    scalars: dict[str, str | None] = field(default_factory=dict)
    arrays: dict[str, list[Item]] = field(default_factory=dict)
    nulls: list[str] = field(default_factory=list)


def parsed(request: Request) -> Record:
    """The body, whatever its type says; a form changes nothing. Raises Refused: broken JSON is a program that died."""
    if "form" in request.headers.get("content-type", "") or not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        raise Refused(broken_json()) from None
    if not isinstance(body, dict):
        raise refused(400, "Body is not an object.")
    return body


def write_of(world: World, entity: str, body: Record, record: Record | None) -> Write:
    """Of a new record (None) or of one that is there. Raises Refused for the first field that fails."""
    write = Write()
    for name in TEXTS:
        if name in body:
            write.plain[name] = body[name]
    if not write.plain.get("lastName", "kept" if record else None):
        raise invalid(entity, "lastName", "required")
    for kind in KINDS:
        _read(world, entity, kind, body, write)
    if record is not None and PHONE.field not in body and PHONE.array in write.arrays:
        _check_stored_number(world, entity, record)
    for name in INTEGERS:
        if name in body:
            write.plain[name] = _integer(entity, name, body[name])
    return write


def _read(world: World, entity: str, kind: Kind, body: Record, write: Write) -> None:
    if kind.array in body:
        if body[kind.array] is None:
            write.nulls.append(kind.array)
        else:
            write.arrays[kind.array] = _items(world, entity, kind, body[kind.array])
    if kind.field in body:
        text = body[kind.field] or None
        write.scalars[kind.field] = None if text is None else _value(world, entity, kind, text)


def _items(world: World, entity: str, kind: Kind, given: Any) -> list[Item]:
    kept: list[Item] = []
    for item in given if isinstance(given, list) else [given]:
        if not isinstance(item, dict):
            raise invalid(entity, kind.field, "emailAddress" if kind is EMAIL else "valid")
        if kind is EMAIL and not item.get(kind.field):
            continue
        if kind is PHONE and item.get("type") is not None and item["type"] not in TYPES:
            raise invalid(entity, kind.field, "valid")
        kept.append({**item, kind.field: _value(world, entity, kind, item.get(kind.field))})
    if len(kept) > world.settings[f"{kind.field}MaxCount"]:
        raise invalid(entity, kind.field, "maxCount")
    return kept


def _value(world: World, entity: str, kind: Kind, text: Any) -> str:
    if kind is EMAIL:
        if not isinstance(text, str) or not _EMAIL.fullmatch(text):
            raise invalid(entity, kind.field, "emailAddress")
        return text
    if isinstance(text, str) and len(text) > numbers.LONGEST:
        raise invalid(entity, kind.field, "maxLength")
    rules = {"international": is_international(world), "extensions": bool(world.settings["phoneNumberExtensions"])}
    normal = numbers.normal(text, **rules) if isinstance(text, str) else None
    if normal is None:
        raise invalid(entity, kind.field, "valid")
    return normal


def _check_stored_number(world: World, entity: str, record: Record) -> None:
    """The stored primary is validated with the array: one from before the rule blocks every write of numbers."""
    stored = world.scalar(PHONE.field, record)
    if stored is not None and not numbers.is_normal(stored, international=is_international(world)):
        raise invalid(entity, PHONE.field, "valid")


def is_international(world: World) -> bool:
    return bool(world.settings["phoneNumberInternational"])


def _integer(entity: str, name: str, value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    raise invalid(entity, name, "valid")
