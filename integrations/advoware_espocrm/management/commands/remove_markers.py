"""`manage.py remove_markers firm/contacts`: takes the portal's markers out of the remarks in Advoware."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.advoware_espocrm.markers import remove_markers, summary
from integrations.advoware_espocrm.sides import KIND
from integrations.core.models import Integration, SyncRun
from integrations.core.streams import StreamProblem

SHOWN = 20  # parties named at the end


class Command(BaseCommand):
    help = (
        "Take [ESPOCRM:…] and [ESPOCRM-SLOT:…] out of the remarks of all pairs; the text behind them stays. "
        "Ctrl-C stops it after the party it is at; begun again, it goes on from there. "
        "The exit status is 1 if it is not over or a marker was left."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", metavar="CLIENT/INTEGRATION", help="for example firm/contacts")
        parser.add_argument("--dry-run", action="store_true", help="count what would be removed, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        before = signal.signal(signal.SIGINT, lambda *_: stop.set())
        try:
            run = remove_markers(
                Integration.named(options["integration"], kind=KIND),
                is_dry=options["dry_run"],
                go_on=lambda: not stop.is_set(),
                told=self._progress,
                wait=stop.wait,
            )
        except (LookupError, StreamProblem) as problem:
            raise CommandError(problem.args[0]) from None
        finally:
            signal.signal(signal.SIGINT, before)
        self._say(run)
        if run.state != SyncRun.State.DONE or run.held:
            sys.exit(1)

    def _progress(self, run: SyncRun) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r\x1b[K{summary(run)} …", ending="")
            self.stdout.flush()

    def _say(self, run: SyncRun) -> None:
        if self.stdout.isatty():
            self.stdout.write("\r\x1b[K", ending="")
        is_over = run.state == SyncRun.State.DONE
        self.stdout.write(run.outcome if is_over else self.style.ERROR(f"{run.outcome} [{run.state}]"))
        entries = run.entries.filter(outcome__in=("held", "skipped"))
        for entry in entries[:SHOWN]:
            self.stdout.write(f"  {entry.record_id}: {entry.why}")
        if (more := entries.count() - SHOWN) > 0:
            self.stdout.write(f"  and {more} more")
