"""What the portal costs, measured against the floors and peers that docs/benchmarks.md names; `make bench`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: its number in docs/benchmarks.md (`M9`), what was seen, the goal, and whether it was met."""

    number: str
    seen: str
    goal: str
    met: bool

    def __str__(self) -> str:
        return f"{self.number} {self.seen} {self.goal} {'met' if self.met else 'missed'}"
