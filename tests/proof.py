"""`python -m tests.proof [--seed N] [PATH …]`: the tests marked `proof`; the last line is `N passed, N failed`.

The same seed draws the same values, so that what failed can be played again.
"""

from __future__ import annotations

import argparse
import os
import sys

import pytest

from tests import seeds


class Tally:
    """Counts what became of each test; an error in a fixture is a failure."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed += 1
        elif report.passed and report.when == "call":
            self.passed += 1


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Run the long seeded tests.")
    parser.add_argument("--seed", type=int, default=seeds.SEED)
    options, more = parser.parse_known_args(arguments)
    os.environ[seeds.VARIABLE] = str(options.seed)
    seeds.SEED = options.seed  # the tests are imported later, into this process
    print(f"seed {options.seed} (again: make proof SEED={options.seed})", flush=True)
    tally = Tally()
    code = pytest.main(["-m", "proof", "-q", *more], plugins=[tally])
    print(f"{tally.passed} passed, {tally.failed} failed")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
