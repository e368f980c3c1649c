from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.core import streams
from integrations.core.management.progress import progress
from integrations.core.models import HeldItem, Integration, Stream, SyncRun
from integrations.core.streams import StreamProblem

MOST_ROUNDS = 5
SHOWN = 20  # held records named at the end


class Command(BaseCommand):
    help = (
        "Run the streams of an integration here and now, round after round until one writes nothing. "
        "Ctrl-C stops it after the record in hand. The exit status is 1 if anything is held or did not run to its end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", metavar="CLIENT/INTEGRATION", help="for example elite/helpdesk")
        parser.add_argument(
            "--stream", action="append", default=[], metavar="NAME", help="only this one; may be given several times"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
        parser.add_argument("--once", action="store_true", help="one round only")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            integration = Integration.named(options["integration"])
        except LookupError as unknown:
            raise CommandError(unknown.args[0]) from None
        chosen = _chosen(integration, options["stream"])
        is_dry = options["dry_run"]
        well = True
        for _ in range(1 if options["once"] or is_dry else MOST_ROUNDS):
            runs = self._round(chosen, is_dry)
            well = all(run is not None and run.state == SyncRun.State.DONE for run in runs)
            if not well or not any(run.created or run.updated for run in runs if run is not None):
                break
        held = HeldItem.objects.filter(stream__in=chosen, state=HeldItem.State.HELD).select_related("stream")
        self._say_held(list(held[:SHOWN]), held.count())
        if held or not well:
            sys.exit(1)

    def _round(self, chosen: list[Stream], is_dry: bool) -> list[SyncRun | None]:
        """Each of them once; after one that was stopped, no other."""
        runs: list[SyncRun | None] = []
        for stream in chosen:
            runs.append(run := self._run(stream, is_dry))
            if run is not None and run.state == SyncRun.State.STOPPED:
                break
        return runs

    def _run(self, stream: Stream, is_dry: bool) -> SyncRun | None:
        began = time.monotonic()
        try:
            with progress(self.stdout, lambda: _told(stream), stop=lambda: _stop(stream)):
                run = streams.run_now(stream, is_dry=is_dry)
        except StreamProblem as problem:
            self.stdout.write(self.style.ERROR(f"{stream.slug}: not run. {problem}"))
            return None
        said = f"{stream.slug}: {run.outcome} ({time.monotonic() - began:.1f} s)"
        self.stdout.write(said if run.state == SyncRun.State.DONE else self.style.ERROR(f"{said} [{run.state}]"))
        if is_dry:
            for entry in run.entries.iterator():
                self.stdout.write(
                    f"  {entry.record_id}: {'; '.join(entry.writes) or entry.outcome}. {entry.why}".rstrip()
                )
        return run

    def _say_held(self, items: list[HeldItem], count: int) -> None:
        if not count:
            return
        self.stdout.write(f"{count} record{'' if count == 1 else 's'} held:")
        for item in items:
            again = f"tried again {item.next_try:%Y-%m-%d %H:%M} UTC" if item.next_try else "waits for a person"
            self.stdout.write(
                f"  {item.stream.slug} {item.record_id}: {item.get_cause_display()}. {item.sentence} ({again})"
            )
        if count > len(items):
            self.stdout.write(f"  and {count - len(items)} more")


def _running(stream: Stream) -> SyncRun | None:
    found: SyncRun | None = stream.runs.filter(state=SyncRun.State.RUNNING, subject="").first()
    return found


def _told(stream: Stream) -> str:
    """How far its run is."""
    run = _running(stream)
    if run is None:
        return ""
    counts = f"{run.read:,} read, {run.created:,} created, {run.updated:,} updated, {run.held:,} held"
    return f"{stream.slug}: {counts}"


def _stop(stream: Stream) -> bool:
    """False: its run has not begun yet."""
    if (run := _running(stream)) is not None:
        streams.ask_to_stop(run)
    return run is not None


def _chosen(integration: Integration, names: list[str]) -> list[Stream]:
    """These streams; without names, all that are switched on."""
    rows = {row.slug: row for row in streams.streams_of(integration)}
    if unknown := [name for name in names if name not in rows]:
        raise CommandError(f"There is no stream {', '.join(unknown)}. Known: {', '.join(rows) or 'none'}.")
    chosen = [rows[name] for name in names] or [row for row in rows.values() if row.is_enabled]
    if not chosen:
        raise CommandError("All its streams are switched off; name one with --stream.")
    return chosen
