"""`manage.py suggest_companies elite`: proposes companies for unmapped customers, as the button on their page does."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.backup_tickets import suggesting
from integrations.core.management.following import follow
from integrations.core.models import Client, Job

GO_ON = "The proposals that were made stay; the same command goes on from there."


class Command(BaseCommand):
    help = (
        "Read the active companies of Autotask and propose the likest for each unmapped customer; nothing is mapped. "
        "Ctrl-C stops it after the page it is at; begun again within hours, it goes on from there. "
        "The exit status is 1 if it did not come to its end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clients", nargs="*", metavar="CLIENT", help="slugs; all clients where none is named")

    def handle(self, *args: Any, **options: Any) -> None:
        clients = self._clients(options["clients"])
        if not clients:
            self.stdout.write("Every customer whose client has a working set-up is mapped.")
        for client in clients:
            job = follow(self.stdout, suggesting.ask_for(client))
            is_cut = job.state == Job.State.DEAD or job.was_stopped
            said = f"{client}: {job.outcome}"
            self.stdout.write(self.style.ERROR(f"{said} {GO_ON}") if is_cut else said)
            if is_cut:
                sys.exit(1)

    def _clients(self, slugs: list[str]) -> list[Client]:
        named = Client.objects.filter(slug__in=slugs) if slugs else Client.objects.all()
        if unknown := set(slugs) - {client.slug for client in named}:
            known = ", ".join(Client.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no client {', '.join(sorted(unknown))}. Known: {known}.")
        return suggesting.lookable(named)
