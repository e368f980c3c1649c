"""`manage.py import_pairs firm/contacts FILE`: pairs of party and record from a CSV file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.advoware_espocrm import cutover
from integrations.advoware_espocrm.cutover import UnreadablePairs
from integrations.advoware_espocrm.sides import KIND, both_open
from integrations.core.models import Integration
from integrations.core.streams import StreamProblem
from integrations.transport.errors import VendorError


class Command(BaseCommand):
    help = (
        f"Make pairs of a CSV file with the columns {' and '.join(cutover.COLUMNS)}. Nothing is written to either "
        "program. The exit status is 1 if any row makes no pair."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", metavar="CLIENT/INTEGRATION", help="for example firm/contacts")
        parser.add_argument("file", help="the file; - reads from standard input")
        parser.add_argument("--dry-run", action="store_true", help="say what would come of it; store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = cutover.read(self._text(options["file"]))
            with both_open(Integration.named(options["integration"], kind=KIND), "cut-over") as sides:
                cutover.judge(sides, rows)
                if not options["dry_run"]:
                    cutover.link(sides, rows, told=lambda done: self._progress(done, len(rows)))
        except UnreadablePairs as problem:
            raise CommandError(f"{options['file']}: {problem}") from None
        except (LookupError, StreamProblem, VendorError) as problem:
            raise CommandError(f"{problem.args[0]} Nothing more was linked.") from None
        for line in cutover.report(rows):
            self.stdout.write(line)
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

    def _progress(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {total:,} rows" + ("\n" if done == total else ""), ending="")
            self.stderr.flush()
