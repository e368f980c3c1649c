"""M5, M6: taking webhooks: how many a second, and how long the slow ones take, each on disk before it is answered.

Ours is the web as `manage.py portal` starts it: secret, limits, parsing, the delivery and its job with a wake-up in one
transaction. Beside it, under gunicorn with the same settings: a bare WSGI program that checks the secret and inserts
the body, and a Django view as it is written first (`get_or_create`, `async_task`). Each call is about another ticket.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from django.conf import settings

from benchmarks import Figure, machine
from benchmarks.judging import compared, faster, in_turns
from integrations.core.models import Client, Connection, Job, WebhookDelivery
from integrations.core.opening import set_secrets
from integrations.core.supervision.supervisor import Web

CALLS, ROUNDS = 1_500, 5
PATIENT_CALLS, PATIENT_ROUNDS = 1_000, 5
SHARE = 0.5  # of our own throughput: the rate at which both are called when the slow answers are measured
SECRET = secrets.token_urlsafe(30)
PATH = "/webhooks/elite/helpdesk/ticket"
Call = Callable[[int, float], dict[str, Any]]


def measure(scale: float, database: str) -> Iterator[Figure]:
    folder = Path(os.environ["BENCHMARK_FOLDER"])
    os.environ["BENCHMARK_SECRET"] = SECRET
    calls, patient = max(50, int(CALLS * scale)), max(50, int(PATIENT_CALLS * scale))
    _set_scene()
    with ExitStack() as stack:
        sender = stack.enter_context(
            machine.program("-m", "benchmarks.senders", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        )
        web = stack.enter_context(_web())
        bare = stack.enter_context(_bare(stack.enter_context(machine.beside(database, folder)), folder))
        naive = stack.enter_context(_naive(stack.enter_context(machine.beside(database, folder)), folder))
        numbers = iter(range(1, 1_000))

        def caller(port: int, path: str) -> Call:
            return lambda count, rate: _send(sender, f"{port} {path} {count} {rate} {next(numbers) * 1_000_000}")

        ours, floor, plain = caller(web, PATH), caller(bare, "/ticket"), caller(naive, "/webhook")
        for call in (ours, floor, plain):
            call(100, 0)  # all threads have their connection to the database
        rates = in_turns(ROUNDS, lambda: _rate(ours(calls, 0)), lambda: _rate(floor(calls, 0)))
        beside = in_turns(ROUNDS, lambda: _rate(ours(calls, 0)), lambda: _rate(plain(calls, 0)))
        rate = SHARE * median(rates[0])
        slow = in_turns(PATIENT_ROUNDS, lambda: _slow(ours(patient, rate)), lambda: _slow(floor(patient, rate)))
    taken = 100 + 2 * ROUNDS * calls + PATIENT_ROUNDS * patient
    assert WebhookDelivery.objects.count() == Job.objects.count() == taken, "each call is a row and a job"
    what = f"webhooks taken, {database}"
    yield faster("M6", what, *rates, least=0.5, unit="per s", than="a bare WSGI program's with one INSERT")
    yield faster("M6", what, *beside, least=2, unit="per s", than="a view's with get_or_create and async_task")
    what = f"the slowest of a hundred at {rate:.0f} a second, {database}"
    yield compared("M5", what, *slow, most=2.5, unit="ms", than="the bare program's")


def _set_scene() -> None:
    client = Client.objects.create(slug="elite", name="Elite")
    connection = Connection(client=client, slug="helpdesk", vendor="freshservice", base_url="https://elite.example.com")
    set_secrets(connection, {"webhook_secret": SECRET}, by="benchmark")
    connection.save()


def _rate(said: dict[str, Any]) -> float:
    return len(said["milliseconds"]) / float(said["seconds"])


def _slow(said: dict[str, Any]) -> float:
    """The 99th of a hundred, in milliseconds."""
    return quantiles(said["milliseconds"], n=100)[-1]


def _send(sender: subprocess.Popen[str], order: str) -> dict[str, Any]:
    assert sender.stdin is not None
    assert sender.stdout is not None
    sender.stdin.write(f"{order}\n")
    sender.stdin.flush()
    answer: dict[str, Any] = json.loads(sender.stdout.readline())
    return answer


# --- the three programs -----------------------------------------------------------------------------------------------


@contextmanager
def _web() -> Iterator[int]:
    port = int(settings.PORT)
    with machine.program("manage.py", "portal", "--only", "web", env=os.environ):
        _wait_for(port)
        yield port


@contextmanager
def _bare(url: str, folder: Path) -> Iterator[int]:
    env = machine.environment(folder, url) | {"BENCHMARK_SECRET": SECRET}
    make = [sys.executable, "-c", "from benchmarks.peer import bare; bare.make_table()"]
    subprocess.run(make, cwd=machine.ROOT, env=env, check=True)
    with _gunicorn("benchmarks.peer.bare", env) as port:
        yield port


@contextmanager
def _naive(url: str, folder: Path) -> Iterator[int]:
    env = machine.environment(folder, url, settings="benchmarks.peer.settings") | {"BENCHMARK_SECRET": SECRET}
    machine.manage(env, "migrate", "--run-syncdb", "--verbosity=0")
    with _gunicorn("benchmarks.peer.wsgi", env) as port:
        yield port


@contextmanager
def _gunicorn(module: str, env: dict[str, str]) -> Iterator[int]:
    """With what the portal gives gunicorn."""
    port = int(env["PORT"])
    command = Web(port).command()[1:]
    with machine.program(*(module if word == "portal.wsgi" else word for word in command), env=env):
        _wait_for(port)
        yield port


def _wait_for(port: int) -> None:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    machine.wait_for(answers, "the web", seconds=30, every=0.1)
