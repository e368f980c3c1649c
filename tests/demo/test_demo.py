"""`make demo` as a person meets it: it answers, the documents' commands work against it, and Ctrl-C ends all of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from integrations.demo import temporary
from integrations.demo.visitor import Visitor
from integrations.vendors.advoware import simulator as advoware
from integrations.vendors.autotask import simulator
from integrations.vendors.espocrm import simulator as espocrm
from integrations.vendors.freshservice import simulator as freshservice
from integrations.vendors.itop import simulator as itop
from integrations.vendors.toga import simulator as toga
from tests.faults.database import OwnDatabase

ROOT = Path(__file__).resolve().parents[2]
MARKED = re.compile(r"<!-- run -->\n```sh\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.processes


@contextmanager
def demo(folder: Path, url: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The demo with everything temporary; what it printed is over when it says how to end it."""
    environment = temporary.environment(folder) | {"DATABASE_URL": url}
    with subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith("Ctrl-C"):
                break
        else:
            pytest.fail("the demo ended early:\n" + "".join(printed))
        try:
            yield process, environment
        finally:
            process.kill()


def marked_commands() -> list[str]:
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [block for path in documents for block in MARKED.findall(path.read_text(encoding="utf-8"))]


def secrets_of_the_export(environment: dict[str, str]) -> dict[str, str]:
    """What an exported configuration names instead of writing it down."""
    return {
        "HARBOUR_IT_TOKEN_BACKUP_SOFTWARE": environment["DEMO_RUNS_TOKEN"],
        "HARBOUR_IT_AUTOTASK_SECRET": simulator.SECRET,
        "HARBOUR_IT_AUTOTASK_INTEGRATION_CODE": simulator.INTEGRATION_CODE,
        "ELITE_TOGA_API_KEY": toga.API_KEY,
        "ELITE_TOGA_API_SECRET": toga.API_SECRET,
        "ELITE_FRESHSERVICE_API_KEY": freshservice.API_KEY,
        "ELITE_FRESHSERVICE_WEBHOOK_SECRET": "another-secret-for-webhooks",  # the demo's own is new each time
        "ELITE_ITOP_EXTERNAL_PASSWORD": itop.PASSWORD,
        "ELITE_ITOP_EXTERNAL_WEBHOOK_SECRET": "another-secret-of-the-external-itop",
        "ELITE_ITOP_INTERNAL_PASSWORD": itop.PASSWORD,
        "ELITE_ITOP_INTERNAL_WEBHOOK_SECRET": "another-secret-of-the-internal-itop",
        "MUSTER_ADVOWARE_API_KEY": advoware.CREDENTIALS["api_key"],
        "MUSTER_ADVOWARE_PASSWORD": advoware.CREDENTIALS["password"],
        "MUSTER_ADVOWARE_WEBHOOK_SECRET": "another-secret-of-the-firm",
        "MUSTER_ESPOCRM_API_KEY": espocrm.API_KEY,
        "MUSTER_ESPOCRM_WEBHOOK_SECRET": "another-secret-of-espocrm",
        "ELITE_TOGADESK_DATABASE_URL": f"sqlite:///{environment[temporary.INSIDE]}/togadesk/togadesk.sqlite3",
    }


def test_the_demo_answers_and_the_documents_commands_work_there(tmp_path: Path, own_database: OwnDatabase) -> None:
    with own_database(tmp_path) as url, demo(tmp_path, url) as (process, environment):
        for role in ("admin", "operator", "reporter"):
            page = Visitor(environment["PORTAL_BASE_URL"]).sign_in(role, environment["DEMO_PASSWORD"])
            assert page.status == 200
        environment |= secrets_of_the_export(environment)
        assert marked_commands()
        for block in marked_commands():
            script = block.replace("http://127.0.0.1:8000", environment["PORTAL_BASE_URL"])
            script = script.replace(".venv/bin/python", f"'{sys.executable}'").replace(
                "portal.toml", f"{tmp_path}/portal.toml"
            )
            answer = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert answer.returncode == 0, f"{block}\n{answer.stdout}\n{answer.stderr}"

        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=90) == 0
        _, left = psutil.wait_procs(family, timeout=5)
        assert left == []


def test_nobody_is_left_behind_when_the_demo_is_killed(tmp_path: Path, own_database: OwnDatabase) -> None:
    with own_database(tmp_path) as url, demo(tmp_path, url) as (process, _):
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        _, left = psutil.wait_procs(family, timeout=60)
        assert left == []


@pytest.mark.parametrize("port", ["abc", "0", "70000", "80 81"])
def test_a_port_that_is_none_is_told_in_one_line_before_anything_is_made(port: str) -> None:
    answer = subprocess.run(
        ["make", "demo", f"PORT={port}"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode != 0
    assert answer.stderr.splitlines()[0] == f"demo: PORT must be a number from 1 to 65535, not {port}"
    assert answer.stdout == ""
