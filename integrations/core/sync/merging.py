"""Three-way agreement of fields: a side is written only where the *other* side changed since both were equal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .flow import Side

_ABSENT = object()


@dataclass(slots=True)
class Merged:
    """What to write on each side, what both have then, and the fields both had changed."""

    to_left: dict[str, Any] = field(default_factory=dict)
    to_right: dict[str, Any] = field(default_factory=dict)
    agreed: dict[str, Any] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)


def merge(
    base: Mapping[str, Any],
    left: Mapping[str, Any],
    right: Mapping[str, Any],
    *,
    fields: Iterable[str],
    winner: Side,
) -> Merged:
    """Bring these fields to agreement. Where both sides changed, the winner's value counts and the field is named."""
    merged = Merged()
    for name in fields:
        ours, theirs, before = left.get(name), right.get(name), base.get(name, _ABSENT)
        if ours == theirs:
            merged.agreed[name] = ours
            continue
        left_counts = theirs == before or (ours != before and winner is Side.LEFT)
        if ours != before and theirs != before:
            merged.conflicts.append(name)
        if left_counts:
            merged.to_right[name] = merged.agreed[name] = ours
        else:
            merged.to_left[name] = merged.agreed[name] = theirs
    return merged
