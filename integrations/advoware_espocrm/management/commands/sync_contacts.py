"""`manage.py sync_contacts firm/contacts 12345`: contact data of single parties, here and now."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.advoware_espocrm.merge import Direction
from integrations.advoware_espocrm.shell import Outcome, look_at
from integrations.advoware_espocrm.sides import KIND
from integrations.core.management.progress import told_by
from integrations.core.models import Integration


class Command(BaseCommand):
    help = (
        "Bring parties of Advoware and their records in EspoCRM to agreement, here and now. "
        "Ctrl-C stops it after the party it is at, and the rest is named. "
        "The exit status is 1 if anything failed, is held or waits for a decision."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", metavar="CLIENT/INTEGRATION", help="for example firm/contacts")
        parser.add_argument("parties", metavar="BETNR", nargs="+", type=int, help="the number of a party")
        parser.add_argument("--direction", choices=[one.value for one in Direction], default=Direction.BOTH.value)
        parser.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
        parser.add_argument("--json", action="store_true", help="the results as one JSON object, by party")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            integration = Integration.named(options["integration"], kind=KIND)
        except LookupError as unknown:
            raise CommandError(unknown.args[0]) from None
        results: dict[int, Any] = {}
        is_dry, well = options["dry_run"], True
        parties = list(dict.fromkeys(options["parties"]))
        with told_by(self.stderr if options["json"] else self.stdout) as far:
            while far.goes_on and len(results) < len(parties):
                betnr = parties[len(results)]
                if options["json"]:  # else each party has its line
                    far.say(f"{len(results):,} of {len(parties):,} parties looked at")
                found = look_at(integration, betnr, Direction(options["direction"]), is_dry=is_dry)
                results[betnr] = found.result()
                well = well and not found.to_espocrm and not found.to_advoware
                if not options["json"]:
                    self._say(betnr, found, is_dry=is_dry)
        if options["json"]:
            self.stdout.write(json.dumps(results, ensure_ascii=False, indent=2))
        if left := parties[len(results) :]:
            self.stderr.write(f"Stopped by hand. Not looked at: {' '.join(map(str, left))}")
        if not well or left:
            sys.exit(1)

    def _say(self, betnr: int, found: Outcome, *, is_dry: bool) -> None:
        done = found.done
        self.stdout.write(
            f"{betnr}{' (dry run)' if is_dry else ''}: "
            f"to EspoCRM {done.emails_synced:,} e-mail addresses, {done.phones_synced:,} phone numbers; "
            f"to Advoware {done.created:,} created, {done.updated:,} updated, {done.deleted:,} emptied"
        )
        for sentence in found.writes if is_dry else ():
            self.stdout.write(f"  {sentence}")
        for way, errors in (("to EspoCRM", found.to_espocrm), ("to Advoware", found.to_advoware)):
            for sentence in errors:
                self.stdout.write(self.style.ERROR(f"  {way}: {sentence}"))
