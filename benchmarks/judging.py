"""How rounds become figures: measured in turns, compared pair by pair, judged by the median."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

from benchmarks import Figure

Seen = TypeVar("Seen")


def in_turns(rounds: int, ours: Callable[[], Seen], theirs: Callable[[], Seen]) -> tuple[list[Seen], list[Seen]]:
    """Measure both `rounds` times, in turns; who begins changes from round to round, so that a drift hits both."""
    seen: tuple[list[Seen], list[Seen]] = ([], [])
    for number in range(rounds):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            seen[side].append((ours, theirs)[side]())
    return seen


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of each pair. Raises `ValueError` unless there are pairs."""
    return median(own / other for own, other in zip(ours, theirs, strict=True))


def compared(
    number: str, what: str, ours: Sequence[float], theirs: Sequence[float], *, most: float, unit: str, than: str
) -> Figure:
    """Ours may cost at most so many times theirs."""
    seen = ratio(ours, theirs)
    pairs = f"{_short(median(ours))} {unit} to {_short(median(theirs))} {unit}"
    return Figure(number, f"{what}: {_times(seen)} of {than} ({pairs})", f"≤ {most:g}×", seen <= most)


def faster(
    number: str, what: str, ours: Sequence[float], theirs: Sequence[float], *, least: float, unit: str, than: str
) -> Figure:
    """Ours must do at least so many times as much as theirs."""
    seen = ratio(ours, theirs)
    pairs = f"{_short(median(ours))} {unit} to {_short(median(theirs))} {unit}"
    return Figure(number, f"{what}: {_times(seen)} of {than} ({pairs})", f"≥ {least:g}×", seen >= least)


def bounded(number: str, what: str, seen: float, *, most: float, unit: str) -> Figure:
    """A figure that may be at most so much."""
    unit = f" {unit}" if unit else ""
    return Figure(number, f"{what}: {_short(seen)}{unit}", f"≤ {most:g}{unit}", seen <= most)


PAGES = "pages"  # the number of figures that say what a page costs
PAGE_MILLISECONDS, PAGE_STATEMENTS, PAGE_BYTES = 300, 40, 400_000


def page_cost(what: str, *, statements: int, size: int, milliseconds: float) -> Figure:
    """What a page costs; it may take 300 ms of the server's time, 40 statements and 400 kB before it is compressed."""
    met = milliseconds <= PAGE_MILLISECONDS and statements <= PAGE_STATEMENTS and size <= PAGE_BYTES
    seen = f"{what}: {statements} statements, {size / 1000:,.0f} kB, {_short(milliseconds)} ms"
    goal = f"{PAGE_STATEMENTS} statements, {PAGE_BYTES // 1000} kB, {PAGE_MILLISECONDS} ms"
    return Figure(PAGES, seen, goal, met)


def _times(value: float) -> str:
    return f"{value:.3g}×"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
