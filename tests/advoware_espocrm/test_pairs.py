"""One pair and both programs: the scenarios of the source document, at the wire."""

from __future__ import annotations

import base64

import pytest

from integrations.advoware_espocrm.models import Conflict, HeldValue, Slot, TypeChange
from integrations.core.models import RecordLink

from .scene import PARTY, Scene

pytestmark = pytest.mark.django_db(transaction=True)
MAX = "max@example.com"


def marker(value: str, kind: int, text: str = "") -> str:
    return f"[ESPOCRM:{base64.b64encode(value.encode()).decode()}:{kind}]{' ' + text if text else ''}"


def test_what_advoware_has_goes_to_the_record_of_that_party_number_and_is_marked(scene: Scene) -> None:
    scene.a_party((4, MAX), (3, "0172 1234567"), (1, "030/1234567"))
    contact = scene.a_contact()
    run = scene.reconcile()
    assert run.outcome == "1 read; 1 created."
    assert scene.emails(contact) == [MAX]
    assert sorted(scene.phones(contact)) == [("+491721234567", "Mobile"), ("+49301234567", "Office")]
    assert [note for _, _, note in scene.entries()] == [
        marker(MAX, 4),
        marker("0172 1234567", 3),
        marker("030/1234567", 1),
    ]
    assert RecordLink.objects.get(object_type="party").right_id == contact


def test_what_espocrm_has_goes_to_advoware_as_new_entries(scene: Scene) -> None:
    scene.a_party()
    scene.a_contact("erika@example.com", "+49301234567")
    scene.reconcile()
    assert scene.entries() == [
        (4, "erika@example.com", marker("erika@example.com", 4)),
        (3, "+49301234567", marker("+49301234567", 3)),
    ]


def test_a_second_run_writes_nothing_and_one_after_it_reads_each_party_once(scene: Scene) -> None:
    scene.a_pair((4, MAX), (3, "0172 1234567"))
    scene.reconcile()
    assert scene.writes() == []
    scene.forget()
    scene.reconcile()
    assert scene.reads() == [f"Beteiligte/{PARTY}", "CBeteiligte"]


def test_a_value_deleted_in_espocrm_leaves_an_empty_slot(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_espocrm("remove_value", party=contact, value=MAX)
    scene.reconcile()
    assert scene.entries() == [(4, "", "[ESPOCRM-SLOT:4]")]
    assert [row.entry_id for row in Slot.objects.all()] == scene.entry_ids()


def test_a_value_changed_in_espocrm_is_written_into_its_entry(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_espocrm("replace_value", party=contact, value=MAX, by="new@example.com")
    scene.reconcile()
    assert scene.entries() == [(4, "new@example.com", marker("new@example.com", 4))]


def test_a_value_new_in_espocrm_uses_the_empty_slot_of_its_kind(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_espocrm("remove_value", party=contact, value=MAX)
    scene.reconcile()
    scene.in_espocrm("add_value", party=contact, value="new@example.com")
    scene.reconcile()
    assert scene.entries() == [(4, "new@example.com", marker("new@example.com", 4))]
    assert not Slot.objects.exists()


def test_a_value_changed_in_advoware_is_found_in_its_turn(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="new@example.com")
    scene.reconcile()
    assert scene.emails(contact) == ["new@example.com"]
    assert scene.entries() == [(4, "new@example.com", marker("new@example.com", 4))]


def test_a_hint_of_the_firm_is_worked_off_at_once(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="new@example.com")
    assert scene.hint(PARTY) == 202
    assert scene.emails(contact) == ["new@example.com"]


def test_an_entry_deleted_in_advoware_leaves_espocrm(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX), (4, "other@example.com"))
    scene.in_advoware("delete_entry", entry=scene.entry_ids()[0])
    scene.reconcile()
    assert scene.emails(contact) == ["other@example.com"]


def test_a_value_changed_on_both_sides_is_kept_with_both_and_espocrm_wins(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="left@example.com")
    scene.in_espocrm("replace_value", party=contact, value=MAX, by="right@example.com")
    scene.reconcile()
    assert scene.emails(contact) == ["right@example.com"]
    assert scene.entries()[0][1] == "right@example.com"
    told = Conflict.objects.get()
    assert (told.before, told.advoware, told.espocrm, told.choice) == (
        MAX,
        "left@example.com",
        "right@example.com",
        "espocrm",
    )


def test_asked_both_stay_until_somebody_chooses_and_nothing_is_written(scene: Scene) -> None:
    scene.options(conflict_policy="ask")
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="left@example.com")
    scene.in_espocrm("replace_value", party=contact, value=MAX, by="right@example.com")
    scene.reconcile()
    scene.reconcile()
    assert scene.writes() == []
    assert Conflict.objects.get().choice == ""


def test_a_value_that_espocrm_would_refuse_is_held_alone(scene: Scene) -> None:
    scene.a_party((12, "DE.BRAK.12345"), (4, MAX))
    contact = scene.a_contact()
    scene.reconcile()
    assert scene.emails(contact) == [MAX]
    held = HeldValue.objects.get()
    assert held.why
    assert "BRAK" not in held.why
    assert scene.held() == []


def test_a_type_changed_in_espocrm_empties_the_entry_and_makes_another(scene: Scene) -> None:
    _, contact = scene.a_pair((1, "030/1234567"))
    scene.in_espocrm("flag_value", party=contact, value="+49301234567", type="Mobile")
    scene.reconcile()
    assert [(kind, value) for kind, value, _ in scene.entries()] == [(1, ""), (3, "030/1234567")]
    assert [(row.before, row.after) for row in TypeChange.objects.all()] == [(1, 3)]


def test_the_type_of_a_number_that_others_have_too_is_not_compared(scene: Scene) -> None:
    _, contact = scene.a_pair((1, "030/1234567"))
    scene.a_contact({"phoneNumber": "+49301234567", "type": "Mobile"}, betnr=60_001)
    scene.in_espocrm("flag_value", party=contact, value="+49301234567", type="Mobile", primary=True)
    scene.reconcile()
    assert [(kind, value) for kind, value, _ in scene.entries()] == [(1, "030/1234567")]


def test_an_opt_out_that_another_party_has_survives_a_value_that_is_added(scene: Scene) -> None:
    other = scene.a_contact(MAX, betnr=60_001)
    scene.in_espocrm("flag_value", party=other, value=MAX, optOut=True)
    scene.a_party((4, MAX))
    contact = scene.a_contact()
    scene.reconcile()
    assert [item["optOut"] for item in scene.record(contact)["emailAddressData"]] == [True]
    assert [item["optOut"] for item in scene.record(other)["emailAddressData"]] == [True]


def test_two_records_of_one_party_number_are_a_conflict_and_never_guessed(scene: Scene) -> None:
    scene.a_party((4, MAX))
    scene.a_contact()
    scene.a_contact()
    scene.reconcile()
    assert "2 parties of the number" in scene.held()[0]
    assert scene.writes() == []


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(scene: Scene) -> None:
    scene.a_party((4, MAX), (1, "030/1234567"))
    scene.a_contact("erika@example.com")
    run = scene.reconcile(is_dry=True)
    assert scene.writes() == []
    assert run.entries.get().writes == [
        f"EspoCRM: e-mail addresses become erika@example.com, {MAX}",
        "EspoCRM: phone numbers become +49301234567 (Office)",
        "Advoware: new MailGesch “erika@example.com”",
        "Advoware: marker of entry 88004 (MailGesch)",
        "Advoware: marker of entry 88005 (TelGesch)",
    ]


def test_a_record_that_is_gone_makes_the_pair_missing_and_changes_nothing(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_espocrm("delete_party", party=contact)
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="new@example.com")
    scene.reconcile()
    assert RecordLink.objects.get(object_type="party").state == "missing"
    assert scene.writes() == []


def test_a_change_is_found_where_the_clock_of_espocrm_is_behind(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.espocrm.data.clock.pass_seconds(-600)
    scene.reconcile()
    scene.in_espocrm("add_value", party=contact, value="new@example.com")
    scene.reconcile()
    assert [value for _, value, _ in scene.entries()] == [MAX, "new@example.com"]


def test_several_values_that_are_gone_from_espocrm_at_once_are_held_and_not_deleted(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX), (3, "0172 1234567"))
    scene.in_espocrm("edit_party", party=contact, emailAddressData=[], phoneNumberData=[])
    scene.reconcile()
    assert scene.writes() == []
    assert "All values are gone from EspoCRM at once" in scene.held()[0]
    scene.in_espocrm("add_value", party=contact, value="+491721234567")
    scene.reconcile()
    assert [value for _, value, _ in scene.entries()] == ["", "0172 1234567"]
    assert scene.held() == []


def test_several_entries_that_are_gone_from_advoware_at_once_are_held_and_not_deleted(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX), (3, "0172 1234567"))
    for entry in scene.entry_ids():
        scene.in_advoware("delete_entry", entry=entry)
    scene.reconcile()
    assert scene.writes() == []
    assert "All values are gone from Advoware at once" in scene.held()[0]
    assert scene.emails(contact) == [MAX]


def test_the_markers_of_another_record_empty_nothing(scene: Scene) -> None:
    """A party whose entries were marked by an earlier tool meets a record that has none of them."""
    scene.a_party((4, MAX), (3, "0172 1234567"))
    for entry, (kind, value) in zip(scene.entry_ids(), ((4, MAX), (3, "0172 1234567")), strict=True):
        scene.in_advoware("edit_entry", entry=entry, bemerkung=marker(value, kind))
    scene.a_contact()
    scene.reconcile()
    assert [value for _, value, _ in scene.entries()] == [MAX, "0172 1234567"]
    assert "All values are gone from EspoCRM at once" in scene.held()[0]
