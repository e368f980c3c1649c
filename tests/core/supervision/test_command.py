"""`manage.py portal` from outside: what it refuses, and the web it keeps alive."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from integrations.core.processes import children, process_started
from tests.faults.database import OwnDatabase, database_url

from .stage import PATIENCE, wait_until

Environment = dict[str, str]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    with database_url(tmp_path) as url:
        yield {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url}


@pytest.fixture
def migrated(tmp_path: Path, own_database: OwnDatabase) -> Iterator[Environment]:
    with own_database(tmp_path) as url:
        yield {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url}


MANAGE = [sys.executable, "manage.py"]


def refusal(environment: Environment, *more: str) -> str:
    """What the command says when it does not start."""
    ended = subprocess.run(
        [*MANAGE, "portal", *more],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    return ended.stderr


def test_a_database_that_is_not_migrated_is_refused_in_one_line(environment: Environment) -> None:
    said = refusal(environment, "--only", "queue")
    assert said.count("\n") == 1
    assert "migrations not applied" in said
    assert "run `manage.py migrate` first" in said


def test_a_taken_port_is_refused_in_one_line(environment: Environment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refusal(environment, "--port", str(port))
    assert said.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{port}" in said


def test_unsafe_settings_are_refused_with_what_to_do(environment: Environment) -> None:
    unsafe = {
        **environment,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_ENVIRONMENT": "production",
        "SECRET_KEY": "",
    }
    said = refusal(unsafe, "--only", "web")
    assert "SECRET_KEY: set it to a long random string" in said
    assert "Traceback" not in said


def test_a_killed_web_answers_again_and_the_end_leaves_nobody_behind(migrated: Environment) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    supervisor = subprocess.Popen(
        [*MANAGE, "portal", "--only", "web", "--port", str(port)],
        env=migrated,
        cwd=settings.BASE_DIR,
        start_new_session=True,
    )

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        wait_until(answers, "the web")
        (master,) = children(supervisor.pid)
        everybody = [master, *children(master)]
        os.kill(master, signal.SIGKILL)
        wait_until(lambda: not any(process_started(pid) for pid in everybody), "the end of the killed web's workers")
        wait_until(answers, "the web again")
        (master,) = children(supervisor.pid)
        everybody = [master, *children(master)]
        supervisor.terminate()
        assert supervisor.wait(PATIENCE) == 0
        assert not any(process_started(pid) for pid in everybody)
    finally:
        supervisor.kill()
        supervisor.wait()
