"""The engine with a bug in it: copies of its modules made from changed source, wired to each other."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

from integrations.core.sync import committing, engine, holding, linking

REAL = {"linking": linking, "holding": holding, "committing": committing, "engine": engine}


def planted(where: str, old: str, new: str) -> tuple[ModuleType, ModuleType]:
    """The engine and its linking, with `old` replaced by `new` in the source of one of the modules.

    Raises `AssertionError` when `old` is not there exactly once: the code moved on, and the bug must too.
    """
    copies = {name: _copy(name, where == name, old, new) for name in REAL}
    for user in ("committing", "engine"):
        for name in REAL.keys() - {user}:
            _rewire(copies[user], REAL[name], copies[name])
    return copies["engine"], copies["linking"]


def _copy(name: str, is_changed: bool, old: str, new: str) -> ModuleType:
    source = inspect.getsource(REAL[name])
    if is_changed:
        assert source.count(old) == 1, f"{old!r} is {source.count(old)} times in {name}"
        source = source.replace(old, new)
    copy = ModuleType(f"planted_{name}")
    copy.__package__ = REAL[name].__package__
    sys.modules[copy.__name__] = copy  # dataclasses look their module up
    exec(compile(source, copy.__name__, "exec"), vars(copy))  # noqa: S102 — our own source
    return copy


def _rewire(module: ModuleType, real: ModuleType, copy: ModuleType) -> None:
    for name, value in list(vars(module).items()):
        if value is real:
            setattr(module, name, copy)
        elif not name.startswith("__") and name in vars(real) and vars(real)[name] is value and hasattr(copy, name):
            setattr(module, name, getattr(copy, name))
