"""What Autotask's JSON must look like, and what the portal makes of it. Ids are never judged by truthiness.

What comes in fits into any database: no NUL and no lone surrogate (each becomes U+FFFD, so that one odd name does not
spoil a whole list), numbers within their width, times in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
)

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DIGITS = re.compile(r"-?[0-9]{1,10}")


def cleaned(value: Any) -> Any:
    """Text without what PostgreSQL and UTF-8 refuse; anything else as it is."""
    return _UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else value


def _number_in_text(value: Any) -> Any:
    """A picklist value is a string in the metadata and an integer on the record."""
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def _moment_in_text(value: Any) -> Any:
    if value in ("", None):
        return None
    if not isinstance(value, str):
        raise ValueError("a time must be text")
    return value


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time is beyond the calendar") from None


Id = Annotated[StrictInt, Field(ge=0, le=2**63 - 1)]
Number = Annotated[StrictInt, Field(ge=-(2**31), le=2**31 - 1)]
Text = Annotated[StrictStr, BeforeValidator(cleaned)]
Moment = Annotated[datetime | None, BeforeValidator(_moment_in_text), AfterValidator(_in_utc)]


@dataclass(frozen=True, slots=True)
class Zone:
    """Where a tenant lives: `url` is the API root without a final slash, `web_url` the user interface with one."""

    name: str
    url: str
    web_url: str


@dataclass(frozen=True, slots=True)
class PicklistValue:
    value: int
    label: str
    is_active: bool
    sort_order: int


@dataclass(frozen=True, slots=True)
class Company:
    id: int
    name: str
    number: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket as Autotask last said; times in UTC."""

    id: int
    number: str
    title: str
    company_id: int
    status: int
    queue: int | None
    source: int | None
    priority: int
    external_id: str
    created_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDraft:
    title: str
    description: str
    company_id: int
    queue: int
    source: int
    status: int
    priority: int
    external_id: str
    due_at: datetime | None = None  # aware


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class WireZone(_Wire):
    zone_name: Text = Field("", alias="zoneName")
    url: Text
    web_url: Text | None = Field(None, alias="webUrl")


class WireRow(_Wire):
    id: Id


class WireCompany(WireRow):
    name: Text = Field(alias="companyName")
    number: Text | None = Field(None, alias="companyNumber")
    is_active: StrictBool = Field(alias="isActive")

    def company(self) -> Company:
        return Company(self.id, self.name, self.number or "", self.is_active)


class WireTicket(WireRow):
    number: Text = Field(alias="ticketNumber")
    title: Text
    company_id: Id = Field(alias="companyID")
    status: Number
    queue: Number | None = Field(None, alias="queueID")
    source: Number | None = None
    priority: Number
    external_id: Text | None = Field(None, alias="externalID")
    created_at: Moment = Field(None, alias="createDate")
    completed_at: Moment = Field(None, alias="completedDate")

    def ticket(self) -> Ticket:
        values: dict[str, Any] = {name: getattr(self, name) for name in WireTicket.model_fields}
        return Ticket(**values | {"external_id": self.external_id or ""})


class WireDescribed(WireTicket):
    description: Text | None = None


class WireNote(WireRow):
    ticket_id: Id = Field(alias="ticketID")
    title: Text = ""


class WireDeletedTicket(WireRow):
    ticket_id: Id = Field(alias="ticketID")


class WireCount(_Wire):
    count: Annotated[StrictInt, Field(alias="queryCount", ge=0)]


class WirePicklistValue(_Wire):
    value: Annotated[Number, BeforeValidator(_number_in_text)]
    label: Text
    is_active: StrictBool = Field(alias="isActive")
    sort_order: Number | None = Field(None, alias="sortOrder")

    def picklist_value(self) -> PicklistValue:
        return PicklistValue(self.value, self.label, self.is_active, self.sort_order or 0)


class WireField(_Wire):
    name: Text
    is_queryable: StrictBool = Field(False, alias="isQueryable")
    picklist: Any = Field(None, alias="picklistValues")  # read where it is wanted: others may hold what they like


class WireThreshold(_Wire):
    limit: Number = Field(alias="externalRequestThreshold")
    minutes: Number = Field(alias="requestThresholdTimeframe")
    used: Number = Field(alias="currentTimeframeRequestCount")


class WireEntity(_Wire):
    can_create: StrictBool = Field(alias="canCreate")
    access_create: Text | Number = Field("1", alias="userAccessForCreate")
    access_query: Text | Number = Field("1", alias="userAccessForQuery")


class WireCreated(_Wire):
    item_id: Annotated[StrictInt, Field(alias="itemId", gt=0, le=2**63 - 1)]


Wire = TypeVar("Wire", bound=BaseModel)


def read(schema: type[Wire], value: Any) -> Wire:
    """Raises MalformedResponseError, naming the fields."""
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        raise _malformed(error) from None


def read_all(schema: type[Wire], value: Any) -> list[Wire]:
    """The same for a list."""
    try:
        return TypeAdapter(list[schema]).validate_python(value)  # type: ignore[valid-type]  # built from the argument
    except ValidationError as error:
        raise _malformed(error) from None


def _malformed(error: ValidationError) -> MalformedResponseError:
    found = error.errors(include_input=False, include_url=False)[:3]
    where = ", ".join(".".join(str(part) for part in one["loc"]) or "all" for one in found)
    return MalformedResponseError(
        _("Autotask's answer does not have the expected fields: {where}.").format(where=where)
    )
