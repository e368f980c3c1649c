"""Which series there are, by name: core's own, and `<integration>.<figure>`."""

from __future__ import annotations

from integrations.core import registry
from integrations.core.registry import FigureKind

from .own import FIGURES


def series() -> dict[str, FigureKind]:
    """Every series that is counted."""
    found = {f"core.{name}": kind for name, kind in FIGURES.items()}
    for declared in registry.kinds():
        found |= {f"{declared.slug}.{name}": kind for name, kind in declared.figures.items()}
    return found
