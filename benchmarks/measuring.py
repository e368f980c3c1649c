"""One benchmark in a process of its own: `python -m benchmarks.measuring MODULE DATABASE SCALE`."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from importlib import import_module

import django

from benchmarks.__main__ import MARK


def main() -> None:
    module, database, scale = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends what was started
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for figure in import_module(f"benchmarks.{module}").measure(float(scale), database):
        print(MARK + json.dumps(asdict(figure)), flush=True)


if __name__ == "__main__":
    main()
