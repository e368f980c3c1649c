"""docs/benchmarks.md, written from what was measured."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

from benchmarks import Figure
from benchmarks.machine import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
METHOD = ROOT / "benchmarks" / "METHOD.md"
PACKAGES = ("Django", "django-q2", "django-unfold", "requests", "psycopg", "gunicorn")


def write(figures: Sequence[Figure]) -> None:
    PAGE.write_text(render(figures, machine=machine(), at=datetime.now(UTC)))


def render(figures: Sequence[Figure], *, machine: str, at: datetime) -> str:
    """The page: what was measured, where and with what, and the standing text on how."""
    rows = [f"| {one.number} | {one.seen} | {one.goal} | {'met' if one.met else '**missed**'} |" for one in figures]
    met = sum(one.met for one in figures)
    table = "\n".join(["| # | seen | goal | |", "|---|---|---|---|", *rows])
    return (
        "# Benchmarks\n\n"
        f"Written by `python -m benchmarks --write` on {at:%Y-%m-%d}: {met} met, {len(figures) - met} missed.\n\n"
        f"{table}\n\n{machine}\n\n{METHOD.read_text()}"
    )


def machine() -> str:
    """What it ran on, without names."""
    memory = round(psutil.virtual_memory().total / 2**30)
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Machine: {psutil.cpu_count()} cores ({platform.machine()}), {memory} GB, {platform.system()}; "
        f"load average (15 min) {psutil.getloadavg()[2]:.1f} (other work on the same cores makes times longer). "
        f"Versions: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}."
    )
