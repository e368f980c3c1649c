"""Lists: filters, orders and pages. They never hold the arrays, and ignore what they do not know (section 3)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from integrations.vendors.simulation import Reply, Request

from .records import open_entity
from .refusals import refused
from .values import EMAIL, KINDS, Kind
from .world import ATTRIBUTES, Record, User, World

if TYPE_CHECKING:
    from .espocrm import EspocrmSimulator

_WHERE = re.compile(r"where\[(\d+)\]\[(type|attribute|value)\]")
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda stored, given: str(stored) == str(given),
    "notEquals": lambda stored, given: str(stored) != str(given),
    "greaterThan": lambda stored, given: stored > given,
    "greaterThanOrEquals": lambda stored, given: stored >= given,
    "lessThan": lambda stored, given: stored < given,
    "lessThanOrEquals": lambda stored, given: stored <= given,
    "after": lambda stored, given: stored > given,
    "before": lambda stored, given: stored < given,
    "in": lambda stored, given: stored in given,
}


def index(espocrm: EspocrmSimulator, request: Request, user: User, entity: str) -> Reply:
    """A page of the records of an entity."""
    open_entity(entity)
    with espocrm.lock:
        world = espocrm.data
        rows = [world.row(one) for one in world.records[entity].values()]
        return page(world, rows, ATTRIBUTES, request)


def page(world: World, rows: list[Record], attributes: Collection[str], request: Request) -> Reply:
    """Filtered, ordered and cut as the query says, by these attributes. Raises Refused."""
    asked = _asked(request.query)
    most = world.settings["recordListMaxSizeLimit"]
    size = int(asked.get("maxSize", most))
    if size > most:
        raise refused(403, f"Max size should not exceed {most}. Use offset and limit.")
    for condition in asked["where"]:
        _check(condition, attributes)
        rows = [row for row in rows if _fits(world, row, condition)]
    by = asked.get("orderBy", "createdAt")
    if by not in attributes:
        raise refused(400, f"Not existing field '{by}' in order.")
    rows.sort(key=lambda row: (row[by] is not None, row[by], row["id"]), reverse=asked.get("order", "desc") == "desc")
    offset = int(asked.get("offset", 0))
    shown = [_selected(row, asked.get("select"), by) for row in rows[offset : offset + size]]
    total = len(rows)
    if request.headers.get("x-no-total", "") == "true":
        total = -1 if offset + size < total else -2
    return Reply.of({"total": total, "list": shown})


def _asked(query: Mapping[str, str]) -> dict[str, Any]:
    """The parameters, or those of one JSON in `searchParams`; unknown ones stay without effect."""
    if "searchParams" in query:
        given: dict[str, Any] = json.loads(query["searchParams"])
        return {"where": [], **given}
    conditions: dict[str, dict[str, str]] = {}
    for name, value in query.items():
        if part := _WHERE.fullmatch(name):
            conditions.setdefault(part[1], {})[part[2]] = value
    return {**query, "where": list(conditions.values())}


def _check(condition: Mapping[str, Any], attributes: Collection[str]) -> None:
    """Raises Refused."""
    name, kind = condition.get("attribute", ""), condition.get("type", "")
    if name not in attributes:
        raise refused(400, f"Not existing attribute '{name}' in where.")
    if kind not in _TESTS:
        raise refused(400, f"Not existing type '{kind}' in where.")


def _fits(world: World, row: Record, condition: Mapping[str, Any]) -> bool:
    name, kind, given = condition["attribute"], condition["type"], condition.get("value")
    for values in KINDS:
        if name == values.field and kind == "equals":
            return _has(world, values, row["id"], str(given))
    stored = row[name]
    if isinstance(stored, int) and isinstance(given, str) and given.lstrip("-").isdigit():
        given = int(given)
    return stored is not None and _TESTS[kind](stored, given)


def _has(world: World, kind: Kind, record: str, text: str) -> bool:
    """Secondary ones count; an address in any case of its letters, a number as it is stored alone."""
    sought = kind.key(text) if kind is EMAIL else text
    return sought in world.values.linked(kind, record)


def _selected(row: Record, names: Any, by: str) -> Record:
    if not names:
        return row
    wanted = {*(names.split(",") if isinstance(names, str) else names), "id", "createdById", "assignedUserId", by}
    return {name: value for name, value in row.items() if name in wanted}


ROUTES: tuple[tuple[str, str, Any], ...] = (("GET", r"/(\w+)", index),)
