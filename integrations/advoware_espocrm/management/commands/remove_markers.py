"""`manage.py remove_markers firm/contacts`: takes the portal's markers out of the remarks in Advoware."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.advoware_espocrm.markers import remove_markers, summary
from integrations.advoware_espocrm.sides import KIND
from integrations.core.management.progress import told_by
from integrations.core.models import Integration, SyncRun
from integrations.core.streams import StreamProblem

SHOWN = 20  # parties named at the end
GO_ON = "Begun again, it goes on from there."


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
        try:
            with told_by(self.stdout) as far:
                run = remove_markers(
                    Integration.named(options["integration"], kind=KIND),
                    is_dry=options["dry_run"],
                    go_on=lambda: far.goes_on,
                    told=lambda run: far.say(summary(run)),
                    wait=far.wait,
                )
        except (LookupError, StreamProblem) as problem:
            raise CommandError(problem.args[0]) from None
        self._say(run)
        if run.state != SyncRun.State.DONE or run.held:
            sys.exit(1)

    def _say(self, run: SyncRun) -> None:
        is_stopped, is_over = run.state == SyncRun.State.STOPPED, run.state == SyncRun.State.DONE
        said = f"{run.outcome} [{run.state}]" + (f" {GO_ON}" if is_stopped and not run.is_dry else "")
        self.stdout.write(run.outcome if is_over else self.style.ERROR(said))
        entries = run.entries.filter(outcome__in=("held", "skipped"))
        for entry in entries[:SHOWN]:
            self.stdout.write(f"  {entry.record_id}: {entry.why}")
        if (more := entries.count() - SHOWN) > 0:
            self.stdout.write(f"  and {more} more")
