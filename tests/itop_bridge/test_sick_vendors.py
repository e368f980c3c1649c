"""P16: a sick iTop hurts only itself: nothing is lost, nothing held for it in the end, and only it is blamed."""

from __future__ import annotations

import pytest

from integrations.core.models import Connection, SyncRun
from integrations.vendors.simulation import Reply
from tests.vendors.itop.saying import SayingItop

from .oracle import differences
from .scene import Scene

Health = Connection.Health
PAGE = b"<!doctype html><html><body>Service Unavailable</body></html>"
SICK: dict[str, Reply] = {
    "500": Reply(500, PAGE, {"Content-Type": "text/html"}),
    "503 that names its end": Reply(503, b"", {"Retry-After": "120"}),
    "an HTML page": Reply(200, PAGE, {"Content-Type": "text/html"}),
    "garbage": Reply(200, b"\x00\xff{"),
    "an empty answer": Reply(200, b""),
    "a list of nothing we know": Reply.of({"code": 0, "message": "Found: 3", "objects": {"x": {"y": []}}}),
    "half of an answer": Reply(200, b'{"code": 0, "mess', {"X-Whole-Length": "100"}),
    "more than anybody can read": Reply(200, b"[" + b"1," * 10_500_000 + b"1]"),
}
TEMPORARY = ("500", "503 that names its end", "half of an answer")
FAST = ("500", "an HTML page")
CASES = [pytest.param(one, marks=() if one in FAST else pytest.mark.proof) for one in SICK]


def health(role: str) -> str:
    return str(Connection.objects.get(slug=f"itop-{role}").health)


def some_changes(scene: Scene, ticket: int, twin: int) -> None:
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.inside("add_log", ticket=twin, text="Water")
    scene.outside("new_ticket", title="Another", files=[{"name": "a.txt", "text": "a"}])


@pytest.mark.parametrize("sickness", CASES)
@pytest.mark.parametrize("role", ["external", "internal"])
def test_a_sick_itop_leaves_the_other_one_unblamed_and_everything_arrives_once_it_is_well(
    scene: Scene, role: str, sickness: str
) -> None:
    ticket, twin = scene.a_pair()
    some_changes(scene, ticket, twin)
    itop: SayingItop = getattr(scene, role)
    itop.change = lambda request, reply: SICK[sickness]
    run = scene.reconcile()
    other = "internal" if role == "external" else "external"
    assert run.state == SyncRun.State.FAILED or run.held
    assert health(other) in (Health.OK, Health.UNKNOWN)
    assert health(role) == Health.TROUBLE or sickness not in TEMPORARY
    itop.change = SayingItop.change
    for _ in range(3):
        scene.reconcile(minutes=30)
    assert differences(scene.external, scene.internal) == []
    assert scene.held() == []
    assert (health("external"), health("internal")) == (Health.OK, Health.OK)


def test_an_internal_itop_that_is_away_moves_no_watermark_past_what_was_not_brought(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    before = scene.stream.watermark
    some_changes(scene, ticket, twin)
    scene.internal.do("switch", {"name": "is_out_of_order", "value": True})
    for _ in range(3):
        scene.reconcile(minutes=60)
    assert scene.stream.watermark == before
    scene.internal.do("switch", {"name": "is_out_of_order", "value": False})
    for _ in range(2):
        scene.reconcile(minutes=30)
    assert differences(scene.external, scene.internal) == []


def test_a_pair_goes_on_by_a_webhook_when_an_itop_was_away_for_a_moment(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.internal.do("switch", {"name": "is_out_of_order", "value": True})
    scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    assert scene.deliveries() == ["waiting"]
    scene.internal.do("switch", {"name": "is_out_of_order", "value": False})
    scene.work(seconds=600)
    assert scene.deliveries() == ["done"]
    assert [text for _, text in scene.log(scene.internal, twin)] == ["Smoke"]
