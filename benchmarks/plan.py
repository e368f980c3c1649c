"""Which figure is measured by which module, on which databases."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.machine import POSTGRESQL, SQLITE


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module of this package with `measure(scale: float, database: str) -> Iterator[Figure]`."""

    module: str
    numbers: tuple[str, ...]
    databases: tuple[str, ...] = (SQLITE,)
    durable: bool = False  # on a server that waits for the disk at each commit


BENCHMARKS = (
    Benchmark("vendor_calls", ("M3",), (SQLITE, POSTGRESQL)),
    Benchmark("receiving", ("M5", "M6"), (SQLITE, POSTGRESQL), durable=True),
    Benchmark("small_jobs", ("M7",), (SQLITE, POSTGRESQL)),
    Benchmark("click", ("M8",), (SQLITE, POSTGRESQL)),
    Benchmark("run_list", ("M9", "M10"), (SQLITE, POSTGRESQL)),
    Benchmark("pages", ("pages",), (SQLITE, POSTGRESQL)),
    Benchmark("resync", ("M2", "M11"), (SQLITE,)),
    Benchmark("unchanged", ("M12",), (SQLITE,)),
    Benchmark("large_file", ("M13",), (SQLITE,)),
    Benchmark("merging", ("M14",), (SQLITE,)),
    Benchmark("idle", ("M16",), (SQLITE,)),
    Benchmark("recovery", ("M17",), (SQLITE,)),
    Benchmark("first_page", ("M18",), (SQLITE, POSTGRESQL)),
)
