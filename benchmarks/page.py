"""docs/benchmarks.md, written from what was measured."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

from benchmarks import Figure
from benchmarks.judging import PAGES
from benchmarks.machine import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
METHOD = ROOT / "benchmarks" / "METHOD.md"
PACKAGES = ("Django", "django-q2", "django-unfold", "requests", "psycopg", "gunicorn")


def write(figures: Sequence[Figure]) -> None:
    PAGE.write_text(render(figures, machine=machine(), at=datetime.now(UTC)))


def render(figures: Sequence[Figure], *, machine: str, at: datetime) -> str:
    """The page: what was measured, where and with what, and the standing text on how."""
    pages = [one for one in figures if one.number == PAGES]
    table = "\n".join(
        ["| # | seen | goal | |", "|---|---|---|---|", *(_row(one) for one in figures if one not in pages)]
    )
    table += _of_pages(pages)
    met = sum(one.met for one in figures)
    return (
        "# Benchmarks\n\n"
        f"Written by `python -m benchmarks --write` on {at:%Y-%m-%d}: {met} met, {len(figures) - met} missed.\n\n"
        f"{table}\n\n{machine}\n\n{METHOD.read_text()}"
    )


def _row(figure: Figure) -> str:
    return f"| {figure.number} | {figure.seen} | {figure.goal} | {_judged(figure)} |"


def _judged(figure: Figure) -> str:
    return "met" if figure.met else "**missed**"


def _of_pages(figures: Sequence[Figure]) -> str:
    """What each page costs, in a table of its own; empty where none was measured."""
    if not figures:
        return ""
    rows = [
        f"| {' | '.join(figure.seen.replace(': ', ', ', 1).split(', '))} | {_judged(figure)} |" for figure in figures
    ]
    head = f"\n\n## Pages\n\nAs an admin sees them; goal: at most {figures[0].goal}.\n\n"
    return head + "\n".join(["| page | on | statements | size | time | |", "|---|---|---|---|---|---|", *rows])


def machine() -> str:
    """What it ran on, without names."""
    memory = round(psutil.virtual_memory().total / 2**30)
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Machine: {psutil.cpu_count()} cores ({platform.machine()}), {memory} GB, {platform.system()}; "
        f"load average (15 min) {psutil.getloadavg()[2]:.1f} (other work on the same cores makes times longer). "
        f"Versions: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}."
    )
