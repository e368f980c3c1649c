"""`manage.py adopt_ids elite/freshservice`: the cut-over, as the buttons in the settings have it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.core import long_jobs, streams
from integrations.core.management.following import follow
from integrations.core.models import Integration, Job
from integrations.freshservice_toga import cutover
from integrations.freshservice_toga.models import CutOver, FreshserviceOptions

GO_ON = "Nothing is lost: the same command goes on from there."


class Command(BaseCommand):
    help = (
        "Read the ids of Freshservice that an earlier program left in TOGA 2, and say what would be linked; with "
        "--link, make the links of what was read. Ctrl-C stops it after the page it is at; begun again, it goes on "
        "from there. "
        "The exit status is 1 if it did not come to its end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", metavar="CLIENT/INTEGRATION", help="for example elite/freshservice")
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--anew", action="store_true", help="read from the beginning, whatever was read")
        act.add_argument("--link", action="store_true", help="make the links of what was read")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            integration = Integration.named(options["integration"], kind="freshservice_toga")
        except LookupError as unknown:
            raise CommandError(unknown.args[0]) from None
        if (job := long_jobs.at_work(cutover.JOBS, integration.pk)) is not None:
            self.stdout.write("It is at work already; this is how far it is.")
        elif options["link"]:
            job = self._ask_for_links(integration)
        else:
            job = self._ask_to_read(integration, anew=options["anew"])
        job = follow(self.stdout, job)
        if job.state == Job.State.DEAD or job.was_stopped:
            self.stdout.write(self.style.ERROR(f"{job.outcome} {GO_ON}"))
            sys.exit(1)
        for line in cutover.report(CutOver.objects.get(integration=integration)):
            self.stdout.write(str(line))

    def _ask_to_read(self, integration: Integration, *, anew: bool) -> Job:
        settings = FreshserviceOptions.objects.filter(integration=integration).first()
        missing = settings.problem() if settings else "This integration has no settings yet."
        if problem := missing or streams.why_not(integration):
            raise CommandError(f"The cut-over was not started. {problem}")
        return cutover.ask_to_read(integration, anew=anew)

    def _ask_for_links(self, integration: Integration) -> Job:
        if problem := cutover.why_no_links(integration):
            raise CommandError(f"No link was made. {problem}")
        return cutover.ask_for_links(integration)
