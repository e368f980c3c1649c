"""One connection to TOGaDesk's database: MariaDB in production, a marked SQLite file in rehearsals and tests.

The same SQL for both: `?` stands for a value, names stand in backquotes. Times go in and come out aware.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pymysql
import pymysql.cursors

from integrations.texts import gettext
from integrations.transport.addresses import resolve
from integrations.transport.errors import ConfigurationError, RejectedError, TemporaryError, VendorError

Row = dict[str, Any]
T = TypeVar("T")
CONNECT_TIMEOUT, STATEMENT_TIMEOUT = 15, 60  # seconds
REHEARSAL = 0x54474444  # application_id of a SQLite file that is a rehearsal's, so that no other file is ever opened
_STAMP = "%Y-%m-%d %H:%M:%S"
_WRONG_SETTINGS = {1044, 1045, 1049, 1054, 1102, 1142, 1143, 1146, 1227, 1698}  # access, database, table, column
_REFUSED = {1048, 1062, 1264, 1265, 1292, 1364, 1366, 1406, 1451, 1452, 3819, 4025}  # this row does not fit


class Database:
    """Statements against TOGaDesk. Raises the errors of `transport.errors`, never the driver's own."""

    def __init__(
        self,
        url: str,
        *,
        time_zone: str = "UTC",
        allow_private: bool = False,
        before_write: Callable[[], None] | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("mysql", "sqlite"):
            raise ConfigurationError(
                gettext("The database URL must begin with mysql:// (or sqlite:/// in a rehearsal).")
            )
        try:
            self.zone = ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigurationError(
                gettext("There is no time zone {time_zone}; write one like Europe/Lisbon.").format(time_zone=time_zone)
            ) from None
        self.kind = parts.scheme
        self._before_write = before_write
        self._in_transaction = False
        opened: Callable[[], Any] = (
            (lambda: _sqlite(parts.path)) if self.kind == "sqlite" else lambda: _mysql(url, allow_private)
        )
        self._connection: Any = _done(opened)

    def close(self) -> None:
        with suppress(pymysql.Error, sqlite3.Error):
            self._connection.close()

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """What a SELECT finds, as dictionaries."""
        cursor = self._execute(statement, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in _done(cursor.fetchall)]

    def one(self, statement: str, *values: Any) -> Row | None:
        """The first row, if there is one."""
        return next(iter(self.rows(statement, *values)), None)

    def run(self, statement: str, *values: Any) -> int:
        """Carry out a write; the id of the row it made, or how many it changed."""
        if not self._in_transaction:
            self._may_write()
        cursor = self._execute(statement, values)
        is_insert = statement.lstrip()[:6].upper() == "INSERT"
        return int(cursor.lastrowid if is_insert else cursor.rowcount)

    def insert(self, table: str, **values: Any) -> int:
        """A new row; its id."""
        names = ", ".join(f"`{name}`" for name in values)
        marks = ", ".join("?" for _ in values)
        return self.run(f"INSERT INTO `{table}` ({names}) VALUES ({marks})", *values.values())  # noqa: S608

    def update(self, table: str, row_id: int, **values: Any) -> None:
        """Set these columns of one row."""
        names = ", ".join(f"`{name}` = ?" for name in values)
        self.run(f"UPDATE `{table}` SET {names} WHERE id = ?", *values.values(), row_id)  # noqa: S608

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing. What a commit without an answer left behind is found by its reference ids."""
        self._may_write()
        self._execute("BEGIN IMMEDIATE" if self.kind == "sqlite" else "START TRANSACTION", ())
        self._in_transaction = True
        try:
            yield
        except BaseException:
            with suppress(pymysql.Error, sqlite3.Error):
                self._connection.rollback()
            raise
        finally:
            self._in_transaction = False
        _done(self._connection.commit)

    def _may_write(self) -> None:
        """Raises what stops a write. Asked before a transaction: nothing is locked meanwhile."""
        if self._before_write is not None:
            self._before_write()

    @property
    def locking(self) -> str:
        """What a SELECT ends with so that its rows stay ours until the end of the transaction."""
        return " FOR UPDATE" if self.kind == "mysql" else ""

    # --- times

    def stamp(self, moment: datetime) -> str:
        """A time as its tables have it."""
        return moment.astimezone(self.zone).strftime(_STAMP)

    def moment(self, stamp: Any) -> datetime:
        """The same, read. Raises `RejectedError`: no time, or one like 0000-00-00."""
        try:
            read = stamp if isinstance(stamp, datetime) else datetime.strptime(str(stamp)[:19], _STAMP)  # noqa: DTZ007
            return read.replace(tzinfo=self.zone)
        except ValueError:
            raise RejectedError(
                gettext("A row of TOGaDesk has an unusable time ({stamp}).").format(stamp=str(stamp)[:30])
            ) from None

    # --- what is there

    def columns(self) -> dict[str, dict[str, str]]:
        """The live tables: the type of each column, by table and column, in lower case."""
        if self.kind == "sqlite":
            tables = [row["name"] for row in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                table: {row["name"].lower(): row["type"] for row in self.rows(f"PRAGMA table_info(`{table}`)")}
                for table in tables
            }
        found: dict[str, dict[str, str]] = {}
        asked = "SELECT table_name AS t, column_name AS c, data_type AS d FROM information_schema.columns"
        for row in self.rows(f"{asked} WHERE table_schema = DATABASE()"):
            found.setdefault(row["t"].lower(), {})[row["c"].lower()] = row["d"]
        return found

    def without_transactions(self) -> list[str]:
        """The tables whose engine cannot take a write back."""
        if self.kind == "sqlite":
            return []
        asked = "SELECT table_name AS t FROM information_schema.tables WHERE table_schema = DATABASE()"
        return [row["t"] for row in self.rows(f"{asked} AND engine <> 'InnoDB' AND table_type = 'BASE TABLE'")]

    def _execute(self, statement: str, values: Sequence[Any]) -> Any:
        said = [self.stamp(value) if isinstance(value, datetime) else value for value in values]
        if self.kind == "sqlite":
            return _done(lambda: self._connection.execute(statement, said))
        cursor = self._connection.cursor()
        _done(lambda: cursor.execute(statement.replace("?", "%s"), said or None))
        return cursor


def _sqlite(path: str) -> sqlite3.Connection:
    file = Path(unquote(path).removeprefix("/")) if not path.startswith("//") else Path(unquote(path)[1:])
    if not is_rehearsal(file):
        raise ConfigurationError(
            gettext("A sqlite:/// address is for rehearsals: the file is none of a simulated TOGaDesk.")
        )
    return sqlite3.connect(file, isolation_level=None, timeout=STATEMENT_TIMEOUT)


def is_rehearsal(file: Path) -> bool:
    """Whether this is the database of a simulated TOGaDesk."""
    try:
        with file.open("rb") as opened:
            head = opened.read(72)
    except OSError:
        return False
    return head[:16] == b"SQLite format 3\x00" and int.from_bytes(head[68:72], "big") == REHEARSAL


def _mysql(url: str, allow_private: bool) -> Any:
    parts = urlsplit(url)
    host, name = parts.hostname or "", parts.path.removeprefix("/")
    if not host or not parts.username or not name:
        raise ConfigurationError(gettext("The database URL must name a user, a host and a database."))
    port = parts.port or 3306
    _, address = resolve(host, port, allow_private=allow_private, timeout=CONNECT_TIMEOUT)[0]
    return pymysql.connect(
        host=str(address[0]),
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        database=unquote(name),
        charset="utf8mb4",
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=STATEMENT_TIMEOUT,
        write_timeout=STATEMENT_TIMEOUT,
        autocommit=True,
        init_command="SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
        local_infile=False,
    )


def _done(act: Callable[[], T]) -> T:
    """What it gives; the driver's errors as ours, without their text: it may hold a customer's values, or the account.

    Raised outside of the handler, so that the driver's error does not hang on ours.
    """
    try:
        return act()
    except (pymysql.Error, sqlite3.Error, OSError) as error:
        problem = _meaning(error)
    raise problem


def _meaning(error: Exception) -> VendorError:
    code = error.args[0] if isinstance(error, pymysql.Error) and error.args else 0
    said = f" ({code})" if isinstance(code, int) and code else ""
    judged: list[tuple[bool, Callable[[], VendorError]]] = [
        (
            code in _WRONG_SETTINGS,
            lambda: ConfigurationError(
                gettext("TOGaDesk's database refuses{said}: {why}.").format(said=said, why=_why(code))
            ),
        ),
        (
            code in _REFUSED,
            lambda: RejectedError(
                gettext("TOGaDesk's database refuses this record{said}: {column}.").format(
                    said=said, column=_column(error)
                )
            ),
        ),
        (
            isinstance(error, sqlite3.IntegrityError),
            lambda: RejectedError(gettext("TOGaDesk's database refuses this record.")),
        ),
        (
            isinstance(error, sqlite3.OperationalError) and "no such" in str(error),
            lambda: ConfigurationError(gettext("TOGaDesk's database lacks something: {error}.").format(error=error)),
        ),
    ]
    for fits, meaning in judged:
        if fits:
            return meaning()
    return TemporaryError(
        gettext("TOGaDesk's database could not be reached or did not answer{said}.").format(said=said)
    )


def _why(code: int) -> str:
    if code in (1146, 1054):
        return gettext("a table or column is missing, test the connection")
    if code in (1049, 1102):
        return gettext("there is no such database")
    return gettext("user, password or rights are not right")


def _column(error: Exception) -> str:
    """The column a refusal names, which is no secret, without the value."""
    said = str(error.args[1]) if len(error.args) > 1 else ""
    before, found, after = said.partition("column '")
    del before
    return (
        gettext("a value does not fit into {column}").format(column=after.partition(chr(39))[0])
        if found
        else gettext("a value does not fit")
    )
