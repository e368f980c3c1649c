from __future__ import annotations

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.core.erasing import TooShortError, erase, find


class Command(BaseCommand):
    help = "Take what names a person out of the portal's own tables. Says what it would do; --confirm does it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("words", nargs="+", help="what names the person: address, number, name")
        parser.add_argument("--confirm", action="store_true", help="do it")
        parser.add_argument("--reason", default="", help="why, for the audit (without the person's name)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["confirm"] and not options["reason"].strip():
            raise CommandError("Say why with --reason: it is kept in the audit, the words are not.")
        try:
            if options["confirm"]:
                found = erase(options["words"], actor=f"erase ({getpass.getuser()})", reason=options["reason"])
            else:
                found = find(options["words"])
        except TooShortError as problem:
            raise CommandError(str(problem)) from None
        for one in found:
            self.stdout.write(f"{one.count:>8,} {one.table}: {one.what}")
        if not found:
            self.stdout.write("Nothing in the portal holds these words.")
        elif not options["confirm"]:
            self.stdout.write("Nothing was changed. Erase it at the vendors first, then here with --confirm.")
