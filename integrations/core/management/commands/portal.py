"""`manage.py portal`: run the portal under its supervisor."""

from __future__ import annotations

import socket
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from integrations.core.checks import refuse_if_unsafe
from integrations.core.supervision.children import Child
from integrations.core.supervision.supervisor import Web, supervise
from integrations.core.supervision.watch import Queue

DATABASE_WITHIN = 60.0  # seconds that a database may take to come up beside us


class Command(BaseCommand):
    help = "Run web and queue, watched and restarted, until SIGTERM or Ctrl-C."
    requires_system_checks = ()  # the settings are checked here, with one clear message

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", choices=("web", "queue"), help="run one of the two alone")
        parser.add_argument("--port", type=int, default=settings.PORT, help="of the web (default: PORT, %(default)s)")

    def handle(self, *, only: str | None, port: int, **_options: Any) -> None:
        try:
            refuse_if_unsafe()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        children: list[Child] = []
        if only != "queue":
            _demand_free(port)
            children.append(Web(port))
        if only != "web":
            children.append(Queue())
        _demand_migrated()
        status = supervise(children)
        if status:
            raise CommandError("not everything ended in time; what was left was killed", returncode=status)


def _demand_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.BIND_ADDRESS, port))
        except OSError as error:
            raise CommandError(
                f"cannot listen on {settings.BIND_ADDRESS}:{port} ({error.strerror}); set PORT"
            ) from None


def _demand_migrated() -> None:
    """Raises `CommandError` when the database is older than the program, or does not answer for a minute."""
    deadline = time.monotonic() + DATABASE_WITHIN
    while True:
        try:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            break
        except DatabaseError as error:
            connection.close()
            if time.monotonic() > deadline:
                raise CommandError(
                    f"the database does not answer ({type(error).__name__}); look at DATABASE_URL"
                ) from None
            time.sleep(1)
    connection.close()
    if plan:
        raise CommandError(f"migrations not applied: {len(plan)}; run `manage.py migrate` first")
