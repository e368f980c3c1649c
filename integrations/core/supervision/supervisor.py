"""`manage.py portal`: the web and the queue as children that are kept alive, watched, and ended in order."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Sequence

from django.conf import settings

from integrations.core.processes import Wish

from .children import Child

logger = logging.getLogger("portal.supervisor")

LOOK_EVERY = 1.0  # seconds
FIRST_LOOKS_EVERY = 0.2  # while a child's own processes come up


class Web(Child):
    """gunicorn with threads: a click that waits for a vendor holds one of them, not the whole process."""

    def __init__(self, port: int) -> None:
        super().__init__("web", grace=30)
        self.port = port

    def __str__(self) -> str:
        return f"web (http://{settings.BIND_ADDRESS}:{self.port}, {settings.WEB_WORKERS} workers)"

    def command(self) -> Sequence[str]:
        return [
            *(sys.executable, "-m", "gunicorn", "portal.wsgi"),
            *("--bind", f"{settings.BIND_ADDRESS}:{self.port}"),
            *("--worker-class", "gthread"),
            *("--workers", str(settings.WEB_WORKERS), "--threads", str(settings.WEB_THREADS)),
            *("--timeout", "90", "--graceful-timeout", "25"),
            *("--max-requests", "100000", "--max-requests-jitter", "10000"),
            *("--worker-tmp-dir", "/dev/shm", "--no-control-socket"),  # noqa: S108 — gunicorn's own heartbeat files
            *("--log-level", "warning", "--name", "portal web"),
        ]


def supervise(children: Sequence[Child]) -> int:
    """Keep them alive until SIGTERM or Ctrl-C; then end them in order. The exit status: 0 if all ended in time."""
    asked = Wish(signal.SIGTERM, signal.SIGINT)
    logger.info("starting %s", " and ".join(str(child) for child in children))
    while not asked.is_set():
        for child in children:
            child.keep_alive()
            child.watch()
        asked.wait(LOOK_EVERY if all(child.is_settled for child in children) else FIRST_LOOKS_EVERY)
    return _stop(children, asked)


def _stop(children: Sequence[Child], asked: Wish) -> int:
    """Ask all to end and wait as long as each may take; a second signal ends the waiting."""
    logger.info("stopping; running jobs may end (press Ctrl-C again not to wait)")
    asked.clear()
    began = time.monotonic()
    for child in children:
        child.stop()
    while left := [child for child in children if not child.is_over()]:
        late = [child.name for child in left if time.monotonic() - began > child.grace]
        if late or asked.is_set():
            logger.warning("killing %s", ", ".join(late or [child.name for child in left]))
            break
        asked.wait(0.1)
    for child in children:
        child.kill()  # also what a main process left behind
    logger.info("stopped")
    return 1 if left else 0
