"""TOGA 2's REST API. Source: `toga-freshservice` (the library's and the worker's notes); what it leaves open is in
`dialect`.

Strange and dealt with here: `GET /ticket-notes/{uuid}/ticket-note-files` wants exactly one record (404 for none and for
several), so files are read from the note at depth 5; a note's files are `ticketNoteFiles`; contents are base64 in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from integrations.texts import gettext
from integrations.texts import gettext_lazy as _
from integrations.transport.answers import raise_for_status
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    UnknownOutcomeError,
)
from integrations.transport.session import Answer, Session
from integrations.vendors import Step, file_in_json, tried

from . import dialect, schemas
from .dialect import Kind, Resource
from .schemas import Listed, Note, Parameter, Ticket

LARGEST_FILE = 500_000_000  # bytes of an answer that holds a file
FILE_DEADLINE = 600.0  # seconds


class TogaApi:
    """One account of TOGA 2. Raises the errors of `transport.errors`; ids are the vendor's uuids."""

    def __init__(
        self,
        session: Session,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        facts: MutableMapping[str, Any],
    ) -> None:
        self.told_at: datetime | None = None  # when the last list was answered, by the vendor's clock
        self._session, self._root = session, base_url.rstrip("/")
        self._where = str(settings.get("where_style") or "brackets")
        self._paging = str(settings.get("paging_style") or "page")
        self._sorts = (settings.get("sorting") or "heeded") == "heeded"
        self._update = str(settings.get("update_method") or "PATCH")
        style = str(settings.get("auth_style") or "headers")
        session.trust(base_url, dialect.headers(style, credentials))

    # --- test connection ----------------------------------------------------------------------------------------

    def test_connection(self) -> Iterator[Step]:
        """Credentials, and whether filters and sorting are understood as the connection says."""
        steps = (
            (gettext("Credentials"), self._test_credentials),
            (gettext("Filters"), self._test_filters),
            (gettext("Sorting"), self._test_sorting),
        )
        return tried(steps)

    def _test_credentials(self) -> str:
        self._list(dialect.PARAMETERS, {}, page=1, limit=1)
        return gettext("Accepted; parameters can be read.")

    def _test_filters(self) -> str:
        """Nothing was changed in the future; a filter that got lost would show everything."""
        future = dialect.spoken(datetime.now(UTC) + timedelta(days=3650))
        wanted = dialect.where(self._where, dialect.UPDATED, ">=", future)
        if self._list(dialect.KINDS["TICKETS"].tickets, wanted, page=1, limit=1):
            raise ConfigurationError(str(_FILTER_LOST))
        return gettext("A filter on _updated is heeded.")

    def _test_sorting(self) -> str:
        rows, _ = self.changed(dialect.KINDS["TICKETS"].tickets, None, "", limit=50)
        return (
            gettext("The first {count} tickets came in the order of their changes.").format(count=len(rows))
            if self._sorts
            else gettext("Not relied on.")
        )

    # --- lists --------------------------------------------------------------------------------------------------

    def changed(
        self, resource: Resource, since: datetime | None, cursor: str, *, limit: int
    ) -> tuple[list[Listed], str]:
        """The records that changed at `since` or later (None: all), a page at a time, and where the next begins.

        Pages go by time: the next begins at the last record's second, and leaves out what was shown of it. So a
        record that changes while pages are read moves ahead of them and is not missed. Raises ConfigurationError
        when the vendor heeds the filter or the order in another way than the connection says.
        """
        first = {"from": dialect.spoken(since) if since else "", "page": 1, "seen": []}
        place: dict[str, Any] = json.loads(cursor) if cursor else first
        start = dialect.heard(place["from"]) if place["from"] else None
        wanted = dialect.where(self._where, dialect.UPDATED, ">=", place["from"]) if start else {}
        raw = self._list(resource, wanted | (dialect.SORT if self._sorts else {}), page=place["page"], limit=limit)
        rows = [schemas.listed(one) for one in raw]
        if start is not None and any(row.updated_at < start for row in rows):
            raise ConfigurationError(str(_FILTER_LOST))
        times = [row.updated_at for row in rows]
        if self._sorts and times != sorted(times):
            raise ConfigurationError(str(_NOT_SORTED))
        shown = [row for row in rows if row.uuid not in place["seen"]]
        if rows and not shown and place["page"] > 1:
            raise ConfigurationError(str(_NOT_DIVIDED))
        return shown, "" if len(rows) < limit else json.dumps(self._following(place, rows))

    def _following(self, place: dict[str, Any], rows: list[Listed]) -> dict[str, Any]:
        last = rows[-1].updated_at
        if not self._sorts or dialect.spoken(last) == place["from"] or rows[0].updated_at == last:
            return place | {"page": place["page"] + 1, "seen": [row.uuid for row in rows]}
        return {
            "from": dialect.spoken(last),
            "page": 1,
            "seen": [row.uuid for row in rows if dialect.spoken(row.updated_at) == dialect.spoken(last)],
        }

    def all_of(self, resource: Resource, *, limit: int, depth: int = 0) -> Iterator[Mapping[str, Any]]:
        """Every record, page by page."""
        page = 1
        while True:
            rows = self._list(resource, {"depth": str(depth)} if depth else {}, page=page, limit=limit)
            yield from rows
            if len(rows) < limit:
                return
            page += 1

    def _list(self, resource: Resource, wanted: Mapping[str, str], *, page: int, limit: int) -> list[Any]:
        params = dict(wanted) | dialect.paging(self._paging, page, limit)
        answer = self._ask(resource.path, params, about=f"list {resource.path}")
        self.told_at = answer.date()
        rows = self._inside(answer, resource)
        if not isinstance(rows, list):
            raise MalformedResponseError(
                gettext("TOGA 2's answer has no list of {name}.").format(name=resource.envelope)
            )
        if len(rows) > limit:
            raise ConfigurationError(str(_NOT_DIVIDED))
        return rows

    def record(self, resource: Resource, uuid: str) -> Listed:
        """One record as a list shows it. Raises NotFoundError."""
        answer = self._ask(f"{resource.path}/{uuid}", {}, about=f"{resource.path} {uuid}")
        return schemas.listed(self._inside(answer, resource))

    def matching(self, resource: Resource, member: str, value: str) -> list[Mapping[str, Any]]:
        """The records whose member has this value, ten at most. Raises ConfigurationError when the filter got lost."""
        rows = self._list(resource, dialect.where(self._where, member, "=", value), page=1, limit=10)
        if any(not isinstance(row, dict) or schemas.text(row.get(member)) != value for row in rows):
            raise ConfigurationError(str(_FILTER_LOST))
        return rows

    def create(self, resource: Resource, values: Mapping[str, Any], *, about: str) -> str:
        """A record of any kind. Sent at most once; its uuid. Raises RejectedError, UnknownOutcomeError."""
        return self._create(resource.path, resource, values, about=about)

    def update(self, resource: Resource, uuid: str, values: Mapping[str, Any], *, about: str) -> None:
        """Set these members; doing so twice does no harm."""
        self._write(self._update, f"{resource.path}/{uuid}", values, about=about)

    # --- tickets and notes --------------------------------------------------------------------------------------

    def ticket(self, kind: Kind, uuid: str) -> Ticket:
        """One ticket with its notes. Raises NotFoundError."""
        raw, read_at = self._deep(kind.tickets, uuid)
        found = schemas.ticket(raw, kind, read_at=read_at)
        if found.uuid != uuid:
            raise MalformedResponseError(gettext("TOGA 2 answered with another ticket than the one asked for."))
        return found

    def note(self, kind: Kind, uuid: str) -> Note:
        """One note with its files; an answer without its list of files is malformed, never "no files"."""
        found = schemas.note(self._deep(kind.notes, uuid)[0], kind)
        if found.uuid != uuid or found.files is None:
            raise MalformedResponseError(
                gettext("TOGA 2's answer for a note has no {name}.").format(name=kind.note_files.envelope)
            )
        return found

    def create_ticket(self, kind: Kind, values: Mapping[str, Any]) -> str:
        """Sent at most once; its uuid. Raises RejectedError, UnknownOutcomeError."""
        return self._create(kind.tickets.path, kind.tickets, values, about="new ticket")

    def update_ticket(self, kind: Kind, uuid: str, values: Mapping[str, Any]) -> None:
        """Set these members; doing so twice does no harm."""
        self._write(self._update, f"{kind.tickets.path}/{uuid}", values, about=f"ticket {uuid}")

    def create_note(
        self,
        kind: Kind,
        ticket: str,
        *,
        body: str,
        is_external: bool,
        author: str = "",
        custom: Mapping[str, str] | None = None,
    ) -> str:
        """Sent at most once; its uuid. Raises RejectedError, UnknownOutcomeError."""
        values: dict[str, Any] = {
            **(custom or {}),
            kind.parent: {"uuid": ticket},
            dialect.BODY: body,
            dialect.EXTERNAL: is_external,
        }
        if author:
            values[dialect.AUTHOR] = {"uuid": author}
        return self._create(kind.notes.path, kind.notes, values, about=f"ticket {ticket}: new note")

    # --- files --------------------------------------------------------------------------------------------------

    def download_file(self, uuid: str, target: BinaryIO, answer: BinaryIO) -> int:
        """Write a file's content to `target`; its size. `answer` is a temporary file for what the vendor sends."""
        got = self._session.download(
            f"{self._root}/{dialect.FILES.path}/{uuid}?depth={dialect.FULL}",
            answer,
            max_bytes=LARGEST_FILE,
            deadline=FILE_DEADLINE,
            about=f"file {uuid}",
        )
        raise_for_status(got, safe=True)
        answer.seek(0)
        path = ("data", dialect.FILES.envelope, dialect.DATA)
        size, _ = file_in_json.decode(answer, target, path=path)
        if size is None:
            raise MalformedResponseError(
                gettext("TOGA 2's answer for a file has no {name}.").format(name=".".join(path))
            )
        return size

    def create_file(self, content: BinaryIO, *, name: str, size: int, media_type: str) -> str:
        """Send a file's content, read from `content` as it goes out; its uuid."""
        described = {dialect.NAME: name, dialect.TYPE: media_type, dialect.SIZE: size, dialect.DATA: ""}
        before, after = file_in_json.halves(described)
        body = file_in_json.Encoded(before, content, size, after)
        answer = self._session.call(
            "POST",
            dialect.FILES.path,
            data=body,
            headers={"Content-Type": "application/json"},
            deadline=FILE_DEADLINE,
            about=f"file {name}",
        )
        return self._created(answer, dialect.FILES)

    def attach_file(self, kind: Kind, note: str, file: str) -> None:
        """Hang a file on a note. Raises RejectedError, UnknownOutcomeError."""
        path = f"{kind.notes.path}/{note}/{kind.note_files.path}"
        self._write("POST", path, {dialect.FILE: {"uuid": file}}, about=f"file on note {note}")

    # --- parameters ---------------------------------------------------------------------------------------------

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, if there is one."""
        wanted = dialect.where(self._where, dialect.NAME, "=", name)
        rows = [schemas.parameter(row) for row in self._list(dialect.PARAMETERS, wanted, page=1, limit=10)]
        if any(row.name != name for row in rows):
            raise ConfigurationError(str(_FILTER_LOST))
        if len(rows) > 1:
            raise ConfigurationError(
                gettext("TOGA 2 has {count} parameters of the name {name}: leave one.").format(
                    count=len(rows), name=name
                )
            )
        return rows[0] if rows else None

    def set_parameter(self, known: Parameter | None, name: str, value: str) -> None:
        """Write a parameter's value; a missing one is made."""
        if known is None:
            values = {dialect.NAME: name, dialect.VALUE: value}
            self._create(dialect.PARAMETERS.path, dialect.PARAMETERS, values, about=f"parameter {name}")
        else:
            path = f"{dialect.PARAMETERS.path}/{known.uuid}"
            self._write(self._update, path, {dialect.VALUE: value}, about=f"parameter {name}")

    # --- calls --------------------------------------------------------------------------------------------------

    def _deep(self, resource: Resource, uuid: str) -> tuple[Any, datetime]:
        """A record at full depth, and when it was read."""
        answer = self._ask(f"{resource.path}/{uuid}", {"depth": str(dialect.DEEP)}, about=f"{_word(resource)} {uuid}")
        return self._inside(answer, resource), answer.date() or datetime.now(UTC)

    def _ask(self, path: str, params: Mapping[str, str], *, about: str) -> Answer:
        answer = self._session.call("GET", path, params=params, about=about)
        raise_for_status(answer, safe=True)
        return answer

    def _write(self, method: str, path: str, values: Mapping[str, Any], *, about: str) -> Answer:
        answer = self._session.call(method, path, json=values, safe=False, about=about)
        raise_for_status(answer, safe=False)
        return answer

    def _create(self, path: str, resource: Resource, values: Mapping[str, Any], *, about: str) -> str:
        return self._created(self._write("POST", path, values, about=about), resource)

    def _created(self, answer: Answer, resource: Resource) -> str:
        raise_for_status(answer, safe=False)
        try:
            return schemas.uuid_of(self._inside(answer, resource))
        except (MalformedResponseError, AttributeError):
            raise UnknownOutcomeError(
                gettext("TOGA 2 accepted a new record and did not say which one it is."), status=answer.status
            ) from None

    def _inside(self, answer: Answer, resource: Resource) -> Any:
        """What the envelope holds."""
        body = answer.json()
        data = body.get("data") if isinstance(body, dict) else None
        if not isinstance(data, dict) or resource.envelope not in data:
            raise MalformedResponseError(
                gettext("TOGA 2's answer has no data.{name}.").format(name=resource.envelope),
                status=answer.status,
                excerpt=answer.excerpt(),
            )
        return data[resource.envelope]


def _word(resource: Resource) -> str:
    """What one of them is called in the log."""
    return "ticket" if resource in [kind.tickets for kind in dialect.KINDS.values()] else resource.path.rstrip("s")


_FILTER_LOST = _(
    "TOGA 2 does not heed a filter as it was written: choose another style under Filters on the connection."
)
_NOT_SORTED = _("TOGA 2 does not sort by _updated as asked: set Sorting on the connection to “not heeded”.")
_NOT_DIVIDED = _(
    "TOGA 2 does not divide its answer into pages as asked: choose another way under Pages on the connection."
)
