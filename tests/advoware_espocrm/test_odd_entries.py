"""What people do to entries and remarks that nobody meant them to do: nothing they typed is lost over it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.advoware_espocrm.mapping import marked, read_remark, slot
from integrations.advoware_espocrm.merge import Choice, Direction
from tests.advoware_espocrm.building import MAIL, Entry, agreed, mail, phone, planned, put, values
from tests.advoware_espocrm.two_lists import Advoware, EspoCrm, Portal

UNSEEN = "\u202a030\xa01234567\u202c"  # as copied from a list of contacts


def test_signs_that_nobody_sees_do_not_make_a_marker_that_is_written_for_ever() -> None:
    advoware, espocrm, portal = Advoware(), EspoCrm(), Portal()
    advoware.post(1, UNSEEN)
    portal.run(advoware, espocrm)
    assert values(espocrm.items) == ["+49301234567"]
    assert portal.run(advoware, espocrm) == 0
    assert advoware.entries[1].value == UNSEEN


@pytest.mark.parametrize("value", ["\u200b", " \xa0 ", "\u202a\u202c"])
def test_an_entry_of_signs_that_nobody_sees_is_empty(value: str) -> None:
    plan = planned([Entry(1, value)], [mail("a@x.de", primary=True)], [agreed(1, 4, "a@x.de")])
    assert plan.emails == []


def test_half_a_sign_does_not_stop_the_party() -> None:
    plan = planned([Entry(1, "\ud83d@x.de"), Entry(2, "b@x.de")])
    assert values(plan.emails) == ["b@x.de"]
    assert [one.entry_id for one in plan.held] == [1]


def test_a_value_of_blanks_is_a_deleted_one() -> None:
    plan = planned([Entry(1, "   ")], [mail("a@x.de", primary=True)], [agreed(1, 4, "a@x.de")])
    assert plan.emails == []
    assert planned([Entry(1, "   ")], [], plan.base).advoware[0].note == "[ESPOCRM-SLOT:4]"


def test_a_marker_that_was_copied_to_a_new_entry_does_not_make_it_a_change() -> None:
    copied = marked("a@x.de", 4, "")
    entries = [Entry(1, "a@x.de", copied), Entry(2, "b@x.de", copied)]
    plan = planned(entries, [mail("c@x.de", primary=True)], [agreed(1, 4, "a@x.de")])
    assert put(plan, 1).value == "c@x.de"
    assert values(plan.emails) == ["c@x.de", "b@x.de"]
    assert plan.conflicts == []


def test_a_copied_marker_does_not_say_of_which_kind_the_other_entry_is() -> None:
    copied = marked("a@x.de", 4, "")
    entries = [Entry(1, "a@x.de", copied), Entry(2, "0171 1234567", copied)]
    plan = planned(entries, [mail("a@x.de", primary=True)], fields={3: "0171 1234567"})
    assert plan.phones == [phone("+491711234567", "Mobile", primary=True)]


def test_a_marker_moved_with_its_value_to_another_entry_is_the_base() -> None:
    note = marked("a@x.de", 4, "")
    plan = planned([Entry(2, "a@x.de", note)], [], [agreed(1, 4, "a@x.de")])
    assert put(plan, 2).note == "[ESPOCRM-SLOT:4]"


def test_the_base_knows_the_kind_better_than_a_marker_that_was_edited() -> None:
    entries = [Entry(1, "030 1234567", marked("030 1234567", 3, "front desk"))]
    plan = planned(entries, [phone("+49301234567", primary=True)], [agreed(1, 1, "030 1234567")])
    assert put(plan, 1).note == marked("030 1234567", 1, "front desk")
    assert plan.base == [agreed(1, 1, "030 1234567")]


def test_advoware_knows_the_kind_better_than_the_base_where_it_tells() -> None:
    entries = [Entry(1, "030 1234567", marked("030 1234567", 1, ""), komm_kz=2)]
    plan = planned(entries, [phone("+49301234567", primary=True)], [agreed(1, 1, "030 1234567")])
    assert plan.base == [agreed(1, 2, "030 1234567", "Office")]
    assert plan.retyped == []


def test_an_entry_that_advoware_says_is_internet_leaves_the_merge() -> None:
    entries = [Entry(1, "a@x.de", marked("a@x.de", 4, ""), komm_kz=5)]
    assert planned(entries, [], [agreed(1, 4, "a@x.de")]).is_empty


def test_an_internet_entry_is_left_alone_beside_a_mail_with_the_same_value() -> None:
    entries = [Entry(1, "a@x.de", marked("a@x.de", 4, "")), Entry(2, "a@x.de", "home page")]
    fields = {4: "a@x.de", 5: "a@x.de"}
    plan = planned(entries, [mail("a@x.de", primary=True)], [agreed(1, 4, "a@x.de")], fields=fields)
    assert plan.is_empty
    assert [row.entry_id for row in plan.base] == [1]


def test_of_two_unknown_entries_with_one_value_a_field_tells_the_kind_of_one() -> None:
    entries = [Entry(1, "a@x.de"), Entry(2, "a@x.de")]
    plan = planned(entries, fields={4: "a@x.de", 5: "a@x.de"})
    assert values(plan.emails) == ["a@x.de"]
    assert [write.note for write in plan.advoware] == [marked("a@x.de", 4, "")]


def test_a_value_internet_has_too_gets_an_entry_of_its_own_when_espocrm_has_it() -> None:
    advoware, espocrm, portal = Advoware(), EspoCrm(), Portal()
    advoware.post(5, "a@x.de")
    espocrm.put(MAIL, [mail("a@x.de", primary=True)])
    portal.run(advoware, espocrm)
    assert [advoware.kinds[entry.id] for entry in advoware.entries.values()] == [5, 4]
    assert [entry.note for entry in advoware.entries.values()] == ["", marked("a@x.de", 4, "")]
    espocrm.put(MAIL, [])
    portal.run(advoware, espocrm)
    assert [entry.value for entry in advoware.entries.values()] == ["a@x.de", ""]


def test_both_values_of_a_conflict_are_kept_once_where_the_old_one_stood_twice() -> None:
    entries = [Entry(1, "b@x.de"), Entry(2, "b@x.de"), Entry(3, "a@x.de")]
    base = [agreed(number, 4, "a@x.de") for number in (1, 2, 3)]
    plan = planned(entries, [mail("c@x.de", primary=True)], base, policy=Choice.BOTH)
    assert values(plan.emails) == ["c@x.de", "b@x.de"]
    assert [write.value for write in plan.advoware if write.why != "marked"] == ["c@x.de"]
    entries = entries[:2]
    plan = planned(entries, [mail("c@x.de", primary=True)], base[:2], policy=Choice.BOTH)
    assert [write.value for write in plan.advoware if write.why != "marked"] == ["c@x.de"]


def test_a_number_that_espocrm_has_in_two_spellings_leaves_at_once() -> None:
    items = [phone("030 1234567", primary=True), phone("+49 30 1234567")]
    plan = planned([], items, [agreed(1, 1, "030 1234567")], is_international=False)
    assert plan.phones == []


def test_a_new_number_in_two_spellings_becomes_one_entry() -> None:
    items = [phone("030 1234567", primary=True), phone("+49 30 1234567")]
    plan = planned([], items, is_international=False)
    assert [write.value for write in plan.advoware] == ["030 1234567"]


def test_one_of_two_spellings_takes_the_place_of_one_number_alone() -> None:
    entries = [Entry(1, "030 1"), Entry(2, "030 2")]
    base = [agreed(1, 1, "030 1"), agreed(2, 1, "030 2")]
    items = [phone("030 1234567", primary=True), phone("+49 30 1234567")]
    plan = planned(entries, items, base, is_international=False)
    assert [(write.value, str(write.why)) for write in plan.advoware] == [("", "deleted"), ("030 1234567", "updated")]


def test_a_type_that_advoware_has_no_kind_for_is_told_as_long_as_it_stands() -> None:
    entries, items = [Entry(1, "030 1234567")], [phone("+49301234567", "Pager", primary=True)]
    plan = planned(entries, items, [agreed(1, 1, "030 1234567")])
    again = planned(entries, items, plan.base)
    assert [one.why for one in again.held] == ["Advoware has no kind of entry for the type Pager."]
    back = planned(entries, [phone("+49301234567", primary=True)], again.base)
    assert (back.held, back.retyped) == ([], [])


def test_a_changed_type_waits_where_advoware_is_not_written() -> None:
    entries, items = [Entry(1, "030 1234567")], [phone("+49301234567", "Fax", primary=True)]
    base = [agreed(1, 1, "030 1234567")]
    plan = planned(entries, items, base, direction=Direction.TO_ESPOCRM, writes_markers=False)
    assert plan.is_empty
    assert (plan.retyped, plan.base) == ([], base)


def test_an_extension_that_espocrm_would_drop_is_held() -> None:
    plan = planned([Entry(1, "030 1234567 #12")], fields={1: "030 1234567 #12"})
    assert plan.is_empty
    assert [one.entry_id for one in plan.held] == [1]


def test_a_text_that_leaves_no_room_for_a_marker_is_kept_without_one() -> None:
    advoware, espocrm, portal = Advoware(), EspoCrm(), Portal()
    portal.rules = type(portal.rules)(longest=30)
    entry = advoware.post(4, "a@x.de", "t" * 30)
    portal.run(advoware, espocrm)
    assert advoware.entries[entry].note == "t" * 30
    espocrm.put(MAIL, [])
    portal.run(advoware, espocrm)
    assert (advoware.entries[entry].value, advoware.entries[entry].note) == ("", "t" * 30)
    assert portal.run(advoware, espocrm) == 0


def test_a_stale_marker_of_another_kind_goes_where_there_is_no_room_for_a_new_one() -> None:
    entries = [Entry(1, "a" * 20 + "@x.de", marked("b@x.de", 8, "text"))]
    items = [mail("a" * 20 + "@x.de", primary=True)]
    plan = planned(entries, items, [agreed(1, 4, "a" * 20 + "@x.de")], longest=30)
    assert put(plan, 1).note == "text"
    assert planned([Entry(1, "a" * 20 + "@x.de", "text")], items, plan.base, longest=30).is_empty


def test_a_write_that_was_begun_is_not_taken_for_one_in_the_other_list() -> None:
    begun = [agreed(0, 10, "a@x.de")]  # a number of the kind Sonstige that looks like an address
    plan = planned([Entry(1, "a@x.de")], [], [], begun=begun)
    assert values(plan.emails) == ["a@x.de"]
    assert plan.phones is None


def test_a_number_whose_type_espocrm_does_not_know_is_held_also_beside_one_that_stays() -> None:
    entries = [Entry(1, "030 1234568"), Entry(2, "030 1234567")]
    base = [agreed(1, 2, "030 1234567"), agreed(2, 1, "030 1234567")]
    plan = planned(entries, [phone("+49301234567", primary=True)], base, types=frozenset({"Office"}))
    assert not plan.writes_espocrm
    assert [one.why for one in plan.held] == ["EspoCRM has no phone type Fax."]


def test_a_slot_marker_copied_to_an_entry_with_a_value_makes_it_new() -> None:
    plan = planned([Entry(1, "a@x.de", slot(4, "text"))])
    assert values(plan.emails) == ["a@x.de"]
    assert read_remark(put(plan, 1).note).text == "text"


def test_one_value_in_both_lists_is_two_entries() -> None:
    entries = [Entry(1, "a@x.de", marked("a@x.de", 4, "")), Entry(2, "a@x.de", marked("a@x.de", 10, ""))]
    items = [mail("a@x.de", primary=True)]
    base = [agreed(1, 4, "a@x.de"), agreed(2, 10, "a@x.de")]
    plan = planned(entries, items, base, is_international=False)
    assert (put(plan, 2).value, put(plan, 2).note) == ("", slot(10, ""))
    assert [write.entry_id for write in plan.advoware if hasattr(write, "entry_id")] == [2]


def test_where_one_entry_still_has_the_old_value_what_another_became_is_no_conflict() -> None:
    entries = [Entry(1, "b@x.de"), Entry(2, "a@x.de")]
    base = [agreed(1, 4, "a@x.de"), agreed(2, 4, "a@x.de")]
    plan = planned(entries, [mail("c@x.de", primary=True)], base, policy=Choice.ASK)
    assert plan.conflicts == []
    assert put(plan, 2).value == "c@x.de"
    assert values(plan.emails) == ["c@x.de", "b@x.de"]


def test_a_slot_with_a_marker_was_filled_by_a_write_the_base_does_not_know() -> None:
    entries = [Entry(1, "b@x.de", marked("a@x.de", 4, ""))]
    plan = planned(entries, [mail("a@x.de", primary=True)], [agreed(1, 4)])
    assert plan.emails == [mail("b@x.de", primary=True)]


def test_a_slot_that_was_filled_before_the_run_that_made_it_went_on_is_new_also_without_markers() -> None:
    items = [phone("+49301234567", "Fax", primary=True)]  # it was a number for calls: a slot, and then a new entry
    base, begun = [agreed(1, 1, "030 1234567")], [agreed(1, 1), agreed(0, 2, "030 1234567")]
    plan = planned([Entry(1, "030 7654321")], items, base, begun=begun, writes_markers=False)
    assert values(plan.phones) == ["+49301234567", "+49307654321"]
    assert [write.value for write in plan.advoware] == ["030 1234567"]


def test_a_value_that_is_entered_anew_has_not_become_what_arrived() -> None:
    entries, items = [Entry(1, "b@x.de"), Entry(2, "a@x.de")], [mail("c@x.de", primary=True)]
    plan = planned(entries, items, [agreed(1, 4, "a@x.de")], policy=Choice.ASK)
    assert values(plan.emails) == ["c@x.de", "b@x.de", "a@x.de"]
    assert plan.conflicts == []
    assert [write.value for write in plan.advoware if write.why == "created"] == ["c@x.de"]


def test_a_slot_marker_that_nobody_refreshed_brings_nothing_back() -> None:
    entries, base = [Entry(1, "a@x.de", slot(4, ""))], [agreed(1, 4, "a@x.de"), agreed(2, 4, "b@x.de")]
    plan = planned(entries, [mail("b@x.de", primary=True)], base, writes_markers=False)
    assert put(plan, 1).why == "deleted"
    after = planned(entries, [], plan.base, begun=plan.begun(), writes_markers=False)
    assert put(after, 1).why == "deleted"
    assert not after.writes_espocrm


VALUES = st.text(max_size=12) | st.sampled_from(["a@x.de", "030 1234567", "DE.BRAK.1", " ", UNSEEN])
NOTES = (
    st.text(max_size=12)
    | st.builds(marked, VALUES, st.integers(0, 14), VALUES)
    | st.builds(slot, st.integers(0, 14), VALUES)
)


@given(st.lists(st.tuples(VALUES, NOTES, st.integers(0, 13)), max_size=6), st.lists(VALUES, max_size=4))
def test_nothing_that_people_enter_stops_the_merge(typed: list[tuple[str, str, int]], shown: list[str]) -> None:
    entries = [Entry(number, value, note, komm_kz=kind) for number, (value, note, kind) in enumerate(typed)]
    items = [phone(value, "Pager") for value in shown] + [mail(value) for value in shown]
    first = planned(entries, items, fields=dict(enumerate(shown)))
    again = planned(entries, items, first.base, begun=first.begun(), fields=dict(enumerate(shown)))
    assert first.digest()
    assert {row.entry_id for row in again.base} <= {entry.id for entry in entries}
