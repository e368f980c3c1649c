"""What iTop's fields must look like, and what the portal makes of them. Source: fact sheet and recorded answers.

Scalars come as texts ("47"), a few as numbers or null; an unset foreign key is "0", an unset date "". What comes in
fits into any database: no NUL and no lone surrogate (each becomes U+FFFD). Times are aware, in UTC, by the instance's
zone (`times`); where order or identity matters the text as iTop wrote it is kept beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, ValidationInfo

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError

from . import times

DEEPEST = 10  # levels of what a field of the customer's own may hold
LARGEST = 2**63 - 1
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DIGITS = re.compile(r"-?[0-9]{1,19}")


def cleaned(text: str) -> str:
    """Text without what PostgreSQL and UTF-8 refuse."""
    return _UNSTORABLE.sub("\ufffd", text)


def _words(value: Any) -> str:
    """A text; null is the empty one, a number its digits."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("not a text")
    return cleaned(str(value))


def _number(value: Any) -> int:
    """A number, given as one or in digits; what is unset is 0."""
    if value in (None, ""):
        return 0
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not a number")
    return value


def _moment(value: Any, info: ValidationInfo) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("not a time")
    assert isinstance(info.context, ZoneInfo)
    return times.heard(value.strip(), info.context)


def _moment_or_none(value: Any, info: ValidationInfo) -> datetime | None:
    """An entry's date is somebody's to choose; an odd one must not hide the log."""
    try:
        return _moment(value, info)
    except ValueError:
        return None


def _entries(value: Any) -> Any:
    """A log is `{"entries": […]}`; one that is not asked for is not there at all."""
    if not isinstance(value, dict) or not isinstance(value.get("entries"), list):
        raise ValueError("not a log")
    return [one | {"at": one.get("date")} if isinstance(one, dict) else one for one in value["entries"]]


def _plain(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, int) and not -LARGEST - 1 <= value <= LARGEST:
        return str(value)
    if isinstance(value, list | dict) and depth >= DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {cleaned(name): _plain(one, depth + 1) for name, one in value.items()}
    return value


def _rest(value: Any) -> dict[str, Any]:
    return {cleaned(name): _plain(one) for name, one in value.items() if name not in _LOGS}


_LOGS = frozenset({"private_log", "public_log"})

Id = Annotated[int, BeforeValidator(_number), Field(gt=0, le=LARGEST)]
Key = Annotated[int, BeforeValidator(_number), Field(ge=0, le=LARGEST)]  # of another object; 0: none
Count = Annotated[int, BeforeValidator(_number), Field(ge=-LARGEST, le=LARGEST)]
Text = Annotated[str, BeforeValidator(_words)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Maybe = Annotated[datetime | None, BeforeValidator(_moment)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One entry of a log. It has no id: `logs` tells entries apart.

    `stamp` is its date as iTop wrote it, `author` the name that people see. `text` lost pictures and line breaks.
    """

    stamp: Annotated[Text, Field(validation_alias="date")]
    at: Annotated[datetime | None, BeforeValidator(_moment_or_none)] = None
    author: Annotated[Text, Field(validation_alias="user_login")] = ""
    user_id: Count = 0  # 0: of nobody here
    text: Annotated[Text, Field(validation_alias="message")] = ""
    html: Annotated[Text, Field(validation_alias="message_html")] = ""


Log = Annotated[tuple[LogEntry, ...], BeforeValidator(_entries)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTicket:
    """A row of a list: enough to see whether it is news."""

    id: Id
    ticket_class: Annotated[Text, Field(validation_alias="finalclass")]
    ref: Text
    last_update: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One ticket with its logs, oldest entry first. `description` is HTML, as iTop sanitised it.

    `fields` holds everything else the answer showed, as it was: the customer's own fields, names, dates.
    """

    id: Id
    ticket_class: Annotated[Text, Field(validation_alias="finalclass")]
    ref: Text
    title: Text
    status: Text
    last_update: Moment
    private_log: Log
    public_log: Log = ()
    description: Text = ""
    start_date: Maybe = None
    org_id: Key = 0
    caller_id: Key = 0
    team_id: Key = 0
    agent_id: Key = 0
    priority: Text = ""  # codes, not words
    impact: Text = ""
    urgency: Text = ""
    request_type: Text = ""
    org_name: Text = ""
    caller: Annotated[Text, Field(validation_alias="caller_id_friendlyname")] = ""
    fields: Annotated[Mapping[str, Any], BeforeValidator(_rest)] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What hangs on a ticket, without its content; name, type and size are only known with it."""

    id: Id
    item_class: Text = ""
    item_id: Key = 0
    item_org_id: Count = 0
    creation_date: Maybe = None
    user_id: Key = 0

    @property
    def is_draft(self) -> bool:
        """Uploaded in a form that is not saved yet, and perhaps never will be."""
        return self.item_id == 0


@dataclass(frozen=True, slots=True)
class File:
    """The content of an attachment or of a picture in a log, as it arrived."""

    id: int
    name: str
    content_type: str
    size: int
    item_class: str = ""
    item_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An organisation, a person or a team. A person's `name` is the last name; `label` is what people see."""

    id: Id
    name: Text
    label: Annotated[Text, Field(validation_alias="friendlyname")] = ""
    org_id: Key = 0
    status: Text = ""


Shape = TypeVar("Shape")
_adapters: dict[Any, TypeAdapter[Any]] = {}  # building one is slow


def read(shape: type[Shape], fields: Mapping[str, Any], zone: ZoneInfo) -> Shape:
    """One object from its fields. Raises MalformedResponseError, naming the fields."""
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    try:
        found: Shape = _adapters[shape].validate_python(dict(fields), context=zone)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)[:3]
        where = ", ".join(".".join(str(part) for part in one["loc"]) or "all" for one in problems)
        raise MalformedResponseError(
            _("iTop's answer does not have the expected fields: {names}.").format(names=cleaned(where)[:200])
        ) from None
    return found


def log_of(value: Any, zone: ZoneInfo) -> tuple[LogEntry, ...]:
    """A log by itself. Raises MalformedResponseError."""
    return read(_JustLog, {"log": value}, zone).log


@dataclass(frozen=True, slots=True, kw_only=True)
class _JustLog:
    log: Log


def file_of(number: int, fields: Mapping[str, Any], size: int) -> File:
    """What an answer says of a file beside its content; empty where iTop stored nothing."""
    contents = fields.get("contents")
    told = contents if isinstance(contents, dict) else {}
    item = fields.get("item_id")
    return File(
        id=number,
        name=_told(told.get("filename")),
        content_type=_told(told.get("mimetype")),
        size=size,
        item_class=_told(fields.get("item_class")),
        item_id=int(item) if isinstance(item, str) and _DIGITS.fullmatch(item) and int(item) <= LARGEST else 0,
    )


def _told(value: Any) -> str:
    return cleaned(value) if isinstance(value, str) else ""
