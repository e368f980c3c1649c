"""TOGA 2's categories hang on each other; tickets name them by their path from the top. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .dialect import NAME, PARENT_CATEGORY


def category_paths(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The uuid of each category by its path from the top (`A > B > C`), sorted by path.

    No comma stands in a path, as it separates paths in TOGaDesk. What hangs on nothing, or on itself, is left out.
    """
    by_uuid = {str(row.get("uuid")): row for row in rows}
    paths = {}
    for uuid in by_uuid:
        names: list[str] = []
        here: str | None = uuid
        while here in by_uuid and len(names) < 10:
            row = by_uuid[here]
            names.insert(0, category_name(str(row.get(NAME) or "")))
            above = row.get(PARENT_CATEGORY)
            here = str(above.get("uuid")) if isinstance(above, dict) else str(above) if above else None
        if here is None:
            paths[" > ".join(names)] = uuid
    return dict(sorted(paths.items()))


def category_name(name: str) -> str:
    """A category's name as it stands in a path."""
    return " ".join(name.replace(",", " ").split())
