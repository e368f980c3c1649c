from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.core.config import ConfigProblems, apply_config


class Command(BaseCommand):
    help = "Bring clients, connections and integrations to what a TOML file says; says what it changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="show the plan and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from None
        try:
            plan = apply_config(text, dry_run=options["dry_run"])
        except ConfigProblems as error:
            sentences = "\n".join(f"{options['file']}: {problem}" for problem in error.problems)
            raise CommandError(f"{sentences}\nNothing was changed.") from None
        counts = Counter(change.action for change in plan)
        for change in plan:
            if change.action != "unchanged":
                self.stdout.write(str(change))
        self.stdout.write(
            f"{counts['create']} to create, {counts['change']} to change, {counts['unchanged']} unchanged"
            + ("; nothing was changed (dry run)." if options["dry_run"] else "; done.")
        )
