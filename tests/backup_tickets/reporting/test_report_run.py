"""The program that users put around their backup command, run for real against the portal; restic, where installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integrations.backup_tickets.models import Run
from integrations.core.models import ApiToken, Client

PROGRAM = Path(__file__).resolve().parents[3] / "docs" / "examples" / "report_run.py"
TOKEN = "ip_a-token-for-tests"
RESTIC = shutil.which("restic")
restic_only = pytest.mark.skipif(RESTIC is None, reason="no restic here: apt install restic")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def portal(live_server: Any) -> str:
    client = Client.objects.create(slug="elite", name="Elite")
    ApiToken.objects.create(client=client, name="restic", digest=ApiToken.digest_of(TOKEN))
    return str(live_server.url)


def around(portal: str, *command: str, token: str = TOKEN, **environ: str) -> subprocess.CompletedProcess[str]:
    before = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "RESTIC_"))}
    environment = before | {"PORTAL_URL": portal, "PORTAL_TOKEN": token} | environ
    ours = [sys.executable, str(PROGRAM), "--customer", "Harbour Lane Dental", "--job", "Nightly", "--", *command]
    return subprocess.run(ours, env=environment, capture_output=True, text=True, timeout=120)


def test_a_command_that_worked_is_a_success_and_its_output_is_passed_through(portal: str) -> None:
    done = around(portal, "echo", "all fine")
    assert (done.returncode, done.stdout, done.stderr) == (0, "all fine\n", "")
    run = Run.objects.select_related("job__customer").get()
    assert (run.status, run.job.name, run.job.customer.name, run.job.backup_type) == (
        "success",
        "Nightly",
        "Harbour Lane Dental",
        "echo",
    )


def test_a_command_that_failed_keeps_its_status_and_says_why(portal: str) -> None:
    done = around(portal, "sh", "-c", "echo no space left >&2; exit 7")
    assert done.returncode == 7
    run = Run.objects.get()
    assert (run.status, run.needs_attention) == ("error", True)
    assert "status 7" in run.remark
    assert "no space left" in run.remark


def test_a_command_that_is_not_there_is_an_error(portal: str) -> None:
    assert around(portal, "no-such-backup-program").returncode == 127
    assert Run.objects.get().status == "error"


def test_a_run_the_portal_refuses_is_said_and_the_backup_still_counts(portal: str) -> None:
    done = around(portal, "true", token="wrong")
    assert done.returncode == 0
    assert "the portal did not take the run: 401" in done.stderr
    assert not Run.objects.exists()


def test_a_portal_that_is_away_and_a_token_that_is_missing_are_said_and_nothing_else_breaks(portal: str) -> None:
    away = around("http://127.0.0.1:9", "true", PORTAL_TRIES="1")
    missing = around(portal, "true", token="", PORTAL_TOKEN_FILE="/no/such/file", PORTAL_TRIES="1")
    for done in (away, missing):
        assert done.returncode == 0
        assert "the portal did not take the run" in done.stderr
        assert "Traceback" not in done.stderr


@restic_only
def test_restics_json_summary_becomes_a_run(portal: str, tmp_path: Path) -> None:
    repository = {"RESTIC_REPOSITORY": str(tmp_path / "repository"), "RESTIC_PASSWORD": "a-test-password"}
    subprocess.run([str(RESTIC), "init"], env=os.environ | repository, check=True, capture_output=True)
    data = tmp_path / "data"
    data.mkdir()
    for number in range(3):
        (data / f"file-{number}").write_bytes(os.urandom(1000))
    done = around(portal, str(RESTIC), "backup", "--json", str(data), **repository)
    assert done.returncode == 0, done.stderr
    run = Run.objects.select_related("job").get()
    assert (run.status, run.job.backup_type) == ("success", "restic")
    assert "3 files new, 0 changed" in run.remark
    assert run.finished_at is not None

    done = around(
        portal,
        str(RESTIC),
        "backup",
        "--json",
        str(data),
        RESTIC_PASSWORD="wrong",
        **{"RESTIC_REPOSITORY": repository["RESTIC_REPOSITORY"]},
    )
    assert done.returncode != 0
    failed = Run.objects.exclude(pk=run.pk).get()
    assert failed.status == "error"
    assert "password" in failed.remark


@restic_only
def test_a_file_that_restic_could_not_read_makes_a_warning_that_names_it(portal: str, tmp_path: Path) -> None:
    repository = {"RESTIC_REPOSITORY": str(tmp_path / "repository"), "RESTIC_PASSWORD": "a-test-password"}
    subprocess.run([str(RESTIC), "init"], env=os.environ | repository, check=True, capture_output=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "kept").write_text("x")
    # Readable by nobody, root included: a process's memory at address 0.
    done = around(portal, str(RESTIC), "backup", "--json", str(tmp_path / "data"), "/proc/self/mem", **repository)
    assert done.returncode == 3
    run = Run.objects.get()
    assert run.status == "warning"
    assert [part.name for part in run.objects_reported.all()] == ["/proc/self/mem"]
