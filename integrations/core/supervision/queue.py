"""The queue's main process: django-q's cluster with our signs. Started by the supervisor with a socket's number."""

from __future__ import annotations

import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django_q.cluster import Cluster

    from integrations.core.supervision import signs

    signs.connect(int(sys.argv[1]))
    Cluster().start()  # its children work; this process sleeps until SIGTERM


if __name__ == "__main__":
    main()
