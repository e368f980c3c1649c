"""This host and its processes, named so that a name is never used twice."""

from __future__ import annotations

import os
import select
import signal
import socket
from contextlib import suppress
from pathlib import Path
from types import FrameType


def _this_host() -> str:
    """The name of this host and, where there are several, of the space in which process ids are unique."""
    try:
        return f"{socket.gethostname()} {os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


HOST = _this_host()


def process_started(pid: int) -> float | None:
    """When that process of this host started, in seconds since boot; None when there is no such process.

    With the pid it names one process for good: pids are used again. A zombie does not count, it will never work again.
    """
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else int(after_name[19]) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The pids of that process's children; empty when it is gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class Wish:
    """That this process shall end, as one of these signals says it; made in the main thread.

    No lock is in it, as there is in `threading.Event`: a signal may come while the handler of the one before is at
    work, and would wait for ever for what the interrupted one holds.
    """

    def __init__(self, *signals: signal.Signals) -> None:
        self._came, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._is_set = False
        for number in signals:
            signal.signal(number, self._hear)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._is_set = True
        with suppress(BlockingIOError):  # full of wishes that nobody has read yet
            os.write(self._wake, b"!")

    def is_set(self) -> bool:
        return self._is_set

    def clear(self) -> None:
        """Wait for the next one."""
        self._is_set = False
        with suppress(BlockingIOError):
            while os.read(self._came, 4096):
                pass

    def wait(self, seconds: float | None = None) -> bool:
        """Until somebody wishes it, or as long as that; whether somebody did."""
        if not self._is_set:
            select.select([self._came], [], [], seconds)
        return self._is_set
