"""A test database that is quickly there, and quickly as it was.

Both hold for SQLite only; a server's database is made and emptied as Django does it.

*Quickly there.* Running a hundred migrations on nothing takes ten seconds and more. It is done once, into a file in
pytest's cache that is named by what the migrations say, and every process of tests begins with its tables.

*Quickly as it was.* After a test that committed, Django deletes the rows of every table and makes permissions, content
types, roles and schedules anew: a quarter of a second a test. The rows are the same each time, so after the first such
test they are copied, and put back from the copy later on.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

flush = TransactionTestCase._fixture_teardown
_copies: dict[str, sqlite3.Connection] = {}


def put_back(case: Any) -> None:
    """In the place of `TransactionTestCase._fixture_teardown`."""
    if connection.vendor != "sqlite":
        flush(case)
        return
    connection.ensure_connection()
    name = str(connection.settings_dict["NAME"])
    if name in _copies:
        _copies[name].backup(connection.connection)
        ContentType.objects.clear_cache()  # a test that flushed has made them anew, by other keys
        return
    flush(case)
    _copies[name] = sqlite3.connect(":memory:")
    connection.connection.backup(_copies[name])


def begin_migrated(cache: Path) -> sqlite3.Connection:
    """Fill the test database in memory before Django makes it, so that no migration is left to do.

    The answer is to be kept open until then: a database in memory goes with its last connection.
    """
    uri = connection.creation._get_test_db_name()
    held = sqlite3.connect(uri, uri=True)
    with closing(sqlite3.connect(_migrated(cache))) as made:
        made.backup(held)
    return held


def _migrated(cache: Path) -> Path:
    """The file with all tables; processes that start together make one."""
    path = cache / f"{_what_migrations_say()}.sqlite3"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for old in cache.glob("*.sqlite3*"):
                old.unlink()
            making = path.with_suffix(".sqlite3-new")
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity=0"],
                env=os.environ | {"DATABASE_URL": f"sqlite:///{making}", "DJANGO_SETTINGS_MODULE": "tests.settings"},
                cwd=settings.BASE_DIR,
                check=True,
            )
            making.rename(path)
    return path


def _what_migrations_say() -> str:
    said = hashlib.sha256(django.get_version().encode())
    for app in apps.get_app_configs():
        for file in sorted(Path(app.path).glob("migrations/*.py")):
            said.update(f"{app.label} {file.name}".encode())
            said.update(file.read_bytes())
    return said.hexdigest()[:16]
