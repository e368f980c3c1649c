"""The queue's main process: django-q's cluster with our signs. Started by the supervisor with a socket's number."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django.conf import settings
    from django_q.cluster import Cluster

    from integrations.core.supervision import signs

    signs.connect(int(sys.argv[1]))
    supervisor = os.getppid()
    Cluster().start()  # its children work; this process sleeps until SIGTERM
    threading.Thread(target=_end_if_orphaned, args=(supervisor, settings.QUEUE_TIMEOUT + 10), daemon=True).start()


def _end_if_orphaned(supervisor: int, grace: float) -> None:
    """A queue that cannot end is ended by its supervisor; who lost both it and a worker with a lock does it alone."""
    while os.getppid() == supervisor:
        time.sleep(1)
    time.sleep(grace)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
