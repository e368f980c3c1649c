from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from integrations.core.config import export_config


class Command(BaseCommand):
    help = "Write the configuration as TOML, for apply_config; secrets are left out, their places name variables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        text = export_config()
        if options["file"]:
            options["file"].write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text, ending="")
