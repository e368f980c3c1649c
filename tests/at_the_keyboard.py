"""`manage.py` at a terminal, as a process of its own, and somebody before it who presses Ctrl-C at a word."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time

from django.conf import settings

PATIENCE = 60.0  # seconds


def at_the_terminal(database_url: str, *arguments: str, ctrl_c_at: str = "") -> tuple[int, str]:
    """The exit status of the command, and all it wrote; Ctrl-C is pressed once, when it has written these words."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        env={**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=settings.BASE_DIR,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        said = _heard(process, ours, ctrl_c_at)
        return process.wait(PATIENCE), said
    finally:
        process.kill()
        os.close(ours)


def _heard(process: subprocess.Popen[bytes], ours: int, ctrl_c_at: str) -> str:
    said, ends, is_pressed = "", time.monotonic() + PATIENCE, not ctrl_c_at
    while time.monotonic() < ends:
        if not select.select([ours], [], [], 0.1)[0]:
            continue
        try:
            said += os.read(ours, 65536).decode("utf-8", "replace")
        except OSError:  # it closed its end
            return said
        if not is_pressed and ctrl_c_at in said:
            is_pressed = True
            process.send_signal(signal.SIGINT)
    raise AssertionError(f"It did not end: {said}")
