from __future__ import annotations

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.core.erasing import TooShortError, erase, find
from integrations.core.jobs import Stopped
from integrations.core.management.progress import told_by

GO_ON = "What was taken out by then is gone; the same command does the rest."
UNCHANGED = "Nothing was changed."


class Command(BaseCommand):
    help = (
        "Take what names a person out of the portal's own tables. Says what it would do; --confirm does it. "
        "Ctrl-C stops it after the rows in hand; begun again, it does the rest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("words", nargs="+", help="what names the person: address, number, name")
        parser.add_argument("--confirm", action="store_true", help="do it")
        parser.add_argument("--reason", default="", help="why, for the audit (without the person's name)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["confirm"] and not options["reason"].strip():
            raise CommandError("Say why with --reason: it is kept in the audit, the words are not.")
        actor, reason = f"erase ({getpass.getuser()})", options["reason"]
        try:
            with told_by(self.stdout) as far:
                if options["confirm"]:
                    found = erase(options["words"], actor=actor, reason=reason, told=far.tell)
                else:
                    found = find(options["words"], told=far.tell)
        except TooShortError as problem:
            raise CommandError(str(problem)) from None
        except Stopped as stopped:
            raise CommandError(f"Stopped by hand: {stopped}. {GO_ON if options['confirm'] else UNCHANGED}") from None
        for one in found:
            self.stdout.write(f"{one.count:>8,} {one.table}: {one.what}")
        if not found:
            self.stdout.write("Nothing in the portal holds these words.")
        elif not options["confirm"]:
            self.stdout.write("Nothing was changed. Erase it at the vendors first, then here with --confirm.")
