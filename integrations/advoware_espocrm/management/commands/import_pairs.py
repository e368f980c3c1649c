"""`manage.py import_pairs firm/contacts FILE`: pairs of party and record from a CSV file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.advoware_espocrm import cutover
from integrations.advoware_espocrm.cutover import Row, UnreadablePairs
from integrations.advoware_espocrm.sides import KIND, both_open
from integrations.core.jobs import Stopped
from integrations.core.management.progress import told_by
from integrations.core.models import Integration
from integrations.core.streams import StreamProblem
from integrations.transport.errors import VendorError

GO_ON = "What was linked by then stays; with the same file it goes on, and links nothing twice."


class Command(BaseCommand):
    help = (
        f"Make pairs of a CSV file with the columns {' and '.join(cutover.COLUMNS)}. Nothing is written to either "
        "program. Ctrl-C stops it after the row it is at; begun again, it goes on with the rows that are left. "
        "The exit status is 1 if any row makes no pair."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", metavar="CLIENT/INTEGRATION", help="for example firm/contacts")
        parser.add_argument("file", help="the file; - reads from standard input")
        parser.add_argument("--dry-run", action="store_true", help="say what would come of it; store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = cutover.read(self._text(options["file"]))
            integration = Integration.named(options["integration"], kind=KIND)
            with both_open(integration, "cut-over") as sides, told_by(self.stdout) as far:
                cutover.judge(sides, rows, told=far.tell)
                if not options["dry_run"]:
                    cutover.link(sides, rows, told=far.tell)
        except Stopped as stopped:
            self._say(rows)
            self.stdout.write(self.style.ERROR(f"Stopped by hand: {stopped}. {GO_ON}"))
            sys.exit(1)
        except UnreadablePairs as problem:
            raise CommandError(f"{options['file']}: {problem}") from None
        except (LookupError, StreamProblem, VendorError) as problem:
            raise CommandError(f"{problem.args[0]} Nothing more was linked.") from None
        self._say(rows)
        if not all(row.verdict in cutover.GOOD for row in rows):
            sys.exit(1)

    def _text(self, name: str) -> str:
        try:
            raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            raise CommandError(f"{name} cannot be opened: {error.strerror}.") from None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise CommandError(f"{name} is no text in UTF-8.") from None

    def _say(self, rows: list[Row]) -> None:
        for line in cutover.report(rows):
            self.stdout.write(line)
