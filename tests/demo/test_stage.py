"""Chapters and their steps; the people and the words of the rehearsal."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.core.models import User
from integrations.core.registry import kinds, vendors
from integrations.demo import accounts, stage, temporary
from integrations.demo.stage import Chapter, Seen, Stage, StepError, play

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def chapter(monkeypatch: pytest.MonkeyPatch) -> Chapter:
    monkeypatch.setattr(stage, "_chapters", {})
    return Chapter("small", "A small chapter", world=lambda stage: "one customer")


def on_stage() -> Stage:
    return Stage("http://127.0.0.1:1", {}, {})


def test_a_failed_step_is_told_and_the_next_ones_are_played(chapter: Chapter) -> None:
    @chapter.step("This fails")
    def fails(stage: Stage) -> str:
        raise StepError("two tickets instead of one")

    @chapter.step("This works")
    def works(stage: Stage) -> str:
        return "all well"

    assert list(play(chapter, on_stage())) == [
        Seen("The world is built", True, "one customer"),
        Seen("This fails", False, "two tickets instead of one"),
        Seen("This works", True, "all well"),
    ]


def test_waiting_ends_with_the_name_of_what_did_not_come() -> None:
    with pytest.raises(StepError, match="the ticket did not happen within 0 s"):
        on_stage().wait_for(lambda: False, "the ticket", seconds=0)


def test_every_chapter_is_named_after_an_integration() -> None:
    assert {chapter.slug for chapter in stage.chapters()} <= {kind.slug for kind in kinds()}


def test_a_rehearsal_speaks_the_language_of_its_stories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_LANGUAGE", "de")
    assert temporary.environment(tmp_path)["PORTAL_LANGUAGE"] == "en"


@pytest.mark.parametrize("vendor", ["freshservice", "itop"])
def test_a_guide_names_the_port_that_make_demo_gives_its_simulator(vendor: str) -> None:
    guide = (ROOT / "docs" / f"{vendor}.md").read_text(encoding="utf-8").partition("## Rehearse")[2]
    ports = {int(port) % 100 for port in re.findall(r"http://127\.0\.0\.1:8[12](\d\d)/_simulator/", guide)}
    assert ports == {sorted(vendors()).index(vendor)}


@pytest.mark.django_db
def test_each_person_has_the_role_they_are_named_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "first-password")
    accounts.make_people(accounts.passwords())
    monkeypatch.setenv("DEMO_PASSWORD", "second-password")
    accounts.make_people(accounts.passwords())
    for username, role in accounts.PEOPLE.items():
        user = User.objects.get(username=username)
        assert [group.name for group in user.groups.all()] == [role]
        assert user.check_password("second-password")
        assert user.is_staff
        assert not user.is_superuser


def test_a_missing_password_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("DEMO_"):
            monkeypatch.delenv(name)
    with pytest.raises(LookupError, match="DEMO_ADMIN_PASSWORD is not set: run `make setup`"):
        accounts.passwords()


def test_an_unknown_chapter_is_refused_with_those_there_are() -> None:
    with pytest.raises(CommandError, match="there is no chapter 'nothing'; there are:"):
        call_command("demo", "nothing", check=True)


def test_made_up_people_never_come_to_production(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="does not run in production"):
        call_command("demo")


def test_a_taken_port_is_told_in_one_line_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        database = tmp_path / "portal.sqlite3"
        environment = {
            "PATH": os.environ["PATH"],
            "PORT": str(port),
            "PORTAL_ENV_FILE": "",
            "PORTAL_ENVIRONMENT": "development",
            "DATABASE_URL": f"sqlite:///{database}",
            "DEMO_PASSWORD": "x",
        }
        answer = subprocess.run(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert answer.stderr.strip() == (
        f"CommandError: port {port} is taken: stop what listens there, or choose another with PORT={port + 1}"
    )
    assert not database.exists()
