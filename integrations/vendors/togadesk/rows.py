"""A ticket of TOGaDesk as its rows make it up, and the fingerprint that tells whether any of them is news."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .database import Database, Row

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_FIELDS = "id, departmentid, groupid, userid, subject, status, priority, category, timestamp, referenceid"


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket that may be news."""

    id: int
    changed_at: datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply or a comment of a ticket; `reference` is empty as long as it has no other half."""

    kind: str  # "reply" or "comment"
    id: int
    person_id: int
    text: str
    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of a reply; `file` is its name in the folder of uploads, empty as long as it has not arrived."""

    id: int
    reply_id: int
    name: str
    file: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket with its conversation, oldest first."""

    id: int
    department_id: int
    group_id: int
    person_id: int
    subject: str
    status: str
    priority: str
    category: str
    at: datetime
    reference: str
    replies: tuple[Reply, ...]
    files: tuple[File, ...]
    fingerprint: str

    @property
    def unsent(self) -> tuple[Reply, ...]:
        """What has no other half yet."""
        return tuple(reply for reply in self.replies if not reply.reference)


def ticket_of(database: Database, ticket_id: int) -> Ticket | None:
    """One ticket, all of it."""
    row = database.one(f"SELECT {_FIELDS} FROM tickets WHERE id = ?", ticket_id)  # noqa: S608
    if row is None:
        return None
    replies = [
        *_conversation(database, "reply", "tickets_replies", "message", ticket_id),
        *_conversation(database, "comment", "comments", "comment", ticket_id),
    ]
    files = database.rows(
        """SELECT f.id AS id, f.ticketreplyid AS ticketreplyid, f.name AS name, f.file AS file,
                  f.filetype AS filetype, f.filesize AS filesize
           FROM files f JOIN tickets_replies r ON r.id = f.ticketreplyid WHERE r.ticketid = ? ORDER BY f.id""",
        ticket_id,
    )
    return Ticket(
        id=int(row["id"]),
        department_id=int(row["departmentid"] or 0),
        group_id=int(row["groupid"] or 0),
        person_id=int(row["userid"] or 0),
        subject=_text(row["subject"]),
        status=_text(row["status"]),
        priority=_text(row["priority"]),
        category=_text(row["category"]),
        at=database.moment(row["timestamp"]),
        reference=_text(row["referenceid"]),
        replies=tuple(sorted(replies, key=lambda reply: (reply.at, reply.kind, reply.id))),
        files=tuple(
            File(
                int(one["id"]),
                int(one["ticketreplyid"]),
                _text(one["name"]),
                _text(one["file"]),
                _text(one["filetype"]),
                int(one["filesize"] or 0),
            )
            for one in files
        ),
        fingerprint=fingerprints(database, [ticket_id])[ticket_id],
    )


def fingerprints(database: Database, ids: Sequence[int]) -> dict[int, str]:
    """Of each ticket: it changes with its fields, and with a new reply, comment or file. Four statements for all."""
    if not ids:
        return {}
    marks = ", ".join("?" for _ in ids)
    parts: dict[int, list[str]] = {}
    for row in database.rows(f"SELECT {_FIELDS} FROM tickets WHERE id IN ({marks})", *ids):  # noqa: S608
        del row["referenceid"]  # storing it is no news
        parts[int(row["id"])] = [str(value) for value in row.values()]
    for table in ("tickets_replies", "comments"):
        counted = f"""SELECT ticketid, COUNT(*) AS n, MAX(id) AS last, MAX(timestamp) AS at FROM {table}
                      WHERE ticketid IN ({marks}) GROUP BY ticketid"""  # noqa: S608
        _count(parts, table, database.rows(counted, *ids))
    files = f"""SELECT r.ticketid AS ticketid, COUNT(*) AS n, MAX(f.id) AS last, MAX(f.file) AS at FROM files f
                JOIN tickets_replies r ON r.id = f.ticketreplyid WHERE r.ticketid IN ({marks}) GROUP BY r.ticketid"""  # noqa: S608
    _count(parts, "files", database.rows(files, *ids))
    return {
        key: hashlib.blake2b("\x1f".join(part).encode("utf-8", "replace"), digest_size=8).hexdigest()
        for key, part in parts.items()
    }


def _count(parts: dict[int, list[str]], what: str, rows: list[Row]) -> None:
    for row in rows:
        if (part := parts.get(int(row["ticketid"]))) is not None:
            part.append(f"{what} {row['n']} {row['last']} {row['at']}")


def _conversation(database: Database, kind: str, table: str, text: str, ticket_id: int) -> list[Reply]:
    rows = database.rows(
        f"SELECT id, peopleid, {text} AS said, timestamp, referenceid FROM {table} WHERE ticketid = ?",  # noqa: S608
        ticket_id,
    )
    return [
        Reply(
            kind,
            int(row["id"]),
            int(row["peopleid"] or 0),
            _text(row["said"]),
            database.moment(row["timestamp"]),
            _text(row["referenceid"]),
        )
        for row in rows
    ]


def _text(value: object) -> str:
    return "" if value is None else _UNSTORABLE.sub("\ufffd", str(value))
