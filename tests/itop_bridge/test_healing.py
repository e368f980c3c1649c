"""P8: what a lost webhook announced arrives with the next reconcile, whatever it was and whatever clocks say."""

from __future__ import annotations

import random

import pytest

from tests.seeds import SEED

from .oracle import differences
from .scene import Scene

RATES = (0, 0.1, 0.5, 1)
ACTS = ("raise", "edit", "say outside", "say inside", "attach outside", "attach inside", "step")


@pytest.mark.parametrize("rate", [1, *(pytest.param(rate, marks=pytest.mark.proof) for rate in RATES[:-1])])
def test_any_change_whose_webhook_is_dropped_heals_within_one_reconcile(scene: Scene, rate: float) -> None:
    heals(scene, rate, tickets=len(ACTS), seed=f"fast {rate}")


@pytest.mark.proof
@pytest.mark.parametrize("rate", RATES)
def test_many_changes_whose_webhooks_are_dropped_heal_within_one_reconcile(scene: Scene, rate: float) -> None:
    heals(scene, rate, tickets=150, seed=f"{SEED} {rate}")


def heals(scene: Scene, rate: float, *, tickets: int, seed: str) -> None:
    """Tickets that agree; then each changes in some way, and so many of the webhooks never come."""
    chance = random.Random(seed)
    numbers = [scene.external.do("new_ticket", {"title": f"Ticket {number}"}) for number in range(tickets)]
    for _ in range(2):
        scene.reconcile(minutes=60)
    for place, ticket in enumerate(numbers):
        told = happens(scene, ACTS[place % len(ACTS)], ticket)
        if chance.random() >= rate:
            scene.hint(*told, work=False)
    scene.work()
    scene.reconcile()
    assert differences(scene.external, scene.internal) == []
    scene.forget()
    scene.reconcile()
    assert scene.all_writes() == []


def happens(scene: Scene, act: str, ticket: int) -> tuple[str, str, str]:
    """One change, and the webhook that tells of it: which iTop, event and body."""
    twin, outside, inside = scene.twin_of(ticket), scene.external.do, scene.internal.do
    if act == "raise":
        ticket = outside("new_ticket", {"title": "New", "files": [{"name": "new.txt", "text": "new"}]})
    elif act == "edit":
        outside("edit_ticket", {"ticket": ticket, "title": "Changed", "urgency": "1"})
    elif act == "say outside":
        outside("add_log", {"ticket": ticket, "text": "Smoke"})
    elif act == "say inside":
        inside("add_log", {"ticket": twin, "text": "Water"})
    elif act == "step":
        inside("stimulate", {"ticket": twin, "stimulus": "ev_assign"})
    else:
        is_outside = act == "attach outside"
        hung_on = ticket if is_outside else twin
        number = (outside if is_outside else inside)("attach", {"ticket": hung_on, "name": "log.txt", "text": "log"})
        body = f'{{"attachment_id": "{number}", "item_class": "UserRequest", "item_id": "{hung_on}"}}'
        return ("external" if is_outside else "internal", "update-attachment", body)
    if act in ("say inside", "step"):
        return "internal", "update-ticket", f'{{"id": "{twin}"}}'
    return "external", "update-ticket", f'{{"id": "{ticket}"}}'


@pytest.mark.parametrize("minutes", [-90, 90])
@pytest.mark.parametrize("role", ["external", "internal"])
def test_a_clock_of_an_itop_that_differs_hides_nothing(scene: Scene, role: str, minutes: int) -> None:
    getattr(scene, role).do("pass_minutes", {"minutes": minutes})
    ticket, twin = scene.a_pair()
    for number in range(2):
        scene.reconcile(minutes=60)
        scene.outside("add_log", ticket=ticket, text=f"out {number}")
        scene.inside("add_log", ticket=twin, text=f"in {number}")
        scene.outside("attach", ticket=ticket, name=f"out-{number}", text="x")
        scene.reconcile()
    assert differences(scene.external, scene.internal) == []


def test_a_change_within_the_second_in_which_the_pair_was_read_is_not_missed(scene: Scene) -> None:
    """iTop's times go by the second: the ticket looks as it did when it was read."""
    ticket, twin = scene.a_pair()
    scene.external.data.clock.stop()
    scene.external.do("edit_ticket", {"ticket": ticket, "title": "Two"})
    scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    scene.external.do("edit_ticket", {"ticket": ticket, "title": "Three"})
    scene.external.data.clock.pass_seconds(60)
    scene.reconcile()
    assert scene.ticket(scene.internal, twin)["title"].endswith("Three")


@pytest.mark.parametrize("behind", ["external", "internal"])
def test_a_ticket_is_found_where_a_clock_is_behind(scene: Scene, behind: str) -> None:
    ticket, twin = scene.a_pair()
    getattr(scene, behind).data.clock.pass_seconds(-600)
    scene.reconcile()
    scene.reconcile()
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.inside("add_log", ticket=twin, text="Water")
    scene.reconcile()
    assert len(scene.log(scene.external, ticket)) == len(scene.log(scene.internal, twin)) == 2
