"""A portal's queue in real processes, on a database of its own, and the ledger its jobs write."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from integrations.core.processes import children, process_started

PATIENCE = 40.0  # seconds that anything here may take on a slow machine


def wait_until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The condition's first true value. Raises `AssertionError` with `what` when it stays false."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")


def title(pid: int) -> str:
    """The command line of that process, which the queue's processes keep up to date; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


class Supervised:
    """One `manage.py portal --only queue`; its log is kept."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "portal", "--only", "queue"],
                env=environment,
                cwd=settings.BASE_DIR,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(lambda: "workers are ready" in self.says(), "the workers of a new queue")

    @property
    def main(self) -> int:
        """The queue's main process."""
        found = children(self.process.pid)
        return found[0] if found else 0

    @property
    def sentinel(self) -> int:
        found = children(self.main)
        return found[0] if found else 0

    def workers(self, what: str) -> list[int]:
        """The pids of the processes whose title says that they are `idle`, `processing`, `monitor` or `pusher`."""
        return [pid for pid in children(self.sentinel) if re.search(rf" {what}\b", title(pid))]

    def everybody(self) -> list[int]:
        return [self.process.pid, self.main, self.sentinel, *children(self.sentinel)]

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def says(self) -> str:
        return self.log.read_text()


class Stage:
    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._ledger = folder / "ledger"
        self._environment = {
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tests.core.supervision.settings",
            "PYTHONPATH": str(settings.BASE_DIR),
            "LEDGER": str(self._ledger),
        }
        self._driver = subprocess.Popen(
            [sys.executable, "-m", "tests.core.supervision.driver"],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._started: list[Supervised] = []

    def do(self, *command: Any) -> Any:
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        print(json.dumps(command), file=self._driver.stdin, flush=True)
        answer = self._driver.stdout.readline()
        assert answer, f"the driver ended during {command}"
        return json.loads(answer)

    def queue(self) -> Supervised:
        """Start a supervised queue and wait until its workers are ready."""
        started = Supervised(self._environment, self._folder / f"log-{uuid.uuid4().hex}")
        self._started.append(started)
        return started

    def ledger(self) -> Counter[str]:
        """How often each line was written, without the pids."""
        lines = self._ledger.read_text().splitlines() if self._ledger.exists() else []
        return Counter(" ".join(line.split()[:2]) for line in lines)

    def made(self) -> Counter[int]:
        return Counter({int(line.split()[1]): n for line, n in self.ledger().items() if line.startswith("made")})

    def wait_for(self, *orders: int) -> None:
        """Until each of these was made."""
        wait_until(lambda: set(orders) <= self.made().keys(), f"orders {orders}; {self._story()}")

    def wait_for_states(self, *states: str) -> None:
        wait_until(lambda: [s for s, *_ in self.do("states")] == list(states), f"jobs {states}; {self._story()}")

    def _story(self) -> str:
        return f"jobs are {self.do('states')}, logs say " + "\n".join(s.says() for s in self._started)

    def clear(self) -> None:
        """End what was started; forget all jobs and the ledger."""
        for supervised in self._started:
            for pid in supervised.everybody():
                if pid and process_started(pid) is not None:
                    os.kill(pid, signal.SIGKILL)
            supervised.process.wait()
        self._started = []
        self.do("clear")
        self._ledger.unlink(missing_ok=True)

    def close(self) -> None:
        self.clear()
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        self._driver.stdin.close()
        self._driver.wait(PATIENCE)
        self._driver.stdout.close()


@contextmanager
def setting(folder: Path, url: str) -> Iterator[Stage]:
    """A stage with its files in that folder, on the database of that URL."""
    stage = Stage(folder, url)
    try:
        yield stage
    finally:
        stage.close()
