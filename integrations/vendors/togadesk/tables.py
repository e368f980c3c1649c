"""The tables of TOGaDesk that the portal reads and writes: the one place for what no source settles.

Shown by the source document: the tables' names; `tickets` with id, clientid, departmentid, timestamp; `tickets_replies`
and `comments` with ticketid, timestamp, referenceid; `files` with id, ticketreplyid, name, file, filetype, filesize.
Everything else is ASSUMED, after the manner of such helpdesks; "Test connection" compares it with the live tables.
"""

from __future__ import annotations

from typing import Any

from .database import Database

ID, NUMBER, TEXT, LONG, TIME = "id", "number", "text", "long text", "time"
TABLES: dict[str, dict[str, str]] = {
    "tickets": {
        "id": ID,
        "clientid": NUMBER,
        "departmentid": NUMBER,
        "groupid": NUMBER,
        "userid": NUMBER,  # the requester, of people
        "subject": TEXT,
        "status": TEXT,
        "priority": TEXT,
        "category": TEXT,
        "timestamp": TIME,
        "referenceid": TEXT,
    },
    "tickets_replies": {
        "id": ID,
        "ticketid": NUMBER,
        "peopleid": NUMBER,
        "message": LONG,
        "timestamp": TIME,
        "referenceid": TEXT,
    },
    "comments": {
        "id": ID,
        "ticketid": NUMBER,
        "peopleid": NUMBER,
        "comment": LONG,
        "timestamp": TIME,
        "referenceid": TEXT,
    },
    "tickets_history": {"id": ID, "ticketid": NUMBER, "peopleid": NUMBER, "description": LONG, "timestamp": TIME},
    "files": {
        "id": ID,
        "ticketreplyid": NUMBER,
        "name": TEXT,
        "file": TEXT,
        "filetype": TEXT,
        "filesize": NUMBER,
    },
    "people": {
        "id": ID,
        "clientid": NUMBER,
        "name": TEXT,
        "email": TEXT,
        "phone": TEXT,
        "active": NUMBER,
        "referenceid": TEXT,
    },
    "assets": {"id": ID, "clientid": NUMBER, "name": TEXT, "serial": TEXT, "active": NUMBER, "referenceid": TEXT},
    "tickets_pr": {"id": ID, "clientid": NUMBER, "name": TEXT, "content": LONG, "active": NUMBER, "referenceid": TEXT},
    "groups": {"id": ID, "clientid": NUMBER, "name": TEXT, "active": NUMBER, "referenceid": TEXT},
    "tickets_customfields": {"id": ID, "clientid": NUMBER, "name": TEXT, "options": LONG},
}
INDEXED = {
    "tickets": ("referenceid", "timestamp"),
    "tickets_replies": ("ticketid", "referenceid", "timestamp"),
    "comments": ("ticketid", "referenceid", "timestamp"),
    "tickets_history": ("ticketid",),
    "files": ("ticketreplyid",),
    "people": ("referenceid",),
    "assets": ("referenceid",),
    "tickets_pr": ("referenceid",),
    "groups": ("referenceid",),
}
_DECLARED = {
    "mysql": {
        ID: "INT AUTO_INCREMENT PRIMARY KEY",
        NUMBER: "INT NOT NULL DEFAULT 0",
        TEXT: "VARCHAR(255) NOT NULL DEFAULT ''",
        LONG: "LONGTEXT NOT NULL",
        TIME: "DATETIME NOT NULL",
    },
    "sqlite": {
        ID: "INTEGER PRIMARY KEY AUTOINCREMENT",
        NUMBER: "INTEGER NOT NULL DEFAULT 0",
        TEXT: "TEXT NOT NULL DEFAULT ''",
        LONG: "TEXT NOT NULL",
        TIME: "TEXT NOT NULL",
    },
}
_LIVE = {  # the beginnings of live types that will do
    ID: ("int", "bigint", "mediumint"),
    NUMBER: ("int", "bigint", "mediumint", "smallint", "tinyint"),
    TEXT: ("varchar", "char", "text", "mediumtext", "longtext", "enum"),
    LONG: ("text", "mediumtext", "longtext", "varchar"),
    TIME: ("datetime", "timestamp", "text"),
}


def create(database: Database) -> None:
    """Make the declared tables, as a rehearsal or a test needs them."""
    declared = _DECLARED[database.kind]
    tail = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4" if database.kind == "mysql" else ""
    for table, columns in TABLES.items():
        listed = ", ".join(f"`{name}` {declared[kind]}" for name, kind in columns.items())
        database.run(f"CREATE TABLE `{table}` ({listed}){tail}")
        for column in INDEXED.get(table, ()):
            database.run(f"CREATE INDEX `{table}_{column}` ON `{table}` (`{column}`)")


def missing(live: dict[str, dict[str, Any]]) -> list[str]:
    """What of the declared tables the live ones lack or have of another type, each in a few words."""
    found = []
    for table, columns in TABLES.items():
        if table not in live:
            found.append(f"the table {table}")
            continue
        for name, kind in columns.items():
            there = str(live[table].get(name, "")).lower()
            if not there:
                found.append(f"the column {table}.{name}")
            elif not there.startswith(_LIVE[kind]):
                found.append(f"{table}.{name} as {kind} (it is {there})")
    return found
