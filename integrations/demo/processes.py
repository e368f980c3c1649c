"""The portal itself as a child process, and the port it listens on."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

STOP_SECONDS = 60  # the supervisor lets running jobs finish
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_taken(port: int) -> bool:
    """Whether somebody listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _end_with_the_parent() -> None:
    """Runs in the child: SIGTERM when the parent dies, however it dies, so that nobody is left behind."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def portal(port: int, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Web and queue under their supervisor, in a session of their own; ended with SIGTERM on the way out."""
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "portal"]
    environment = {**os.environ, **(env or {}), "PORT": str(port)}
    child = subprocess.Popen(  # noqa: S603 — our own program
        command, env=environment, start_new_session=True, preexec_fn=_end_with_the_parent
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def wait_until_it_answers(child: subprocess.Popen[bytes], url: str, *, seconds: float = 60) -> None:
    """Raises `OSError` when the portal ended, or did not answer in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise OSError(f"the portal ended with status {child.returncode}; its own message is above")
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):  # noqa: S310 — the portal's own address
                return
        except OSError:  # refused, or accepted and then silent for as long as we wait: it is still starting
            time.sleep(0.1)
    raise OSError(f"the portal did not answer at {url} within {seconds:.0f} s")
