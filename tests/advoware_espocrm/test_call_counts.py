"""M1, M2: exactly these calls to each program for each act, and no other: the table of docs/advoware-espocrm.md."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .scene import PARTY, Scene

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "old@example.com", "new@example.com"
PHONE, OTHER = "+49302311101", "+49302311102"

# Calls to Advoware and to EspoCRM, by what happens. Beside them: a login to Advoware and a look at the settings of
# EspoCRM, each about once an hour.
CALLS: dict[str, tuple[int, int]] = {
    "a reconcile that finds nothing, with one pair in its turn": (1, 1),
    "a reconcile that finds nothing, with three pairs in their turn": (3, 1),
    "a hint of the firm, and nothing has changed": (1, 0),
    "a webhook of EspoCRM, and nothing has changed": (0, 1),
    "a new value in Advoware": (4, 7),
    "a new value in Advoware, without markers": (2, 6),
    "a new number in Advoware": (4, 8),
    "a changed value in Advoware": (4, 7),
    "a deleted value in Advoware": (2, 5),
    "a new value in EspoCRM": (3, 2),
    "a changed value in EspoCRM": (3, 2),
    "a deleted value in EspoCRM": (3, 2),
    "a changed type in EspoCRM": (5, 4),
    "five new values in EspoCRM": (7, 2),
    "five new values in Advoware": (8, 11),
    "a new pair that has the same value on both sides": (3, 4),
    "a dry run over a new pair that has a value on each side": (1, 4),
}


def calls_of(scene: Scene) -> tuple[int, int]:
    left = [call for call in scene.advoware.calls if "/advonet/" in call.path]
    right = [call for call in scene.espocrm.calls if not call.path.endswith("/Settings")]
    return len(left), len(right)


def _quiet(scene: Scene, *, pairs: int) -> None:
    for betnr in range(PARTY, PARTY + pairs):
        scene.a_pair((4, f"{betnr}@example.com"), betnr=betnr)
    scene.reconcile()


def _hint(scene: Scene) -> None:
    scene.a_pair((4, OLD))
    scene.hint(PARTY)


def _webhook(scene: Scene) -> None:
    _, contact = scene.a_pair((4, OLD))
    scene.webhook(contact)


def _new_in_advoware(scene: Scene, *values: tuple[int, str], markers: bool = True) -> None:
    scene.options(write_markers=markers)
    scene.a_pair((4, OLD))
    for komm_kz, value in values:
        scene.in_advoware("new_entry", betnr=PARTY, tlf=value, komm_kz=komm_kz)
    scene.hint(PARTY)


def _changed_in_advoware(scene: Scene) -> None:
    scene.a_pair((4, OLD))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf=NEW)
    scene.hint(PARTY)


def _deleted_in_advoware(scene: Scene) -> None:
    scene.a_pair((4, OLD))
    scene.in_advoware("delete_entry", entry=scene.entry_ids()[0])
    scene.hint(PARTY)


def _in_espocrm(scene: Scene, *acts: tuple[str, dict[str, str]]) -> None:
    _, contact = scene.a_pair((4, OLD), (1, PHONE))
    for act, values in acts:
        scene.in_espocrm(act, party=contact, **values)
    scene.webhook(contact)


def _new_pair(scene: Scene, *, left: str, right: str, is_dry: bool = False) -> None:
    scene.a_party()
    scene.a_contact(betnr=PARTY + 1)
    scene.reconcile()  # the first run, which knows EspoCRM's rules after it
    scene.a_party((4, left), betnr=PARTY + 2)
    scene.a_contact(right, betnr=PARTY + 2)
    scene.forget()
    scene.reconcile(is_dry=is_dry)


_FIVE = [f"new.{number}@example.com" for number in range(5)]
ACTS: dict[str, Callable[[Scene], None]] = {
    "a reconcile that finds nothing, with one pair in its turn": lambda scene: _quiet(scene, pairs=1),
    "a reconcile that finds nothing, with three pairs in their turn": lambda scene: _quiet(scene, pairs=3),
    "a hint of the firm, and nothing has changed": _hint,
    "a webhook of EspoCRM, and nothing has changed": _webhook,
    "a new value in Advoware": lambda scene: _new_in_advoware(scene, (4, NEW)),
    "a new value in Advoware, without markers": lambda scene: _new_in_advoware(scene, (4, NEW), markers=False),
    "a new number in Advoware": lambda scene: _new_in_advoware(scene, (1, OTHER)),
    "a changed value in Advoware": _changed_in_advoware,
    "a deleted value in Advoware": _deleted_in_advoware,
    "a new value in EspoCRM": lambda scene: _in_espocrm(scene, ("add_value", {"value": NEW})),
    "a changed value in EspoCRM": lambda scene: _in_espocrm(scene, ("replace_value", {"value": OLD, "by": NEW})),
    "a deleted value in EspoCRM": lambda scene: _in_espocrm(scene, ("remove_value", {"value": OLD})),
    "a changed type in EspoCRM": lambda scene: _in_espocrm(scene, ("flag_value", {"value": PHONE, "type": "Mobile"})),
    "five new values in EspoCRM": lambda scene: _in_espocrm(
        scene, *(("add_value", {"value": value}) for value in _FIVE)
    ),
    "five new values in Advoware": lambda scene: _new_in_advoware(scene, *((4, value) for value in _FIVE)),
    "a new pair that has the same value on both sides": lambda scene: _new_pair(scene, left=OLD, right=OLD),
    "a dry run over a new pair that has a value on each side": lambda scene: _new_pair(
        scene, left=OLD, right=NEW, is_dry=True
    ),
}


def test_each_row_of_the_table_has_its_act() -> None:
    assert ACTS.keys() == CALLS.keys()


@pytest.mark.parametrize("what", ACTS)
def test_an_act_costs_the_calls_of_the_table(scene: Scene, what: str) -> None:
    ACTS[what](scene)
    assert calls_of(scene) == CALLS[what], [f"{one.method} {one.path}" for one in scene.espocrm.calls]
