"""A database of its own for a process that is not pytest's."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

OwnDatabase = Callable[[Path], AbstractContextManager[str]]  # the fixture `own_database`


@contextmanager
def database_url(folder: Path) -> Iterator[str]:
    """The URL of an empty database; a PostgreSQL one is dropped afterwards."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        with _postgres(given, template="template1") as url:
            yield url
    else:
        yield f"sqlite:///{folder / 'portal.sqlite3'}"


@contextmanager
def migrated_database_url(folder: Path) -> Iterator[str]:
    """The same with all tables: a copy of pytest's own database, since a migration from nothing takes seconds."""
    if connection.vendor == "postgresql":
        connection.close()  # a database that somebody looks at cannot be copied
        with _postgres(os.environ["DATABASE_URL"], template=connection.settings_dict["NAME"]) as url:
            yield url
        return
    path = folder / "portal.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    yield f"sqlite:///{path}"


@contextmanager
def _postgres(given: str, *, template: str) -> Iterator[str]:
    name = sql.Identifier(label := f"faults_{uuid.uuid4().hex}")
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(template)))
        try:
            yield f"{given.rpartition('/')[0]}/{label}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
