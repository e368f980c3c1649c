"""A backup of the portal's own database: on SQLite a file by SQLite's own backup, on PostgreSQL its rows by COPY."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from django.db import connection


def take(folder: Path) -> Path:
    """A copy of the database as it is now: a file, or a folder with one for each table."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        file = folder / "backup.sqlite3"
        file.unlink(missing_ok=True)
        with sqlite3.connect(file) as copy:
            connection.connection.backup(copy)
        copy.close()
        return file
    rows = folder / "backup"
    rows.mkdir()
    for table in connection.introspection.table_names():
        with (
            (rows / table).open("wb") as kept,
            connection.cursor() as cursor,
            cursor.copy(f'COPY "{table}" TO STDOUT') as out,
        ):
            for data in out:
                kept.write(data)
    return rows


def put_back(copy: Path) -> None:
    """The database is what the copy was; everything since is lost."""
    if connection.vendor == "sqlite":
        with sqlite3.connect(copy) as kept:
            kept.backup(connection.connection)
        kept.close()
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no foreign key is looked at meanwhile
        for file in copy.iterdir():
            cursor.execute(f'DELETE FROM "{file.name}"')  # noqa: S608 — our own names
            with cursor.copy(f'COPY "{file.name}" FROM STDIN') as into:
                into.write(file.read_bytes())
        cursor.execute("SET session_replication_role = DEFAULT")
        for sequence in connection.introspection.sequence_list():
            table, column = sequence["table"], sequence["column"]
            highest = f'(SELECT COALESCE(MAX("{column}"), 0) + 1 FROM "{table}")'  # noqa: S608 — our own names
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), {highest}, false)")
