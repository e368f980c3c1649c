"""Where benchmarks run: a folder, a database and an environment of their own, and the processes they start."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil
import psycopg
from cryptography.fernet import Fernet
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
END_WITHIN = 20.0  # seconds a process may take to end before it is killed
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
Found = TypeVar("Found")

_START = """
. .ci/postgres.sh
install_packages() { return 1; }
trap stop_postgres EXIT
start_postgres
echo "${DATABASE_URL_POSTGRES:-missing: $POSTGRES_MISSING}"
read -r _
"""


class Missing(Exception):
    """A part that a benchmark needs is not there; the message says which."""


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """The address of a server: the one that DATABASE_URL names, else a private one, which waits for the disk only where
    that is to be measured. Raises `Missing`."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        yield given
        return
    pipe = subprocess.PIPE
    env = os.environ | {"PG_FSYNC": "on" if durable else "off"}
    with subprocess.Popen(["bash", "-c", _START], cwd=ROOT, env=env, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        said = server.stdout.readline().strip()
        try:
            if not said.startswith("postgres"):
                raise Missing(said or "the server's script ended")
            yield said
        finally:
            server.stdin.close()


@contextmanager
def database(kind: str, folder: Path, server: str) -> Iterator[str]:
    """The address of an empty database of that kind; dropped afterwards."""
    label = f"benchmark_{uuid.uuid4().hex}"
    if kind == SQLITE:
        yield f"sqlite:///{folder / label}.sqlite3"
        return
    name = sql.Identifier(label)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    try:
        yield f"{server.rpartition('/')[0]}/{label}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def beside(kind: str, folder: Path) -> Iterator[str]:
    """Another empty database beside the one that DATABASE_URL names."""
    with database(kind, folder, os.environ["DATABASE_URL"]) as url:
        yield url


def environment(folder: Path, database_url: str, *, settings: str = "benchmarks.settings") -> dict[str, str]:
    """The variables of a portal (or of the peer) whose files all lie in the folder."""
    port = free_port()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("COV_")},
        "DJANGO_SETTINGS_MODULE": settings,
        "PYTHONPATH": str(ROOT),
        "PORTAL_ENV_FILE": "",
        "PORTAL_ENVIRONMENT": "benchmark",
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "DATABASE_URL": database_url,
        "CACHE_DIR": str(folder / "cache"),
        "STATIC_ROOT": str(folder),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "PORTAL_KEYS": f"k1:{Fernet.generate_key().decode()}",
        "LOG_LEVEL": "ERROR",
        "BENCHMARK_FOLDER": str(folder),
    }


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portal-benchmark-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- processes --------------------------------------------------------------------------------------------------------


@contextmanager
def program(
    *arguments: str, env: Mapping[str, str] | None = None, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A Python program of the tree's root; ended with SIGTERM to it alone, then whatever is left of it is killed."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        stdin=stdin,
        stdout=stdout,
        text=True,
        start_new_session=True,
        preexec_fn=_end_with_the_parent,
    )
    try:
        yield process
    finally:
        family = tree(process.pid)
        process.terminate()
        try:
            process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for left in family:
            if left.is_running():
                left.kill()


def _end_with_the_parent() -> None:
    """Runs in the child: SIGTERM when the benchmark dies, however it dies."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def manage(env: Mapping[str, str], *arguments: str) -> None:
    """Run a management command to its end. Raises `CalledProcessError`."""
    subprocess.run([sys.executable, "-m", "django", *arguments], cwd=ROOT, env=env, check=True)


def tree(pid: int) -> list[psutil.Process]:
    """That process and all below it; empty when it is gone."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """User and system time of that process, all below it, and their ended children."""
    spent = 0.0
    for process in tree(pid):
        try:
            spent += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return spent


def wait_for(condition: Callable[[], Found | None], what: str, *, seconds: float, every: float = 0.01) -> Found:
    """Ask until the answer is true and return it. Raises `TimeoutError` naming what did not come."""
    ends = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > ends:
            raise TimeoutError(f"{what} did not come within {seconds:g} s")
        time.sleep(every)
    return found


def titles(processes: Sequence[psutil.Process]) -> dict[int, str]:
    """What the processes call themselves, by pid."""
    said: dict[int, str] = {}
    for process in processes:
        try:
            said[process.pid] = " ".join(process.cmdline())
        except psutil.NoSuchProcess:
            continue
    return said
