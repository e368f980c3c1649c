"""Objects as iTop's answers show them: found and read by id or by page, and what a write says that it stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from integrations.texts import gettext
from integrations.transport.errors import MalformedResponseError, NotFoundError, UnknownOutcomeError

from . import oql, schemas, windows
from .answers import Found, NotDone, found_in, objects_in
from .calls import Calls
from .schemas import Ticket

Shape = TypeVar("Shape")


class Objects:
    """Reads and writes of one account. `zone` gives the instance's time zone, or raises ConfigurationError."""

    def __init__(self, calls: Calls, zone: Callable[[], ZoneInfo]) -> None:
        self._calls, self._zone = calls, zone

    def get(
        self, class_name: str, key: int | str, output_fields: str, *, limit: int = 0, about: str = ""
    ) -> tuple[list[Found], int]:
        """Some objects, and how many match in all."""
        asked: dict[str, Any] = {"class": oql.name(class_name), "key": key, "output_fields": output_fields}
        if limit:
            asked |= {"limit": limit, "page": 1}
        body = self._calls.read("core/get", about=about or f"list of {class_name}", **asked)
        return objects_in(body, class_name), found_in(body)

    def one(self, class_name: str, number: int, output_fields: str) -> Found:
        """One object by its id. Raises NotFoundError: gone, or not shown to this account."""
        found, _ = self.get(class_name, int(number), output_fields, about=f"{class_name} {number}")
        return only(found, class_name, number)

    def page(
        self, shape: type[Shape], class_name: str, where: tuple[str, ...], fields: str, cursor: str, limit: int
    ) -> tuple[list[Shape], str]:
        """The next objects for which the conditions hold, by id, and where the next page begins (`windows`)."""

        def ask(after: int, up_to: int | None) -> tuple[list[tuple[int, Shape]], int]:
            query = oql.select(class_name, *where, oql.between(after, up_to))
            found, number = self.get(class_name, query, fields, limit=limit)
            return [(one.id, self.read(shape, one)) for one in found], number

        return windows.page(ask, cursor, limit=limit)

    def create(self, class_name: str, fields: Mapping[str, Any], *, comment: str) -> Ticket:
        """Raises UnknownOutcomeError where iTop does not say which one it made."""
        self._zone()  # a zone that does not exist is found out before the write, not instead of its outcome
        body = self._calls.write("core/create", comment=comment, about=f"new {class_name}", **asked(class_name, fields))
        with whose_answer_counts(f"a new {class_name}"):
            return self.ticket(made(body, class_name))

    def change(
        self, operation: str, class_name: str, number: int, fields: Mapping[str, Any], *, comment: str, **others: Any
    ) -> Found:
        """An update or a stimulus; the object after it. Raises NotDone."""
        self._zone()  # as above
        what = f"{class_name} {number}"
        about = f"{what} {others.get('stimulus', '')}".strip()
        sent = asked(class_name, fields, key=int(number), **others)
        body = self._calls.write(operation, comment=comment, about=about, **sent)
        with whose_answer_counts(f"a change of {what}"):
            found = objects_in(body, class_name)
            if found:
                return only(found, class_name, number)
        raise NotDone(
            gettext("iTop accepted a change of {what} and shows no object: it was not done.").format(what=what)
        )

    def ticket(self, found: Found) -> Ticket:
        """Raises MalformedResponseError."""
        values = {**found.fields, "id": found.id, "finalclass": found.class_name, "fields": found.fields}
        return schemas.read(Ticket, values, self._zone())

    def read(self, shape: type[Shape], found: Found) -> Shape:
        """Raises MalformedResponseError."""
        return schemas.read(shape, {"finalclass": found.class_name, **found.fields, "id": found.id}, self._zone())


def asked(class_name: str, fields: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    return {"class": oql.name(class_name), "output_fields": "*", "fields": dict(fields), **others}


def only(found: list[Found], class_name: str, number: int) -> Found:
    """The one that was asked for. Raises NotFoundError, MalformedResponseError."""
    if not found:
        raise NotFoundError(
            gettext("iTop does not have {class_name} {number}, or does not show it to this account.").format(
                class_name=class_name, number=number
            )
        )
    if len(found) > 1 or found[0].id != number:
        raise MalformedResponseError(
            gettext("iTop answered with something else than {class_name} {number}.").format(
                class_name=class_name, number=number
            )
        )
    return found[0]


def made(body: dict[str, Any], class_name: str) -> Found:
    """The object that a create made. Raises MalformedResponseError."""
    found = objects_in(body, class_name)
    if len(found) != 1:
        raise MalformedResponseError("it shows no object")
    return found[0]


@contextmanager
def whose_answer_counts(what: str) -> Iterator[None]:
    """An answer to a write that cannot be used says nothing about the write: UnknownOutcomeError."""
    try:
        yield
        return
    except MalformedResponseError as broken:
        why = broken.message
    raise UnknownOutcomeError(
        gettext("iTop accepted {what}, and its answer cannot be used: {why}.").format(what=what, why=why.rstrip("."))
    )
