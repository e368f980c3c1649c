"""P10: tickets that cannot be brought stop no other, are shown with their reason, and arrive when they are mended."""

from __future__ import annotations

import html
import json
import random

import pytest
from django.test import Client as Browser
from django.urls import reverse

from integrations.core.models import HeldItem, SyncRun
from integrations.vendors.simulation import Reply, Request
from tests.seeds import SEED

from .oracle import differences, empty
from .scene import Scene

ILLNESSES = ("unreadable", "refused", "no such answer", "too large")


def poison(scene: Scene, sick: dict[int, str]) -> None:
    """From now on these tickets are answered in these ways."""

    def change(request: Request, reply: Reply) -> Reply:
        number = request.path.rpartition("/")[2]
        illness = sick.get(int(number)) if number.isdecimal() else None
        if illness == "unreadable":
            told = json.loads(reply.body)
            told["ticket"]["status"] = {"odd": 1}
            return Reply.of(told)
        if illness == "refused":
            return Reply.of(
                {"description": "Validation failed", "errors": [{"field": "id", "message": "no"}]}, status=400
            )
        return Reply(200, b"[]") if illness == "no such answer" else reply

    scene.fresh.change = change
    scene.unhurried()


def set_limit(scene: Scene, megabytes: str) -> None:
    connection = scene.integration.connection("freshservice")
    connection.settings = connection.settings | {"max_file_mb": megabytes}
    connection.save()


@pytest.mark.parametrize(
    ("tickets", "seed"), [(60, "fast"), pytest.param(2_000, f"long {SEED}", marks=pytest.mark.proof)]
)
def test_sick_tickets_are_held_and_shown_and_the_others_arrive(
    scene: Scene, admin_client: Browser, tickets: int, seed: str
) -> None:
    empty(scene.fresh, scene.toga)
    set_limit(scene, "1")
    numbers = [scene.do("new_ticket", subject=f"Ticket {number}") for number in range(tickets)]
    chosen = random.Random(seed).sample(numbers, max(4, tickets // 100))
    sick = {number: ILLNESSES[place % len(ILLNESSES)] for place, number in enumerate(chosen)}
    for number, illness in sick.items():
        if illness == "too large":
            scene.do("attach", ticket=number, name="film.bin", size=1_000_001)
    poison(scene, sick)
    run = scene.catch_up()
    assert (run.state, run.held) == (SyncRun.State.DONE, len(sick))
    well = {str(number) for number in numbers if sick.get(number, "too large") == "too large"}
    assert {row["c_eliteTicketId"] for row in scene.records("tickets")} == well
    assert {row.record_id for row in HeldItem.objects.all()} == set(map(str, sick))
    page = admin_client.get(reverse("admin:core_integration_stream", args=[scene.integration.pk, "catch_up"]))
    shown = html.unescape(page.content.decode())
    assert all(sentence in shown for sentence in scene.held()[:4])
    writes = len(scene.writes())
    for _ in range(4):
        scene.clock.shift(1200)
        scene.catch_up()
    assert len(scene.writes()) == writes, "tried again, and nothing was written twice"
    assert HeldItem.objects.filter(tries__gte=3, state=HeldItem.State.HELD).count() == len(sick)
    poison(scene, {})
    set_limit(scene, "40")
    for _ in range(2):
        scene.clock.shift(12 * 3600)
        scene.catch_up()
    assert set(HeldItem.objects.values_list("state", flat=True)) == {HeldItem.State.SETTLED}
    assert differences(scene.fresh, scene.toga) == []
