"""What a merge cannot know: each case is a documented limit, and nothing else is lost or comes back."""

from __future__ import annotations

import pytest

from integrations.advoware_espocrm.merge import Choice, Rules
from tests.advoware_espocrm.building import MAIL, PHONE, mail, phone
from tests.advoware_espocrm.two_lists import Advoware, Died, EspoCrm, Portal

A, B, C = "a@x.de", "b@x.de", "c@x.de"
Pair = tuple[Portal, Advoware, EspoCrm]


@pytest.fixture
def pair() -> Pair:
    """A party with an address that both have."""
    portal, advoware, espocrm = Portal(), Advoware(), EspoCrm()
    advoware.post(4, A)
    portal.run(advoware, espocrm)
    return portal, advoware, espocrm


def die_after(writes: int, pair: Pair) -> None:
    pair[0].dies_after = writes
    with pytest.raises(Died):
        pair[0].run(*pair[1:])


def test_what_espocrm_got_before_a_death_comes_back_if_it_is_deleted_there_before_the_next_run(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    advoware.put(1, B, advoware.entries[1].note)
    die_after(0, pair)
    espocrm.put(MAIL, [])
    portal.run(advoware, espocrm)
    assert espocrm.values() == advoware.values() == [(MAIL, B)]


def test_what_left_espocrm_before_a_death_leaves_again_if_it_is_entered_there_before_the_next_run(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    advoware.put(1, "", advoware.entries[1].note)
    die_after(0, pair)
    espocrm.put(MAIL, [mail(A, primary=True)])
    portal.run(advoware, espocrm)
    assert espocrm.values() == advoware.values() == []


def test_what_espocrm_got_before_a_death_is_a_conflict_if_it_is_changed_there_before_the_next_run(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    portal.rules = Rules(policy=Choice.ASK)
    advoware.put(1, B, advoware.entries[1].note)
    die_after(0, pair)
    espocrm.put(MAIL, [mail(C, primary=True)])
    portal.run(advoware, espocrm)
    assert [(one.before, one.advoware, one.espocrm) for one in portal.conflicts] == [(A, B, C)]


def test_what_advoware_got_before_a_death_may_be_changed_there_before_the_next_run(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    espocrm.put(MAIL, [])
    portal.run(advoware, espocrm)
    espocrm.put(MAIL, [mail(B, primary=True)])
    die_after(0, pair)
    advoware.put(1, C, advoware.entries[1].note)
    portal.run(advoware, espocrm)
    assert espocrm.values() == advoware.values() == [(MAIL, C)]


def test_with_a_database_of_an_older_day_the_marker_tells_what_was_agreed_on_since(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    older = portal.base
    advoware.put(1, B, advoware.entries[1].note)
    portal.run(advoware, espocrm)
    portal.base = older
    advoware.put(1, C, advoware.entries[1].note)
    portal.run(advoware, espocrm)
    assert espocrm.values() == advoware.values() == [(MAIL, C)]
    assert portal.conflicts == []


def test_with_a_database_of_an_older_day_and_no_markers_a_later_edit_is_a_conflict() -> None:
    portal, advoware, espocrm = Portal(rules=Rules(writes_markers=False)), Advoware(), EspoCrm()
    advoware.post(4, A)
    portal.run(advoware, espocrm)
    older = portal.base
    advoware.put(1, B, advoware.entries[1].note)
    portal.run(advoware, espocrm)
    portal.base, portal.rules = older, Rules(policy=Choice.ASK, writes_markers=False)
    advoware.put(1, C, advoware.entries[1].note)
    portal.run(advoware, espocrm)
    assert [(one.before, one.advoware, one.espocrm) for one in portal.conflicts] == [(A, C, B)]


def test_a_value_changed_together_with_its_type_is_another_one() -> None:
    portal, advoware, espocrm = Portal(), Advoware(), EspoCrm()
    advoware.post(1, "030 1234567", "front desk")
    portal.run(advoware, espocrm)
    espocrm.put(PHONE, [phone("+49307654321", "Fax", primary=True)])
    portal.run(advoware, espocrm)
    assert [(advoware.kinds[one.id], one.value, one.note) for one in advoware.entries.values()] == [
        (1, "", "[ESPOCRM-SLOT:1] front desk"),
        (2, "+49307654321", "[ESPOCRM:KzQ5MzA3NjU0MzIx:2]"),
    ]


def test_with_a_database_of_an_older_day_a_value_deleted_in_advoware_may_come_back(pair: Pair) -> None:
    portal, advoware, espocrm = pair
    older = portal.base
    advoware.put(1, B, advoware.entries[1].note)
    portal.run(advoware, espocrm)
    portal.base = older
    advoware.put(1, "", advoware.entries[1].note)
    portal.run(advoware, espocrm)
    assert espocrm.values() == advoware.values() == [(MAIL, B)]
