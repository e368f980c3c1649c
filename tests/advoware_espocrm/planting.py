"""The merge with a bug in it: copies of its rooms made from changed source, wired to each other."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType

from integrations.advoware_espocrm import arrays, entries, lines, meeting, merge, recognising, settling
from integrations.advoware_espocrm.merge import Plan

ROOMS = (lines, settling, recognising, meeting, arrays, entries, merge)  # each uses only those before it


def planted(where: str, old: str, new: str) -> Callable[..., Plan]:
    """The merge, with `old` replaced by `new` in the source of one of its rooms.

    Raises `AssertionError` when `old` is not there exactly once: the code moved on, and the bug must too.
    """
    copies: dict[str, ModuleType] = {}
    for room in ROOMS:
        name = room.__name__.rpartition(".")[2]
        copies[name] = _copy(room, copies, (old, new) if name == where else None)
    function: Callable[..., Plan] = copies["merge"].merge
    return function


def _copy(room: ModuleType, copies: dict[str, ModuleType], change: tuple[str, str] | None) -> ModuleType:
    source = inspect.getsource(room)
    if change:
        assert source.count(change[0]) == 1, f"{change[0]!r} is {source.count(change[0])} times in {room.__name__}"
        source = source.replace(*change)
    for name in copies:
        source = source.replace(f"from .{name} import", f"from planted_{name} import")
    copy = ModuleType(f"planted_{room.__name__.rpartition('.')[2]}")
    copy.__package__ = room.__package__
    sys.modules[copy.__name__] = copy
    exec(compile(source, copy.__name__, "exec"), vars(copy))  # noqa: S102 — our own source
    return copy
