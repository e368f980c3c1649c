"""What declares one kind of failure: which rows wait, what they are grouped by, how one is shown, what can be done.

Core declares its own (`sources.py`); an integration adds to them by `IntegrationKind.failures`. All rows carry the same
columns, so that grouping needs no word of what they are:

    columns(client="stream__integration__client_id", cause="cause", sentence="shape", since="held_at", …)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.db.models import BigIntegerField, CharField, DateTimeField, F, Model, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from integrations.core.models import User
from integrations.core.models.scoping import ScopedQuerySet
from integrations.texts import Text

from .shapes import shape_of

UNKNOWN = "UnknownOutcomeError"  # the cause of what is being checked
Column = str | Combinable  # the name of a field, or an expression
NUMBER, TEXT, MOMENT = BigIntegerField(), CharField(), DateTimeField()


class Link(NamedTuple):
    """Words and where they lead; no address for what has no page."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A cause in plain words: what it is called, what it means, what mends it, and how bad it is."""

    label: Text
    means: Text
    fix: Text
    tone: str = "bad"  # or warning, info, neutral


@dataclass(frozen=True)
class Act:
    """Something a person may do with all rows of a group.

    `do(rows, user, reason)` does it with rows that were read and locked just now, in the caller's transaction, and says
    of those it left alone why, by their id; of the others `result` is true. `obstacle(row)` says beforehand why a row
    cannot be, `hint(row)` what is worth knowing of the whole group, by one of its rows. `after(row, user)` runs once
    the last row was worked on. A write whose outcome is unknown is never sent again: `unknown` says whether this act
    looks before anything else, and so is offered there too, or only there.
    """

    slug: str
    label: Text
    permission: str
    says: Text
    result: Text
    do: Callable[[Sequence[Any], User, str], Mapping[int, str]]
    wants_reason: bool = False
    obstacle: Callable[[Any], str] = lambda row: ""
    hint: Callable[[Any], str] = lambda row: ""
    after: Callable[[Any, User], object] | None = None
    at_once: int = 100  # rows of one transaction
    unknown: Literal["never", "too", "only"] = "never"


@dataclass(frozen=True)
class FailureSource:
    """One kind of failure: rows of `model`, with the `columns` made by that function; those that `waits()` tells wait.

    `one` and `many` are what a row is called. `show(rows)` leads to the page of each, `fix(row)` to where its like are
    mended, `says(row)` is its own sentence. `explanations` are of its own causes, or of common ones where it knows
    better. What is `quiet` needs nobody; people look for it all the same. `audited` are actions of the audit trail
    whose unknown outcomes this source shows; held records of the error class `tells_of` are told by this source alone.
    `related` is read with each row, `unread` is not.
    """

    slug: str
    one: Text
    many: Text
    permission: str
    model: type[Model]
    columns: Mapping[str, Combinable]
    waits: Callable[[], Q]
    show: Callable[[Sequence[Any]], list[Link]]
    fix: Callable[[Any], Link] = lambda row: Link("")
    says: Callable[[Any], str] = lambda row: str(row.f_sentence)
    explanations: Mapping[str, Explanation] = field(default_factory=dict)
    acts: tuple[Act, ...] = ()
    label: Text = ""  # in a list of kinds, where `many` is not enough
    quiet: bool = False
    audited: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    tells_of: str = ""

    @property
    def title(self) -> Text:
        return self.label or self.many

    @property
    def is_tried_again(self) -> bool:
        """Whether its rows are tried again by themselves."""
        return isinstance(self.columns["f_next"], F)

    def act(self, slug: str) -> Act | None:
        return next((act for act in self.acts if act.slug == slug), None)

    def acts_for(self, cause: str) -> list[Act]:
        """What can be done where this is the cause."""
        unfit = "never" if cause == UNKNOWN else "only"
        return [act for act in self.acts if act.unknown != unfit]

    def every(self, user: User) -> QuerySet[Any]:
        """All rows this person may see, also those that do not wait (any more)."""
        rows: QuerySet[Any] = self.model._default_manager.order_by()
        rows = rows.visible_to(user) if isinstance(rows, ScopedQuerySet) else rows
        rows = rows.select_related(*self.related) if self.related else rows
        shown: QuerySet[Any] = rows.defer(*self.unread).annotate(**self.columns)
        return shown

    def rows(self, user: User) -> QuerySet[Any]:
        """Those that wait."""
        return self.every(user).filter(self.waits())


def columns(
    *,
    client: Column = "",
    integration: Column = "",
    what: Column = "",
    cause: Column,
    sentence: Column,
    since: Column,
    next_try: Column = "",
) -> dict[str, Combinable]:
    """For `annotate`: the client's and the integration's id, what tells apart groups beside them (a stream, a job's
    kind), cause and sentence, since when, and when it is tried again by itself. Texts are names of fields."""

    def of(given: Column, empty: Any, output: Any) -> Combinable:
        if not isinstance(given, str):
            return given
        return F(given) if given else Cast(Value(empty), output)  # PostgreSQL wants to know what a NULL is

    return {
        "f_client": of(client, None, NUMBER),
        "f_integration": of(integration, None, NUMBER),
        "f_what": of(what, "", TEXT),
        "f_cause": of(cause, "", TEXT),
        "f_sentence": of(sentence, "", TEXT),
        "f_since": of(since, None, MOMENT),
        "f_next": of(next_try, None, MOMENT),
    }


def each(link: Callable[[Any], Link]) -> Callable[[Sequence[Any]], list[Link]]:
    """For `show`, where a row's page is known without looking."""
    return lambda rows: [link(row) for row in rows]


KEY = ("f_client", "f_integration", "f_what", "f_cause")


class Key(NamedTuple):
    """What the rows of a group have in common, beside their source."""

    client: int | None
    integration: int | None
    what: str
    cause: str
    shape: str

    def holds(self, row: Any) -> bool:
        """Whether this row belongs to the group."""
        return key_of(row) == self


def key_of(row: Any) -> Key:
    """The group of a row that has the columns."""
    return Key(row.f_client, row.f_integration, row.f_what, row.f_cause, shape_of(row.f_sentence))


@dataclass(slots=True)
class Group:
    """Failures of one source with one key."""

    source: FailureSource
    key: Key
    count: int
    oldest: datetime | None
    next_try: datetime | None
    first: int  # the ids of its first and its last row: examples
    last: int
