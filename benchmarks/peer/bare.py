"""The floor of a webhook door: a WSGI program that checks the secret and inserts the body, one statement a call.

A connection per thread, committed as durably as the portal commits. Run under gunicorn with the portal's settings.
"""

from __future__ import annotations

import hmac
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

URL = os.environ["DATABASE_URL"]
SECRET = os.environ["BENCHMARK_SECRET"]
TABLE = "CREATE TABLE received (id {key}, at DOUBLE PRECISION, event VARCHAR(50), body {bytes})"
MARK = "?" if URL.startswith("sqlite") else "%s"
_kept = threading.local()


def _connect() -> Any:
    if URL.startswith("sqlite"):
        connection = sqlite3.connect(URL.removeprefix("sqlite:///"), timeout=20, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=20000"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
    return psycopg.connect(URL, autocommit=True)


INSERT = f"INSERT INTO received (at, event, body) VALUES ({MARK}, {MARK}, {MARK})"  # noqa: S608 — a mark is no value


def make_table() -> None:
    types = ("INTEGER PRIMARY KEY", "BLOB") if URL.startswith("sqlite") else ("BIGSERIAL PRIMARY KEY", "BYTEA")
    _connect().execute(TABLE.format(key=types[0], bytes=types[1]))


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if not hmac.compare_digest(environ.get("HTTP_X_WEBHOOK_SECRET", ""), SECRET):
        start_response("401 Unauthorized", [("Content-Length", "0")])
        return [b""]
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    if not hasattr(_kept, "connection"):
        _kept.connection = _connect()
    _kept.connection.execute(INSERT, (time.time(), environ["PATH_INFO"][-50:], body))
    start_response("202 Accepted", [("Content-Length", "0")])
    return [b""]
