"""`manage.py demo`: the portal with a made-up world around it; `--check` plays the story and judges it.

The check runs in a temporary database with keys, passwords and ports of its own. The command starts itself once more
with such an environment, so that web, queue and this process all see the same one from their first line on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from integrations.core.figures.counting import count_all
from integrations.core.processes import Wish
from integrations.core.registry import vendor
from integrations.demo import accounts, processes, simulators, temporary, watching
from integrations.demo.stage import Chapter, Stage, chapters, play

SIMULATORS_FROM = 100  # the simulators' ports start this much above the portal's


class Command(BaseCommand):
    requires_system_checks: tuple[str, ...] = ()  # its processes check themselves, each in its own environment
    help = "Run the portal with simulated vendors and made-up data until Ctrl-C, or --check that its story works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="play the story in a temporary database and judge it")
        parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="only these (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = self.chosen(options["chapters"])
        if not options["check"]:
            self.perform(chosen)
        elif temporary.INSIDE in os.environ:
            self.check_story(chosen)
        else:
            sys.exit(run_check([chapter.slug for chapter in chosen]))

    def chosen(self, names: list[str]) -> list[Chapter]:
        known = {chapter.slug: chapter for chapter in chapters()}
        for name in names:
            if name not in known:
                raise CommandError(f"there is no chapter {name!r}; there are: {', '.join(known)}")
        return [chapter for slug, chapter in known.items() if not names or slug in names]

    def perform(self, chosen: list[Chapter]) -> None:
        """The portal for people: until Ctrl-C."""
        if settings.PRODUCTION:
            raise CommandError(
                "the rehearsal makes up people and data: it does not run in production "
                "(`make setup` writes a .env for a machine of your own)"
            )
        port = int(os.environ.get("PORT", "8000"))
        if processes.is_taken(port):
            raise CommandError(f"port {port} is taken: stop what listens there, or choose another with PORT={port + 1}")
        stop = Wish(signal.SIGINT, signal.SIGTERM)
        with ExitStack() as stack:
            stage = self.set_up(stack, port, first_simulator_port=port + SIMULATORS_FROM)
            for chapter in chosen:
                self.stdout.write(f"{chapter.title}: {chapter.world(stage)}")
            count_all()  # so that the first page has its charts at once
            self.stdout.write(f"Alerts: {watching.build()}")
            child = stack.enter_context(processes.portal(port))
            self.answering(child, stage)
            self.introduce(stage)
            while child.poll() is None and not stop.wait(0.5):
                pass
            if child.returncode is not None:
                raise CommandError(f"the portal ended with status {child.returncode}; its own message is above")
            self.stdout.write("Ending …")

    def check_story(self, chosen: list[Chapter]) -> None:
        """The same portal, played by a program: one line per step, and a last line with the counts."""
        port = int(os.environ["PORT"])
        passed = failed = 0
        with ExitStack() as stack:
            stage = self.set_up(stack, port)
            self.answering(stack.enter_context(processes.portal(port)), stage)
            for chapter in chosen:
                self.stdout.write(f"\n{chapter.slug}: {chapter.title}")
                began = time.monotonic()
                for seen in play(chapter, stage):
                    word = self.style.SUCCESS("ok    ") if seen.ok else self.style.ERROR("FAILED")
                    self.stdout.write(f"  {word} {seen.title}: {seen.detail} ({time.monotonic() - began:.1f} s)")
                    self.stdout.flush()
                    passed, failed, began = passed + seen.ok, failed + (not seen.ok), time.monotonic()
        self.stdout.write(f"\n{passed} passed, {failed} failed")
        if failed or not passed:
            sys.exit(1)

    def set_up(self, stack: ExitStack, port: int, *, first_simulator_port: int = 0) -> Stage:
        """Database, people and simulators; the portal itself is not started yet."""
        try:
            passwords = accounts.passwords()
        except LookupError as error:
            raise CommandError(str(error.args[0])) from None
        call_command("migrate", verbosity=0, interactive=False)
        accounts.make_people(passwords)
        running = simulators.serve_all(stack, first_port=first_simulator_port)
        return Stage(f"http://127.0.0.1:{port}", running, passwords)

    def answering(self, child: subprocess.Popen[bytes], stage: Stage) -> None:
        try:
            processes.wait_until_it_answers(child, stage.portal_url)
        except OSError as error:
            raise CommandError(str(error)) from None

    def introduce(self, stage: Stage) -> None:
        lines = ["", f"  The portal    {stage.portal_url}/"]
        lines += [f"  {name:<13} {password}" for name, password in stage.passwords.items()]
        lines += [f"  {vendor(slug).label:<13} {server.url}  (simulated)" for slug, server in stage.simulators.items()]
        self.stdout.write("\n".join([*lines, "", "Ctrl-C ends everything."]))
        self.stdout.flush()


def run_check(slugs: list[str]) -> int:
    """Play the chapters in a process of their own, with everything temporary; its exit status."""
    ours = {"DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]}  # an installation may add apps of its own
    with tempfile.TemporaryDirectory(prefix="portal-rehearsal-") as folder:
        command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "demo", "--check", *slugs]
        return subprocess.run(  # noqa: S603 — our own program
            command, env=temporary.environment(Path(folder)) | ours, check=False
        ).returncode
