"""This host and its processes, named so that a name is never used twice."""

from __future__ import annotations

import os
import socket
from pathlib import Path


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
