"""The merge: every row of its table, every scenario and limitation of the source, every rule that needs no network."""

from __future__ import annotations

import random
from typing import Any

import pytest

from integrations.advoware_espocrm.mapping import KINDS, NEW_PHONE, marked, read_remark, slot
from integrations.advoware_espocrm.merge import Choice, Conflict, Direction, Item, Post, Put, Retyped, Rules, Why
from tests.advoware_espocrm.building import MAIL, PHONE, Entry, agreed, mail, phone, planned, put, values
from tests.advoware_espocrm.two_lists import Advoware, EspoCrm, Portal

A, B, C = "a@x.de", "b@x.de", "c@x.de"


def entry(number: int, value: str, komm_kz: int = 4, text: str = "") -> Entry:
    """An entry as an earlier run left it."""
    return Entry(number, value, marked(value, komm_kz, text))


def edited(number: int, value: str, before: str, komm_kz: int = 4, text: str = "") -> Entry:
    """The same, and then somebody changed its value."""
    return Entry(number, value, marked(before, komm_kz, text))


# --- the table --------------------------------------------------------------------------------------------------------


def test_same_and_same_writes_nothing() -> None:
    plan = planned([entry(1, A)], [mail(A, primary=True)], [agreed(1, 4, A)])
    assert plan.is_empty
    assert plan.base == [agreed(1, 4, A)]


def test_changed_in_advoware_goes_to_espocrm_and_the_marker_is_refreshed() -> None:
    plan = planned([edited(1, B, A, text="text")], [mail(A, primary=True)], [agreed(1, 4, A)])
    assert plan.emails == [mail(B, primary=True)]
    assert put(plan, 1) == Put(1, 4, B, marked(B, 4, "text"), online=True, why=Why.MARKED, key=B)
    assert plan.base == [agreed(1, 4, A)], "it is agreed on once EspoCRM has it"


def test_changed_in_espocrm_is_put_with_a_new_marker_and_online() -> None:
    before = Entry(1, A, marked(A, 4, "text"), online=False)
    plan = planned([before], [mail(B, primary=True)], [agreed(1, 4, A)])
    assert plan.advoware == [Put(1, 4, B, marked(B, 4, "text"), online=True, why=Why.UPDATED, key=B)]
    assert not plan.writes_espocrm


def test_deleted_in_espocrm_leaves_an_empty_slot() -> None:
    plan = planned([entry(1, A)], [], [agreed(1, 4, A)])
    assert plan.advoware == [Put(1, 4, "", "[ESPOCRM-SLOT:4]", online=False, why=Why.DELETED)]


@pytest.mark.parametrize("entries", [[], [Entry(1, "", marked(A, 4, ""))]], ids=["deleted", "emptied"])
def test_gone_from_advoware_leaves_espocrm(entries: list[Entry]) -> None:
    plan = planned(entries, [mail(A, primary=True), mail(B)], [agreed(1, 4, A)])
    assert plan.emails == [mail(B, primary=True)]


def test_an_emptied_entry_becomes_a_slot_once_espocrm_lost_the_value() -> None:
    advoware, espocrm, portal = Advoware(), EspoCrm(), Portal()
    advoware.post(4, A)
    portal.run(advoware, espocrm)
    advoware.put(1, "", advoware.entries[1].note)
    portal.run(advoware, espocrm)
    assert (espocrm.items, advoware.entries[1].note) == ([], "[ESPOCRM-SLOT:4]")


def test_new_in_advoware_is_added_and_marked() -> None:
    plan = planned([Entry(1, A, "text")], [mail(B, primary=True)], [])
    assert plan.emails == [mail(B, primary=True), mail(A)]
    assert put(plan, 1).note == marked(A, 4, "text")


def test_new_in_espocrm_is_made_where_no_slot_is_free() -> None:
    plan = planned([Entry(1, "", slot(8, ""))], [mail(A, primary=True)], [agreed(1, 8)])
    assert plan.advoware == [Post(4, A, marked(A, 4, ""), A)]


def test_new_in_espocrm_uses_a_slot_of_its_kind_again() -> None:
    entries = [Entry(1, "", slot(4, "text")), Entry(2, "", slot(4, ""))]
    plan = planned(entries, [mail(A, primary=True)], [agreed(1, 4), agreed(2, 4)])
    assert plan.advoware == [Put(2, 4, A, marked(A, 4, ""), online=True, why=Why.CREATED, key=A)]


@pytest.mark.parametrize("type_", NEW_PHONE)
def test_a_new_number_gets_the_kind_of_its_type(type_: str) -> None:
    plan = planned([], [phone("+49301234567", type_, primary=True)])
    [write] = plan.advoware
    assert isinstance(write, Post)
    assert (write.komm_kz, write.type) == (NEW_PHONE[type_], type_)


def test_a_slot_that_a_person_filled_counts_as_new() -> None:
    plan = planned([Entry(1, A, slot(4, ""))], [], [agreed(1, 4)])
    assert values(plan.emails) == [A]
    assert put(plan, 1).note == marked(A, 4, "")
    assert plan.slots == 0


def test_the_same_value_new_on_both_sides_is_one_entry() -> None:
    plan = planned([Entry(1, A)], [mail(A.upper(), primary=True)])
    assert [write.why for write in plan.advoware] == [Why.MARKED]
    assert not plan.writes_espocrm
    assert plan.base == [agreed(1, 4, A)]


def test_changed_to_the_same_value_is_no_conflict() -> None:
    plan = planned([edited(1, B, A)], [mail(B, primary=True)], [agreed(1, 4, A)])
    assert plan.conflicts == []
    assert [write.why for write in plan.advoware] == [Why.MARKED]
    assert plan.base == [agreed(1, 4, B)]


def test_changed_in_advoware_and_deleted_in_espocrm_survives() -> None:
    plan = planned([edited(1, B, A)], [], [agreed(1, 4, A)])
    assert values(plan.emails) == [B]


def test_deleted_in_advoware_and_changed_in_espocrm_survives() -> None:
    plan = planned([], [mail(B, primary=True)], [agreed(1, 4, A)])
    assert [(type(write), write.value) for write in plan.advoware] == [(Post, B)]
    assert not plan.writes_espocrm


def test_gone_from_both_is_forgotten() -> None:
    plan = planned([], [], [agreed(1, 4, A)])
    assert plan.is_empty
    assert plan.base == []


# --- conflicts --------------------------------------------------------------------------------------------------------


def conflict(choice: Choice = Choice.ESPOCRM, **rules: Any) -> Any:
    entries = [edited(1, B, A), edited(2, "left@x.de", "l@x.de"), entry(3, "r@x.de")]
    items = [mail(C, primary=True), mail("l@x.de"), mail("right@x.de")]
    base = [agreed(1, 4, A), agreed(2, 4, "l@x.de"), agreed(3, 4, "r@x.de")]
    return planned(entries, items, base, policy=choice, **rules)


@pytest.mark.parametrize("choice", Choice)
def test_a_conflict_is_recorded_with_both_values_and_stops_no_other_entry(choice: Choice) -> None:
    plan = conflict(choice)
    assert plan.conflicts == [Conflict(1, 4, A, B, C, choice)]
    assert "left@x.de" in values(plan.emails)
    assert put(plan, 3).value == "right@x.de"


def test_espocrm_wins_unless_it_is_set_otherwise() -> None:
    assert Rules().policy is Choice.ESPOCRM
    plan = conflict()
    assert put(plan, 1).value == C
    assert values(plan.emails)[0] == C


def test_advoware_wins_where_that_is_set() -> None:
    plan = conflict(Choice.ADVOWARE)
    assert plan.emails is not None
    assert plan.emails[0] == mail(B, primary=True)
    assert put(plan, 1).why is Why.MARKED


def test_a_conflict_to_ask_about_stays_as_it_is() -> None:
    entries, items, base = [edited(1, B, A)], [mail(C, primary=True)], [agreed(1, 4, A)]
    plan = planned(entries, items, base, policy=Choice.ASK)
    assert plan.is_empty
    assert plan.base == base
    assert planned(entries, items, plan.base, policy=Choice.ASK).conflicts == plan.conflicts


def test_both_values_are_kept_where_that_was_decided() -> None:
    entries, items, base = [edited(1, B, A)], [mail(C, primary=True)], [agreed(1, 4, A)]
    plan = planned(entries, items, base, policy=Choice.ASK, decided={(1, B, C): Choice.BOTH})
    assert values(plan.emails) == [C, B]
    assert [(type(write), write.value) for write in plan.advoware if write.why is Why.CREATED] == [(Post, C)]


def test_a_decision_is_about_these_two_values_alone() -> None:
    entries, base = [edited(1, B, A)], [agreed(1, 4, A)]
    decided = {(1, B, C): Choice.ESPOCRM}
    assert not planned(entries, [mail(C, primary=True)], base, policy=Choice.ASK, decided=decided).is_empty
    assert planned(entries, [mail("d@x.de", primary=True)], base, policy=Choice.ASK, decided=decided).is_empty


def test_a_kind_may_have_a_policy_of_its_own() -> None:
    plan = conflict(Choice.ASK, policy_of={4: Choice.ADVOWARE})
    assert plan.conflicts[0].choice is Choice.ADVOWARE


# --- the scenarios of the source --------------------------------------------------------------------------------------


@pytest.fixture
def pair() -> tuple[Portal, Advoware, EspoCrm]:
    """A party with an address that both have."""
    portal, advoware, espocrm = Portal(), Advoware(), EspoCrm()
    advoware.post(4, "max@old.com", "Geschäftlich")
    portal.run(advoware, espocrm)
    return portal, advoware, espocrm


Pair = tuple[Portal, Advoware, EspoCrm]


def test_scenario_1_a_value_deleted_in_espocrm(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    espocrm.put(MAIL, [])
    portal.run(advoware, espocrm)
    assert advoware.entries == {1: Entry(1, "", "[ESPOCRM-SLOT:4] Geschäftlich", online=False)}


def test_scenario_2_a_value_changed_in_espocrm(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    espocrm.put(MAIL, [mail("max@new.com", primary=True)])
    portal.run(advoware, espocrm)
    assert advoware.entries == {1: Entry(1, "max@new.com", marked("max@new.com", 4, "Geschäftlich"), online=True)}


def test_scenario_3_a_value_new_in_espocrm(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    espocrm.put(MAIL, [])
    portal.run(advoware, espocrm)
    espocrm.put(MAIL, [mail(A, primary=True), mail(B)])
    portal.run(advoware, espocrm)
    assert [(one.id, one.value) for one in advoware.entries.values()] == [(1, A), (2, B)]
    assert [advoware.kinds[number] for number in (1, 2)] == [4, 4]


def test_scenario_4_a_value_new_in_advoware(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    number = advoware.post(3, "0171 1234567", "text")
    portal.run(advoware, espocrm)
    assert espocrm.items == [mail("max@old.com", primary=True), phone("+491711234567", "Mobile", primary=True)]
    assert advoware.entries[number] == Entry(number, "0171 1234567", marked("0171 1234567", 3, "text"))


# --- the limitations of the source ------------------------------------------------------------------------------------


def test_limitation_1_no_edit_in_espocrm_is_overwritten_by_one_in_advoware(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    advoware.put(1, "max@new.com", advoware.entries[1].note)
    espocrm.put(MAIL, [mail("max@old.com", opt_out=True), mail(A, primary=True)])
    portal.run(advoware, espocrm)
    assert espocrm.items == [mail(A, primary=True), mail("max@new.com")]
    assert [one.value for one in advoware.entries.values()] == ["max@new.com", A]


def test_limitation_2_slots_are_used_again_and_counted(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    for value in (A, B, C):
        espocrm.put(MAIL, [])
        portal.run(advoware, espocrm)
        assert portal.look(advoware, espocrm).slots == 1
        espocrm.put(MAIL, [mail(value, primary=True)])
        portal.run(advoware, espocrm)
    assert [one.value for one in advoware.entries.values()] == [C]


def test_limitation_3_a_kind_without_a_field_of_the_party_is_the_usual_one_until_espocrm_knows_better() -> None:
    number = Entry(1, "0171 1234567")
    assert planned([number]).phones == [phone("+491711234567", "Office", primary=True)]
    plan = planned([number], [phone("+491711234567", "Mobile", primary=True)])
    assert put(plan, 1).note == marked("0171 1234567", 3, "")
    assert plan.base == [agreed(1, 3, "0171 1234567")]


def test_limitation_4_a_type_changed_in_espocrm_is_a_slot_and_a_new_entry() -> None:
    portal, advoware, espocrm = Portal(), Advoware(), EspoCrm()
    advoware.post(1, "030/1234567")
    portal.run(advoware, espocrm)
    espocrm.put(PHONE, [phone("+49301234567", "Fax", primary=True)])
    plan = portal.look(advoware, espocrm)
    assert plan.retyped == [Retyped(1, "+49301234567", 1, 2)]
    portal.run(advoware, espocrm)
    assert advoware.entries[1] == Entry(1, "", "[ESPOCRM-SLOT:1]", online=False)
    assert (advoware.kinds[2], advoware.entries[2].value) == (2, "030/1234567")
    assert espocrm.items == [phone("+49301234567", "Fax", primary=True)]


def test_limitation_5_text_behind_the_marker_survives_every_write(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    for value in (A, "", B):
        espocrm.put(MAIL, [mail(value, primary=True)] if value else [])
        portal.run(advoware, espocrm)
        assert read_remark(advoware.entries[1].note).text == "Geschäftlich"


# --- the marker as the base -------------------------------------------------------------------------------------------


def test_without_a_base_the_marker_tells_what_was_changed_in_advoware() -> None:
    plan = planned([edited(1, B, A)], [mail(A, primary=True)])
    assert plan.emails == [mail(B, primary=True)]


def test_without_a_base_the_marker_tells_what_was_changed_in_espocrm() -> None:
    assert put(planned([entry(1, A)], [mail(B, primary=True)]), 1).value == B


def test_without_a_base_the_marker_tells_what_was_deleted_in_espocrm() -> None:
    assert put(planned([entry(1, A)], []), 1).note == "[ESPOCRM-SLOT:4]"


def test_an_old_hash_is_matched_by_value_and_replaced() -> None:
    plan = planned([Entry(1, A, "[ESPOCRM:abc12345:8] text")], [mail(A, primary=True)])
    assert not plan.writes_espocrm
    assert put(plan, 1).note == marked(A, 8, "text")


def test_internet_is_not_synchronised() -> None:
    entries = [Entry(1, "www.x.de", marked("www.x.de", 5, "")), Entry(2, "y@x.de")]
    plan = planned(entries, fields={5: "y@x.de"})
    assert plan.is_empty
    assert plan.base == []


@pytest.mark.parametrize("komm_kz", [number for number, kind in KINDS.items() if kind.channel])
def test_an_entry_of_each_kind_becomes_what_the_table_says(komm_kz: int) -> None:
    kind = KINDS[komm_kz]
    value = A if kind.channel is MAIL else "+49301234567"
    plan = planned([Entry(1, value)], fields={komm_kz: value})
    items = plan.emails if kind.channel is MAIL else plan.phones
    assert items == [Item(kind.channel or MAIL, value, kind.type, primary=True)]
    assert put(plan, 1).komm_kz == komm_kz


def test_without_markers_no_remark_is_written() -> None:
    plan = planned([Entry(1, A, "text")], [mail(B, primary=True)], writes_markers=False)
    assert [(write.value, write.note) for write in plan.advoware] == [(B, "")]


# --- no changes -------------------------------------------------------------------------------------------------------


def test_order_letter_case_and_spacing_are_no_changes() -> None:
    entries = [entry(1, "Max@X.de"), entry(2, A), entry(3, "030 / 1234567", 1)]
    items = [mail(A, primary=True), mail("max@x.de"), phone("+49301234567", primary=True)]
    base = [agreed(1, 4, "Max@X.de"), agreed(2, 4, A), agreed(3, 1, "030 / 1234567")]
    for _ in range(10):
        random.Random(3).shuffle(entries)
        random.Random(4).shuffle(items)
        assert planned(entries, items, base).is_empty


def test_the_written_form_is_what_the_user_typed() -> None:
    plan = planned([entry(1, "Max@X.de")], [mail("MAX@x.de", primary=True)], [agreed(1, 4, "max@x.de")])
    assert plan.is_empty
    assert plan.base[0].value == "Max@X.de"


def test_another_primary_is_kept_as_the_user_set_it() -> None:
    items = [mail(B), mail(A, primary=True)]
    assert planned([entry(1, A), entry(2, B)], items, [agreed(1, 4, A), agreed(2, 4, B)]).is_empty
    plan = planned([entry(1, A), entry(2, B), Entry(3, C)], items, [agreed(1, 4, A), agreed(2, 4, B)])
    assert plan.emails == [*items, mail(C)]


def test_a_changed_primary_stays_the_primary() -> None:
    entries, base = [edited(1, C, A), entry(2, B)], [agreed(1, 4, A), agreed(2, 4, B)]
    assert planned(entries, [mail(A, primary=True), mail(B)], base).emails == [mail(C, primary=True), mail(B)]


@pytest.mark.parametrize("items", [[mail(A), mail(B)], [mail(A)]])
def test_an_array_without_a_primary_gets_one(items: list[Item]) -> None:
    plan = planned([], items)
    assert plan.emails is not None
    assert [item.primary for item in plan.emails] == [True] + [False] * (len(items) - 1)


def test_flags_are_carried_with_every_value() -> None:
    items = [mail(A, primary=True, opt_out=True), mail(B, invalid=True)]
    plan = planned([entry(1, A), entry(2, B), Entry(3, C)], items, [agreed(1, 4, A), agreed(2, 4, B)])
    assert plan.emails == [*items, mail(C)]


def test_a_new_value_has_the_flags_that_others_gave_it() -> None:
    plan = planned([Entry(1, A)], flags={(MAIL, A): (True, False)})
    assert plan.emails == [mail(A, primary=True, opt_out=True)]
    assert plan.added == [(MAIL, A)]


def test_changes_are_paired_in_the_order_of_both_and_by_type() -> None:
    entries = [entry(1, "030 1234561", 1), entry(2, "030 1234562", 2), entry(3, "030 1234563", 1)]
    base = [agreed(1, 1, "030 1234561"), agreed(2, 2, "030 1234562"), agreed(3, 1, "030 1234563")]
    items = [phone("+49301", "Fax"), phone("+49302", primary=True), phone("+49303")]
    plan = planned(entries, items, base)
    assert {one: put(plan, one).value for one in (1, 2, 3)} == {1: "+49302", 2: "+49301", 3: "+49303"}


def test_more_that_left_than_arrived_are_slots_and_more_that_arrived_are_new() -> None:
    entries, base = [entry(1, A), entry(2, B)], [agreed(1, 4, A), agreed(2, 4, B)]
    fewer = planned(entries, [mail(C, primary=True)], base)
    assert (put(fewer, 1).value, put(fewer, 2).note) == (C, "[ESPOCRM-SLOT:4]")
    more = planned(entries[:1], [mail(C, primary=True), mail("d@x.de")], base[:1])
    assert [(type(one), one.value) for one in more.advoware] == [(Put, C), (Post, "d@x.de")]


def test_while_something_is_emptied_new_entries_come_later() -> None:
    plan = planned([entry(1, "030 1234567", 1)], [mail(A, primary=True)], [agreed(1, 1, "030 1234567")])
    assert [write.why for write in plan.advoware] == [Why.DELETED]
    assert [write.value for write in plan.later] == [A]
    assert [row.key for row in plan.begun()] == ["", A]


def test_an_entry_that_was_made_before_a_death_is_known_by_what_was_begun() -> None:
    plan = planned([Entry(7, A)], [], [], begun=[agreed(0, 4, A)], writes_markers=False)
    assert put(plan, 7).why is Why.DELETED


# --- several entries with one value -----------------------------------------------------------------------------------


def test_a_number_for_calls_and_fax_is_one_item() -> None:
    entries = [Entry(1, "030 1234567"), Entry(2, "030/1234567")]
    plan = planned(entries, fields={1: "030 1234567", 2: "030/1234567"})
    assert plan.phones == [phone("+49301234567", "Office", primary=True)]
    assert [write.komm_kz for write in plan.advoware] == [1, 2]


def test_a_value_stays_in_espocrm_while_one_entry_has_it() -> None:
    plan = planned([entry(1, A)], [mail(A, primary=True)], [agreed(1, 4, A), agreed(2, 8, A)])
    assert plan.is_empty
    assert plan.base == [agreed(1, 4, A)]


def test_of_two_entries_with_one_value_a_changed_one_is_added_and_the_other_stays() -> None:
    plan = planned([entry(1, A), edited(2, B, A)], [mail(A, primary=True)], [agreed(1, 4, A), agreed(2, 4, A)])
    assert plan.emails == [mail(A, primary=True), mail(B)]


def test_a_value_that_several_entries_have_is_changed_in_all() -> None:
    entries, base = [entry(1, A), entry(2, A)], [agreed(1, 4, A), agreed(2, 4, A)]
    plan = planned(entries, [mail(B, primary=True)], base)
    assert [put(plan, one).value for one in (1, 2)] == [B, B]


def test_the_type_of_a_number_of_several_entries_is_not_compared() -> None:
    entries = [entry(1, "030 1234567", 1), entry(2, "030 1234567", 2)]
    base = [agreed(1, 1, "030 1234567"), agreed(2, 2, "030 1234567", "Office")]
    for type_ in NEW_PHONE:
        assert planned(entries, [phone("+49301234567", type_, primary=True)], base).is_empty


def test_the_type_of_a_number_that_other_records_hold_is_not_compared() -> None:
    entries, base = [entry(1, "030 1234567", 1)], [agreed(1, 1, "030 1234567")]
    items = [phone("+49301234567", "Fax", primary=True)]
    plan = planned(entries, items, base, shared=frozenset({"+49301234567"}))
    assert (plan.is_empty, plan.retyped) == (True, [])
    assert planned(entries, items, plan.base).is_empty, "nor once it is this record's alone again"


# --- what is held -----------------------------------------------------------------------------------------------------

HELD: dict[str, tuple[int, str, dict[str, Any]]] = {
    "a SAFE-ID": (12, "DE.BRAK.0123.4567", {}),
    "an address with umlauts": (4, "müller@x.de", {}),
    "a text for a number": (1, "030 1 (privat)", {}),
    "a national number without a region": (1, "030 1234567", {"region": ""}),
    "a value that EspoCRM refused": (4, "odd@x.de", {"refused": {(MAIL, "odd@x.de"): "EspoCRM says no."}}),
    "a number of a type that EspoCRM has not": (7, "030 1234567", {"types": frozenset({"Office"})}),
}


@pytest.mark.parametrize("what", HELD)
def test_what_espocrm_does_not_take_is_held_alone(what: str) -> None:
    komm_kz, value, rules = HELD[what]
    entries = [Entry(1, value, "text"), Entry(2, A), Entry(3, "+49 30 7654321")]
    plan = planned(entries, [mail(C, primary=True)], [agreed(9, 4, B)], fields={komm_kz: value}, **rules)
    assert [(one.entry_id, one.value) for one in plan.held] == [(1, value)]
    assert value not in plan.held[0].why
    assert A in values(plan.emails)
    assert "+49307654321" in values(plan.phones)
    assert 1 not in [write.entry_id for write in plan.advoware if isinstance(write, Put)]


def test_a_value_changed_to_one_that_espocrm_does_not_take_leaves_the_old_one_there() -> None:
    entries, items, base = [edited(1, "DE.BRAK.1", A)], [mail(A, primary=True)], [agreed(1, 4, A)]
    plan = planned(entries, items, base)
    assert plan.is_empty
    assert (len(plan.held), plan.base) == (1, base)


def test_over_the_maximum_the_surplus_is_held_and_what_espocrm_has_stays() -> None:
    there = [mail(f"n{number}@x.de", primary=number == 0) for number in range(9)]
    entries = [entry(number, item.value) for number, item in enumerate(there)]
    base = [agreed(number, 4, item.value) for number, item in enumerate(there)]
    plan = planned([Entry(50, A), *entries, Entry(51, B)], there, base)
    assert plan.emails == [*there, mail(A)]
    assert [(one.entry_id, one.why) for one in plan.held] == [(51, "EspoCRM takes 10 of a kind at most.")]


def test_at_the_maximum_a_change_still_goes_through() -> None:
    plan = planned([edited(1, B, A)], [mail(A, primary=True)], [agreed(1, 4, A)], most={MAIL: 1, PHONE: 1})
    assert values(plan.emails) == [B]


def test_a_type_that_advoware_has_no_kind_for_is_held() -> None:
    plan = planned([], [phone("+49301234567", "Pager", primary=True), phone("+49307654321")])
    assert [(one.entry_id, one.value) for one in plan.held] == [(0, "+49301234567")]
    assert [write.value for write in plan.advoware] == ["+49307654321"]


def test_a_value_too_long_for_advoware_is_held() -> None:
    plan = planned([], [mail("a" * 30 + "@x.de", primary=True), mail(A)], longest=20)
    assert [write.value for write in plan.advoware] == [A]
    assert [one.why for one in plan.held] == ["Advoware is sent 20 characters at most."]


# --- directions -------------------------------------------------------------------------------------------------------


def everything(direction: Direction, **rules: Any) -> Any:
    """A change of each sort on each side."""
    entries = [
        edited(1, "1new@x.de", "1@x.de"),
        entry(2, "2@x.de", 8),
        entry(3, "030 3333333", 6),
        Entry(5, "5@x.de"),
        edited(7, "7a@x.de", "7@x.de"),
        entry(8, "030 1234567", 1),
    ]
    items = [
        mail("1@x.de", primary=True),
        mail("4@x.de"),
        mail("2new@x.de"),
        mail("7e@x.de"),
        mail("6@x.de"),
        phone("+49301234567", "Fax", primary=True),
    ]
    base = [agreed(1, 4, "1@x.de"), agreed(2, 8, "2@x.de"), agreed(7, 4, "7@x.de"), agreed(3, 6, "030 3333333")]
    base += [agreed(4, 4, "4@x.de"), agreed(8, 1, "030 1234567")]
    return planned(entries, items, base, direction=direction, **rules)


def test_to_espocrm_writes_no_value_to_advoware() -> None:
    plan = everything(Direction.TO_ESPOCRM)
    assert values(plan.emails) == ["1new@x.de", "2new@x.de", "7e@x.de", "6@x.de", "5@x.de"]
    assert {write.why for write in plan.advoware} == {Why.MARKED}
    assert (plan.phones, plan.retyped) == (None, [])


def test_to_advoware_writes_nothing_to_espocrm() -> None:
    plan = everything(Direction.TO_ADVOWARE)
    assert not plan.writes_espocrm
    assert (put(plan, 2).value, put(plan, 3).value, put(plan, 7).value) == ("2new@x.de", "", "7e@x.de")
    assert put(plan, 8).note == "[ESPOCRM-SLOT:1]"
    assert sorted(write.value for write in plan.later) == ["030 1234567", "6@x.de"]


@pytest.mark.parametrize("direction", [Direction.TO_ESPOCRM, Direction.TO_ADVOWARE])
def test_what_a_direction_forbids_waits_and_is_done_once_both_are_allowed(direction: Direction) -> None:
    advoware, espocrm, portal = Advoware(), EspoCrm(), Portal()
    for value in (A, B):
        advoware.post(4, value)
    portal.run(advoware, espocrm)
    advoware.put(1, "new@x.de", advoware.entries[1].note)
    espocrm.put(MAIL, [mail(A, primary=True), mail(C)])
    portal.rules = Rules(direction=direction)
    portal.run(advoware, espocrm)
    assert set(advoware.values()) != set(espocrm.values())
    portal.rules = Rules()
    portal.run(advoware, espocrm)
    assert set(advoware.values()) == set(espocrm.values()) == {(MAIL, "new@x.de"), (MAIL, C)}


# --- a plan -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("policy", Choice)
def test_a_plan_is_the_same_for_the_same_lists(direction: Direction, policy: Choice) -> None:
    plan, again = (everything(direction, policy=policy) for _ in range(2))
    assert plan.digest() == again.digest()
    assert plan.digest() != planned([Entry(1, A)]).digest()


def test_two_empty_lists_are_no_write() -> None:
    plan = planned()
    assert (plan.is_empty, plan.base, plan.slots) == (True, [], 0)


def test_a_number_whose_new_entry_was_begun_does_not_take_the_place_of_another_one_that_left() -> None:
    """A run emptied the entry of a number whose type had changed, and died: the next one goes on as it would have."""
    number, other = "+4930100002", "+4930100003"
    emptied = Entry(1, "", slot(3, ""))
    base = [agreed(1, 3, number), agreed(2, 7, other)]
    begun = [agreed(1, 3, ""), agreed(2, 7, ""), agreed(0, 2, number)]
    plan = planned([emptied, entry(2, other, 7)], [phone(number, "Fax")], base, begun=begun)
    assert [(write.entry_id, write.value) for write in plan.advoware if isinstance(write, Put)] == [(2, "")]
    assert [(write.komm_kz, write.value) for write in plan.later] == [(2, number)]
