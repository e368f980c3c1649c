"""`manage.py adopt_references elite/toga`: the cut-over, as the button in the settings has it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.core import long_jobs, streams
from integrations.core.management.following import follow
from integrations.core.models import Integration, Job
from integrations.toga_togadesk import cutover
from integrations.toga_togadesk.models import CutOver, SyncOptions

GO_ON = "What was linked by then stays; the same command goes on from there."


class Command(BaseCommand):
    help = (
        "Make links of the reference ids that the old programs left in TOGaDesk; nothing is written to either system. "
        "Ctrl-C stops it after the page it is at; begun again, it goes on from there. "
        "The exit status is 1 if it did not come to its end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", metavar="CLIENT/INTEGRATION", help="for example elite/toga")
        parser.add_argument("--anew", action="store_true", help="from the beginning, however far it got")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            integration = Integration.named(options["integration"], kind="toga_togadesk")
        except LookupError as unknown:
            raise CommandError(unknown.args[0]) from None
        job = long_jobs.at_work(cutover.JOBS, integration.pk)
        if job is not None:
            self.stdout.write("It is at work already; this is how far it is.")
        else:
            job = self._ask(integration, anew=options["anew"])
        job = follow(self.stdout, job)
        if job.state == Job.State.DEAD or job.was_stopped:
            self.stdout.write(self.style.ERROR(f"{job.outcome} {GO_ON}"))
            sys.exit(1)
        for line in cutover.report(CutOver.objects.get(integration=integration)):
            self.stdout.write(str(line))

    def _ask(self, integration: Integration, *, anew: bool) -> Job:
        settings = SyncOptions.objects.filter(integration=integration).first()
        missing = settings.problem() if settings else "This integration has no settings yet."
        if problem := missing or streams.why_not(integration):
            raise CommandError(f"The cut-over was not started. {problem}")
        return cutover.ask(integration, anew=anew)
