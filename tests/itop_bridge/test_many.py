"""Many tickets at once: each arrives once with all that belongs to it, and a second full run writes nothing."""

from __future__ import annotations

import pytest

from integrations.core.models import Stream
from integrations.itop_bridge.pairs import MOST
from integrations.vendors.itop.api import DRAFTS_LIVE

from .scene import Scene

NUMBER = 1000


@pytest.mark.proof
def test_a_thousand_tickets_arrive_once_and_a_second_full_run_writes_nothing(scene: Scene) -> None:
    for number in range(NUMBER):
        files = [{"name": f"{number}-{one}.txt", "text": f"{number} {one}"} for one in "ab"]
        ticket = scene.external.do("new_ticket", {"title": f"Ticket {number}", "files": files})
        for one in range(5):
            scene.external.do("add_log", {"ticket": ticket, "text": f"{number} {one}"})
    scene.reconcile()
    twins = scene.tickets(scene.internal)
    assert len({twin["title"] for twin in twins}) == len(twins) == NUMBER
    for twin in twins:
        number = twin["title"].rpartition(" ")[2]
        assert [text for _, text in scene.log(scene.internal, twin["id"])] == [f"{number} {one}" for one in range(5)]
        assert [name for name, _ in scene.files(scene.internal, twin["id"])] == [f"{number}-a.txt", f"{number}-b.txt"]
    scene.forget()
    Stream.objects.update(watermark=None)
    scene.reconcile()
    assert scene.all_writes() == []
    assert scene.held() == []
    scene.reconcile(minutes=DRAFTS_LIVE.total_seconds() / 60 + 60)  # younger files are listed: drafts may hang by now
    scene.forget()
    scene.reconcile()
    lists_and_turns = (
        2 + 2 * MOST
    )  # a run also looks at the twenty pairs whose last look is longest ago, by two reads each
    assert (len(scene.external.calls), len(scene.internal.calls)) == (lists_and_turns, lists_and_turns)
