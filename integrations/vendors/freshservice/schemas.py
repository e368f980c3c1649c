"""What Freshservice's JSON must look like, and what the portal makes of it. Source: fact sheet, sections 4 to 7.

What comes in fits into any database: no NUL and no lone surrogate (each becomes U+FFFD), ids of 64 bits, times in UTC.
Codes (status, priority, source …) stay numbers: tenants add their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, TypeAdapter, ValidationError

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError

DEEPEST = 10  # levels of categories, and of what a custom field may hold
SETTLES_AFTER = timedelta(seconds=2)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Text without what PostgreSQL and UTF-8 refuse."""
    return _UNSTORABLE.sub("\ufffd", text)


def _words(value: Any) -> str:
    """A text; nothing is the empty one, a number its digits (one source types `category` as a number)."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("not a text")
    return cleaned(str(value))


def _list(value: Any) -> Any:
    """Lists are null on some reads, and not there on others."""
    return [] if value is None else value


def _names(value: Any) -> list[str]:
    given = _list(value)
    if not isinstance(given, list):
        raise ValueError("not a list")
    return [_words(one) for one in given if one not in (None, "")]


def _moment(value: Any) -> datetime | None:
    """ISO 8601, in UTC where no zone is told."""
    if value in (None, ""):
        return None
    if not isinstance(value, str):
        raise ValueError("not a time")
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time beyond the calendar") from None


def _fields(value: Any) -> dict[str, Any]:
    given = {} if value is None else value
    if not isinstance(given, dict):
        raise ValueError("not an object")
    return {cleaned(name): _plain(one) for name, one in given.items()}


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


Id = Annotated[StrictInt, Field(ge=0, le=2**63 - 1)]
Code = Annotated[StrictInt, Field(ge=-(2**31), le=2**31 - 1)]
Text = Annotated[str, BeforeValidator(_words)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Maybe = Annotated[datetime | None, BeforeValidator(_moment)]
Fields = Annotated[Mapping[str, Any], BeforeValidator(_fields)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a ticket or a conversation, or a picture inside its HTML (`is_inline`).

    `url` is signed and expires: it is used at once, never stored, and not shown by `repr`. `size` is None where it is
    not known.
    """

    id: Id
    name: Text = ""
    content_type: Text = ""
    size: Annotated[StrictInt, Field(ge=0, le=2**63 - 1)] | None = None
    url: Annotated[Text, Field(validation_alias="attachment_url")] = field(repr=False)
    updated_at: Maybe = None
    is_inline: bool = False

    @property
    def key(self) -> str:
        """Its id, apart for pictures: theirs stands in the HTML, where anybody may write that of another file."""
        return f"inline-{self.id}" if self.is_inline else str(self.id)


Files = Annotated[tuple[Attachment, ...], BeforeValidator(_list)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTicket:
    """A row of the list: enough to see whether it is news, and whether it was put away."""

    id: Id
    updated_at: Moment
    workspace_id: Id | None = None
    spam: StrictBool | None = None
    deleted: StrictBool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A row of any other list: that there is such a record."""

    id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One ticket as a read of its own shows it. Its first message is `description` (HTML), not a conversation.

    Categories are names; there are no ids of them on a ticket. Tags are left out by this read.
    """

    id: Id
    status: Code
    priority: Code
    created_at: Moment
    updated_at: Moment
    attachments: tuple[Attachment, ...]  # a read without them is malformed, never "no files"
    subject: Text = ""
    description: Text = ""
    description_text: Text = ""
    type: Text = ""
    source: Code | None = None
    urgency: Code | None = None
    impact: Code | None = None
    workspace_id: Id | None = None
    requester_id: Id | None = None
    requested_for_id: Id | None = None
    responder_id: Id | None = None
    group_id: Id | None = None
    department_id: Id | None = None
    category: Text = ""
    sub_category: Text = ""
    item_category: Text = ""
    to_emails: Names = ()
    cc_emails: Names = ()
    fwd_emails: Names = ()
    reply_cc_emails: Names = ()
    bcc_emails: Names = ()
    custom_fields: Fields = field(default_factory=dict)
    due_by: Maybe = None
    fr_due_by: Maybe = None
    spam: StrictBool | None = None
    deleted: StrictBool | None = None
    read_at: Maybe = None  # by the vendor's clock

    @property
    def is_settled(self) -> bool:
        """Whether a later change would show: times go by the second, and it was not read within that second."""
        return self.read_at is not None and self.read_at - self.updated_at >= SETTLES_AFTER

    @property
    def category_path(self) -> tuple[str, ...]:
        """The names from the top, as `CategoryChoice.path` has them; empty without a category."""
        path: list[str] = []
        for name in (self.category, self.sub_category, self.item_category):
            if not name:
                break
            path.append(name)
        return tuple(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One reply or note. `source`: 0 reply by e-mail, 1 form, 2 note, 5 feedback, 6 forwarded e-mail."""

    id: Id
    created_at: Moment
    updated_at: Maybe = None
    ticket_id: Id | None = None
    user_id: Id | None = None  # agent or requester
    body: Text = ""  # HTML
    body_text: Text = ""
    incoming: StrictBool | None = None
    private: StrictBool | None = None
    source: Code | None = None
    support_email: Text = ""
    from_email: Text = ""  # perhaps with a name: `"Name" <address>`
    to_emails: Names = ()
    cc_emails: Names = ()
    bcc_emails: Names = ()
    attachments: Files = ()

    @property
    def is_private(self) -> bool:
        """Whether it must not be shown to a customer; one that does not say so counts as private."""
        return self.private is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A requester or an agent; both have ids of the same kind."""

    id: int
    name: str
    email: str
    phones: tuple[str, ...]
    is_agent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _WirePerson:
    id: Id
    first_name: Text = ""
    last_name: Text = ""
    primary_email: Text = ""  # of requesters
    email: Text = ""  # of agents
    work_phone_number: Text = ""
    mobile_phone_number: Text = ""
    is_agent: StrictBool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    id: Id
    name: Text
    description: Text = ""


@dataclass(frozen=True, slots=True)
class CategoryChoice:
    """One value of the category's tree: its id, and the names from the top down to it."""

    id: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    id: Id
    name: Text = ""
    primary: StrictBool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _WireChoice:
    id: Id
    value: Text
    nested_options: Any = None


Shape = TypeVar("Shape")


_adapters: dict[Any, TypeAdapter[Any]] = {}  # building one is slow


def read(shape: type[Shape], value: Any) -> Shape:
    """One record. Raises MalformedResponseError, naming the fields."""
    if not isinstance(value, dict):
        raise MalformedResponseError(_("Freshservice answered with something else where a record should be."))
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    try:
        found: Shape = _adapters[shape].validate_python(value)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)[:3]
        where = ", ".join(".".join(str(part) for part in one["loc"]) or "all" for one in problems)
        raise MalformedResponseError(
            _("Freshservice's answer does not have the expected fields: {where}.").format(where=where)
        ) from None
    return found


def person(value: Any, *, is_agent: bool) -> Person:
    """A requester or an agent, as one. Raises MalformedResponseError."""
    wire = read(_WirePerson, value)
    phones = dict.fromkeys(number for number in (wire.work_phone_number, wire.mobile_phone_number) if number)
    return Person(
        id=wire.id,
        name=" ".join(part for part in (wire.first_name.strip(), wire.last_name.strip()) if part),
        email=(wire.primary_email or wire.email).strip(),
        phones=tuple(phones),
        is_agent=is_agent or bool(wire.is_agent),
    )


def choices(value: Any, above: tuple[str, ...] = ()) -> Iterator[CategoryChoice]:
    """A tree of choices from the top down, parents first. Raises MalformedResponseError."""
    if not isinstance(value, list) or len(above) >= DEEPEST:
        raise MalformedResponseError(_("Freshservice answered with something else where a list of choices should be."))
    for one in value:
        wire = read(_WireChoice, one)
        path = (*above, wire.value)
        yield CategoryChoice(wire.id, path)
        yield from choices(_list(wire.nested_options), path)
