"""`make proof`: it says its seed, and ends with the counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONG_TEST = """
import pytest
from tests.seeds import SEED

@pytest.mark.proof
def test_the_seed_arrives():
    assert SEED == 7

@pytest.mark.proof
def test_this_fails():
    assert SEED == 8

def test_this_is_not_long():
    raise AssertionError
"""


def test_the_seed_is_said_and_reaches_the_tests_and_the_last_line_counts(tmp_path: Path) -> None:
    path = tmp_path / "test_long.py"
    path.write_text(LONG_TEST)
    command = [sys.executable, "-m", "tests.proof", "--seed", "7", "-p", "no:cacheprovider", str(path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = answer.stdout.splitlines()
    assert lines[0] == "seed 7 (again: make proof SEED=7)"
    assert lines[-1] == "1 passed, 1 failed"
    assert answer.returncode == 1
