"""What a reported backup run must look like, checked at the edge, with a sentence for whatever is wrong.

A run is an object with `external_id`, `customer`, `job`, `status` and `started_at`, and may have `backup_type`,
`finished_at`, `remark` and `objects` (each `name`, `status`, `message`). Times are ISO 8601; a time without an offset
is taken in the client's time zone. Nothing is cut to fit: what is too long is refused.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

Status = Literal["success", "warning", "error", "missed"]

EARLIEST = 2000  # a run before this year is a clock that was never set
AHEAD = dt.timedelta(days=1)  # what a wrong clock or zone of a sender may be ahead
REMARK_LIMIT = 100_000
MESSAGE_LIMIT = 20_000
OBJECTS_LIMIT = 1_000
FIELD_LIMIT = 100  # of a field's name as repeated in a sentence
SAID = {  # of the faults that pydantic finds; those found here say it themselves, and have their field put in
    "missing": gettext_lazy("{field} is missing; give it."),
    "extra_forbidden": gettext_lazy("{field} is not a field of a run; remove it or correct its spelling."),
    "literal_error": gettext_lazy("{field} must be one of success, warning, error, missed."),
    "string_too_short": gettext_lazy("{field} must not be empty."),
    "string_too_long": gettext_lazy("{field} is too long; at most {most} characters fit."),
    "too_long": gettext_lazy("{field} has too many entries; at most {most} fit."),
}
# .NET writes seven digits after the point; what lies beyond microseconds is cut.
ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|z|[+-]\d{2}:?\d{2})?", re.ASCII)


def _storable(text: str) -> str:
    """Databases keep neither a NUL nor half of a surrogate pair, both of which JSON can carry."""
    if "\x00" in text:
        raise ValueError(_("{field} must not contain a NUL character; remove it."))
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(_("{field} holds characters that are not valid Unicode; send UTF-8."))
    return text


def _as_time(value: Any, info: ValidationInfo) -> Any:
    """A time with its zone. Numbers are refused: seconds and milliseconds cannot be told apart."""
    if isinstance(value, str):
        if not ISO_TIME.fullmatch(value.strip()):
            raise ValueError(_("{field} must be a time such as 2026-01-31T22:00:00+01:00."))
        try:
            value = dt.datetime.fromisoformat(value.strip().replace(" +", "+").replace(" -", "-"))
        except ValueError:
            raise ValueError(_("{field} must be a time that exists, such as 2026-01-31T22:00:00+01:00.")) from None
    if not isinstance(value, dt.datetime):
        raise ValueError(_("{field} must be a time in text, such as 2026-01-31T22:00:00+01:00."))
    return _plausible(value, info)


def _plausible(value: dt.datetime, info: ValidationInfo) -> dt.datetime:
    assert info.context is not None  # `read` gives it
    now: dt.datetime = info.context["now"]
    if not EARLIEST <= value.year <= now.year + 1:
        said = _("{field} must be between the year {year} and tomorrow; check the sender's clock.")
        raise ValueError(said.replace("{year}", str(EARLIEST)))
    if value.tzinfo is None:
        value = value.replace(tzinfo=info.context["zone"])
    value = value.astimezone(dt.UTC)
    if value > now + AHEAD:
        raise ValueError(
            _("{field} must not lie more than a day in the future; check the sender's clock and time zone.")
        )
    return value


def _empty_as_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _none_as_empty(value: Any) -> Any:
    return "" if value is None else value


Time = Annotated[dt.datetime, BeforeValidator(_as_time)]
OptionalTime = Annotated[Time | None, BeforeValidator(_empty_as_none)]
AnyStatus = Annotated[Status, BeforeValidator(_lower)]
Inert = AfterValidator(_storable)
Blank = BeforeValidator(_none_as_empty)


def _named(limit: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=limit)


class ObjectReport(BaseModel):
    """One thing that was backed up, with its own result."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, _named(300), Inert]
    status: AnyStatus
    message: Annotated[str, Blank, StringConstraints(max_length=MESSAGE_LIMIT), Inert] = ""


class RunReport(BaseModel):
    """One backup run as reported. Validate with the context `{"zone": ZoneInfo, "now": aware datetime}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    external_id: Annotated[str, _named(200), Inert]
    customer: Annotated[str, _named(200), Inert]
    job: Annotated[str, _named(200), Inert]
    backup_type: Annotated[str, Blank, StringConstraints(strip_whitespace=True, max_length=100), Inert] = ""
    status: AnyStatus
    started_at: Time
    finished_at: OptionalTime = None
    remark: Annotated[str, Blank, StringConstraints(max_length=REMARK_LIMIT), Inert] = ""
    objects: Annotated[tuple[ObjectReport, ...], Field(max_length=OBJECTS_LIMIT)] = ()

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> RunReport:
        if self.finished_at is not None and self.finished_at < self.started_at:
            raise ValueError(_("finished_at must not be before started_at."))
        return self

    @property
    def fingerprint(self) -> str:
        """Of the whole content, so that the same report again changes nothing."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()


def read(value: Any, *, zone: ZoneInfo, now: dt.datetime) -> RunReport:
    """The report in `value`. Raises `pydantic.ValidationError`; `sentences` says it in words."""
    return RunReport.model_validate(value, context={"zone": zone, "now": now})


def sentences(error: ValidationError) -> list[tuple[str, str]]:
    """Every fault as (field, sentence). A field inside an object reads `objects.3.name`."""
    found: list[tuple[str, str]] = []
    for fault in error.errors(include_url=False):
        field = _field(fault)
        found.append((field, _sentence(fault, field)))
    return found


def _field(fault: ErrorDetails) -> str:
    if fault["type"] == "value_error" and not fault["loc"]:
        return "finished_at"
    name = ".".join(str(part) for part in fault["loc"])
    return name.encode("utf-8", "replace").decode().replace("\x00", "�")[:FIELD_LIMIT]


def _sentence(fault: ErrorDetails, field: str) -> str:
    context = fault.get("ctx", {})
    kind = fault["type"]
    if kind == "value_error":
        return str(context["error"]).replace("{field}", field)
    if said := SAID.get(kind):
        return str(said).format(field=field, most=f"{context.get('max_length', 0):,}")
    return _shape(kind, field)


def _shape(kind: str, field: str) -> str:
    if kind == "string_unicode":  # pydantic's own finding, before ours
        return _("{field} holds characters that are not valid Unicode; send UTF-8.").format(field=field)
    if kind == "string_type":
        return _("{field} must be text.").format(field=field)
    if kind.startswith("tuple"):
        said = _("{field} must be a list of objects with name, status and message (in a table: {form}).")
        return said.format(field=field, form="name:status:message; …")
    if kind.startswith("model"):
        if not field:
            return _("A run must be an object with named fields.")
        return _("{field} must be an object with named fields.").format(field=field)
    return _("{field} cannot be understood.").format(field=field)
