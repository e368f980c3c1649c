"""A backup of the portal's own database as an operator takes it on SQLite: a file, by SQLite's own backup."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from django.db import connection

only_sqlite = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="The copy is made by SQLite's own backup; what is noticed is the same rows."
)


def take(folder: Path) -> Path:
    """A copy of the database as it is now."""
    file = folder / "backup.sqlite3"
    file.unlink(missing_ok=True)
    connection.ensure_connection()
    with sqlite3.connect(file) as copy:
        connection.connection.backup(copy)
    copy.close()
    return file


def put_back(file: Path) -> None:
    """The database is what the copy was; everything since is lost."""
    with sqlite3.connect(file) as copy:
        copy.backup(connection.connection)
    copy.close()
