"""What TOGA 2's JSON must look like, and what the portal makes of it. Times in UTC.

What comes in fits into any database: no NUL and no lone surrogate (each becomes U+FFFD).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError

from . import dialect

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UUID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
Raw = Mapping[str, Any]
SETTLES_AFTER = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a list: enough to see whether it is news."""

    uuid: str
    updated_at: datetime
    fingerprint: str
    raw: Raw


@dataclass(frozen=True, slots=True)
class NoteFile:
    """A file of a note; its content is asked for by its uuid. The size is None where the vendor does not say."""

    uuid: str
    name: str
    size: int | None
    type: str


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a ticket. `files` is None where the answer did not show them: ask for the note itself."""

    uuid: str
    created_at: datetime
    updated_at: datetime
    fingerprint: str
    body: str
    is_external: bool
    author: str  # uuid of a contact, or empty
    files: tuple[NoteFile, ...] | None
    custom: Mapping[str, str] = field(default_factory=dict)  # the client's own members, `c_…`


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket with its notes; links to other records are their uuids, or empty. `category` is its path."""

    uuid: str
    created_at: datetime
    updated_at: datetime
    read_at: datetime  # by the vendor's clock
    fingerprint: str
    subject: str
    status: str
    priority: str
    team: str
    contact: str
    category: str
    notes: tuple[Note, ...]
    source: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)  # the client's own members, `c_…`

    def settled(self, record: Ticket | Note) -> str:
        """The fingerprint of this ticket or note of it, or empty when it changed so short before it was read that it
        may change once more without showing it: times go by the second, and what hangs on a record is not in its row.
        """
        return record.fingerprint if self.read_at - record.updated_at >= SETTLES_AFTER else ""


@dataclass(frozen=True, slots=True)
class Parameter:
    uuid: str
    name: str
    value: str


def text(value: Any) -> str:
    """A text as any database stores it; nothing is the empty text, a number its digits."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MalformedResponseError(_("TOGA 2 answered with something else where a text should be."))
    return _UNSTORABLE.sub("\ufffd", str(value))


def uuid_of(raw: Raw) -> str:
    """The record's uuid, which comes into addresses and so may hold nothing else."""
    found = raw.get("uuid")
    if not isinstance(found, str) or not _UUID.fullmatch(found):
        raise MalformedResponseError(_("A record of TOGA 2 has no usable uuid."))
    return found


def listed(raw: Any) -> Listed:
    """A row of a list. Raises MalformedResponseError."""
    row = _object(raw, "a row of a list")
    return Listed(uuid_of(row), _moment(row, dialect.UPDATED), fingerprint(row), row)


def fingerprint(row: Raw) -> str:
    """Changes when one of the record's own plain members does; the same at any depth."""
    plain = {name: value for name, value in row.items() if not isinstance(value, dict | list)}
    return hashlib.blake2b(json.dumps(plain, sort_keys=True).encode(), digest_size=8).hexdigest()


def ticket(raw: Any, kind: dialect.Kind, *, read_at: datetime) -> Ticket:
    """A ticket as it answers at full depth. Raises MalformedResponseError."""
    row = _object(raw, "a ticket")
    notes = row.get(kind.notes.envelope)
    if not isinstance(notes, list):  # never taken for "no notes"
        raise MalformedResponseError(
            _("TOGA 2 answered with a ticket without {envelope}.").format(envelope=kind.notes.envelope)
        )
    return Ticket(
        uuid=uuid_of(row),
        created_at=_moment(row, dialect.CREATED, dialect.UPDATED),
        updated_at=_moment(row, dialect.UPDATED),
        read_at=read_at,
        fingerprint=fingerprint(row),
        subject=text(row.get(dialect.SUBJECT)),
        status=text(row.get(dialect.STATUS)),
        priority=text(row.get(dialect.PRIORITY)),
        team=_linked(row, dialect.TEAM),
        contact=_linked(row, dialect.CONTACT),
        category=category_path(row.get(dialect.CATEGORY)),
        notes=tuple(sorted((note(one, kind) for one in notes), key=lambda one: (one.created_at, one.uuid))),
        source=text(row.get(dialect.SOURCE)),
        custom=_custom(row),
    )


def note(raw: Any, kind: dialect.Kind) -> Note:
    """A note. Raises MalformedResponseError."""
    row = _object(raw, "a note")
    external = row.get(dialect.EXTERNAL)
    if external not in (True, False, 0, 1):  # a wrong guess would show an internal note to a customer
        raise MalformedResponseError(_("A note of TOGA 2 does not say whether it is external."))
    files = row.get(kind.note_files.envelope)
    return Note(
        uuid=uuid_of(row),
        created_at=_moment(row, dialect.CREATED, dialect.UPDATED),
        updated_at=_moment(row, dialect.UPDATED),
        fingerprint=fingerprint(row),
        body=text(row.get(dialect.BODY)),
        is_external=bool(external),
        author=_linked(row, dialect.AUTHOR),
        files=tuple(_note_file(one) for one in files) if isinstance(files, list) else None,
        custom=_custom(row),
    )


def parent_of(raw: Raw, kind: dialect.Kind) -> str:
    """The uuid of a listed note's ticket."""
    found = _linked(raw, kind.parent)
    if not found:
        raise MalformedResponseError(_("A note of TOGA 2 does not say which ticket it belongs to."))
    return found


def category_path(raw: Any) -> str:
    """`A > B > C`, from the top; empty without a category."""
    names: list[str] = []
    while isinstance(raw, dict) and len(names) < 10:
        names.insert(0, text(raw.get(dialect.NAME)))
        raw = raw.get(dialect.PARENT_CATEGORY)
    return " > ".join(names)


def parameter(raw: Any) -> Parameter:
    row = _object(raw, "a parameter")
    return Parameter(uuid_of(row), text(row.get(dialect.NAME)), text(row.get(dialect.VALUE)))


def read_each(raw: Any, one: Callable[[Any], Any]) -> list[Any]:
    """A list of records. Raises MalformedResponseError: what is no list is never taken for "no records"."""
    if not isinstance(raw, list):
        raise MalformedResponseError(_("TOGA 2 answered with something else where a list should be."))
    return [one(item) for item in raw]


def _note_file(raw: Any) -> NoteFile:
    row = _object(_object(raw, "a file of a note").get(dialect.FILE), "a file of a note")
    size = row.get(dialect.SIZE)
    return NoteFile(
        uuid=uuid_of(row),
        name=text(row.get(dialect.NAME)),
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
        type=text(row.get(dialect.TYPE)),
    )


def _object(raw: Any, what: str) -> Raw:
    if not isinstance(raw, dict):
        raise MalformedResponseError(_("TOGA 2 answered with something else where {what} should be.").format(what=what))
    return raw


def _linked(row: Raw, member: str) -> str:
    """The uuid of a linked record, which is an object at depth, else its uuid alone."""
    value = row.get(member)
    if value is None or value == "":
        return ""
    return uuid_of(value) if isinstance(value, dict) else uuid_of({"uuid": value})


def _custom(row: Raw) -> dict[str, str]:
    return {
        name: text(value)
        for name, value in row.items()
        if name.startswith("c_") and not isinstance(value, dict | list | bool)
    }


def _moment(row: Raw, *members: str) -> datetime:
    """The first of these times that is there."""
    for member in members:
        value = row.get(member)
        if value in (None, ""):
            continue
        try:
            return dialect.heard(str(value))
        except (ValueError, OverflowError):
            raise MalformedResponseError(
                _("A record of TOGA 2 has an unreadable time in {member}.").format(member=member)
            ) from None
    raise MalformedResponseError(_("A record of TOGA 2 has no {member}.").format(member=members[0]))
