"""Debian's chromium, as the browser tests and the screenshots use it."""

from __future__ import annotations

import shutil

WHERE = shutil.which("chromium") or shutil.which("chromium-browser")
# No calls home, no sandbox (the tests may run as root), no /dev/shm (small in containers).
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
