"""Who a ticket is of, and where it belongs: contacts, teams and categories of TOGA 2, found by the client's own ids.

What was found once is a link. What is found by its name or address gets the id written on it, so that other programs
find it too. A requester that TOGA 2 does not have is made there, once; a team or category is not: it is an admin's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.sync.flow import Side, Write
from integrations.core.sync.linking import attach, create_once, in_hand
from integrations.transport.errors import ConflictError, NotFoundError
from integrations.vendors.freshservice.schemas import Person
from integrations.vendors.toga import dialect
from integrations.vendors.toga.categories import category_name
from integrations.vendors.toga.dialect import Resource
from integrations.vendors.toga.schemas import uuid_of

from .sides import CATEGORY, CONTACT, TEAM, Sides

# What is said of a team and of a category.
_KNOW = {TEAM: _("know its team"), CATEGORY: _("know its category")}
_NONE = {TEAM: _("TOGA 2 has no team named “{name}”"), CATEGORY: _("TOGA 2 has no category named “{name}”")}
_SEVERAL = {
    TEAM: _("TOGA 2 has several team named “{name}”"),
    CATEGORY: _("TOGA 2 has several category named “{name}”"),
}
_WRITE_ID = {
    TEAM: _("write Freshservice's id on the team “{name}”"),
    CATEGORY: _("write Freshservice's id on the category “{name}”"),
}
TO_BE_MADE = "new"  # stands for the uuid of a contact that one of the writes makes


def only_one(
    sides: Sides, resource: Resource, own: str, number: str, rows: Sequence[Mapping[str, Any]] | None = None
) -> str:
    """The uuid of the record that carries this id of Freshservice, or empty; among these rows, where they were read
    already. Raises ConflictError for several: which of them is meant is not guessed."""
    member = sides.own(own)
    uuids = [uuid_of(row) for row in (sides.toga.matching(resource, member, number) if rows is None else rows)]
    if len(uuids) > 1:
        said = gettext("{n} {records} of TOGA 2 have {member} {number}: leave it on one of {uuids}.")
        raise ConflictError(
            said.format(n=len(uuids), records=resource.path, member=member, number=number, uuids=", ".join(uuids))
        )
    return uuids[0] if uuids else ""


class Matches:
    """What one ticket's ids mean in TOGA 2: uuids, the writes they need first, and what could not be matched."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.writes: list[Write] = []
        self.unmatched: list[str] = []

    def contact(self, user_id: int | None) -> str | None:
        """The contact's uuid, or TO_BE_MADE; None when nobody is known by that id."""
        if user_id is None:
            return None
        if uuid := self.sides.linked(CONTACT, str(user_id)):
            return uuid
        try:
            person = self.sides.fresh.requester(user_id)
        except NotFoundError:
            said = gettext("the requester {number} is gone in Freshservice").format(number=user_id)
            self.unmatched.append(said)
            return None
        said = gettext("contact {name}").format(name=person.name or person.email)
        self.writes.append(Write(said, self._making(person)))
        return TO_BE_MADE

    def _making(self, person: Person) -> Callable[[Any], str]:
        def make(_: Any) -> str:
            contact(self.sides, person)
            return ""

        return make

    def team(self, group_id: int | None) -> str | None:
        """The team's uuid, or None."""
        if group_id is None:
            return ""
        left = str(group_id)

        def named() -> tuple[str, list[str]]:
            name = self.sides.group_name(group_id)
            rows = self.sides.having(dialect.TEAMS, dialect.NAME, name)
            return name, [uuid_of(row) for row in rows if not row.get(self.sides.own("GroupId"))]

        try:
            return self.sides.linked(TEAM, left) or self._matched(TEAM, dialect.TEAMS, left, left, "GroupId", named)
        except NotFoundError:
            self.unmatched.append(gettext("the group {number} is gone in Freshservice").format(number=group_id))
            return None

    def category(self, path: tuple[str, ...]) -> str | None:
        """The category's uuid, or None. Freshservice's tickets name it; its id stands in the ticket form."""
        if not path:
            return ""
        left = " > ".join(path)[:200]
        if uuid := self.sides.linked(CATEGORY, left):
            return uuid
        number = self.sides.categories.get(" > ".join(path))
        if number is None:
            self.unmatched.append(gettext("the category {path} is in no ticket form").format(path=left))
            return None

        def named() -> tuple[str, list[str]]:
            there = self.sides.toga_categories.get(" > ".join(category_name(part) for part in path))
            return left, [there] if there else []

        return self._matched(CATEGORY, dialect.CATEGORIES, left, str(number), "CategoryId", named)

    def _matched(
        self,
        kind: str,
        resource: Resource,
        left: str,
        number: str,
        own: str,
        named: Callable[[], tuple[str, list[str]]],
    ) -> str | None:
        """By the client's own id, else by the name, which then gets the id."""
        member = self.sides.own(own)
        try:
            known = only_one(self.sides, resource, own, number, self.sides.having(resource, member, number))
        except ConflictError as conflict:
            self.unmatched.append(conflict.message.rstrip("."))
            return None
        if known:
            self.writes.append(Write(str(_KNOW[kind]), lambda _mine: self.sides.remember(kind, left, known)))
            return known
        called, uuids = named()
        if len(uuids) != 1:
            said = _SEVERAL[kind] if uuids else _NONE[kind]
            self.unmatched.append(str(said).format(name=called))
            return None
        (uuid,) = uuids

        def note_id(_: Any) -> str:
            self.sides.toga.update(resource, uuid, {member: number}, about=f"{kind} {uuid}")
            return self.sides.remember(kind, left, uuid)

        self.writes.append(Write(str(_WRITE_ID[kind]).format(name=called), note_id))
        return uuid


def contact(sides: Sides, person: Person) -> str:
    """The uuid of the person's contact: by the client's own id, by the e-mail, else made, once for all tickets."""
    member, number = sides.own("UserId"), str(person.id)

    def find(_key: str) -> str | None:
        return only_one(sides, dialect.CONTACTS, "UserId", number) or None

    def create(_key: str) -> str:
        known = sides.toga.matching(dialect.CONTACTS, dialect.EMAIL, person.email) if person.email else []
        if len(known) == 1 and not known[0].get(member):
            uuid = uuid_of(known[0])
            sides.toga.update(dialect.CONTACTS, uuid, {member: number}, about=f"contact {uuid}")
            return uuid
        values = {dialect.NAME: person.name or person.email, dialect.EMAIL: person.email, member: number}
        if person.phones:
            values[dialect.PHONE] = person.phones[0]
        return sides.toga.create(dialect.CONTACTS, values, about=f"new contact of user {number}")

    with in_hand(sides.integration, CONTACT, Side.LEFT, number) as mine:
        if not mine.right_id and mine.sent_at is None and (known := find("")):
            attach(mine, Side.RIGHT, known)
        else:
            create_once(mine, Side.RIGHT, fields={"name": person.name}, find=find, create=create)
        return mine.right_id
