"""Processes that the supervisor keeps alive, each in a session of its own."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import time
from collections.abc import Sequence

logger = logging.getLogger("portal.supervisor")

LONGEST_PAUSE = 30.0  # seconds before a child that keeps ending is started again
SETTLED = 60.0  # seconds a child must live for its earlier ends to be forgotten
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _end_with_the_supervisor() -> None:
    """Runs in the child: SIGTERM when the supervisor dies, however it dies."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process and its own children. `grace` is how many seconds it may take to end."""

    def __init__(self, name: str, *, grace: float) -> None:
        self.name = name
        self.grace = grace
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.is_settled = True  # all its own processes are known; until then it is looked at more often
        self._ends = 0
        self._start_at = 0.0

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def inherited(self) -> tuple[int, ...]:
        """File descriptors that the child gets."""
        return ()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 — our own programs
            self.command(), start_new_session=True, pass_fds=self.inherited(), preexec_fn=_end_with_the_supervisor
        )
        self.started = time.monotonic()

    def watch(self) -> None:
        """Look whether it still works; called every second."""

    def keep_alive(self) -> None:
        """Start the child if it ended, after a pause that grows while it keeps ending; what it left behind goes."""
        if self.process is None:
            if time.monotonic() >= self._start_at:
                self.start()
            return
        status = self.process.poll()
        if status is not None:
            self.start_over(f"ended by itself ({_in_words(status)})")

    def start_over(self, why: str) -> None:
        """Kill whatever is left of it; the next `keep_alive` after the pause starts it again."""
        settled = time.monotonic() - self.started > SETTLED
        self._ends = 1 if settled else self._ends + 1
        pause = 0.0 if self._ends == 1 else min(2.0 ** (self._ends - 2), LONGEST_PAUSE)
        logger.warning("%s %s; starting it again%s", self.name, why, f" in {pause:.0f} s" if pause else "")
        self.kill()
        self.process = None
        self._start_at = time.monotonic() + pause

    def stop(self) -> None:
        """Ask it to end: SIGTERM to the main process alone, which ends its children in order."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def kill(self) -> None:
        """End it and all its children at once."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def is_over(self) -> bool:
        return self.process is None or self.process.poll() is not None


def _in_words(status: int) -> str:
    return f"status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
