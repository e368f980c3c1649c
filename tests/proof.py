"""`python -m tests.proof`: the tests marked `proof`, with a plain last line `N passed, N failed`."""

from __future__ import annotations

import sys

import pytest


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
    tally = Tally()
    code = pytest.main(["-m", "proof", "-q", *arguments], plugins=[tally])
    print(f"{tally.passed} passed, {tally.failed} failed")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
