from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from integrations.core import readopting, write_hold
from integrations.core.management.following import follow
from integrations.core.models import Readoption, WriteHold


class Command(BaseCommand):
    help = (
        "Say that the database was restored from a backup: nothing is written to any vendor until an administrator has "
        "seen the report of what was made since, and resumes. Looks here and now, unless told otherwise."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--why", default="", help="a sentence for the report and the audit trail")
        parser.add_argument("--no-look", action="store_true", help="only pause writes; the queue looks once it runs")

    def handle(self, *args: Any, **options: Any) -> None:
        hold = write_hold.begin(actor="manage.py restored", detail=options["why"])
        self.stdout.write(f"Writes are paused ({hold}). Webhooks are taken, and what writes waits.")
        if options["no_look"]:
            self.stdout.write("The queue looks for what was made since the backup as soon as it runs.")
            return
        job = write_hold.look_again(hold)
        job = follow(self.stdout, job, look=lambda: _told(hold), stop=lambda: readopting.stop(hold))
        self.stdout.write(job.outcome)
        for row in hold.readoptions.select_related("integration__client"):
            self._say(row)
        self.stdout.write(f"{readopting.in_short(hold)} Read the report under Restores, and resume there.")

    def _say(self, row: Readoption) -> None:
        self.stdout.write(f"{row.integration}: {row.get_state_display()}. {row.outcome}")
        for mark, findings in (("linked", row.adopted), ("look at", row.unclear)):
            for one in findings:
                self.stdout.write(f"  {mark}: {one['said']}")
        for note in row.notes:
            self.stdout.write(f"  {note}")


def _told(hold: WriteHold) -> str:
    rows = hold.readoptions.all()
    over = sum(row.state != Readoption.State.WAITING for row in rows)
    return f"{over:,} of {len(rows):,} integrations, {sum(row.looked for row in rows):,} records looked at"
