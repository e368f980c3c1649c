"""The calls that each change costs are those of the guide's table, no more and no fewer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client as Sender

from integrations.vendors.espocrm.webhooks import signature

from .scene import HOOK_SECRET, PARTY, Scene

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "advoware-espocrm.md"
pytestmark = pytest.mark.django_db(transaction=True)
MAX, NEW = "max@example.com", "new@example.com"


def _table() -> dict[str, tuple[int, int]]:
    """Calls to Advoware and to EspoCRM, by what happens."""
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| (\d+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return {what.strip(): (int(advoware), int(espocrm)) for what, advoware, espocrm in rows}


def _webhook(scene: Scene, contact: str) -> None:
    """EspoCRM's own, signed."""
    body = json.dumps([{"id": contact}]).encode()
    answer = Sender().post(
        "/webhooks/firm/espocrm/update",
        body,
        content_type="application/json",
        headers={"Signature": signature("a-webhook", HOOK_SECRET, body)},
    )
    assert answer.status_code == 202
    scene.work()


def _pair(scene: Scene) -> str:
    return scene.a_pair((4, MAX), (1, "030/1234567"))[1]


def _quiet(scene: Scene) -> None:
    _pair(scene)
    scene.reconcile()


def _quiet_with_five(scene: Scene) -> None:
    for number in range(5):
        scene.a_party((4, f"{number}@example.com"), betnr=PARTY + number)
        scene.a_contact(betnr=PARTY + number)
    scene.reconcile()
    scene.reconcile()
    scene.forget()
    scene.reconcile()


def _hint(scene: Scene) -> None:
    _pair(scene)
    scene.hint(PARTY)


def _webhook_alone(scene: Scene) -> None:
    _webhook(scene, _pair(scene))


def _changed_in_espocrm(scene: Scene) -> None:
    contact = _pair(scene)
    scene.in_espocrm("replace_value", party=contact, value=MAX, by=NEW)
    _webhook(scene, contact)


def _changed_in_advoware(scene: Scene) -> None:
    _pair(scene)
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf=NEW)
    scene.hint(PARTY)


def _changed_without_markers(scene: Scene) -> None:
    scene.options(write_markers=False)
    _changed_in_advoware(scene)


def _deleted_in_espocrm(scene: Scene) -> None:
    contact = _pair(scene)
    scene.in_espocrm("remove_value", party=contact, value=MAX)
    _webhook(scene, contact)


def _deleted_in_advoware(scene: Scene) -> None:
    _pair(scene)
    scene.in_advoware("delete_entry", entry=scene.entry_ids()[0])
    scene.hint(PARTY)


def _new_in_espocrm(scene: Scene) -> None:
    contact = _pair(scene)
    scene.in_espocrm("add_value", party=contact, value=NEW)
    _webhook(scene, contact)


def _new_in_advoware(scene: Scene) -> None:
    _pair(scene)
    scene.in_advoware("new_entry", betnr=PARTY, tlf=NEW, komm_kz=4)
    scene.hint(PARTY)


def _new_pair(scene: Scene) -> None:
    scene.a_party((4, MAX), (1, "030/1234567"))
    scene.a_contact("erika@example.com", "+491721234567")
    scene.forget()
    scene.hint(PARTY)


def _waiting_conflict(scene: Scene) -> None:
    scene.options(conflict_policy="ask")
    _pair(scene)
    contact = scene.pair().link.right_id
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="left@example.com")
    scene.in_espocrm("replace_value", party=contact, value=MAX, by=NEW)
    scene.hint(PARTY)


SCENES: dict[str, Callable[[Scene], None]] = {
    "a run that finds nothing, with one pair": _quiet,
    "a run that finds nothing, with five pairs": _quiet_with_five,
    "a hint of Advoware about a pair that agrees": _hint,
    "a webhook of EspoCRM about a pair that agrees": _webhook_alone,
    "a value changed in EspoCRM": _changed_in_espocrm,
    "a value changed in Advoware": _changed_in_advoware,
    "the same without markers": _changed_without_markers,
    "a value deleted in EspoCRM": _deleted_in_espocrm,
    "an entry deleted in Advoware": _deleted_in_advoware,
    "a new value in EspoCRM": _new_in_espocrm,
    "a new entry in Advoware": _new_in_advoware,
    "a new pair with two values on each side": _new_pair,
    "a conflict that begins to wait": _waiting_conflict,
}


def test_the_table_has_a_row_for_each_of_these() -> None:
    assert set(SCENES) == set(_table())


@pytest.mark.parametrize("what", SCENES)
def test_calls(scene: Scene, what: str) -> None:
    SCENES[what](scene)
    advoware = [call for call in scene.advoware.calls if "/advonet/" in call.path]
    espocrm = [call for call in scene.espocrm.calls if not call.path.startswith("/api/v1/Settings")]
    made = [f"{call.method} {call.path}" for call in (*advoware, *espocrm)]
    assert (len(advoware), len(espocrm)) == _table().get(what), made
