"""Drives the portal process of the fault tests (`tests.faults.portal`, or another such module) from a test."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


class Driver:
    """The running process; `do` sends one command and returns its answer."""

    def __init__(self, environment: dict[str, str], *, module: str = "tests.faults.portal") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def do(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Raises `AssertionError` when the process died over it; its traceback is on standard error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the portal process ended during {command} {arguments}"
        return json.loads(answer)  # type: ignore[no-any-return]

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(timeout=10)
