"""What Autotask's JSON must look like, and what the portal makes of it. Ids are never judged by truthiness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr


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
    zone_name: StrictStr = Field("", alias="zoneName")
    url: StrictStr
    web_url: StrictStr | None = Field(None, alias="webUrl")


class WireCompany(_Wire):
    id: StrictInt
    name: StrictStr = Field(alias="companyName")
    number: StrictStr | None = Field(None, alias="companyNumber")
    is_active: StrictBool = Field(alias="isActive")

    def company(self) -> Company:
        return Company(self.id, self.name, self.number or "", self.is_active)


class WireTicket(_Wire):
    id: StrictInt
    number: StrictStr = Field(alias="ticketNumber")
    title: StrictStr
    company_id: StrictInt = Field(alias="companyID")
    status: StrictInt
    queue: StrictInt | None = Field(None, alias="queueID")
    source: StrictInt | None = None
    priority: StrictInt
    external_id: StrictStr | None = Field(None, alias="externalID")
    created_at: datetime | None = Field(None, alias="createDate")
    completed_at: datetime | None = Field(None, alias="completedDate")

    def ticket(self) -> Ticket:
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        return Ticket(**values | {"external_id": self.external_id or ""})


class WirePicklistValue(_Wire):
    value: str | int  # a string in metadata, an integer on the record
    label: StrictStr
    is_active: StrictBool = Field(alias="isActive")
    sort_order: int = Field(0, alias="sortOrder")

    def picklist_value(self) -> PicklistValue:
        return PicklistValue(int(self.value), self.label, self.is_active, self.sort_order)


class WireField(_Wire):
    name: StrictStr
    is_queryable: bool = Field(False, alias="isQueryable")
    picklist: list[WirePicklistValue] | None = Field(None, alias="picklistValues")


class WireThreshold(_Wire):
    limit: StrictInt = Field(alias="externalRequestThreshold")
    minutes: StrictInt = Field(alias="requestThresholdTimeframe")
    used: StrictInt = Field(alias="currentTimeframeRequestCount")


class WireEntity(_Wire):
    can_create: StrictBool = Field(alias="canCreate")
    access_create: StrictStr | StrictInt = Field("1", alias="userAccessForCreate")
    access_query: StrictStr | StrictInt = Field("1", alias="userAccessForQuery")
