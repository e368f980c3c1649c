"""`manage.py import_runs FILE`: backup runs from a CSV, XLSX or JSON file, or from standard input."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from integrations.backup_tickets.importing.files import COLUMNS, FORMATS, format_of, read_file
from integrations.backup_tickets.importing.problems import UnreadableFileError
from integrations.backup_tickets.intake import ERRORS_KEPT, IntakeResult, Placed, take_runs
from integrations.core.management.progress import Far, told_by
from integrations.core.models import Client

GO_ON = "What was stored by then stays; with the same file it goes on, and stores nothing twice."


class _Part:
    """The items of the file until somebody wants the end; those in hand then are still stored."""

    def __init__(self, items: Iterable[Placed], far: Far) -> None:
        self._items, self._far, self.is_cut = items, far, False

    def __iter__(self) -> Iterator[Placed]:
        for item in self._items:
            if not self._far.goes_on:
                self.is_cut = True
                return
            yield item


class Command(BaseCommand):
    help = (
        f"Take backup runs from a file. Columns of a table: {', '.join(COLUMNS)}. "
        "Ctrl-C stops it after the runs in hand; with the same file it goes on, and stores nothing twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file; - reads from standard input")
        parser.add_argument("--client", help="slug of the client; may be left out where there is only one")
        parser.add_argument("--format", choices=("auto", *FORMATS), default="auto")
        parser.add_argument("--dry-run", action="store_true", help="say what would come of it; store nothing")

    @no_translations  # what a command says is English, also what the intake says through it
    def handle(self, *args: Any, **options: Any) -> None:
        client = self._client(options["client"])
        form, storing = options["format"], not options["dry_run"]
        with self._stream(options["file"]) as stream:
            try:
                items = read_file(stream, format_of(options["file"], stream) if form == "auto" else form)
                with told_by(self.stdout) as far:
                    part = _Part(items, far)
                    result = take_runs(client, part, progress=lambda so_far: far.say(_told(so_far)), store=storing)
            except UnreadableFileError as error:
                raise CommandError(f"{options['file']}: {error}") from None
        self._summary(result, dry_run=options["dry_run"])
        if part.is_cut:
            said = f"Stopped by hand: {_told(result)}."
            self.stdout.write(self.style.ERROR(f"{said} {GO_ON}" if storing else said))
        if result.failed or part.is_cut:
            raise SystemExit(1)

    def _client(self, slug: str | None) -> Client:
        known = Client.objects.order_by("slug")
        names = ", ".join(known.values_list("slug", flat=True)) or "none yet"
        found = list(known.filter(slug=slug) if slug else known[:2])
        if len(found) != 1:
            what = f"There is no client “{slug}”." if slug else "Say whose runs these are with --client SLUG."
            raise CommandError(f"{what} Known: {names}.")
        client: Client = found[0]
        return client

    def _stream(self, name: str) -> BinaryIO:
        if name == "-":
            return io.BytesIO(sys.stdin.buffer.read())
        try:
            return Path(name).open("rb")
        except OSError as error:
            raise CommandError(f"{name} cannot be opened: {error.strerror}.") from None

    def _summary(self, result: IntakeResult, *, dry_run: bool) -> None:
        for error in result.errors:
            self.stderr.write(error.message)
        if len(result.errors) >= ERRORS_KEPT:
            self.stderr.write(f"Only the first {ERRORS_KEPT:,} reasons are listed.")
        self.stdout.write(
            f"{'Would be: ' if dry_run else ''}{result.created:,} created, {result.updated:,} updated, "
            f"{result.unchanged:,} unchanged, {result.failed:,} refused."
        )


def _told(result: IntakeResult) -> str:
    return f"{result.done:,} runs read, {result.failed:,} refused"
