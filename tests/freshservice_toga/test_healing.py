"""P8: what a lost webhook announced arrives with the next catch-up, whatever it was and whatever clocks say."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from integrations.vendors.freshservice.simulator.world import OTHER_REQUESTER
from tests.seeds import SEED

from .oracle import differences, empty
from .scene import Scene

RATES = (0, 0.1, 0.5, 1)


@pytest.fixture(autouse=True)
def _same_teams(scene: Scene) -> None:
    empty(scene.fresh, scene.toga)


@pytest.mark.parametrize("rate", RATES)
def test_any_change_whose_webhook_is_dropped_heals_within_one_catch_up(scene: Scene, rate: float) -> None:
    heals(scene, rate, tickets=8, seed=f"fast {rate}")


@pytest.mark.proof
@pytest.mark.parametrize("rate", RATES)
def test_many_changes_whose_webhooks_are_dropped_heal_within_one_catch_up(scene: Scene, rate: float) -> None:
    heals(scene, rate, tickets=150, seed=f"{SEED} {rate}")


def heals(scene: Scene, rate: float, *, tickets: int, seed: str) -> None:
    """Tickets that agree; then each changes in some way, and so many of the webhooks never come."""
    chance = random.Random(seed)
    scene.unhurried()
    numbers = [scene.do("new_ticket", subject=f"Ticket {number}") for number in range(tickets)]
    notes = {ticket: scene.do("note", ticket=ticket, text="<p>Frist</p>") for ticket in numbers}
    scene.catch_up()
    scene.clock.shift(3600)
    changed: list[int] = []
    for ticket in numbers:
        act = chance.choice(["edit", "say", "attach", "correct", "raise"])
        if act == "raise":
            ticket = scene.do("new_ticket", subject="New", requester_id=OTHER_REQUESTER)
        elif act == "edit":
            scene.do("edit_ticket", ticket=ticket, subject="Changed", status=4)
        elif act == "say":
            scene.do("reply", ticket=ticket, text="<p>Coming</p>")
        elif act == "attach":
            scene.do("attach", ticket=ticket, name="log.txt", text=f"log of {ticket}")
        else:
            scene.do("edit_note", conversation=notes[ticket], text="<p>First</p>")
        changed.append(ticket)
    scene.clock.shift(5)
    arrived = [ticket for ticket in changed if chance.random() >= rate]
    for ticket in arrived:
        scene.hint(ticket, work=False)
    scene.work()
    run = scene.catch_up()
    assert differences(scene.fresh, scene.toga) == []
    assert run.created + run.updated == len(changed) - len(arrived), "those that had come by webhook are left alone"
    before = scene.writes()
    scene.catch_up()
    assert scene.writes() == before


def test_a_change_within_the_second_in_which_the_ticket_was_read_is_not_missed(scene: Scene) -> None:
    """Freshservice's times go by the second: the ticket looks as it did when it was read."""
    scene.fresh.data.clock.stop()
    ticket = scene.do("new_ticket", subject="No power")
    scene.hint(ticket)
    scene.do("edit_ticket", ticket=ticket, subject="No power at all")
    scene.do("note", ticket=ticket, text="<p>Ask Tom</p>")
    scene.fresh.data.clock.pass_seconds(60)
    scene.catch_up()
    assert differences(scene.fresh, scene.toga) == []


@pytest.mark.parametrize("minutes", [-90, -15, 15, 90])
def test_a_clock_of_freshservice_that_differs_hides_nothing(scene: Scene, minutes: int) -> None:
    scene.do("pass_minutes", minutes=minutes)
    scene.catch_up()
    scene.clock.shift(timedelta(hours=3))
    scene.catch_up()
    scene.do("new_ticket", subject="No power")
    scene.catch_up()
    scene.do("new_ticket", subject="Again")
    scene.catch_up()
    assert differences(scene.fresh, scene.toga) == []


def test_a_conversation_that_a_read_missed_is_not_taken_for_deleted(scene: Scene) -> None:
    """Absent once, there again, absent once more: never twice in a row."""
    ticket = scene.do("new_ticket", subject="No power")
    said = scene.do("note", ticket=ticket, text="<p>Ask Tom</p>")
    scene.hint(ticket)
    before = scene.writes()
    for _ in range(3):
        row = scene.fresh.data.conversations.pop(said)
        scene.hint(ticket)
        scene.fresh.data.conversations[said] = row
        scene.hint(ticket)
    assert scene.writes() == before


def test_a_deletion_that_only_the_catch_up_sees_is_told_however_seldom_it_runs(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    said = scene.do("note", ticket=ticket, text="<p>Ask Tom</p>")
    scene.catch_up()
    scene.do("delete_conversation", conversation=said)
    for _ in range(2):
        scene.catch_up(after=24 * 3600)
    assert differences(scene.fresh, scene.toga) == []


def test_a_conversation_that_comes_back_loses_the_word_that_it_was_deleted(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    said = scene.do("note", ticket=ticket, text="<p>Ask Tom</p>")
    scene.hint(ticket)
    row = scene.fresh.data.conversations.pop(said)
    scene.hint(ticket)
    scene.hint(ticket)
    assert "Deleted" in scene.notes()[1][0]
    scene.fresh.data.conversations[said] = row
    scene.hint(ticket)
    assert differences(scene.fresh, scene.toga) == []


def test_a_picture_in_a_text_whose_address_is_new_at_each_read_is_no_edit(scene: Scene) -> None:
    """P12: it has a new signature each time."""
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("insert_image", ticket=ticket)
    scene.hint(ticket)
    before = scene.writes()
    scene.hint(ticket)
    assert scene.writes() == before
    scene.do("edit_ticket", ticket=ticket, description="<p>Dead</p>")
    scene.hint(ticket)
    assert [note for note, _ in scene.notes()] == ["<p>Dead</p>"]


def test_a_group_that_is_gone_in_freshservice_keeps_no_ticket_back(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power", group_id=4711)
    scene.hint(ticket)
    assert [row["subject"] for row in scene.records("tickets")] == ["No power"]


def test_a_webhook_about_a_ticket_of_another_workspace_ends_with_a_sentence(scene: Scene) -> None:
    connection = scene.integration.connection("freshservice")
    connection.settings = connection.settings | {"workspace_ids": "2"}
    connection.save()
    scene.hint(scene.do("new_ticket", subject="Of HR", workspace_id=3))
    assert (scene.deliveries(), scene.records("tickets")) == (["done"], [])
