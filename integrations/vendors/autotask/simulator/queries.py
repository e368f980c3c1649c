"""Autotask's query language and paging over records in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from .metadata import Entity
from .switches import Switches
from .world import Record

PAGE = 500
MOST_ORS = 500


class Refused(Exception):
    """Answered with this sentence in `errors`; the wording is like what was seen live, not each word of it."""

    def __init__(self, sentence: str, *, status: int = 500) -> None:
        super().__init__(sentence)
        self.status = status


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


class Query:
    """One search of one entity. Raises Refused for what the vendor refuses."""

    def __init__(self, entity: Entity, body: Record, switches: Switches) -> None:
        self._entity, self._switches = entity, switches
        members = {name.lower(): value for name, value in body.items()}
        if not isinstance(members.get("filter"), list):
            raise Refused("Value cannot be null. Parameter name: filters")
        self._filter: list[Record] = members["filter"]
        self._fields = [str(name) for name in members.get("includefields") or ()]
        self.records: int = PAGE if members.get("maxrecords") is None else members["maxrecords"]
        if not 1 <= self.records <= PAGE:  # unverified
            raise Refused(f"MaxRecords must be between 1 and {PAGE}.")
        for name in self._fields:
            if entity.named(name) is None:
                raise Refused(f"Unable to find {name} in the {entity.name} Entity.", status=400)
        conditions = [one for top in self._filter for one in _conditions(top)]
        if sum(1 for one in conditions if one.get("udf")) > 1:
            raise Refused("Only one user-defined field can be queried.")
        for one in conditions:
            self._queryable(one)
        if _ors(self._filter) > MOST_ORS:
            raise Refused(f"A query may have at most {MOST_ORS} OR conditions.")

    @property
    def is_capped(self) -> bool:
        """MaxRecords ends the whole search."""
        return self._switches.max_records_caps_total

    def rows(self, records: dict[int, Record]) -> list[Record]:
        """All records that fit, ascending by id, whole."""
        return [records[key] for key in sorted(records) if all(self._fits(records[key], one) for one in self._filter)]

    def shown(self, row: Record) -> Record:
        """The row with the wanted fields."""
        wanted = {name.lower() for name in self._fields}
        return {name: value for name, value in row.items() if not wanted or name.lower() in wanted}

    def _queryable(self, one: Record) -> None:
        name, op = str(one.get("field", "")), str(one.get("op", ""))
        if op.lower() not in _TESTS and self._switches.unknown_operator_is_refused:
            raise Refused(f"The operator {op} is not valid.")
        info = self._entity.named(name)
        if one.get("udf"):
            return
        if info is None:
            raise Refused(f"Unable to find {name} in the {self._entity.name} Entity.")
        if not info.queryable or (info.name == "externalID" and not self._switches.external_id_queryable):
            raise Refused(f"The field {info.name} cannot be queried.")

    def _fits(self, record: Record, one: Record) -> bool:
        op = str(one.get("op", "")).lower()
        if op in ("and", "or"):
            found = [self._fits(record, item) for item in one.get("items", [])]
            return all(found) if op == "and" else any(found)
        if op not in _TESTS:
            return True  # a misspelt operator is silently ignored, as on live tenants
        want = one.get("value")
        want = [self._text(value) for value in want] if isinstance(want, list) else self._text(want)
        try:
            return _TESTS[op](self._text(_value(record, one)), want)
        except TypeError:
            raise Refused(f"The value of {one.get('field')} does not fit.") from None

    def _text(self, value: Any) -> Any:
        return value.lower() if isinstance(value, str) and not self._switches.text_case_matters else value


def _value(record: Record, one: Record) -> Any:
    name = str(one.get("field", ""))
    if one.get("udf"):
        fields = record.get("userDefinedFields") or []
        return next((field["value"] for field in fields if field["name"] == name), None)
    return next((value for key, value in record.items() if key.lower() == name.lower()), None)


def _conditions(one: Record) -> list[Record]:
    if str(one.get("op", "")).lower() in ("and", "or"):
        return [found for item in one.get("items", []) for found in _conditions(item)]
    return [one]


def _ors(filters: list[Record]) -> int:
    groups = [one for one in filters if str(one.get("op", "")).lower() in ("and", "or")]
    own = sum(len(one.get("items", [])) for one in groups if str(one["op"]).lower() == "or")
    return own + sum(_ors(one.get("items", [])) for one in groups)


def page_of(query: Query, rows: list[Record], *, after: int | None, address: str, search: str | None) -> Record:
    """One page of the answer. `after` is the last id of the page before; `search` the GET parameter, if it was one.

    The form of `nextPageUrl` is as seen live; what stands in its `paging` is the simulator's own.
    """
    rest = rows if after is None else [row for row in rows if row["id"] > after]
    shown = rest[: query.records]
    following = None
    if len(rest) > len(shown) and not query.is_capped:
        paging = {"pageSize": query.records, "previousIds": [], "nextIds": [shown[-1]["id"]]}
        parameters = {"paging": json.dumps(paging)} | ({"search": search} if search is not None else {})
        following = f"{address}/query/next?{urlencode(parameters)}"
    return {
        "items": [query.shown(row) for row in shown],
        "pageDetails": {
            "count": len(shown),
            "requestCount": query.records,
            "prevPageUrl": None,
            "nextPageUrl": following,
        },
    }
