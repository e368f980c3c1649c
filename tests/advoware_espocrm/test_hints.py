"""EspoCRM's webhooks as its own queue sends them, and the firm's hints: lost, doubled and shuffled ones change nothing.

What EspoCRM sends is caught, and handed on to the portal's door byte by byte.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client as Sender

from integrations.core.models import RecordLink, WebhookDelivery
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import in_hand
from integrations.vendors.espocrm.webhook_setup import EVENTS
from integrations.vendors.espocrm.webhooks import signature
from integrations.vendors.simulation import Reply, Request
from tests.vendors.receiving import Portal, receiving

from .scene import ENTITY, HOOK_SECRET, PARTY, Scene

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "old@example.com", "new@example.com"


@dataclass
class Hooks:
    """EspoCRM's webhooks on their way to the portal."""

    scene: Scene
    caught: Portal

    def subscribe(self, *, skip_own: bool = True) -> None:
        for event, _ in EVENTS:
            given = {"event": f"{ENTITY}.{event}", "url": self.caught.url + event, "secret": HOOK_SECRET}
            self.scene.espocrm.do("subscribe", {**given, "skip_own": skip_own})

    def send(self, *, work: bool = True, **values: Any) -> list[tuple[int, int]]:
        """A run of EspoCRM's job: how each call was answered, and how many records it was taken for."""
        self.caught.received.clear()
        if values:
            self.scene.espocrm.do("webhook", values)
        self.scene.espocrm.do("pump", {})
        said = [taken(one.event, one.body, one.headers["signature"]) for one in self.caught.received]
        if work:
            self.scene.work()
        return said


def taken(event: str, body: bytes, signed: str = "", *, header: str = "Signature") -> tuple[int, int]:
    headers = {header: signed} if signed else {}
    answer = Sender().post(f"/webhooks/firm/espocrm/{event}", body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json().get("accepted", 0)


@pytest.fixture
def hooks(scene: Scene) -> Iterator[Hooks]:
    with receiving() as caught:
        made = Hooks(scene, caught)
        made.subscribe()
        yield made


def values(scene: Scene, betnr: int = PARTY) -> list[str]:
    return [value for _, value, _ in scene.entries(betnr) if value]


# --- one event, one effect --------------------------------------------------------------------------------------------


def test_a_change_in_espocrm_is_worked_off_when_its_webhook_comes(scene: Scene, hooks: Hooks) -> None:
    _, contact = scene.a_pair((4, OLD))
    hooks.send()
    scene.in_espocrm("replace_value", party=contact, value=OLD, by=NEW)
    assert hooks.send() == [(202, 1)]
    assert values(scene) == [NEW]


def test_a_record_that_was_made_is_linked_by_its_party_number(scene: Scene, hooks: Hooks) -> None:
    scene.a_party((4, OLD))
    contact = scene.a_contact(NEW)
    assert hooks.send() == [(202, 1)]
    assert sorted(values(scene)) == sorted(scene.emails(contact)) == [NEW, OLD]


def test_a_record_of_no_party_is_no_trouble(scene: Scene, hooks: Hooks) -> None:
    scene.espocrm.do("new_party", {"last_name": "Nobody", "emails": [NEW]})
    hooks.send()
    assert scene.writes() == []
    assert [(row.state, "no party number" in row.outcome) for row in WebhookDelivery.objects.all()] == [("done", True)]


def test_a_record_that_was_deleted_makes_the_pair_missing_and_nothing_else(scene: Scene, hooks: Hooks) -> None:
    _, contact = scene.a_pair((4, OLD))
    hooks.send()
    scene.in_espocrm("delete_party", party=contact)
    assert hooks.send() == [(202, 1)]
    assert RecordLink.objects.get(right_id=contact).state == RecordLink.State.MISSING
    assert scene.writes() == []
    assert values(scene) == [OLD]


def test_what_does_not_fit_into_one_run_of_espocrms_job_comes_with_the_next(scene: Scene, hooks: Hooks) -> None:
    numbers = range(PARTY, PARTY + 23)
    for betnr in numbers:
        scene.advoware.do("new_party", {"name": "Party", "betnr": betnr})
        emails = [f"{betnr}@example.com"]
        scene.espocrm.do("new_party", {"last_name": "Party", "number": betnr, "emails": emails})
    assert [hooks.send(), hooks.send(), hooks.send()] == [[(202, 20)], [(202, 3)], []]
    assert [values(scene, betnr) for betnr in numbers] == [[f"{betnr}@example.com"] for betnr in numbers]


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(1, 20))])
def test_webhooks_that_come_several_times_and_in_any_order_write_everything_once(
    scene: Scene, hooks: Hooks, seed: int
) -> None:
    contacts = {betnr: scene.a_pair((4, f"{betnr}@example.com"), betnr=betnr)[1] for betnr in (PARTY, PARTY + 1)}
    hooks.send()
    scene.forget()
    chance = random.Random(seed)
    added = [(chance.choice(list(contacts)), f"new.{number}@example.com") for number in range(6)]
    for betnr, value in added:
        scene.in_espocrm("add_value", party=contacts[betnr], value=value)
        if chance.random() < 0.4:
            hooks.send(copies=3, shuffled=True, seed=seed, work=chance.random() < 0.5)
    hooks.send(copies=3)
    for betnr, contact in contacts.items():
        assert sorted(values(scene, betnr)) == sorted(scene.emails(contact))
    assert len([call for call in scene.advoware.calls if call.method == "POST" and "Kommunik" in call.path]) == 6


@pytest.mark.parametrize("lost", [0.5, 1.0])
def test_what_was_lost_is_found_by_the_next_reconcile(scene: Scene, hooks: Hooks, lost: float) -> None:
    contacts = [scene.a_pair((4, f"{betnr}@example.com"), betnr=betnr)[1] for betnr in range(PARTY, PARTY + 4)]
    hooks.send()
    for number, contact in enumerate(contacts):
        scene.in_espocrm("add_value", party=contact, value=f"new.{number}@example.com")
    hooks.send(drop_rate=lost)
    scene.reconcile(minutes=2)
    for number, contact in enumerate(contacts):
        assert values(scene, PARTY + number) == scene.emails(contact)


def test_what_was_refused_while_the_portal_was_away_comes_again_after_ten_minutes(scene: Scene, hooks: Hooks) -> None:
    _, contact = scene.a_pair((4, OLD))
    hooks.send()
    hooks.caught.statuses = [503, 202]
    scene.in_espocrm("replace_value", party=contact, value=OLD, by=NEW)
    scene.espocrm.do("pump", {})
    assert hooks.send() == []
    scene.clock.shift(601)
    assert hooks.send() == [(202, 1)]
    assert values(scene) == [NEW]


# --- several of one party ---------------------------------------------------------------------------------------------


def test_several_hints_of_one_party_are_one_look(scene: Scene, hooks: Hooks) -> None:
    _, contact = scene.a_pair((4, OLD))
    hooks.send()
    scene.forget()
    for number in range(5):
        scene.in_espocrm("add_value", party=contact, value=f"new.{number}@example.com")
        hooks.send(work=False)
    scene.work()
    rows = WebhookDelivery.objects.filter(event="update")
    assert {row.state for row in rows} == {"done"}
    assert len({row.job_id for row in rows}) == 1
    assert len(values(scene)) == 6


def test_hints_of_both_programs_about_one_pair_write_everything_once(scene: Scene, hooks: Hooks) -> None:
    _, contact = scene.a_pair((4, OLD))
    hooks.send()
    scene.forget()
    scene.in_espocrm("add_value", party=contact, value=NEW)
    hooks.send(work=False)
    scene.in_advoware("new_entry", betnr=PARTY, tlf="third@example.com", komm_kz=4)
    scene.hint(PARTY)
    assert sorted(values(scene)) == sorted(scene.emails(contact)) == [NEW, OLD, "third@example.com"]
    assert len([one for one in scene.writes() if one.startswith("Advoware POST")]) == 1
    assert scene.writes().count("EspoCRM PUT") == 1


def test_a_hint_of_a_pair_that_is_in_hand_looks_again_soon(scene: Scene, hooks: Hooks) -> None:
    _, contact = scene.a_pair((4, OLD))
    scene.in_espocrm("replace_value", party=contact, value=OLD, by=NEW)
    with in_hand(scene.integration, "party", Side.LEFT, str(PARTY)):
        hooks.send()
        assert scene.writes() == []
    assert {row.state for row in WebhookDelivery.objects.all()} == {"waiting"}
    scene.work(seconds=6)
    assert values(scene) == [NEW]
    assert scene.held() == []


def test_a_hint_that_comes_while_a_run_writes_the_pair_writes_nothing_twice(scene: Scene) -> None:
    _, contact = scene.a_pair((4, OLD))
    scene.in_espocrm("add_value", party=contact, value="right@example.com")
    scene.in_advoware("new_entry", betnr=PARTY, tlf="left@example.com", komm_kz=4)
    met: list[int] = []

    def meanwhile(request: Request, reply: Reply) -> Reply:
        """The hint arrives, and is worked off, while the run's write is on its way."""
        if request.method == "PUT" and not met:
            met.append(scene.hint(PARTY))
        return reply

    scene.espocrm.change = meanwhile
    scene.reconcile()
    assert {row.state for row in WebhookDelivery.objects.all()} == {"waiting"}
    scene.work(seconds=6)
    assert met == [202]
    assert sorted(values(scene)) == sorted(scene.emails(contact)) == ["left@example.com", OLD, "right@example.com"]
    assert len([one for one in scene.writes() if one.startswith("Advoware POST")]) == 1
    assert scene.writes().count("EspoCRM PUT") == 1
    assert scene.held() == []


def test_what_another_look_wrote_in_part_since_both_were_read_is_not_written_again(scene: Scene) -> None:
    """The other look has one of two values refused, so that the pair is not at rest when it is taken in hand."""
    _, contact = scene.a_pair((4, OLD))
    for value in ("one@example.com", "two@example.com"):
        scene.in_espocrm("add_value", party=contact, value=value)
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], bemerkung=f"{scene.entries()[0][2]} private")
    met: list[str] = []

    def read(request: Request, reply: Reply) -> Reply:
        if not met:
            met.append("read")
            scene.webhook(contact)
        return reply

    def written(request: Request, reply: Reply) -> Reply:
        if request.method == "POST":
            scene.advoware.refusal = "Wert nicht erlaubt" if met == ["read"] else ""
            met.append("written")
        return reply

    scene.espocrm.change, scene.advoware.change = read, written
    scene.hint(PARTY)
    for _ in range(2):
        scene.reconcile()
        scene.work()
    assert met == ["read", *3 * ["written"]]
    assert sorted(values(scene)) == [OLD, "one@example.com", "two@example.com"]


# --- echoes -----------------------------------------------------------------------------------------------------------


def test_espocrm_does_not_tell_what_the_portal_wrote_itself(scene: Scene, hooks: Hooks) -> None:
    scene.a_pair((4, OLD), (1, "030/1234567"))
    hooks.send()
    WebhookDelivery.objects.all().delete()
    scene.in_advoware("new_entry", betnr=PARTY, tlf=NEW, komm_kz=4)
    scene.hint(PARTY)
    assert scene.writes().count("EspoCRM PUT") == 1
    assert hooks.send() == []


def test_where_it_tells_all_the_same_an_echo_costs_one_call_and_ends_there(scene: Scene, hooks: Hooks) -> None:
    _, contact = scene.a_pair((4, OLD))
    hooks.send()
    hooks.subscribe(skip_own=False)
    scene.in_advoware("new_entry", betnr=PARTY, tlf=NEW, komm_kz=4)
    scene.hint(PARTY)
    scene.forget()
    assert hooks.send() == [(202, 1)]
    assert scene.reads() == [f"{ENTITY}/{contact}"]
    assert scene.writes() == []
    assert hooks.send() == []


def test_a_hint_of_the_firm_about_what_the_portal_wrote_costs_one_call_and_ends_there(
    scene: Scene, hooks: Hooks
) -> None:
    _, contact = scene.a_pair((4, OLD))
    hooks.send()
    scene.advoware.do("webhook", {"url": "http://127.0.0.1:9/", "secret": "made-up"})  # nobody is there: it is read
    scene.in_espocrm("replace_value", party=contact, value=OLD, by=NEW)
    hooks.send()
    assert scene.advoware.sender.waiting == 1, "the firm's own sender tells it"
    scene.forget()
    scene.hint(PARTY)
    assert scene.reads() == [f"Beteiligte/{PARTY}"]
    assert scene.writes() == []


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(1, 20))])
def test_after_edits_stop_writes_stop_although_both_tell_everything(scene: Scene, hooks: Hooks, seed: int) -> None:
    """Every write of the portal comes back as a hint, from both programs."""
    _, contact = scene.a_pair((4, OLD), (1, "030/1234567"))
    hooks.subscribe(skip_own=False)
    chance = random.Random(seed)
    for number in range(6):
        if chance.random() < 0.5:
            scene.in_espocrm("add_value", party=contact, value=f"right.{number}@example.com")
        else:
            scene.in_advoware("new_entry", betnr=PARTY, tlf=f"left.{number}@example.com", komm_kz=4)
        hooks.send(work=chance.random() < 0.5)
        scene.hint(PARTY, work=chance.random() < 0.5)
    for _ in range(3):
        hooks.send()
        scene.hint(PARTY)
    scene.forget()
    for _ in range(3):
        hooks.send()
        scene.hint(PARTY)
        scene.reconcile()
    assert scene.writes() == []
    assert sorted(values(scene)) == sorted([*scene.emails(contact), "030/1234567"])


# --- who may --------------------------------------------------------------------------------------------------------


def test_nothing_is_taken_without_a_good_signature(scene: Scene) -> None:
    body = json.dumps([{"id": "6b0260000000000a1"}]).encode()
    good = signature("wh1", HOOK_SECRET, body)
    assert taken("update", body) == (401, 0)
    assert taken("update", body, signature("wh1", "another-secret", body)) == (401, 0)
    assert taken("update", body + b" ", good) == (401, 0)
    assert taken("elsewhere", body, good) == (401, 0)
    assert not WebhookDelivery.objects.exists()
    assert taken("update", body, good) == (202, 1)
    assert taken("update", body, good, header="X-Signature") == (202, 1), "as older ones name it"
