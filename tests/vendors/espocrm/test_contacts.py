"""Addresses and numbers as values: how they are compared, and what is known to be refused."""

from __future__ import annotations

import dataclasses
import random

import pytest

from integrations.vendors.espocrm import contacts
from integrations.vendors.espocrm.instance import Instance, instance_of
from integrations.vendors.espocrm.schemas import Email, Phone
from integrations.vendors.espocrm.simulator import EspocrmSimulator

from .conftest import Wire

EMAILS = [Email(address="A@x.de", primary=True), Email(address="b@x.de", opt_out=True)]
PHONES = [Phone(number="+4930555", type="Office", primary=True), Phone(number="+4930666", type="Fax")]
NEW, OLD = (instance_of({"version": "9.3.10", "phoneNumberInternational": rule}) for rule in (True, False))


def test_a_fingerprint_is_of_values_and_flags_and_not_of_order_or_letter_case() -> None:
    wanted = contacts.fingerprint(EMAILS, PHONES)
    shuffled = random.Random(3).sample(EMAILS, 2), random.Random(3).sample(PHONES, 2)
    assert contacts.fingerprint(*shuffled) == wanted
    assert contacts.fingerprint([dataclasses.replace(EMAILS[0], address="a@x.de"), EMAILS[1]], PHONES) == wanted
    changed = [
        ([one, EMAILS[1]], PHONES)
        for one in (
            dataclasses.replace(EMAILS[0], primary=False),
            dataclasses.replace(EMAILS[0], opt_out=True),
            dataclasses.replace(EMAILS[0], invalid=True),
        )
    ]
    changed += [
        (EMAILS[:1], PHONES),
        (EMAILS, [PHONES[0], dataclasses.replace(PHONES[1], type="Home")]),
        (EMAILS, [PHONES[0], dataclasses.replace(PHONES[1], number="+4930667")]),
    ]
    assert len({contacts.fingerprint(*one) for one in changed} | {wanted}) == len(changed) + 1


def test_people_show_in_no_repr() -> None:
    shown = repr([*EMAILS, *PHONES])
    for private in ("x.de", "+4930"):
        assert private not in shown


ADDRESSES = [
    "a@x.de",
    "A.B+c@sub.x.de",
    " a@x.de",
    "ä@x.de",
    "a@mün.de",
    "a",
    "a@x",
    "@x.de",
    "DE.BRAK.1",
    "a b@x.de",
    "",
]
NUMBERS = [
    "+49301234567",
    "+49123",
    "030 123",
    "0049301",
    "+49 30 1",
    "abc",
    "030/1",
    "+" + "1" * 40,
    "+",
    "",
    "+0301234",
]


@pytest.mark.parametrize("address", [*ADDRESSES, "a@" + "x." * 5000 + "de", "a" * 5000])
def test_an_address_that_passes_is_one_that_espocrm_stores(wire: Wire, espocrm: EspocrmSimulator, address: str) -> None:
    party = espocrm.do("new_party", {"last_name": "A"})
    seen = wire("PUT", f"CBeteiligte/{party}", {"emailAddressData": [{"emailAddress": address}]})
    stored = seen.status == 200 and bool(wire.party(party)["emailAddressData"])
    assert stored == (contacts.problem_of_address(address) == "")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("rules", [NEW, OLD], ids=["international", "as written"])
def test_a_number_that_passes_is_stored_as_it_is(
    wire: Wire, espocrm: EspocrmSimulator, number: str, rules: Instance
) -> None:
    espocrm.data.settings["phoneNumberInternational"] = rules.is_international
    party = espocrm.do("new_party", {"last_name": "A"})
    seen = wire("PUT", f"CBeteiligte/{party}", {"phoneNumberData": [{"phoneNumber": number, "type": "Fax"}]})
    stored = [one["phoneNumber"] for one in wire.party(party)["phoneNumberData"]] if seen.status == 200 else []
    assert (stored == [number]) == (contacts.problem_of_number(number, "Fax", rules) == "")


def test_a_type_is_one_of_the_instance_letter_by_letter() -> None:
    assert contacts.problem_of_number("+4930555", "Fax", NEW) == ""
    assert "no type fax" in contacts.problem_of_number("+4930555", "fax", NEW)
    assert contacts.problem_of_number("+4930555", "Work", NEW, ["Work"]) == ""
