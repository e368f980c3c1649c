"""What EspoCRM's JSON must look like, and what the portal makes of it. Source: fact sheet and recorded answers.

What comes in fits into any database: no NUL and no lone surrogate (each becomes U+FFFD), times in UTC. What is about
people shows in no `repr`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StringConstraints, TypeAdapter, ValidationError

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError

from . import times

_ARRAYS = frozenset({"emailAddressData", "phoneNumberData"})
DEEPEST = 10  # levels of what a field of the customer's own may hold
ID = re.compile(r"[A-Za-z0-9_-]{1,40}")  # 17 hex digits, if nobody imported others
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DIGITS = re.compile(r"[0-9]{1,18}")


def cleaned(text: str) -> str:
    """Text without what PostgreSQL and UTF-8 refuse."""
    return _UNSTORABLE.sub("\ufffd", text)


def _id(value: Any) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise ValueError("not an id")
    return value


def _words(value: Any) -> str:
    """A text; null is the empty one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("not a text")
    return cleaned(value)


def _number(value: Any) -> int | None:
    """A party number is a number field or one of digits; anything else in it is none."""
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = int(value)
    if type(value) is int and 0 < value < 2**63:
        return value
    if value is None or isinstance(value, str | int):
        return None
    raise ValueError("not a number")


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("not a time")
    return times.heard(value)


def _plain(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, list | dict) and depth >= DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {cleaned(name): _plain(one, depth + 1) for name, one in value.items()}
    return value


def _fields(value: Any) -> Any:
    return {cleaned(name): _plain(one) for name, one in value.items() if name not in _ARRAYS}


def _whole(value: Any) -> Any:
    """The items of an array; each has all its members, or a write would wipe what was not shown."""
    needed = {"primary", "optOut", "invalid"}
    if not isinstance(value, list) or not all(isinstance(one, dict) and needed <= one.keys() for one in value):
        raise ValueError("not an array of whole items")
    return value


Id = Annotated[str, BeforeValidator(_id)]
Text = Annotated[str, BeforeValidator(_words)]
Number = Annotated[int | None, BeforeValidator(_number)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Version = Annotated[StrictInt, Field(ge=0, lt=2**63)]
Value = Annotated[str, BeforeValidator(_words), StringConstraints(min_length=1)]
Flag = StrictBool  # never taken for false where it is missing: a write would wipe it for every holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """An address as it is written; EspoCRM takes two that differ in letter case for one."""

    address: Annotated[Value, Field(validation_alias="emailAddress")] = field(repr=False)
    primary: Flag = False
    opt_out: Annotated[Flag, Field(validation_alias="optOut")] = False
    invalid: Flag = False

    @property
    def key(self) -> str:
        return self.address.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number as it is stored, with its type; "" where it has none."""

    number: Annotated[Value, Field(validation_alias="phoneNumber")] = field(repr=False)
    type: Text = ""
    primary: Flag = False
    opt_out: Annotated[Flag, Field(validation_alias="optOut")] = False
    invalid: Flag = False

    @property
    def key(self) -> str:
        return self.number


Emails = Annotated[tuple[Email, ...], BeforeValidator(_whole)]
Phones = Annotated[tuple[Phone, ...], BeforeValidator(_whole)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedParty:
    """A row of a list. Lists never hold the two arrays, so that each party has to be read by itself."""

    id: Id
    modified_at: Annotated[Moment, Field(validation_alias="modifiedAt")]
    number: Number = None  # the party number


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One record with its addresses and numbers, as a read of its own shows it.

    `version` is None where the entity does not count versions, or has not counted this record yet. `fields` holds
    everything else the answer showed, as it was.
    """

    id: Id
    modified_at: Annotated[Moment, Field(validation_alias="modifiedAt")]
    emails: Annotated[Emails, Field(validation_alias="emailAddressData")] = field(repr=False)
    phones: Annotated[Phones, Field(validation_alias="phoneNumberData")] = field(repr=False)
    number: Number = None
    name: Text = field(default="", repr=False)
    modified_by: Annotated[Text, Field(validation_alias="modifiedById")] = (
        ""  # the last writer; "" before the first change
    )
    version: Annotated[Version | None, Field(validation_alias="versionNumber")] = None
    fields: Annotated[Mapping[str, Any], BeforeValidator(_fields)] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One webhook of the API user. Its secret signs what is sent; a list does not show it, a read of its own does."""

    id: Id
    event: Text
    url: Text = field(default="", repr=False)
    is_active: Annotated[Flag, Field(validation_alias="isActive")] = True
    skip_own: Annotated[Flag, Field(validation_alias="skipOwn")] = False
    secret: Annotated[Text, Field(validation_alias="secretKey")] = field(default="", repr=False)


Shape = TypeVar("Shape")
_adapters: dict[Any, TypeAdapter[Any]] = {}  # building one is slow


def read(shape: type[Shape], value: Any) -> Shape:
    """One record. Raises MalformedResponseError, naming the fields."""
    if not isinstance(value, dict):
        raise MalformedResponseError(_("EspoCRM answered with something else where a record should be."))
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    try:
        found: Shape = _adapters[shape].validate_python(value)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)[:3]
        where = ", ".join(".".join(str(part) for part in one["loc"]) or "all" for one in problems)
        raise MalformedResponseError(
            _(
                "EspoCRM's answer does not have the expected fields: {names}. Does the role of the API user show them?"
            ).format(names=cleaned(where)[:200])
        ) from None
    return found


def party(value: Any, number_field: str) -> Party:
    """One record of a read of its own; `number_field` holds the party number. Raises MalformedResponseError."""
    return read(Party, _numbered(value, number_field))


def listed(value: Any, number_field: str) -> ListedParty:
    """The same for a row of a list."""
    return read(ListedParty, _numbered(value, number_field))


def _numbered(value: Any, number_field: str) -> Any:
    return value | {"number": value.get(number_field), "fields": value} if isinstance(value, dict) else value
