"""What Advoware's JSON must look like, and what the portal makes of it. Source: fact sheet, sections 4 and 5.

What comes in fits into any database: no NUL and no lone surrogate (each becomes U+FFFD), ids of 64 bits, times in UTC.
Values and remarks are kept as they were typed, and are not shown by `repr`: they are contact data of a firm's clients.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, StrictInt, TypeAdapter, ValidationError

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError

from .answers import lowered

GERMAN = ZoneInfo("Europe/Berlin")  # not verified: the firm's own time, where none is told
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Text without what PostgreSQL and UTF-8 refuse."""
    return _UNSTORABLE.sub("\ufffd", text)


def _words(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("not a text")
    return cleaned(value)


def moment(value: Any, zone: tzinfo = GERMAN) -> datetime | None:
    """A time as Advoware writes it, of this zone where none is told; None where it cannot be read."""
    if not isinstance(value, str):
        return None
    try:
        read_as = datetime.fromisoformat(value.strip())
        return (read_as.replace(tzinfo=zone) if read_as.tzinfo is None else read_as).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


Id = Annotated[StrictInt, Field(gt=0, le=2**63 - 1)]
Code = Annotated[StrictInt, Field(ge=-(2**31), le=2**31 - 1)]
Text = Annotated[str, BeforeValidator(_words)]
RowId = Annotated[str, BeforeValidator(_words), Field(max_length=200)]
Code0 = Annotated[Code, BeforeValidator(lambda value: 0 if value is None else value)]
Flag = Annotated[bool, BeforeValidator(lambda value: value is True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kommunikation:
    """One e-mail address or number of a party.

    `row_id` changes with every write of this entry, `id` never; only an answer to a write may lack the first.
    `komm_kz` (`kinds`) is 0 where Advoware does not tell it, which is on every read. `komm_art` follows from it in a
    way that nobody describes: show it, decide nothing by it. An entry whose `tlf` is empty may be one that stands for
    a deletion: nothing can be deleted.
    """

    id: Id
    row_id: Annotated[RowId, Field(validation_alias="rowid")] = ""
    tlf: Text = field(default="", repr=False)
    bemerkung: Text = field(default="", repr=False)
    komm_kz: Annotated[Code0, Field(validation_alias="kommkz")] = 0
    komm_art: Annotated[Code0, Field(validation_alias="kommart")] = 0
    online: Flag = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party (Beteiligter) with its contact data.

    `row_id` does not move when only a Kommunikation changes, and `changed_at` may not: look at the `row_id`s of those.
    `mirrors` are the values that the party's own fields repeat, by their kind; empty ones are left out.
    """

    betnr: int
    row_id: str
    changed_at: datetime | None
    mirrors: Mapping[int, str] = field(repr=False)
    kommunikation: tuple[Kommunikation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _WireParty:
    betnr: Id
    rowid: Text = ""
    geaendertam: Any = None
    kommunikation: list[Any]


Shape = TypeVar("Shape")
_adapters: dict[Any, TypeAdapter[Any]] = {}  # building one is slow


def read(shape: type[Shape], value: Any) -> Shape:
    """One object with names in lower case. Raises MalformedResponseError, naming the fields and never their values."""
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    try:
        found: Shape = _adapters[shape].validate_python(value)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)[:3]
        where = ", ".join(".".join(str(part) for part in one["loc"]) or "all" for one in problems)
        raise MalformedResponseError(
            _("Advoware's answer does not have the expected fields: {where}.").format(where=where)
        ) from None
    return found


def kommunikation(value: Any, betnr: int) -> Kommunikation:
    """One entry of this party. Raises MalformedResponseError."""
    members = lowered(value) if isinstance(value, dict) else value
    found = read(Kommunikation, members)
    if members.get("betnr") not in (None, 0, betnr):
        raise MalformedResponseError(_("Advoware answered with a Kommunikation of another party."))
    return found


def party(members: dict[str, Any], betnr: int, mirrors: Mapping[str, int]) -> Party:
    """The party of an answer (names in lower case). `mirrors` names its fields (`kinds.mirrors_of`).

    Raises MalformedResponseError, also without a list of its contact data: never taken for "none".
    """
    wire = read(_WireParty, members)
    if wire.betnr != betnr:
        raise MalformedResponseError(_("Advoware answered with another party than the one asked for."))
    entries = tuple(kommunikation(one, betnr) for one in wire.kommunikation)
    if len({one.id for one in entries}) != len(entries) or not all(one.row_id for one in entries):
        raise MalformedResponseError(_("Advoware's answer has two Kommunikationen of one id, or one without a rowId."))
    repeated = {kind: members.get(name) for name, kind in mirrors.items()}
    return Party(
        betnr=betnr,
        row_id=wire.rowid[:200],
        changed_at=moment(wire.geaendertam),
        mirrors={kind: cleaned(value) for kind, value in repeated.items() if isinstance(value, str) and value.strip()},
        kommunikation=entries,
    )
