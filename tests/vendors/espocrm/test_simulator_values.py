"""The simulated EspoCRM's addresses and numbers: what becomes of each input (fact sheet, sections 4 and 5)."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from integrations.vendors.espocrm.simulator import CONTACT, EspocrmSimulator

from .conftest import Wire

E, P = "emailAddressData", "phoneNumberData"


@pytest.fixture
def party(espocrm: EspocrmSimulator) -> str:
    """With two addresses and one number."""
    made: str = espocrm.do(
        "new_party",
        {"last_name": "Muster", "emails": ["a@example.com", "b@example.com"], "phones": ["+49301234567"]},
    )
    return made


def emails(wire: Wire, party: str) -> list[tuple[str, bool]]:
    return [(one["emailAddress"], one["primary"]) for one in wire.party(party)[E]]


def numbers(wire: Wire, party: str) -> list[tuple[str, str, bool]]:
    return [(one["phoneNumber"], one["type"], one["primary"]) for one in wire.party(party)[P]]


def mail(text: str, **flags: Any) -> dict[str, Any]:
    return {"emailAddress": text, **flags}


def phone(text: str, **flags: Any) -> dict[str, Any]:
    return {"phoneNumber": text, **flags}


# --- arrays -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "stored"),
    [
        ([mail("c@x.de")], [("c@x.de", True)]),
        ([mail("c@x.de", primary=True), mail("d@x.de", primary=True)], [("d@x.de", True), ("c@x.de", False)]),
        ([mail("c@x.de"), mail("d@x.de")], [("c@x.de", True), ("d@x.de", False)]),
        ([mail("c@x.de", primary=True), mail("C@x.de", primary=False)], [("C@x.de", False)]),
        ([mail("c@x.de"), mail("C@x.de", primary=True)], [("C@x.de", True)]),
        ([mail(""), {"lower": "x"}], []),
        ([], []),
        (None, [("a@example.com", True), ("b@example.com", False)]),
        (
            [mail("b@example.com"), mail("a@example.com", primary=True)],
            [("a@example.com", True), ("b@example.com", False)],
        ),
    ],
)
def test_an_array_of_addresses_replaces_and_collapses(wire: Wire, party: str, items: Any, stored: Any) -> None:
    answered = wire.put(party, **{E: items})
    assert emails(wire, party) == stored
    assert wire.party(party)["emailAddress"] == next((text for text, is_primary in stored if is_primary), None)
    if items is None:
        assert answered[E] is None


def test_the_same_number_twice_is_one_of_the_later_type_without_a_primary(wire: Wire, party: str) -> None:
    wire.put(party, **{P: [phone("+4930555", type="Office", primary=True), phone("+49 30 555", type="Fax")]})
    assert numbers(wire, party) == [("+4930555", "Fax", False)]
    assert wire.party(party)["phoneNumber"] is None


def test_an_array_that_is_not_sent_stays_and_an_unknown_attribute_changes_nothing(wire: Wire, party: str) -> None:
    before = wire.party(party)
    wire.put(party, nosuch=1, id="x", createdAt="2020-01-01 00:00:00")
    after = wire.party(party)
    assert {name for name in before if before[name] != after[name]} <= {"modifiedAt", "modifiedById", "modifiedByName"}


def test_what_a_put_answers_is_what_was_sent(wire: Wire, party: str) -> None:
    answered = wire.put(party, **{E: [mail("New@Example.com", odd=1)], P: [phone("+49 30 55 66")]})
    assert answered[E] == [{"emailAddress": "New@Example.com", "odd": 1}]
    assert answered[P] == [{"phoneNumber": "+49305566"}]
    assert answered["emailAddress"] == "new@example.com"
    assert wire.put(party, **{E: []})["emailAddress"] == "New@Example.com"
    assert wire.party(party)["emailAddress"] is None


def test_flags_and_types_that_are_left_out_are_reset(wire: Wire, party: str) -> None:
    wire.put(
        party, **{E: [mail("c@x.de", optOut="yes", invalid=True)], P: [phone("+4930555", type="Fax", optOut=True)]}
    )
    (one,) = wire.party(party)[E]
    assert (one["optOut"], one["invalid"]) == (True, True)
    wire.put(party, **{E: [mail("c@x.de")], P: [phone("+4930555", type=None)]})
    (one,), (number,) = wire.party(party)[E], wire.party(party)[P]
    assert (one["optOut"], one["invalid"], number["type"], number["optOut"]) == (False, False, "Mobile", False)


@pytest.mark.parametrize(
    ("body", "field", "kind"),
    [
        ({E: ["a@x.de"]}, "emailAddress", "emailAddress"),
        ({E: [mail(" a@x.de")]}, "emailAddress", "emailAddress"),
        ({E: [mail("ä@x.de")]}, "emailAddress", "emailAddress"),
        ({E: [mail("a@mün.de")]}, "emailAddress", "emailAddress"),
        ({E: [mail("DE.BRAK.12345")]}, "emailAddress", "emailAddress"),
        ({E: [mail(f"{n}@x.de") for n in range(11)]}, "emailAddress", "maxCount"),
        ({P: ["+4930555"]}, "phoneNumber", "valid"),
        ({P: [phone("")]}, "phoneNumber", "valid"),
        ({P: [phone("+4930555", type="office")]}, "phoneNumber", "valid"),
        ({P: [phone("+" + "4" * 40)]}, "phoneNumber", "maxLength"),
        ({P: [phone(f"+49305550{n:02}") for n in range(11)]}, "phoneNumber", "maxCount"),
        ({"lastName": ""}, "lastName", "required"),
        ({"betnr": "abc"}, "betnr", "valid"),
    ],
)
def test_a_value_that_is_refused_has_nothing_stored(wire: Wire, party: str, body: Any, field: str, kind: str) -> None:
    before = wire.party(party)
    seen = wire("PUT", f"CBeteiligte/{party}", {"firstName": "New", **body})
    assert (seen.status, seen.json["messageTranslation"]["data"]) == (400, {"field": field, "type": kind})
    assert f"field: {field}, type: {kind}." in seen.reason
    assert wire.party(party) == before


def test_a_number_field_takes_digits(wire: Wire, party: str) -> None:
    wire.put(party, betnr="77")
    assert wire.party(party)["betnr"] == 77


# --- scalars ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scalar", "stored"),
    [
        ("c@x.de", [("c@x.de", True), ("b@example.com", False)]),
        ("B@example.com", [("b@example.com", True)]),
        (None, [("b@example.com", False)]),
        ("", [("b@example.com", False)]),
    ],
)
def test_a_scalar_alone_replaces_the_primary_and_may_leave_none(
    wire: Wire, party: str, scalar: Any, stored: Any
) -> None:
    wire.put(party, emailAddress=scalar)
    assert emails(wire, party) == stored


def test_beside_an_array_the_scalar_does_not_count(wire: Wire, party: str) -> None:
    wire.put(party, emailAddress="x@x.de", **{E: [mail("c@x.de")]})
    assert emails(wire, party) == [("c@x.de", True)]


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "international", "national"),
    [
        ("+49 30 1234567", "+49301234567", "+49 30 1234567"),
        ("+49 (0)30 / 123-45 67", "+49301234567", None),
        ("030 1234567", None, "030 1234567"),
        ("0049 30 1234567", None, "0049 30 1234567"),
        ("+49123", "+49123", "+49123"),
        ("+49 30 12345675 ext 12", "+493012345675", "+49 30 12345675 ext 12"),
        ("abc", None, "abc"),
    ],
)
@pytest.mark.parametrize("mode", [True, False])
def test_numbers_are_normalised_or_kept_by_the_rule_of_the_instance(
    espocrm: EspocrmSimulator, wire: Wire, party: str, mode: bool, sent: str, international: str, national: str
) -> None:
    espocrm.do("setting", {"name": "phoneNumberInternational", "value": mode})
    wanted = international if mode else national
    seen = wire("PUT", f"CBeteiligte/{party}", {P: [phone(sent, type="Office")]})
    assert seen.status == (200 if wanted else 400)
    if wanted:
        assert numbers(wire, party) == [(wanted, "Office", True)]


def test_an_old_national_number_blocks_every_array_until_the_scalar_comes_along(
    espocrm: EspocrmSimulator, wire: Wire
) -> None:
    party = espocrm.do("import_party", {"last_name": "Alt", "phones": ["030/123456", "030/999"]})
    for items in ([], [phone("+4930123456")]):
        assert wire("PUT", f"CBeteiligte/{party}", {P: items}).status == 400
    wire.put(party, lastName="Anders", **{E: [mail("a@x.de")]})
    wire.put(party, phoneNumber="+4930123456", **{P: [phone("+4930123456", primary=True, type="Office")]})
    assert numbers(wire, party) == [("+4930123456", "Office", True)]


# --- shared values ----------------------------------------------------------------------------------------------------


def test_flags_types_and_letter_case_belong_to_the_value_across_entities(espocrm: EspocrmSimulator, wire: Wire) -> None:
    first = espocrm.do("new_party", {"last_name": "A", "emails": ["i@x.de"], "phones": ["+4930555"]})
    other = espocrm.do("new_party", {"last_name": "B", "entity": CONTACT})
    before = wire.party(first)["modifiedAt"]
    espocrm.do("pass_minutes", {"minutes": 5})
    wire.put(other, CONTACT, **{E: [mail("I@x.de", optOut=True)], P: [phone("+4930555", type="Fax", invalid=True)]})
    seen = wire.party(first)
    assert seen[E] == [{"emailAddress": "I@x.de", "lower": "i@x.de", "primary": True, "optOut": True, "invalid": False}]
    assert (seen[P][0]["type"], seen[P][0]["invalid"], seen["modifiedAt"]) == ("Fax", True, before)


def test_flags_of_a_value_that_a_closed_record_has_are_left_alone(espocrm: EspocrmSimulator, wire: Wire) -> None:
    first, other = (espocrm.do("new_party", {"last_name": name, "emails": ["i@x.de"]}) for name in "AB")
    espocrm.do("close_party", {"party": first})
    wire.put(other, **{E: [mail("i@x.de", optOut=True)]})
    assert [wire.party(one)[E][0]["optOut"] for one in (first, other)] == [False, False]
    seen = wire("PUT", f"CBeteiligte/{first}", {"lastName": "x"})
    assert (seen.status, seen.reason) == (403, "No edit access.")


def test_values_of_a_deleted_record_are_free_at_once(espocrm: EspocrmSimulator, wire: Wire, party: str) -> None:
    assert wire("DELETE", f"CBeteiligte/{party}").json is True
    assert wire("DELETE", f"CBeteiligte/{party}").status == 404
    made = wire("POST", "CBeteiligte", {"lastName": "Neu", E: [mail("a@example.com")]})
    assert made.status == 200


# --- at the same time -------------------------------------------------------------------------------------------------


def test_parallel_writes_of_an_array_merge(espocrm: EspocrmSimulator, wire: Wire, party: str) -> None:
    espocrm.do("switch", {"name": "parallel_puts", "value": 3})
    writers = [
        threading.Thread(target=wire.put, args=(party,), kwargs={E: [mail(f"{name}@x.de", primary=True)]})
        for name in "xyz"
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(text for text, _ in emails(wire, party)) == ["x@x.de", "y@x.de", "z@x.de"]
    assert [is_primary for _, is_primary in emails(wire, party)] == [True, False, False]


def test_what_somebody_saves_in_the_same_instant_merges_too(espocrm: EspocrmSimulator, wire: Wire, party: str) -> None:
    espocrm.do("save_at_once", {"party": party, E: [mail("theirs@x.de")]})
    wire.put(party, **{E: [mail("ours@x.de")]})
    assert emails(wire, party) == [("ours@x.de", True), ("theirs@x.de", False)]
    wire.put(party, **{E: [mail("ours@x.de")]})
    assert emails(wire, party) == [("ours@x.de", True)]


def test_a_version_is_checked_where_it_is_counted(espocrm: EspocrmSimulator, wire: Wire, party: str) -> None:
    espocrm.do("switch", {"name": "version_control", "value": True})
    assert wire.party(party)["versionNumber"] is None
    wire.put(party, firstName="One")
    assert wire.party(party)["versionNumber"] == 1
    espocrm.do("edit_party", {"party": party, "description": "another field"})
    stale = {"X_Version_Number": "1"}
    seen = wire("PUT", f"CBeteiligte/{party}", {"firstName": "Two"}, **stale)
    assert (seen.status, seen.reason) == (409, "modified")
    assert seen.json == {"values": {"firstName": "One"}, "versionNumber": 2}
    assert wire("PUT", f"CBeteiligte/{party}", {"firstName": "One"}, **stale).status == 200
    assert wire("PUT", f"CBeteiligte/{party}", {"firstName": "Two"}, X_Version_Number="2").status == 200


def test_a_write_of_nothing_moves_the_time_of_the_change(espocrm: EspocrmSimulator, wire: Wire, party: str) -> None:
    before = wire.party(party)
    espocrm.do("pass_minutes", {"minutes": 1})
    wire.put(party, lastName="Muster")
    after = wire.party(party)
    assert after["modifiedAt"] > before["modifiedAt"]
    assert after["modifiedByName"] == "sync_api"
