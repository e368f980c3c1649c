"""EspoCRM's REST API, version 1. Source: the fact sheet of EspoCRM 9.3 and recorded answers.

Strange and dealt with here: what a write answers is the writer's input, so each one is followed by a read; lists never
show addresses and numbers beside the primary ones; a query that EspoCRM does not know is ignored, which gives all
records; a write of nothing moves `modifiedAt` all the same; parallel writes of an array merge, so one record has one
writer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.texts import gettext
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.transport.session import Answer, Session
from integrations.vendors import Step

from . import contacts, instance, paging, schemas, times
from .answers import Invalid, NotReadBack, body_of, object_of, whose_answer_counts
from .calls import Calls
from .instance import Instance
from .schemas import Email, ListedParty, Party, Phone, Subscription
from .steps import connection_steps

ENTITY, NUMBER_FIELD = "CBeteiligte", "betnr"
MOST_WEBHOOKS = 50  # of one API user, as EspoCRM has it
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_SKIP_DUPLICATES = {"X-Skip-Duplicate-Check": "true"}
_UNCOUNTED = {"X-No-Total": "true"}


class EspocrmApi:
    """One account of one EspoCRM. Raises the errors of `transport.errors` and of `answers`; ids are texts.

    A party is a record of the connection's entity, which has a field for the party number.
    """

    def __init__(
        self,
        session: Session,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        facts: MutableMapping[str, Any],
    ) -> None:
        self._settings, self._facts = settings, facts
        self.calls = Calls(
            session,
            base_url,
            api_key=credentials["api_key"].strip(),
            secret_key=(credentials.get("secret_key") or "").strip(),
            facts=facts,
        )

    @property
    def entity(self) -> str:
        """The entity of parties. Raises ConfigurationError."""
        return self._named("entity", ENTITY, "Entity of parties")

    @property
    def number_field(self) -> str:
        """The field that holds the party number. Raises ConfigurationError."""
        return self._named("number_field", NUMBER_FIELD, "Field of the party number")

    @property
    def told_at(self) -> datetime | None:
        """When the last answer was sent, by the clock of EspoCRM's web server."""
        return self.calls.last.date() if self.calls.last else None

    def test_connection(self) -> Iterator[Step]:
        """Login, the instance's rules, parties, their number field, addresses and numbers, changes, webhooks."""
        return connection_steps(self)

    # --- the instance -------------------------------------------------------------------------------------------

    def instance(self, *, anew: bool = False) -> Instance:
        """Its version and rules; remembered for an hour, or until a value is refused."""
        found = None if anew else instance.remembered(self._facts, datetime.now(UTC))
        if found is None:
            found = instance.instance_of(object_of(self.calls.read("Settings", about="settings of the instance")))
            instance.remember(self._facts, found)
        return found

    def phone_types(self) -> tuple[str, ...]:
        """The types that a number of a party may have, spelled exactly."""
        key = f"entityDefs.{self.entity}.fields.phoneNumber.typeList"
        types = body_of(self.calls.read("Metadata", {"key": key}, about="types of numbers"))
        if not isinstance(types, list) or not types or not all(isinstance(one, str) for one in types):
            raise MalformedResponseError(
                gettext("EspoCRM does not tell the types of numbers of {name}.").format(name=self.entity)
            )
        return tuple(schemas.cleaned(one) for one in types)

    # --- parties ------------------------------------------------------------------------------------------------

    def party(self, party_id: str) -> Party:
        """One party with all its addresses and numbers. Raises NotFoundError: deleted, or never there."""
        found = self._read(party_id)
        if found.id != party_id:
            raise MalformedResponseError(gettext("EspoCRM answered with another record than the one asked for."))
        return found

    def changed_parties(self, since: datetime | None, cursor: str = "") -> tuple[list[ListedParty], str]:
        """A page of the parties that were changed at `since` (aware) or later, oldest change first, and where the next
        page begins; None for all parties.

        Overlap by some seconds and drop doubles by (id, modified_at). What this cannot find: deletions, and changes
        that came through a value shared with another record.
        """

        def ask(start: datetime | None, offset: int) -> tuple[Sequence[ListedParty], bool]:
            bound = [] if start is None else [("greaterThanOrEquals", "modifiedAt", times.spoken(start))]
            ordered = {"orderBy": "modifiedAt", "order": "asc", "offset": str(offset)}
            return self._listed(bound, ordered, about="changed parties")

        return paging.page(ask, since, cursor)

    def parties_numbered(self, number: int) -> list[ListedParty]:
        """The parties of that party number; more than one where somebody made a double. At most a page."""
        rows, _ = self._listed([("equals", self.number_field, str(int(number)))], {}, about=f"party number {number}")
        if any(row.number != number for row in rows):
            raise MalformedResponseError(gettext("EspoCRM shows parties of another number; the filter got lost."))
        return rows

    def parties_with(self, value: Email | Phone) -> list[ListedParty]:
        """The parties that have this address or number, as primary or not. At most a page.

        Records of other entities share values too, and are not seen here.
        """
        if isinstance(value, Email):
            condition, about = ("equals", "emailAddress", value.address), "parties with that address"
        else:
            condition, about = ("equals", "phoneNumber", value.number), "parties with that number"
        return self._listed([condition], {}, about=about)[0]

    def create_party(
        self,
        fields: Mapping[str, Any],
        *,
        emails: Sequence[Email] | None = None,
        phones: Sequence[Phone] | None = None,
        skip_duplicate_check: bool = False,
    ) -> Party:
        """Sent at most once; the party as EspoCRM stored it. There is no key against doubles: look it up first.

        Raises Duplicate, Invalid, UnknownOutcomeError, and NotReadBack with the id of what was made.
        """
        body = {**fields, **contacts.fields_of(emails, phones)}
        headers = _SKIP_DUPLICATES if skip_duplicate_check else {}
        answer = self._written(lambda: self.calls.create(self.entity, body, about="new party", headers=headers))
        with whose_answer_counts("a new party"):
            made = _id_in(answer)
        return self._read_back(made)

    def update_party(
        self,
        party_id: str,
        fields: Mapping[str, Any] | None = None,
        *,
        emails: Sequence[Email] | None = None,
        phones: Sequence[Phone] | None = None,
        version: int | None = None,
    ) -> Party:
        """Set these fields, replace these arrays; the party as EspoCRM stored it. Sent at most once.

        Take every flag from a fresh read: they belong to the value, and so to every record that has it. With `version`
        it is refused where the record has another (Modified); that check is not atomic at EspoCRM, so compare what was
        stored with what was meant. A value that is refused (Invalid) has nothing stored at all. Raises NotFoundError,
        UnknownOutcomeError, NotReadBack.
        """
        body = {**(fields or {}), **contacts.fields_of(emails, phones)}
        headers = {} if version is None else {"X-Version-Number": str(version)}
        what, path = f"the party {party_id}", self._path(party_id)
        answer = self._written(lambda: self.calls.update(path, body, about=what, missing=what, headers=headers))
        with whose_answer_counts(f"a change of {what}"):
            if _id_in(answer) != party_id:
                raise MalformedResponseError("it shows another record")
        return self._read_back(party_id)

    def _written(self, write: Callable[[], Answer]) -> Answer:
        """A refused value may mean that the instance has other rules than it had: they are read anew."""
        try:
            return write()
        except Invalid:
            instance.forget(self._facts)
            raise

    def _read(self, party_id: str) -> Party:
        what = f"the party {party_id}"
        answer = self.calls.read(self._path(party_id), about=what, missing=what)
        return schemas.party(object_of(answer), self.number_field)

    def _read_back(self, party_id: str) -> Party:
        problem: VendorError
        try:
            return self.party(party_id)
        except UnknownOutcomeError:
            raise
        except VendorError as error:
            problem = error
        raise NotReadBack(
            gettext("EspoCRM took a write of the party {name}, and the read after it failed: {why}").format(
                name=party_id, why=problem.message
            ),
            party_id,
        )

    # --- webhooks -----------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[Subscription]:
        """The webhooks of the API user, without their secrets."""
        rows, _ = self._rows("Webhook", {"maxSize": str(MOST_WEBHOOKS)}, about="webhooks")
        return [schemas.read(Subscription, one) for one in rows]

    def subscription(self, webhook_id: str) -> Subscription:
        """One of them with its secret. Raises NotFoundError."""
        what = f"the webhook {webhook_id}"
        answer = self.calls.read(f"Webhook/{_checked_id(webhook_id)}", about=what, missing=what)
        return schemas.read(Subscription, object_of(answer))

    def subscribe(self, event: str, url: str, *, skip_own: bool = True) -> Subscription:
        """Have EspoCRM send this event (`CBeteiligte.update`) there; with its secret. Subscribed twice is sent twice.

        `skip_own` leaves out what this API user does. Raises Invalid (an address inside the network that EspoCRM's
        configuration does not allow), NotAllowed, UnknownOutcomeError.
        """
        fields = {"event": event, "url": url, "skipOwn": skip_own}
        answer = self.calls.create("Webhook", fields, about=f"webhook for {event}", headers={})
        with whose_answer_counts("a new webhook"):
            return schemas.read(Subscription, object_of(answer))

    def unsubscribe(self, webhook_id: str) -> None:
        """End one. One that is gone already is no error."""
        what = f"the webhook {webhook_id}"
        try:
            self.calls.delete(f"Webhook/{_checked_id(webhook_id)}", about=what, missing=what)
        except NotFoundError:
            return

    # --- lists --------------------------------------------------------------------------------------------------

    def _listed(
        self, where: Sequence[tuple[str, str, str]], others: Mapping[str, str], *, about: str
    ) -> tuple[list[ListedParty], bool]:
        asked = {"select": f"id,modifiedAt,{self.number_field}", "maxSize": str(self.instance().page), **others}
        for place, (kind, attribute, value) in enumerate(where):
            for name, part in (("type", kind), ("attribute", attribute), ("value", value)):
                asked[f"where[{place}][{name}]"] = part
        rows, has_more = self._rows(self.entity, asked, about=about)
        return [schemas.listed(one, self.number_field) for one in rows], has_more

    def _rows(self, path: str, asked: Mapping[str, str], *, about: str) -> tuple[list[Any], bool]:
        """The rows of a page, and whether more follow."""
        body = object_of(self.calls.read(path, asked, about=about, headers=_UNCOUNTED))
        rows, total = body.get("list"), body.get("total")
        if not isinstance(rows, list) or type(total) is not int:
            raise MalformedResponseError(gettext("EspoCRM's answer has no list."))
        # Not counted, it is -1 where more follow and -2 at the end.
        return rows, total == -1 or total > int(asked.get("offset", "0")) + len(rows)

    # --- names --------------------------------------------------------------------------------------------------

    def _named(self, name: str, default: str, label: str) -> str:
        text = str(self._settings.get(name) or default).strip()
        if not _NAME.fullmatch(text):
            raise ConfigurationError(
                gettext("{name} on the connection must be a name as the Entity Manager shows it.").format(name=label)
            )
        return text

    def _path(self, party_id: str) -> str:
        return f"{self.entity}/{_checked_id(party_id)}"


def _checked_id(given: str) -> str:
    if not schemas.ID.fullmatch(given):
        raise ValueError("that is no id of EspoCRM")
    return given


def _id_in(answer: Answer) -> str:
    """Whose record an answer to a write shows. Raises MalformedResponseError."""
    found = object_of(answer).get("id")
    if not isinstance(found, str) or not schemas.ID.fullmatch(found):
        raise MalformedResponseError("it names no record")
    return found
