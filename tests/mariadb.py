"""A fresh database on a real MariaDB server, where `TEST_MARIADB_URL` names one (mysql://root@127.0.0.1:3306/)."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import pymysql
import pytest

SERVER = os.environ.get("TEST_MARIADB_URL", "")
NEEDS_SERVER = "needs a MariaDB server: set TEST_MARIADB_URL (mysql://user:password@host:port/)"


@contextmanager
def fresh_database() -> Iterator[str]:
    """Its URL; the database is dropped afterwards. Skips the test where no server is named."""
    if not SERVER:
        pytest.skip(NEEDS_SERVER)
    parts, name = urlsplit(SERVER), f"portal_test_{uuid.uuid4().hex[:12]}"
    server = pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        autocommit=True,
    )
    try:
        with server.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        try:
            yield f"{SERVER.rstrip('/')}/{name}"
        finally:
            with server.cursor() as cursor:
                cursor.execute(f"DROP DATABASE `{name}`")
    finally:
        server.close()
