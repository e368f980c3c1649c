"""What people see of contact data, whichever EspoCRM it is. What only a simulator can do, misbehave and show its
ledger, is in tests/advoware_espocrm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from integrations.advoware_espocrm.models import Conflict, HeldValue
from integrations.core.models import HeldItem, RecordLink

from .contacts import Contacts, contacts, of, phone


@pytest.fixture
def pair(where: str, transactional_db: None) -> Iterator[Contacts]:
    with contacts(where) as made:
        yield made


def test_what_advoware_has_goes_to_the_record_and_a_second_run_writes_nothing(pair: Contacts) -> None:
    mail, number = pair.espocrm.address("Max"), pair.espocrm.number(1)
    record = pair.a_pair((4, mail), (3, f"0{number.removeprefix('+49')}"))
    assert pair.addresses(record) == [mail.lower()]
    assert pair.numbers(record) == [(number, "Mobile")]
    assert all(row["bemerkung"].startswith("[ESPOCRM:") for row in pair.advoware.data.entries_of(pair.number))
    before, calls = pair.now(record), len(pair.advoware.calls)
    run = pair.reconcile()
    assert (run.created, run.updated, run.held) == (0, 0, 0)
    assert pair.now(record) == before
    assert [call.method for call in pair.advoware.calls[calls:]] == ["GET"]


def test_what_espocrm_has_goes_to_advoware(pair: Contacts) -> None:
    mail = pair.espocrm.address("erika")
    record = pair.a_pair(emails=of(mail))
    pair.save(record, phones=phone(pair.espocrm.number(2), "Office"))
    pair.reconcile()
    assert pair.entries() == [(1, pair.espocrm.number(2)), (4, mail)]


def test_changes_go_both_ways(pair: Contacts) -> None:
    old, other = pair.espocrm.address("old"), pair.espocrm.address("other")
    record = pair.a_pair((4, old), (4, other))
    pair.edit(old, pair.espocrm.address("left"))
    kept = [one if one.key == old else replace(one, address=pair.espocrm.address("right")) for one in record.emails]
    pair.save(record, emails=kept)
    for _ in range(2):
        pair.reconcile()
    wanted = sorted(pair.espocrm.address(name) for name in ("left", "right"))
    assert [value for _, value in pair.entries()] == pair.addresses(record) == wanted


def test_a_webhook_is_worked_off_at_once(pair: Contacts) -> None:
    record = pair.a_pair((4, pair.espocrm.address("old")))
    pair.save(record, emails=of(pair.espocrm.address("new")))
    pair.hint(record)
    assert pair.entries() == [(4, pair.espocrm.address("new"))]


def test_what_is_deleted_on_one_side_leaves_the_other(pair: Contacts) -> None:
    names = [pair.espocrm.address(name) for name in ("stays", "left", "right")]
    record = pair.a_pair(*((4, name) for name in names))
    pair.edit(names[1], "")
    pair.save(record, emails=[one for one in record.emails if one.key != names[2]])
    for _ in range(2):
        pair.reconcile()
    assert pair.addresses(record) == [names[0]]
    assert pair.entries() == [(4, ""), (4, ""), (4, names[0])]


def test_a_type_changed_in_espocrm_empties_the_entry_and_makes_another(pair: Contacts) -> None:
    number = pair.espocrm.number(3)
    record = pair.a_pair((1, number))
    pair.save(record, phones=phone(number, "Mobile"))
    for _ in range(2):
        pair.reconcile()
    assert pair.entries() == [(1, ""), (3, number)]
    assert pair.numbers(record) == [(number, "Mobile")]


def test_flags_and_the_primary_stay_as_people_set_them(pair: Contacts) -> None:
    names = [pair.espocrm.address(name) for name in ("one", "two")]
    record = pair.a_pair(*((4, name) for name in names))
    pair.save(
        record, emails=[replace(one, primary=one.key == names[1], opt_out=one.key == names[1]) for one in record.emails]
    )
    pair.reconcile()
    pair.enter(4, pair.espocrm.address("three"))
    pair.reconcile()
    now = {one.key: (one.primary, one.opt_out) for one in pair.now(record).emails}
    assert now == {
        names[0]: (False, False),
        names[1]: (True, True),
        pair.espocrm.address("three"): (False, False),
    }


def test_a_value_changed_on_both_sides_is_kept_with_both_and_espocrm_wins(pair: Contacts) -> None:
    old, left, right = (pair.espocrm.address(name) for name in ("old", "left", "right"))
    record = pair.a_pair((4, old))
    pair.edit(old, left)
    pair.save(record, emails=of(right))
    for _ in range(2):
        pair.reconcile()
    assert pair.addresses(record) == [right]
    assert pair.entries() == [(4, right)]
    assert [(row.before, row.advoware, row.espocrm) for row in Conflict.objects.all()] == [(old, left, right)]


def test_a_value_that_espocrm_refuses_is_held_alone(pair: Contacts) -> None:
    mail = pair.espocrm.address("fine")
    record = pair.a_pair((12, "DE.BRAK.12345"), (4, mail))
    assert pair.addresses(record) == [mail]
    assert [row.value for row in HeldValue.objects.all()] == ["DE.BRAK.12345"]
    assert not HeldItem.objects.exists()


def test_a_record_that_is_gone_makes_the_pair_missing_and_changes_nothing(pair: Contacts) -> None:
    mail = pair.espocrm.address("old")
    record = pair.a_pair((4, mail))
    pair.espocrm.delete(record.id)
    pair.enter(4, pair.espocrm.address("new"))
    pair.reconcile()
    assert RecordLink.objects.get(right_id=record.id).state == RecordLink.State.MISSING
    assert len(pair.entries()) == 2
