"""P16: a sick Freshservice or TOGA 2 hurts only itself: nothing is lost, nothing held for it, and only it is blamed."""

from __future__ import annotations

import pytest

from integrations.core.models import Connection, SyncRun
from integrations.vendors.simulation import Reply, Request

from .oracle import differences, empty
from .scene import Scene

Health = Connection.Health
PAGE = b"<!doctype html><html><body>Service Unavailable</body></html>"
SICK: dict[str, Reply] = {
    "500": Reply(500, PAGE, {"Content-Type": "text/html"}),
    "503 that names its end": Reply(503, b"", {"Retry-After": "120"}),
    "an HTML page": Reply(200, PAGE, {"Content-Type": "text/html"}),
    "garbage": Reply(200, b"\x00\xff{"),
    "an empty answer": Reply(200, b""),
    "a list of nothing we know": Reply.of({"things": []}),
    "more than anybody can read": Reply(200, b"[" + b"1," * 10_500_000 + b"1]"),
    "half of an answer": Reply(200, b'{"tickets": [', {"X-Whole-Length": "100"}),
}
TEMPORARY = ("500", "503 that names its end", "half of an answer")


@pytest.fixture(autouse=True)
def _empty(scene: Scene) -> None:
    empty(scene.fresh, scene.toga)


def health(scene: Scene) -> tuple[str, str]:
    """Of Freshservice and of TOGA 2."""
    rows = dict(Connection.objects.values_list("slug", "health"))
    return rows["freshservice"], rows["toga"]


def some_tickets(scene: Scene) -> None:
    for number in range(5):
        ticket = scene.do("new_ticket", subject=f"Ticket {number}")
        scene.do("attach", name="log.txt", ticket=ticket, text=f"log {number}")


def recovers(scene: Scene) -> None:
    scene.fresh.change = lambda request, reply: reply
    scene.toga.faults.clear()
    for _ in range(3):
        scene.work(minutes=30)
        scene.catch_up()
    assert differences(scene.fresh, scene.toga) == []
    assert scene.held() == []
    assert health(scene) == (Health.OK, Health.OK)


@pytest.mark.parametrize("sickness", SICK)
def test_a_sick_freshservice_fails_the_run_with_its_reason_and_leaves_toga_2_alone(scene: Scene, sickness: str) -> None:
    some_tickets(scene)
    scene.fresh.change = lambda request, reply: SICK[sickness]
    run = scene.catch_up()
    assert run.state == SyncRun.State.FAILED
    assert len(run.outcome) > 20
    assert scene.writes() == []
    assert health(scene) == (Health.TROUBLE if sickness in TEMPORARY else health(scene)[0], Health.UNKNOWN)
    recovers(scene)


@pytest.mark.parametrize("sickness", ["500_errors", "garbage", "html_503"])
def test_a_sick_toga_2_ends_the_run_as_an_outage_and_leaves_freshservice_alone(scene: Scene, sickness: str) -> None:
    some_tickets(scene)
    scene.toga.fault(sickness, path="/v2/tickets", times=999)
    run = scene.catch_up()
    assert run.created == 0
    assert health(scene)[0] == Health.OK
    if sickness != "garbage":
        assert (run.state, health(scene)[1]) == (SyncRun.State.FAILED, Health.TROUBLE)
    recovers(scene)


@pytest.mark.parametrize("slug", ["freshservice", "toga"])
def test_the_look_of_a_webhook_blames_the_one_that_had_the_trouble(scene: Scene, slug: str) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    side = scene.fresh if slug == "freshservice" else scene.toga
    side.fault("500_errors", method="GET", path="/tickets", times=99)
    scene.hint(ticket)
    assert scene.deliveries() == ["waiting"]
    assert Connection.objects.get(slug=slug).health == Health.TROUBLE
    assert Connection.objects.exclude(slug=slug).get().health in (Health.OK, Health.UNKNOWN)
    side.faults.clear()
    recovers(scene)
    assert scene.deliveries() == ["done"]


def test_a_host_of_files_in_trouble_keeps_back_the_files_alone(scene: Scene) -> None:
    some_tickets(scene)
    scene.fresh.files.fault("500_errors", times=99)
    scene.catch_up()
    assert len(scene.notes()) >= 3, "what was said is there, up to what looks like an outage"
    scene.fresh.files.faults.clear()
    recovers(scene)


# --- limits per minute are routine ------------------------------------------------------------------------------------


def test_a_429_stops_the_calls_until_the_second_that_was_named_and_is_no_trouble(scene: Scene) -> None:
    some_tickets(scene)
    scene.catch_up()
    scene.do("new_ticket", subject="One more")

    def too_many(request: Request, reply: Reply) -> Reply:
        return Reply(429, b"", {"Retry-After": "100"}) if request.path.endswith("/tickets/106") else reply

    scene.fresh.change = too_many
    scene.catch_up()
    assert health(scene) == (Health.OK, Health.OK)
    scene.fresh.change = lambda request, reply: reply
    scene.fresh.calls.clear()
    scene.work(minutes=1)
    assert scene.reads() == [], "nobody asks before"
    scene.work(minutes=1)
    recovers(scene)


def test_a_slow_freshservice_only_takes_its_time(scene: Scene) -> None:
    some_tickets(scene)
    scene.fresh.fault("slow", times=3, value=0.3)
    assert scene.catch_up().created == 5
    assert health(scene) == (Health.OK, Health.OK)
