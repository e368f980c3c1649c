"""A local TOGaDesk for rehearsals and tests: its tables in a marked SQLite file, or in an empty MariaDB database, and
people at work in it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import tables
from .database import REHEARSAL, Database
from .uploads import safe_name

CLIENT, DEPARTMENT = 7, 3


@dataclass
class TogadeskSimulator:
    """A TOGaDesk at an address, with its folder."""

    url: str
    uploads: Path
    database: Database

    @classmethod
    def at(cls, folder: Path) -> TogadeskSimulator:
        """One in this folder, made if it is not there."""
        file, uploads = folder / "togadesk.sqlite3", folder / "uploads"
        uploads.mkdir(parents=True, exist_ok=True)
        is_new = not file.exists()
        if is_new:
            with sqlite3.connect(file) as made:
                made.execute(f"PRAGMA application_id = {REHEARSAL}")
                made.execute("PRAGMA journal_mode = WAL")
        desk = cls(f"sqlite:///{file}", uploads, Database(f"sqlite:///{file}"))
        if is_new:
            tables.create(desk.database)
        return desk

    @classmethod
    def on(cls, url: str, uploads: Path) -> TogadeskSimulator:
        """One in this database, which must be empty."""
        uploads.mkdir(parents=True, exist_ok=True)
        desk = cls(url, uploads, Database(url, allow_private=True))
        tables.create(desk.database)
        return desk

    # --- people at work

    def add_ticket(self, subject: str, *, department: int = DEPARTMENT, client: int = CLIENT, **values: Any) -> int:
        """Somebody opens a ticket; its id."""
        plain: dict[str, Any] = {"status": "Open", "priority": "Normal", "timestamp": datetime.now(UTC)}
        return self.database.insert(
            "tickets", subject=subject, clientid=client, departmentid=department, **plain | values
        )

    def edit_ticket(self, ticket_id: int, **values: Any) -> None:
        """Somebody changes a ticket."""
        self.database.update("tickets", ticket_id, **{"timestamp": datetime.now(UTC)} | values)

    def reply(self, ticket_id: int, text: str, *, person: int = 0, **values: Any) -> int:
        """Somebody answers, for the customer to see; the reply's id."""
        plain: dict[str, Any] = {"timestamp": datetime.now(UTC)} | values
        return self.database.insert("tickets_replies", ticketid=ticket_id, message=text, peopleid=person, **plain)

    def comment(self, ticket_id: int, text: str, *, person: int = 0, **values: Any) -> int:
        """Somebody comments internally; the comment's id."""
        plain: dict[str, Any] = {"timestamp": datetime.now(UTC)} | values
        return self.database.insert("comments", ticketid=ticket_id, comment=text, peopleid=person, **plain)

    def add_file(self, reply_id: int, name: str, content: bytes, media_type: str = "text/plain") -> int:
        """Somebody hangs a file on a reply; its id."""
        key = self.database.insert(
            "files", ticketreplyid=reply_id, name=name, filetype=media_type, filesize=len(content)
        )
        stored = f"{key}-{safe_name(name)}"
        (self.uploads / stored).write_bytes(content)
        self.database.update("files", key, file=stored)
        return key

    def table(self, name: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        return self.database.rows(f"SELECT * FROM `{name}` ORDER BY id")  # noqa: S608
