"""What the client relies on, held against an EspoCRM by the API alone: a simulated one, or a living one.

A subclass has a fixture `instance`. What is made carries TITLE in its name, and is deleted when the test is over. A
living one is named by ESPOCRM_URL and ESPOCRM_API_KEY; ESPOCRM_SECRET_KEY where its user is one of HMAC, ESPOCRM_ENTITY
and ESPOCRM_NUMBER_FIELD where they are others. Its user may create, edit and delete parties, and have webhooks.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from integrations.transport.errors import ConfigurationError, NotFoundError
from integrations.transport.session import Session
from integrations.vendors.espocrm import contacts
from integrations.vendors.espocrm.answers import Duplicate, Invalid, Modified
from integrations.vendors.espocrm.api import ENTITY, NUMBER_FIELD, EspocrmApi
from integrations.vendors.espocrm.schemas import Email, Party, Phone
from integrations.vendors.espocrm.webhook_setup import EVENTS, subscribe_all

TITLE = "[portal test]"


@dataclass
class Instance:
    """One EspoCRM, an account on it, and what a test made there. Values and numbers are new with each test."""

    api: EspocrmApi
    url: str
    settings: dict[str, str]
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    made: list[str] = field(default_factory=list)

    def address(self, name: str) -> str:
        return f"{name}.{self.mark}@example.com"

    def number(self, last: int) -> str:
        """International, and of those that are kept free for films."""
        return f"+493023125{int(self.mark, 16) % 100:02}{last}"

    @property
    def party_number(self) -> int:
        return 1_000_000_000 + int(self.mark, 16) % 1_000_000_000

    def new(self, about: str, **values: Any) -> Party:
        fields = {"lastName": f"{TITLE} {about} {self.mark}", self.api.number_field: self.party_number}
        party = self.api.create_party(fields, skip_duplicate_check=True, **values)
        self.made.append(party.id)
        return party

    def put(self, party: Party, **body: Any) -> Party:
        """A write that the client would not make; the party after it."""
        path, what = f"{self.api.entity}/{party.id}", "that party"
        self.api.calls.update(path, body, about="contract", missing=what, headers={})
        return self.api.party(party.id)

    def delete(self, party_id: str) -> None:
        self.api.calls.delete(f"{self.api.entity}/{party_id}", about="contract", missing="that party")
        self.made.remove(party_id)


@contextmanager
def opened(url: str, api_key: str, secret_key: str = "", **settings: str) -> Iterator[Instance]:
    """What was made is deleted at the end."""
    known = [secret for secret in (api_key, secret_key) if secret]
    with Session(vendor="EspoCRM", base_url=url, secrets=known, allow_private=True) as session:
        credentials = {"api_key": api_key, "secret_key": secret_key}
        api = EspocrmApi(session, base_url=url, credentials=credentials, settings=settings, facts={})
        instance = Instance(api, url, settings)
        try:
            yield instance
        finally:
            for party in list(instance.made):
                instance.delete(party)


def told(name: str, otherwise: str = "") -> str:
    return os.environ.get(f"ESPOCRM_{name}", "").strip() or otherwise


@contextmanager
def living() -> Iterator[Instance]:
    """The one that the environment names; without one the test is skipped."""
    if not (told("URL") and told("API_KEY")):
        pytest.skip("no living EspoCRM to talk to: set ESPOCRM_URL and ESPOCRM_API_KEY")
    names = {"entity": told("ENTITY", ENTITY), "number_field": told("NUMBER_FIELD", NUMBER_FIELD)}
    with opened(told("URL"), told("API_KEY"), told("SECRET_KEY"), **names) as instance:
        yield instance


def primary_first(instance: Instance) -> tuple[list[Email], list[Phone]]:
    emails = [
        Email(address=instance.address("Work"), primary=True),
        Email(address=instance.address("home"), opt_out=True),
    ]
    phones = [
        Phone(number=instance.number(1), type="Office", primary=True, invalid=True),
        Phone(number=instance.number(2), type="Fax"),
    ]
    return emails, phones


class Contract:
    """One method for each thing that is relied on."""

    def test_every_step_of_the_connection_test_passes(self, instance: Instance) -> None:
        instance.new("steps")
        assert [step.detail for step in instance.api.test_connection() if not step.ok] == []

    def test_a_wrong_key_is_refused(self, instance: Instance) -> None:
        with Session(vendor="EspoCRM", base_url=instance.url, allow_private=True) as session:
            wrong = {"api_key": secrets.token_hex(16)}
            api = EspocrmApi(session, base_url=instance.url, credentials=wrong, settings=instance.settings, facts={})
            with pytest.raises(ConfigurationError, match="refused the API key"):
                api.instance()

    def test_a_party_is_read_as_it_was_made(self, instance: Instance) -> None:
        emails, phones = primary_first(instance)
        made = instance.new("made", emails=emails, phones=phones)
        assert (list(made.emails), list(made.phones)) == (emails, phones)
        assert (made.number, TITLE in made.name) == (instance.party_number, True)
        assert instance.api.told_at is not None
        assert abs(made.modified_at - instance.api.told_at) < timedelta(minutes=2)

    def test_an_array_replaces_and_one_that_is_not_sent_stays(self, instance: Instance) -> None:
        emails, phones = primary_first(instance)
        party = instance.new("replaced", emails=emails, phones=phones)
        new = [Email(address=instance.address("new"), primary=True, invalid=True)]
        party = instance.api.update_party(party.id, emails=new)
        assert (list(party.emails), list(party.phones)) == (new, phones)
        party = instance.api.update_party(party.id, {"description": "x"}, phones=[])
        assert (list(party.emails), party.phones) == (new, ())

    def test_what_is_written_again_stays_as_it_is(self, instance: Instance) -> None:
        emails, phones = primary_first(instance)
        party = instance.new("again", emails=emails, phones=phones)
        again = instance.api.update_party(party.id, emails=party.emails, phones=party.phones)
        assert contacts.fingerprint(again.emails, again.phones) == contacts.fingerprint(party.emails, party.phones)
        assert again.modified_at >= party.modified_at
        assert again.modified_by

    def test_a_flag_or_a_type_that_is_left_out_is_reset(self, instance: Instance) -> None:
        emails, phones = primary_first(instance)
        party = instance.new("reset", emails=emails, phones=phones)
        party = instance.put(
            party,
            emailAddressData=[{"emailAddress": emails[1].address}],
            phoneNumber=phones[1].number,
            phoneNumberData=[{"phoneNumber": phones[1].number}],
        )
        assert [(one.primary, one.opt_out) for one in party.emails] == [(True, False)]
        assert [(one.primary, one.type != "Fax") for one in party.phones] == [(True, True)]

    def test_two_spellings_of_one_address_collapse_and_may_lose_the_primary(self, instance: Instance) -> None:
        text = instance.address("same")
        items = [{"emailAddress": text, "primary": True}, {"emailAddress": text.upper(), "primary": False}]
        party = instance.put(instance.new("collapse"), emailAddressData=items)
        assert [(one.key, one.primary) for one in party.emails] == [(text, False)]

    def test_flags_and_types_belong_to_the_value_and_show_on_others(self, instance: Instance) -> None:
        email, phone = Email(address=instance.address("shared"), primary=True), instance.number(3)
        first = instance.new("first", emails=[email], phones=[Phone(number=phone, type="Office", primary=True)])
        instance.new(
            "second",
            emails=[Email(address=instance.address("SHARED"), primary=True, opt_out=True)],
            phones=[Phone(number=phone, type="Fax", primary=True)],
        )
        seen = instance.api.party(first.id)
        assert [(one.key, one.opt_out) for one in seen.emails] == [(instance.address("shared"), True)]
        assert [one.type for one in seen.phones] == ["Fax"]
        assert seen.modified_at == first.modified_at
        assert {row.id for row in instance.api.parties_with(email)} == set(instance.made)

    def test_a_value_that_is_refused_has_nothing_stored(self, instance: Instance) -> None:
        party = instance.new("refused")
        most = instance.api.instance().most_emails
        many = [Email(address=instance.address(f"n{place}"), primary=not place) for place in range(most + 1)]
        refused: list[tuple[str, dict[str, Any]]] = [
            ("emailAddress", {"emails": [Email(address="DE.BRAK.12345", primary=True)]}),
            ("emailAddress", {"emails": [Email(address=f" {instance.address('blank')}", primary=True)]}),
            ("emailAddress", {"emails": many}),
            ("phoneNumber", {"phones": [Phone(number=instance.number(4), type="Telex", primary=True)]}),
        ]
        if instance.api.instance().is_international:
            refused.append(("phoneNumber", {"phones": [Phone(number="030 1234567", type="Fax", primary=True)]}))
        for field_name, values in refused:
            with pytest.raises(Invalid) as raised:
                instance.api.update_party(party.id, {"description": "half"}, **values)
            assert raised.value.field == field_name
        after = instance.api.party(party.id)
        assert (after.emails, after.phones, after.fields["description"]) == ((), (), None)

    def test_a_double_is_refused_unless_it_is_wanted(self, instance: Instance) -> None:
        emails, _ = primary_first(instance)
        made = instance.new("double", emails=emails)
        with pytest.raises(Duplicate) as raised:
            instance.api.create_party({"lastName": f"{TITLE} other {instance.mark}"}, emails=emails[:1])
        assert raised.value.ids == (made.id,)

    def test_parties_are_found_by_number_by_value_and_by_time(self, instance: Instance) -> None:
        emails, phones = primary_first(instance)
        party = instance.new("found", emails=emails, phones=phones)
        assert [row.id for row in instance.api.parties_numbered(instance.party_number)] == [party.id]
        for value in (emails[1], phones[1]):
            assert [row.id for row in instance.api.parties_with(value)] == [party.id]
        cursor, seen = "", set()
        while True:
            rows, cursor = instance.api.changed_parties(party.modified_at, cursor)
            seen |= {(row.id, row.modified_at) for row in rows}
            if not cursor:
                break
        assert (party.id, party.modified_at) in seen
        later = instance.api.changed_parties(party.modified_at + timedelta(days=2))
        assert later == ([], "")

    def test_no_list_shows_the_arrays(self, instance: Instance) -> None:
        emails, phones = primary_first(instance)
        instance.new("listed", emails=emails, phones=phones)
        asked = {"maxSize": "1", "select": "id,emailAddress,emailAddressData,phoneNumberData"}
        (row,) = instance.api.calls.read(instance.api.entity, asked, about="contract").json()["list"]
        assert row.keys() & {"emailAddressData", "phoneNumberData"} == set()

    def test_a_deleted_party_is_not_found(self, instance: Instance) -> None:
        party = instance.new("deleted")
        instance.delete(party.id)
        with pytest.raises(NotFoundError):
            instance.api.party(party.id)
        with pytest.raises(NotFoundError):
            instance.api.update_party(party.id, {"description": "x"})
        assert instance.api.parties_numbered(instance.party_number) == []

    def test_a_version_is_checked_where_versions_are_counted(self, instance: Instance) -> None:
        party = instance.new("version")
        if party.version is None:
            pytest.skip("this entity has no optimistic concurrency control")
        instance.api.update_party(party.id, {"description": "somebody else"}, version=party.version)
        with pytest.raises(Modified):
            instance.api.update_party(party.id, {"description": "ours"}, version=party.version)

    def test_webhooks_are_subscribed_once_with_secrets_that_can_be_read_again(self, instance: Instance) -> None:
        def address(event: str) -> str:
            return f"https://portal.example.com/{instance.mark}/{event}"

        try:
            found = subscribe_all(instance.api, address)
            assert subscribe_all(instance.api, address) == found
            assert [len(one) for one in found.split()] == [32] * len(EVENTS)
            ours = [one for one in instance.api.subscriptions() if instance.mark in one.url]
            assert {one.event for one in ours} == {f"{instance.api.entity}.{event}" for event, _ in EVENTS}
        finally:
            for one in instance.api.subscriptions():
                if instance.mark in one.url:
                    instance.api.unsubscribe(one.id)
