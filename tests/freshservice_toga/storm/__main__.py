"""`python -m tests.freshservice_toga.storm`: what a storm costs. See `--help` for its size and what it meets."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402 — Django's settings must be read first

from tests.faults.database import database_url  # noqa: E402

from .storm import storm  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description="Let a storm of webhooks pass over a portal, and count the calls.")
    for name, usual in (("tickets", 200), ("webhooks", 5_000), ("kills", 10), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--plan", default="pro")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, database_url(Path(folder)) as url:
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(migrate, env={**os.environ, "DATABASE_URL": url}, cwd=settings.BASE_DIR, check=True)
        told = storm(
            Path(folder),
            url,
            tickets=options.tickets,
            webhooks=options.webhooks,
            kills=options.kills,
            plan=options.plan,
            seed=str(options.seed),
        )
    say = sys.stdout.write
    say(f"{told.report()}\n\n{told.table()}\n\n{time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
