"""What the peer's tasks do, and how many are put in at once: `python -m benchmarks.peer.tasks COUNT`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def nothing(number: int) -> None:
    """A task as small as they come."""


def sign(number: int) -> None:
    """Say when it began; see benchmarks/rig/integration.py."""
    with (Path(os.environ["BENCHMARK_FOLDER"]) / f"began-{number}").open("a") as signs:
        signs.write(f"{time.monotonic()} {os.getpid()}\n")


def call(url: str) -> None:
    """A vendor call, by hand."""
    import requests

    requests.post(url, json={}, timeout=10)


def main() -> None:
    """Answer each line `COUNT` with the seconds in which the queue worked that many tasks off."""
    import django

    django.setup()
    from django.db import transaction
    from django_q.models import OrmQ
    from django_q.tasks import async_task

    for line in sys.stdin:
        with transaction.atomic():
            for number in range(int(line)):
                async_task("benchmarks.peer.tasks.nothing", number)
        began = time.monotonic()
        while OrmQ.objects.exists():
            time.sleep(0.05)
        print(time.monotonic() - began, flush=True)


if __name__ == "__main__":
    main()
