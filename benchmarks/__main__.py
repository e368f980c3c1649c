"""`python -m benchmarks [FIGURE …] [--write]`: measure the figures and print a row for each.

Every benchmark runs alone, in a process and on a database of its own. Ends with `N met, N missed`. The exit status is 0
unless a benchmark could not run: a missed figure is a result.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from benchmarks import Figure, machine, page
from benchmarks.plan import BENCHMARKS, Benchmark

MARK = "figure: "  # begins the lines of a benchmark's output that are figures


def main(arguments: Sequence[str]) -> int:
    asked = _arguments(arguments)
    chosen = [one for one in BENCHMARKS if not asked.figures or set(one.numbers) & set(asked.figures)]
    figures: list[Figure] = []
    problems: list[str] = []
    with ExitStack() as stack:
        servers: dict[tuple[str, bool], str] = {(machine.SQLITE, True): "", (machine.SQLITE, False): ""}
        on_postgresql = [one for one in chosen if machine.POSTGRESQL in one.databases]
        if asked.database != machine.SQLITE:
            for durable in {one.durable for one in on_postgresql}:
                try:
                    servers[machine.POSTGRESQL, durable] = stack.enter_context(machine.postgresql(durable=durable))
                except machine.Missing as missing:
                    print(f"not on PostgreSQL: {missing}", flush=True)
        for one in chosen:
            there = [name for name in one.databases if (name, one.durable) in servers]
            for database in [name for name in there if asked.database in ("", name)]:
                try:
                    for figure in _run(one, database, servers[database, one.durable], asked.scale):
                        print(figure, flush=True)
                        figures.append(figure)
                except subprocess.CalledProcessError as error:
                    problems.append(f"{'/'.join(one.numbers)} on {database} could not run (status {error.returncode})")
                    print(problems[-1], flush=True)
    if asked.write and not problems:
        page.write(figures)
    met = sum(figure.met for figure in figures)
    print(f"{met} met, {len(figures) - met} missed")
    return 1 if problems else 0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    known = [number for one in BENCHMARKS for number in one.numbers]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="The figures of docs/benchmarks.md.")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"of {' '.join(known)}; all unless named")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--database", choices=(machine.SQLITE, machine.POSTGRESQL), default="", help="on this alone")
    parser.add_argument("--scale", type=float, default=1.0, help="of the real sizes; smaller ones only try the harness")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.figures) - set(known):
        parser.error(f"unknown: {' '.join(sorted(unknown))}; known: {' '.join(known)}")
    if asked.write and (asked.figures or asked.database or asked.scale != 1):
        parser.error("--write takes all figures in their real sizes")
    return asked


def _run(one: Benchmark, database: str, server: str, scale: float) -> Iterator[Figure]:
    """The figures as the benchmark finds them. Raises `CalledProcessError` when it fails."""
    with machine.folder() as folder, machine.database(database, folder, server) as url:
        env = machine.environment(folder, url)
        command = [sys.executable, "-m", "benchmarks.measuring", one.module, database, str(scale)]
        with subprocess.Popen(command, env=env, cwd=machine.ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(MARK):
                    yield Figure(**json.loads(line.removeprefix(MARK)))
                else:
                    print(line, end="", file=sys.stderr)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, one.module)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
