"""P10, P16: a sick Advoware or EspoCRM, or one sick party of many, hurts only itself and is told with its reason."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from integrations.core.models import Connection, HeldItem, SyncRun
from integrations.vendors.simulation import Reply, Request
from tests.seeds import SEED

from .scene import PARTY, Scene

pytestmark = pytest.mark.django_db(transaction=True)
Health = Connection.Health
PAGE = Reply(200, b"<!doctype html><html><body>Service Unavailable</body></html>", {"Content-Type": "text/html"})
SICK: dict[str, Reply] = {
    "500": Reply(500, PAGE.body, PAGE.headers),
    "503 that names its end": Reply(503, b"", {"Retry-After": "120"}),
    "429": Reply(429, b"", {"Retry-After": "120"}),
    "an HTML page": PAGE,
    "garbage": Reply(200, b"\x00\xff{"),
    "an empty answer": Reply(200, b""),
    "of nothing we know": Reply.of({"things": []}),
    "more than anybody can read": Reply(200, b"[" + b"1," * 10_500_000 + b"1]"),
    "half of an answer": Reply(200, b'{"list": [', {"X-Whole-Length": "100"}),
}
FAST = ("500", "429", "garbage")
PARTIES = range(PARTY, PARTY + 4)
OLD, NEW = "old@example.com", "new@example.com"
sicknesses = pytest.mark.parametrize(
    "sickness", [pytest.param(one, marks=() if one in FAST else pytest.mark.proof) for one in SICK]
)


def some_pairs(scene: Scene) -> dict[int, str]:
    """Four pairs at rest; the contact of each."""
    contacts = {}
    for betnr in PARTIES:
        scene.a_party((4, f"{betnr}@example.com"), betnr=betnr)
        contacts[betnr] = scene.a_contact(betnr=betnr)
    scene.reconcile()
    scene.reconcile()
    scene.forget()
    return contacts


def edits(scene: Scene, contacts: dict[int, str]) -> None:
    """In every party, in both programs."""
    for betnr, contact in contacts.items():
        scene.in_espocrm("add_value", party=contact, value=f"right.{betnr}@example.com")
        scene.in_advoware("new_entry", betnr=betnr, tlf=f"left.{betnr}@example.com", komm_kz=4)


def agrees(scene: Scene, betnr: int, contact: str) -> bool:
    """Whether all three values of the party are on both sides, once."""
    wanted = sorted([f"{betnr}@example.com", f"left.{betnr}@example.com", f"right.{betnr}@example.com"])
    there = sorted(value for _, value, _ in scene.entries(betnr) if value)
    return sorted(scene.emails(contact)) == there == wanted


def becomes(scene: Scene, slug: str, answer: Callable[[Request, Reply], Reply]) -> None:
    vendor = scene.advoware if slug == "advoware" else scene.espocrm
    vendor.change = answer


def health(scene: Scene) -> dict[str, str]:
    return dict(Connection.objects.values_list("slug", "health"))


def recovers(scene: Scene, contacts: dict[int, str]) -> None:
    for slug in ("advoware", "espocrm"):
        becomes(scene, slug, lambda request, reply: reply)
    for _ in range(3):
        scene.reconcile(minutes=30)
    assert all(agrees(scene, betnr, contact) for betnr, contact in contacts.items())
    assert scene.held() == []
    assert health(scene) == {"advoware": Health.OK, "espocrm": Health.OK}


# --- a program that is sick as a whole --------------------------------------------------------------------------------


@sicknesses
@pytest.mark.parametrize("slug", ["advoware", "espocrm"])
def test_a_sick_program_is_written_nothing_and_the_other_is_not_blamed(scene: Scene, slug: str, sickness: str) -> None:
    contacts = some_pairs(scene)
    edits(scene, contacts)
    becomes(scene, slug, lambda request, reply: SICK[sickness])
    run = scene.reconcile()
    assert scene.writes() == []
    if run.state == SyncRun.State.DONE:
        assert [len(sentence) > 20 for sentence in scene.held()] == [True] * len(contacts)
    else:
        assert len(run.outcome) > 20
    other = "espocrm" if slug == "advoware" else "advoware"
    assert health(scene)[other] == Health.OK
    recovers(scene, contacts)


def test_a_slow_program_only_takes_its_time(scene: Scene) -> None:
    contacts = some_pairs(scene)
    edits(scene, contacts)
    for vendor in (scene.advoware, scene.espocrm):
        vendor.fault("slow", method="GET", times=2, value=0.2)
    assert scene.reconcile().updated == len(contacts)
    recovers(scene, contacts)


# --- one party of many ------------------------------------------------------------------------------------------------


def _unreadable(reply: Reply) -> Reply:
    told = json.loads(reply.body)
    told["kommunikation"] = [{"id": {"odd": 1}}]
    return Reply.of(told)


ILLNESSES: dict[str, Callable[[Reply], Reply]] = {
    "an entry that cannot be read": _unreadable,
    "another party's number": lambda reply: Reply.of({**json.loads(reply.body), "betNr": 1}),
    "a list of nothing": lambda _reply: Reply(200, b"[]", {"Content-Type": "application/json"}),
    "a refusal": lambda _reply: Reply.of({"message": "Nicht erlaubt"}, status=400),
    "an HTML page": lambda _reply: PAGE,
    "500": lambda _reply: SICK["500"],
}


@pytest.mark.parametrize("illness", ILLNESSES)
def test_a_sick_party_is_held_with_a_sentence_and_the_others_go_on(scene: Scene, illness: str) -> None:
    contacts = some_pairs(scene)
    edits(scene, contacts)
    poisoned = f"/Beteiligte/{PARTY + 1}"
    becomes(
        scene,
        "advoware",
        lambda request, reply: ILLNESSES[illness](reply) if request.path.endswith(poisoned) else reply,
    )
    run = scene.reconcile()
    assert (run.state, run.held) == (SyncRun.State.DONE, 1)
    well = {betnr: contact for betnr, contact in contacts.items() if betnr != PARTY + 1}
    assert all(agrees(scene, betnr, contact) for betnr, contact in well.items())
    assert HeldItem.objects.get().record_id == str(PARTY + 1)
    assert len(scene.held()[0]) > 20
    scene.forget()
    scene.reconcile()
    assert scene.writes() == [], "tried again, and nothing was written twice"
    recovers(scene, contacts)


def test_a_record_that_may_not_be_edited_is_held_and_the_others_go_on(scene: Scene) -> None:
    contacts = some_pairs(scene)
    edits(scene, contacts)
    scene.in_espocrm("close_party", party=contacts[PARTY])
    for _ in range(2):
        run = scene.reconcile()
    assert run.state == SyncRun.State.DONE
    assert all(agrees(scene, betnr, contact) for betnr, contact in contacts.items() if betnr != PARTY)
    assert [row.record_id for row in HeldItem.objects.filter(state="held")] == [str(PARTY)]


@pytest.mark.parametrize(("number", "seed"), [(40, "fast"), pytest.param(1_000, f"{SEED}", marks=pytest.mark.proof)])
def test_sick_parties_among_many_stop_nothing_and_arrive_when_they_are_mended(
    scene: Scene, number: int, seed: str
) -> None:
    scene.options(parties_per_run=number)
    numbers = range(PARTY, PARTY + number)
    contacts = {}
    for betnr in numbers:
        scene.advoware.do("new_party", {"name": "Party", "betnr": betnr})
        emails = [f"{betnr}@example.com"]
        contacts[betnr] = scene.espocrm.do("new_party", {"last_name": "Party", "number": betnr, "emails": emails})
    sick = random.Random(seed).sample(numbers, max(4, number // 100))
    kinds = [kind for kind in ILLNESSES if kind != "500"]
    illness = {str(betnr): kinds[place % len(kinds)] for place, betnr in enumerate(sick)}

    def poisoned(request: Request, reply: Reply) -> Reply:
        name = illness.get(request.path.rpartition("/")[2])
        return ILLNESSES[name](reply) if name and request.method == "GET" else reply

    becomes(scene, "advoware", poisoned)
    run = scene.reconcile()
    assert (run.state, run.created, run.held) == (SyncRun.State.DONE, number - len(sick), len(sick))
    assert sorted(row.record_id for row in HeldItem.objects.all()) == sorted(map(str, sick))
    scene.forget()
    for _ in range(3):
        scene.reconcile(minutes=20)
    assert scene.writes() == [], "tried again, and nothing was written twice"
    becomes(scene, "advoware", lambda request, reply: reply)
    scene.reconcile(minutes=12 * 60)
    assert scene.held() == []
    for betnr in numbers:
        assert [value for _, value, _ in scene.entries(betnr)] == scene.emails(contacts[betnr])


# --- turns ------------------------------------------------------------------------------------------------------------


def test_who_was_kept_from_a_turn_by_an_outage_comes_first_when_it_is_over(scene: Scene) -> None:
    """Two turns a run: an outage must not cost those that were not looked at another whole round."""
    contacts = some_pairs(scene)
    for betnr in contacts:
        scene.in_advoware("new_entry", betnr=betnr, tlf=NEW.replace("new", f"new.{betnr}"), komm_kz=4)
    becomes(scene, "advoware", lambda request, reply: SICK["500"])
    scene.reconcile()
    becomes(scene, "advoware", lambda request, reply: reply)
    scene.options(parties_per_run=1)
    scene.forget()
    scene.reconcile(minutes=1)
    looks = [call.path.rpartition("/")[2] for call in scene.advoware.calls if "Beteiligte/" in call.path]
    assert looks[0] == str(PARTIES[-1]), "the one that the outage kept from its turn"
