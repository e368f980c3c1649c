"""TOGaDesk through its tables and its folder. Source: `toga-freshservice`; what it leaves open is in `tables`.

A ticket's conversation is replies (seen by the customer) and comments (internal); `referenceid` of each, and of the
ticket, holds the uuid of the same record on the other side, empty as long as there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.texts import gettext
from integrations.transport.errors import ConfigurationError, NotFoundError
from integrations.vendors import Step, tried

from . import tables
from .database import Database, Row
from .rows import Changed, File, Reply, Ticket, fingerprints, ticket_of
from .uploads import Uploads

REPLY, COMMENT = "reply", "comment"
_TABLE = {REPLY: "tickets_replies", COMMENT: "comments"}
_TEXT = {REPLY: "message", COMMENT: "comment"}


@dataclass(frozen=True, slots=True)
class NewNote:
    """A reply or comment to be made; `at` is when it was written on the other side."""

    kind: str  # REPLY or COMMENT
    reference: str
    text: str
    person_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What is written to one ticket, all of it or nothing. `references` are rows that get their other half's uuid."""

    values: Mapping[str, Any] = field(default_factory=dict)  # columns of the ticket
    notes: Sequence[NewNote] = ()
    references: Sequence[tuple[str, int, str]] = ()  # kind, id, uuid
    history: Sequence[str] = ()


class TogadeskApi:
    """One TOGaDesk. Raises the errors of `transport.errors`; ids are the tables' integers."""

    def __init__(
        self,
        session: None,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        facts: MutableMapping[str, Any],
    ) -> None:
        del session, base_url, facts
        self._url = credentials["database_url"].strip()
        self._zone = str(settings.get("time_zone") or "UTC")
        self._private = bool(settings.get("allow_private_address"))
        self._before_write = settings.get("before_write")
        self.uploads = Uploads(str(settings.get("uploads_dir") or ""))
        self._opened: Database | None = None

    @property
    def database(self) -> Database:
        """The connection, made when it is needed first."""
        if self._opened is None:
            self._opened = Database(
                self._url, time_zone=self._zone, allow_private=self._private, before_write=self._before_write
            )
        return self._opened

    def close(self) -> None:
        """End the connection; the next use makes a new one."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    # --- test connection ----------------------------------------------------------------------------------------

    def test_connection(self) -> Iterator[Step]:
        """The database, its tables, that writes can be taken back, and the folder of uploads."""
        steps = (
            (gettext("Database"), self._test_database),
            (gettext("Tables"), self._test_tables),
            (gettext("Transactions"), self._test_transactions),
            (gettext("Folder of uploads"), self._test_uploads),
        )
        return tried(steps)

    def _test_database(self) -> str:
        self.database.rows("SELECT 1 AS one")
        return gettext("It answers.")

    def _test_tables(self) -> str:
        if lacking := tables.missing(self.database.columns()):
            raise ConfigurationError(gettext("TOGaDesk's database lacks {lacking}.").format(lacking=", ".join(lacking)))
        return gettext("All {count} tables are as declared.").format(count=len(tables.TABLES))

    def _test_transactions(self) -> str:
        unsafe = sorted(set(self.database.without_transactions()) & set(tables.TABLES))
        if unsafe:
            raise ConfigurationError(
                gettext("These tables are not InnoDB, so half a ticket could stay: {tables}.").format(
                    tables=", ".join(unsafe)
                )
            )
        return gettext("What is begun can be taken back.")

    def _test_uploads(self) -> str:
        self.uploads.probe()
        return gettext("Files can be written and read.")

    # --- which tickets changed ----------------------------------------------------------------------------------

    def changed(
        self, client: int, departments: Sequence[int], after: tuple[datetime | None, int], *, limit: int
    ) -> list[Changed]:
        """The tickets whose latest of ticket, reply and comment is later than `after` (time, id), in that order.

        The time alone, with id 0, is inclusive; None is the beginning of time.
        """
        moment, last = after
        bound = " WHERE timestamp >= ?" if moment else ""  # in each branch: an index can be used
        having = " HAVING MAX(x.ts) > ? OR (MAX(x.ts) = ? AND t.id > ?)" if moment else " HAVING t.id > ?"
        statement = f"""
            SELECT t.id AS id, MAX(x.ts) AS ts FROM tickets t JOIN (
                SELECT id AS ticketid, timestamp AS ts FROM tickets{bound}
                UNION ALL SELECT ticketid, timestamp AS ts FROM tickets_replies{bound}
                UNION ALL SELECT ticketid, timestamp AS ts FROM comments{bound}
            ) x ON x.ticketid = t.id
            WHERE t.clientid = ? AND t.departmentid IN ({_marks(departments)})
            GROUP BY t.id{having} ORDER BY ts, id LIMIT ?
        """  # noqa: S608 — marks for values, and our own words
        values = [moment] * 3 if moment else []
        tail = [moment, moment, last] if moment else [last]
        found = self.database.rows(statement, *values, client, *departments, *tail, limit)
        return self._with_fingerprints([(row["id"], self.database.moment(row["ts"])) for row in found])

    def moved_in(
        self, client: int, departments: Sequence[int], *, before: datetime, after: int, limit: int
    ) -> list[Changed]:
        """Tickets without another half that are older than `before`: moved into a department later, ascending by id."""
        found = self.database.rows(
            f"""SELECT id, timestamp FROM tickets WHERE clientid = ? AND departmentid IN ({_marks(departments)})
                AND COALESCE(referenceid, '') = '' AND timestamp < ? AND id > ? ORDER BY id LIMIT ?""",  # noqa: S608
            *(client, *departments, before, after, limit),
        )
        return self._with_fingerprints([(row["id"], self.database.moment(row["timestamp"])) for row in found])

    def with_new_files(
        self, client: int, departments: Sequence[int], *, above: int, after: int, limit: int
    ) -> list[Changed]:
        """Tickets with a file whose id is above that one, ascending by id: hung on a reply that was sent already."""
        found = self.database.rows(
            f"""SELECT DISTINCT t.id AS id, t.timestamp AS ts FROM files f
                JOIN tickets_replies r ON r.id = f.ticketreplyid JOIN tickets t ON t.id = r.ticketid
                WHERE f.id > ? AND t.clientid = ? AND t.departmentid IN ({_marks(departments)}) AND t.id > ?
                ORDER BY t.id LIMIT ?""",  # noqa: S608
            *(above, client, *departments, after, limit),
        )
        return self._with_fingerprints([(row["id"], self.database.moment(row["ts"])) for row in found])

    def highest_file(self) -> int:
        """The highest id of a file."""
        row = self.database.one("SELECT MAX(id) AS highest FROM files")
        return int((row or {}).get("highest") or 0)

    def _with_fingerprints(self, found: list[tuple[int, datetime]]) -> list[Changed]:
        known = fingerprints(self.database, [key for key, _ in found])
        return [Changed(key, at, known.get(key, "")) for key, at in found]

    # --- one ticket ---------------------------------------------------------------------------------------------

    def ticket(self, ticket_id: int) -> Ticket:
        """One ticket with its conversation and files. Raises NotFoundError."""
        found = ticket_of(self.database, ticket_id)
        if found is None:
            raise NotFoundError(gettext("TOGaDesk has no ticket {number}.").format(number=ticket_id))
        return found

    def changed_one(self, ticket_id: int) -> Changed:
        """One ticket as the lists of changed ones show it. Raises NotFoundError."""
        row = self.database.one("SELECT timestamp FROM tickets WHERE id = ?", ticket_id)
        if row is None:
            raise NotFoundError(gettext("TOGaDesk has no ticket {number}.").format(number=ticket_id))
        return self._with_fingerprints([(ticket_id, self.database.moment(row["timestamp"]))])[0]

    def find_ticket(self, client: int, reference: str) -> int | None:
        """The id of the ticket with this reference."""
        return self._find("tickets", reference, client)

    def find_reply(self, reference: str) -> int | None:
        """The id of the reply with this reference."""
        return self._find("tickets_replies", reference)

    def write_ticket(self, client: int, ticket_id: int | None, reference: str, changes: Changes) -> int:
        """Make or change a ticket with all its rows in one transaction; its id.

        A row whose reference is there already is not made again, whoever made it.
        """
        with self.database.transaction():
            key = ticket_id or self._find("tickets", reference, client)
            if key is None:
                key = self.database.insert("tickets", clientid=client, referenceid=reference, **changes.values)
            elif changes.values:
                self.database.update("tickets", key, **changes.values)
            for note in changes.notes:
                self._add_note(key, note)
            for kind, row_id, uuid in changes.references:
                self._refer(kind, row_id, uuid)
            for said in changes.history:
                now = max((note.at for note in changes.notes), default=None)
                if now is not None:
                    self.database.insert("tickets_history", ticketid=key, peopleid=0, description=said, timestamp=now)
        return key

    def set_reference(self, kind: str, row_id: int, uuid: str) -> None:
        """Store the other half's uuid in a reply or comment (or "ticket"), once."""
        with self.database.transaction():
            self._refer(kind, row_id, uuid)

    def _add_note(self, ticket_id: int, note: NewNote) -> None:
        if any(self._find(table, note.reference) is not None for table in _TABLE.values()):
            return
        values: dict[str, Any] = {
            "ticketid": ticket_id,
            "peopleid": note.person_id,
            _TEXT[note.kind]: note.text,
            "timestamp": note.at,
            "referenceid": note.reference,
        }
        self.database.insert(_TABLE[note.kind], **values)

    def _refer(self, kind: str, row_id: int, uuid: str) -> None:
        table = _TABLE.get(kind, "tickets")
        self.database.run(
            f"UPDATE `{table}` SET referenceid = ? WHERE id = ? AND COALESCE(referenceid, '') = ''",  # noqa: S608
            uuid,
            row_id,
        )

    def _find(self, table: str, reference: str, client: int | None = None) -> int | None:
        of = "" if client is None else " AND clientid = ?"
        row = self.database.one(
            f"SELECT id FROM `{table}` WHERE referenceid = ?{of} ORDER BY id LIMIT 1{self.database.locking}",  # noqa: S608
            *(reference, *([] if client is None else [client])),
        )
        return None if row is None else int(row["id"])

    # --- files --------------------------------------------------------------------------------------------------

    def reserve_file(self, reply_id: int, name: str) -> int:
        """A row for a file to come; one that an earlier try left without a file is taken again."""
        with self.database.transaction():
            row = self.database.one(
                f"""SELECT id FROM files WHERE ticketreplyid = ? AND name = ? AND COALESCE(file, '') = ''
                    ORDER BY id LIMIT 1{self.database.locking}""",  # noqa: S608
                *(reply_id, name),
            )
            if row is not None:
                return int(row["id"])
            return self.database.insert("files", ticketreplyid=reply_id, name=name, file="", filetype="", filesize=0)

    def finish_file(self, file_id: int, *, file: str, media_type: str, size: int) -> None:
        """The file is there under this name."""
        self.database.update("files", file_id, file=file, filetype=media_type, filesize=size)

    # --- reference data -----------------------------------------------------------------------------------------

    def referenced(self, table: str, client: int, references: Iterable[str]) -> dict[str, Row]:
        """The rows of a table (people, assets, tickets_pr, groups) with these references, by reference."""
        wanted = list(dict.fromkeys(references))
        if not wanted:
            return {}
        rows = self.database.rows(
            f"SELECT * FROM `{table}` WHERE clientid = ? AND referenceid IN ({_marks(wanted)}) ORDER BY id DESC",  # noqa: S608
            *(client, *wanted),
        )
        return {str(row["referenceid"]): row for row in rows}

    def references(self, table: str, client: int, *, size: int, after: int = 0) -> Iterator[list[tuple[int, str]]]:
        """The id and the reference of each row above `after` that has one, ascending by id, in lists of `size`."""
        last = after
        while True:
            rows = self.database.rows(
                f"""SELECT id, referenceid FROM `{table}` WHERE clientid = ? AND id > ?
                    AND COALESCE(referenceid, '') <> '' ORDER BY id LIMIT ?""",  # noqa: S608
                *(client, last, size),
            )
            yield [(int(row["id"]), str(row["referenceid"])) for row in rows]
            if len(rows) < size:
                return
            last = int(rows[-1]["id"])

    def row(self, table: str, row_id: int) -> Row | None:
        """One row of a table of reference data."""
        return self.database.one(f"SELECT * FROM `{table}` WHERE id = ?", row_id)  # noqa: S608

    def write_row(self, table: str, client: int, reference: str, values: Mapping[str, Any]) -> int:
        """Make the row with this reference, or set these columns of it; its id."""
        with self.database.transaction():
            key = self._find(table, reference, client)
            if key is None:
                return self.database.insert(table, clientid=client, referenceid=reference, **values)
            self.database.update(table, key, **values)
            return key

    def options(self, client: int, name: str) -> str | None:
        """The options of a custom field of tickets; None when there is no such field."""
        row = self.database.one(
            "SELECT options FROM tickets_customfields WHERE clientid = ? AND name = ?", client, name
        )
        return None if row is None else str(row["options"] or "")

    def set_options(self, client: int, name: str, options: str) -> None:
        """Set them; a missing field is made."""
        asked = f"SELECT id FROM tickets_customfields WHERE clientid = ? AND name = ?{self.database.locking}"  # noqa: S608
        with self.database.transaction():
            row = self.database.one(asked, client, name)
            if row is None:
                self.database.insert("tickets_customfields", clientid=client, name=name, options=options)
            else:
                self.database.update("tickets_customfields", row["id"], options=options)


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" for _ in values) or "NULL"


__all__ = ["COMMENT", "REPLY", "Changed", "Changes", "File", "NewNote", "Reply", "Ticket", "TogadeskApi"]
