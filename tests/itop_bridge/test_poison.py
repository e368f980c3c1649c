"""P10: pairs that cannot be brought to agreement stop no other, are shown with their reason, and agree once mended."""

from __future__ import annotations

import json
import random
import re

import pytest

from integrations.core.models import HeldItem, SyncRun
from integrations.vendors.simulation import Reply, Request
from tests.seeds import SEED
from tests.vendors.itop.saying import SayingItop

from .oracle import differences
from .scene import Scene

ILLNESSES = ("unreadable", "refused", "too large", "two twins")


def poison(scene: Scene, sick: dict[int, str]) -> None:
    """From now on these external tickets are answered, or their twins refused, in these ways."""
    refs = {scene.ticket(scene.external, number)["ref"]: illness for number, illness in sick.items()}

    def outside(request: Request, reply: Reply) -> Reply:
        found = re.search(r"core/get Ticket::(\d+)$", scene.external.shown(request)[0])
        if found is None or sick.get(int(found[1])) != "unreadable":
            return reply
        told = json.loads(reply.body)
        next(iter(told["objects"].values()))["fields"]["last_update"] = "the day before yesterday"
        return Reply.of(told)

    def inside(request: Request, reply: Reply) -> Reply:
        path, body = scene.internal.shown(request)
        ref = re.search(r"\[(R-\d+)\] ", body)
        if "core/update" not in path or ref is None or refs.get(ref[1]) != "refused":
            return reply
        scene.ticket(scene.internal, int(path.rpartition("::")[2]))["title"] = f"[{ref[1]}] as it was"
        return Reply.of({"code": 100, "message": "Error: Unexpected value for attribute 'title'"})

    scene.external.change = outside if sick else SayingItop.change
    scene.internal.change = inside if sick else SayingItop.change


def set_limit(scene: Scene, megabytes: str) -> None:
    connection = scene.integration.connection("external")
    connection.settings = connection.settings | {"max_file_mb": megabytes}
    connection.save()


@pytest.mark.parametrize(
    ("tickets", "seed"), [(12, "fast"), pytest.param(1_000, f"long {SEED}", marks=pytest.mark.proof)]
)
def test_sick_pairs_are_held_with_their_reason_and_the_others_agree(scene: Scene, tickets: int, seed: str) -> None:
    numbers = [scene.external.do("new_ticket", {"title": f"Ticket {number}"}) for number in range(tickets)]
    for _ in range(2):
        scene.reconcile(minutes=30)
    chosen = random.Random(seed).sample(numbers, max(4, tickets // 100))
    sick = {number: ILLNESSES[place % len(ILLNESSES)] for place, number in enumerate(chosen)}
    set_limit(scene, "1")
    large = []
    for number in numbers:
        scene.external.do("edit_ticket", {"ticket": number, "title": f"Changed {number}"})
        if sick.get(number) == "too large":
            large.append(scene.external.do("attach", {"ticket": number, "name": "film.bin", "size": 1_200_000}))
        elif sick.get(number) == "two twins":
            scene.link(number).delete()
            title = f"[{scene.ticket(scene.external, number)['ref']}] a second one"
            scene.internal.do("new_ticket", {"title": title})
    poison(scene, sick)
    assert scene.reconcile().state == SyncRun.State.DONE
    assert {row.record_id for row in HeldItem.objects.all()} == set(map(str, sick))
    assert all(len(sentence) > 20 for sentence in scene.held())
    well = [number for number in numbers if sick.get(number, "too large") == "too large"]
    assert all(scene.ticket(scene.internal, scene.twin_of(one))["title"].endswith(f"Changed {one}") for one in well)
    for _ in range(4):
        scene.reconcile(minutes=20)
    assert HeldItem.objects.filter(tries__gte=3, state=HeldItem.State.HELD).count() == len(sick), "never forgotten"
    poison(scene, {})
    for number in large:
        scene.external.do("delete_attachment", {"attachment": number})
    for twin in [one for one in scene.tickets(scene.internal) if one["title"].endswith("a second one")]:
        scene.internal.do("delete_ticket", {"ticket": twin["id"]})
    for _ in range(3):
        scene.reconcile(minutes=12 * 60)
    assert set(HeldItem.objects.values_list("state", flat=True)) == {HeldItem.State.SETTLED}
    assert differences(scene.external, scene.internal) == []
