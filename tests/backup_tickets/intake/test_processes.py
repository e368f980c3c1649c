"""Several processes at once, and one that is killed: real web servers and workers on a database of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.conf import settings

from tests.faults.database import OwnDatabase

from .conftest import report

pytestmark = pytest.mark.processes

TOKEN = "ip_a-token-for-tests"
SENDERS, RUNS = 4, 400
WAIT = 60.0  # seconds at most for anything
MODELS = """
import django, json; django.setup()
from integrations.backup_tickets.importing import flow
from integrations.backup_tickets.models import Customer, Run, RunImport, RunObject
from integrations.core.models import ApiToken, Client, Job, User
from integrations.core.running import run_due_jobs, sweep
"""
SENDING = "client = Client.objects.create(slug='sending', name='Sending')\n"
KILLED = "client = Client.objects.create(slug='killed', name='Killed')\n"
MAKE_TOKEN = f"ApiToken.objects.create(client=client, name='veeam', digest=ApiToken.digest_of('{TOKEN}'))"
COUNT = """
import sys
of = sys.argv[1]
found = (Run.objects.filter(client__slug=of), RunObject.objects.filter(run__client__slug=of))
print(json.dumps([*(rows.count() for rows in found), Customer.objects.filter(client__slug=of).count()]))
"""
UPLOAD = """
import sys
user = User.objects.create_user('otto')
made = flow.start(user, client, name='runs.json', form='json', content=open(sys.argv[1], 'rb').read())
run_due_jobs()
flow.confirm(made, user)
"""
LOOK = "print(json.dumps(RunImport.objects.values('state', 'done', 'created', 'unchanged', 'failed').get()))"
WATCH = "import time\nwhile not RunImport.objects.filter(state='importing', done__gt=0): time.sleep(0.01)"
LEASE_OVER = "Job.objects.filter(state='running').update(lease_until='2020-01-01T00:00Z'); "
GO_ON = LEASE_OVER + "assert sweep() == 1; run_due_jobs()"


class Portal:
    """Python processes of the portal on one database."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, cwd=settings.BASE_DIR, env=self._environment, text=True, **options)

    def run(self, *arguments: str) -> str:
        with self.start(*arguments, stdout=subprocess.PIPE) as process:
            out, _ = process.communicate(timeout=WAIT)
        assert process.returncode == 0
        return out

    def ask(self, code: str, *arguments: str) -> Any:
        return json.loads(self.run("-c", MODELS + code, *arguments) or "null")

    @contextmanager
    def serving(self) -> Iterator[str]:
        """A web server of two processes; its address."""
        command = ("-m", "gunicorn", "portal.wsgi", "--workers", "2", "--threads", "2", "--bind", "127.0.0.1:0")
        with self.start(*command, stderr=subprocess.PIPE) as server:
            assert server.stderr is not None
            address = next(found[0] for line in server.stderr if (found := re.search(r"http://[\d.:]+", line)))
            try:
                yield address
            finally:
                server.terminate()
                server.communicate(timeout=WAIT)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, own_database: OwnDatabase) -> Iterator[Portal]:
    with own_database(tmp_path_factory.mktemp("portal")) as url:
        yield Portal({**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url})


def post(address: str, reports: list[dict[str, Any]]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = Request(f"{address}/api/v1/runs", json.dumps({"runs": reports}).encode(), headers)  # noqa: S310 — ours
    with urlopen(request, timeout=WAIT) as answer:  # noqa: S310 — ours
        return json.load(answer)  # type: ignore[no-any-return]


def test_the_same_batch_sent_at_once_by_several_makes_each_run_once(portal: Portal) -> None:
    portal.ask(SENDING + MAKE_TOKEN)
    reports = [report(f"r{n}", customer=f"C{n % 5}") for n in range(RUNS)]
    with portal.serving() as address, ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(lambda _: post(address, reports), range(SENDERS)))
    assert sum(answer["created"] for answer in answers) == RUNS
    assert sum(answer["unchanged"] for answer in answers) == RUNS * (SENDERS - 1)
    assert portal.ask(COUNT, "sending") == [RUNS, RUNS, 5]


@pytest.mark.proof
def test_an_import_whose_worker_is_killed_goes_on_and_counts_every_run_once(portal: Portal, tmp_path: Path) -> None:
    count = 6_000
    file = tmp_path / "runs.json"
    file.write_text(json.dumps([report(f"r{n}", customer=f"C{n % 5}") for n in range(count)]))
    portal.ask(KILLED + UPLOAD, str(file))
    watcher, worker = portal.start("-c", MODELS + WATCH), portal.start("-c", MODELS + "run_due_jobs()")
    try:
        watcher.wait(WAIT)
    finally:
        for process in (worker, watcher):
            process.kill()
            process.wait()
    left = portal.ask(LOOK)
    assert (left["state"], left["created"]) == ("importing", left["done"])
    assert portal.ask(COUNT, "killed")[0] == left["done"] < count
    portal.ask(GO_ON)
    whole = {"state": "done", "done": count, "created": count, "unchanged": 0, "failed": 0}
    assert portal.ask(LOOK) == whole
    assert portal.ask(COUNT, "killed") == [count, count, 5]
