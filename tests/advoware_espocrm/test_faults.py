"""Each kind of write, and every way its answer can get lost or spoiled: what follows ends as it would have without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from integrations.advoware_espocrm.models import HeldValue
from integrations.core.models import HeldItem

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "old@example.com", "new@example.com"
LOST = ("answer_lost", "committed_500", "html_500", "garbage", "not_received", "html_503", "429", "500_errors")
FAST = ("answer_lost", "garbage", "html_503")


@dataclass(frozen=True)
class Case:
    """Something that somebody does, and the first write that follows from it."""

    name: str
    vendor: str
    method: str
    act: Callable[[Scene, str], None]
    ends: tuple[list[tuple[int, str]], list[str]]  # kinds and values in Advoware, addresses in EspoCRM


CASES = (
    Case(
        "a new address of EspoCRM becomes a new entry",
        "advoware",
        "POST",
        lambda scene, contact: scene.in_espocrm("add_value", party=contact, value=NEW),
        ([(4, OLD), (4, NEW)], [OLD, NEW]),
    ),
    Case(
        "a changed address of EspoCRM is written into its entry",
        "advoware",
        "PUT",
        lambda scene, contact: scene.in_espocrm("replace_value", party=contact, value=OLD, by=NEW),
        ([(4, NEW)], [NEW]),
    ),
    Case(
        "a deleted address of EspoCRM empties its entry",
        "advoware",
        "PUT",
        lambda scene, contact: scene.in_espocrm("remove_value", party=contact, value=OLD),
        ([(4, "")], []),
    ),
    Case(
        "a new entry of Advoware is given to EspoCRM",
        "espocrm",
        "PUT",
        lambda scene, _: scene.in_advoware("new_entry", betnr=50_001, tlf=NEW, komm_kz=4),
        ([(4, OLD), (4, NEW)], [OLD, NEW]),
    ),
    Case(
        "a changed entry of Advoware is given to EspoCRM",
        "espocrm",
        "PUT",
        lambda scene, _: scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf=NEW),
        ([(4, NEW)], [NEW]),
    ),
    Case(
        "an entry that was deleted in Advoware leaves EspoCRM",
        "espocrm",
        "PUT",
        lambda scene, _: scene.in_advoware("delete_entry", entry=scene.entry_ids()[0]),
        ([], []),
    ),
)


@pytest.mark.parametrize("fault", FAST)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_write_without_a_good_answer_is_neither_lost_nor_doubled(scene: Scene, case: Case, fault: str) -> None:
    _spoiled(scene, case, fault)


@pytest.mark.proof
@pytest.mark.parametrize("markers", [True, False], ids=["with markers", "without markers"])
@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_fault_of_every_write(scene: Scene, case: Case, fault: str, markers: bool) -> None:
    scene.options(write_markers=markers)
    _spoiled(scene, case, fault)


def _spoiled(scene: Scene, case: Case, fault: str) -> None:
    _, contact = scene.a_pair((4, OLD))
    case.act(scene, contact)
    simulator = scene.advoware if case.vendor == "advoware" else scene.espocrm
    simulator.fault(fault, method=case.method, path="Kommunikationen" if case.vendor == "advoware" else "CBeteiligte")
    for _ in range(3):
        scene.reconcile()
        scene.work()
    assert not simulator.faults, "the fault was met"
    assert sorted(_shown(scene, contact)[0]) == sorted(case.ends[0])
    assert sorted(_shown(scene, contact)[1]) == sorted(case.ends[1])
    assert not HeldItem.objects.filter(state=HeldItem.State.HELD).exists()
    scene.forget()
    scene.reconcile()
    assert scene.writes() == []


def _shown(scene: Scene, contact: str) -> tuple[list[tuple[int, str]], list[str]]:
    return [(kind, value) for kind, value, _ in scene.entries()], scene.emails(contact)


def test_an_edit_made_between_the_read_and_the_write_is_not_overwritten(scene: Scene) -> None:
    _, contact = scene.a_pair((4, OLD))
    scene.in_advoware("new_entry", betnr=50_001, tlf=NEW, komm_kz=4)
    edit = {"action": "add_value", "party": contact, "value": "theirs@example.com"}
    scene.espocrm.fault("meanwhile", method="GET", path=f"CBeteiligte/{contact}", value=edit)
    scene.reconcile()
    scene.reconcile()
    assert sorted(scene.emails(contact)) == sorted([OLD, NEW, "theirs@example.com"])
    assert sorted(value for _, value, _ in scene.entries()) == sorted([OLD, NEW, "theirs@example.com"])


@pytest.mark.parametrize("is_seen", [True, False], ids=["looked at before", "not looked at"])
def test_a_write_that_arrives_late_is_refused_where_espocrm_counts_versions(scene: Scene, is_seen: bool) -> None:
    scene.espocrm.do("switch", {"name": "version_control", "value": True})
    _, contact = scene.a_pair((4, OLD))
    scene.in_advoware("new_entry", betnr=50_001, tlf=NEW, komm_kz=4)
    scene.espocrm.fault("late_commit", method="PUT", path=f"CBeteiligte/{contact}")
    scene.reconcile()
    scene.in_espocrm("add_value", party=contact, value="theirs@example.com")
    if is_seen:
        scene.reconcile()
    assert scene.espocrm.commit_pending() == 1
    scene.reconcile()
    everybody = sorted([OLD, NEW, "theirs@example.com"])
    assert sorted(scene.emails(contact)) == everybody
    assert sorted(value for _, value, _ in scene.entries()) == everybody


def test_arrays_that_merged_at_espocrm_are_read_back_and_go_on_from_there(scene: Scene) -> None:
    _, contact = scene.a_pair((4, OLD))
    scene.in_advoware("new_entry", betnr=50_001, tlf=NEW, komm_kz=4)
    item = {"emailAddress": "theirs@example.com", "primary": True}
    scene.in_espocrm("save_at_once", party=contact, emailAddressData=[item])
    scene.reconcile()
    scene.reconcile()
    assert sorted(scene.emails(contact)) == sorted(value for _, value, _ in scene.entries() if value)
    assert "theirs@example.com" in scene.emails(contact)


def test_a_value_that_espocrm_alone_refuses_is_found_and_held_and_the_others_go_on(scene: Scene) -> None:
    """The portal thought it good, and EspoCRM names the field and no value."""
    odd = "rosa@example.xn--p1ai"
    _, contact = scene.a_pair((4, OLD))
    for value in (odd, "fine@example.com", "good@example.com"):
        scene.in_advoware("new_entry", betnr=50_001, tlf=value, komm_kz=4)
    scene.reconcile()
    assert scene.emails(contact) == [OLD, "fine@example.com", "good@example.com"]
    held = HeldValue.objects.get()
    assert (held.value, held.is_refused) == (odd, True)
    scene.forget()
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf=NEW)
    scene.reconcile()
    assert scene.emails(contact) == [NEW, "fine@example.com", "good@example.com"]
    assert [call.status for call in scene.espocrm.calls if call.method == "PUT"] == [200]


def test_what_advoware_refuses_holds_the_pair_and_the_other_values_go_on(scene: Scene) -> None:
    _, contact = scene.a_pair((4, OLD))
    scene.in_espocrm("add_value", party=contact, value="one@example.com")
    scene.in_espocrm("add_value", party=contact, value="two@example.com")
    scene.advoware.fault("500_errors", method="POST", path="Kommunikationen", value="Wert nicht erlaubt")
    for _ in range(3):
        scene.reconcile()
    assert [value for _, value, _ in scene.entries()] == [OLD, "one@example.com", "two@example.com"]


def test_a_firm_that_is_offline_at_night_is_waited_for(scene: Scene) -> None:
    _, contact = scene.a_pair((4, OLD))
    scene.in_espocrm("add_value", party=contact, value=NEW)
    scene.advoware.do("switch", {"name": "is_online", "value": False})
    scene.reconcile()
    assert not HeldItem.objects.exclude(cause="temporary").exists()
    scene.advoware.do("switch", {"name": "is_online", "value": True})
    scene.reconcile()
    scene.reconcile()
    assert [value for _, value, _ in scene.entries()] == [OLD, NEW]


def test_who_dies_after_a_new_entry_finds_it_without_any_marker(scene: Scene) -> None:
    """The answer is lost, EspoCRM's value is changed before the next run: the entry is still known as ours."""
    scene.options(write_markers=False)
    _, contact = scene.a_pair((4, OLD))
    scene.in_espocrm("add_value", party=contact, value=NEW)
    scene.advoware.fault("answer_lost", method="POST", path="Kommunikationen")
    scene.reconcile()
    scene.in_espocrm("replace_value", party=contact, value=NEW, by="newer@example.com")
    scene.reconcile(minutes=20)
    scene.reconcile(minutes=20)
    assert [value for _, value, _ in scene.entries()] == [OLD, "newer@example.com"]
