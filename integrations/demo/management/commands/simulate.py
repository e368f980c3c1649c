"""`manage.py simulate autotask --port 9100`: a vendor's simulator, by hand, until Ctrl-C."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.core import registry
from integrations.core.processes import Wish
from integrations.demo import simulators


class Command(BaseCommand):
    help = "Run a vendor's simulator until Ctrl-C; it is steered over HTTP under /_simulator/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        known = sorted(slug for slug, vendor in registry.vendors().items() if vendor.simulator)
        parser.add_argument("vendor", choices=known)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=0, help="0 takes a free one")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Wish(signal.SIGINT, signal.SIGTERM)
        try:
            server = simulators.serve(options["vendor"], host=options["host"], port=options["port"])
        except OSError as error:
            raise CommandError(f"port {options['port']} cannot be used: {error.strerror}; choose another") from None
        with server:
            self.stdout.write(f"{registry.vendor(options['vendor']).label} (simulated) at {server.url}; Ctrl-C ends it")
            self.stdout.flush()
            stop.wait()
