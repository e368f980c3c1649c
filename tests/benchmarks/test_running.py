"""`python -m benchmarks` as people start it, at a thousandth of its sizes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from benchmarks import machine, runs
from integrations.backup_tickets.models import Run, TicketLink

pytestmark = pytest.mark.processes


def started(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.proof
def test_a_benchmark_prints_its_figures_and_counts_them() -> None:
    ended = started("M9", "M10", "--scale", "0.001", "--database", "SQLite")
    *rows, last = ended.stdout.splitlines()
    assert ended.returncode == 0, ended.stderr
    assert {row.split()[0] for row in rows} == {"M9", "M10"}
    met = [row for row in rows if row.endswith(" met")]
    assert all(row.endswith((" met", " missed")) for row in rows)
    assert last == f"{len(met)} met, {len(rows) - len(met)} missed"
    assert any("count(*)" in row and row.endswith("0 ≤ 0 met") for row in rows)


def test_a_benchmark_that_cannot_run_fails_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_WORKERS", "not a number")  # the portal's settings refuse it
    ended = started("M9", "--scale", "0.001", "--database", "SQLite")
    assert ended.returncode == 1
    assert "could not run" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "0 met, 0 missed"


@pytest.mark.parametrize("arguments", [["M99"], ["M9", "--write"], ["--scale", "0.1", "--write"]])
def test_wrong_arguments_are_refused_before_anything_runs(arguments: list[str]) -> None:
    ended = started(*arguments)
    assert ended.returncode == 2
    assert ended.stdout == ""


@pytest.fixture
def ended_with_the_test() -> Iterator[subprocess.Popen[str]]:
    with machine.program("-c", "import time\nwhile time.process_time() < 0.3: pass\ntime.sleep(600)") as process:
        yield process


def test_the_cost_of_a_process_is_found(
    ended_with_the_test: subprocess.Popen[str],
) -> None:
    pid = ended_with_the_test.pid
    machine.wait_for(lambda: machine.cpu_seconds(pid) >= 0.28, "the CPU time it spends", seconds=20)
    assert machine.cpu_seconds(pid) < 1
    assert [process.pid for process in machine.tree(pid)] == [pid]
    assert pid != os.getpid()


@pytest.mark.django_db(transaction=True)
def test_the_table_of_runs_looks_like_years_of_use() -> None:
    runs.fill(5_000)
    assert Run.objects.count() == 5_000
    failed = Run.objects.exclude(status=Run.Status.SUCCESS).count()
    assert 500 < failed < 1_000
    assert 0 < Run.objects.filter(needs_attention=True).count() < failed
    assert TicketLink.objects.count() == 50
    assert not Run.objects.filter(needs_attention=True, status=Run.Status.SUCCESS).exists()
    assert {index.name for index in Run._meta.indexes} <= set(
        connection.introspection.get_constraints(connection.cursor(), Run._meta.db_table)
    )
