"""P10, P16 and section 8 of the spec: what each kind of trouble does to a run; the next one goes on from there."""

from __future__ import annotations

import pytest

from integrations.core.models import Connection, HeldItem, SyncRun

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("500_errors", "The vendor answered 500"),
        ("garbage", "not usable JSON"),
        ("truncated", "broke the connection"),
        ("html_503", "The vendor answered 503"),
    ],
)
def test_a_sick_list_fails_the_run_with_its_reason_and_nothing_is_lost(scene: Scene, fault: str, said: str) -> None:
    scene.ticket("a")
    scene.toga.fault(fault, method="GET", path="/tickets$", times=3)
    run = scene.to_desk()
    assert (run.state, run.created) == (SyncRun.State.FAILED, 0)
    assert said in run.outcome
    scene.toga.faults.clear()
    assert scene.to_desk().created == 1


def test_refused_credentials_stop_the_run_and_mark_the_connection(scene: Scene) -> None:
    scene.ticket("a")
    scene.toga.auth_style = "basic"
    run = scene.to_desk()
    connection = Connection.objects.get(slug="toga")
    assert run.state == SyncRun.State.FAILED
    assert (connection.health, connection.health_cause) == (Connection.Health.ATTENTION, run.outcome)
    assert "401" in run.outcome
    assert len(scene.calls()) == 1, "wrong credentials are not tried twice"
    assert not HeldItem.objects.exists()


def test_an_outage_in_the_middle_keeps_what_was_done_and_holds_nothing(scene: Scene) -> None:
    for number in range(9):
        scene.ticket(f"t{number}")
    uuids = sorted(row["uuid"] for row in scene.records("tickets"))
    scene.toga.fault("500_errors", method="GET", path=f"/tickets/({'|'.join(uuids[4:])})", times=99)
    run = scene.to_desk()
    assert (run.state, run.held) == (SyncRun.State.FAILED, 0)
    assert "looks like an outage" in run.outcome
    assert run.created >= 3
    scene.toga.faults.clear()
    again = scene.to_desk()
    assert run.created + again.created == 9
    assert scene.held() == []


def test_one_ticket_in_a_hundred_that_nobody_understands_is_held_and_never_forgotten(scene: Scene) -> None:
    bad = scene.ticket("bad", status={"odd": 1})
    for number in range(100):
        scene.toga.data.add("tickets", subject=f"t{number}", status="Open", priority="Low")
    run = scene.to_desk()
    assert (run.created, run.held) == (100, 1)
    for _ in range(3):
        scene.later(30, scene.to_desk)
    (item,) = HeldItem.objects.all()
    assert (item.record_id, item.cause, item.state) == (bad, HeldItem.Cause.MALFORMED, HeldItem.State.HELD)
    assert item.tries >= 3
    scene.change(bad, status="Open")
    scene.to_desk()
    assert HeldItem.objects.get().state == HeldItem.State.SETTLED
    assert len(scene.rows("tickets")) == 101


def test_a_database_that_is_away_fails_the_run_and_the_next_one_goes_on(scene: Scene) -> None:
    if scene.desk.database.kind != "sqlite":
        pytest.skip("the file is moved away; a server is not")
    scene.ticket("a")
    file = scene.desk.uploads.parent / "togadesk.sqlite3"
    file.rename(file.with_suffix(".away"))
    run = scene.to_desk()
    assert run.state == SyncRun.State.FAILED
    assert scene.rows("tickets") == []
    file.with_suffix(".away").rename(file)
    assert scene.to_desk().created == 1


def test_a_paused_connection_means_no_call_at_all(scene: Scene) -> None:
    scene.ticket("a")
    Connection.objects.filter(slug="togadesk").update(is_paused=True)
    with pytest.raises(Exception, match="is paused"):
        scene.to_desk()
    assert scene.calls() == []


@pytest.mark.proof
@pytest.mark.parametrize("size", [0, 1, 3_000_000, 40_000_000])
def test_a_file_of_any_size_arrives_whole_on_either_side(scene: Scene, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    note = scene.note(scene.ticket("from toga"), "n")
    scene.file(note, "toga.bin", content)
    scene.desk.add_file(scene.desk.reply(scene.desk.add_ticket("from the desk"), "r"), "desk.bin", content)
    scene.both()
    stored = {row["name"]: scene.desk.uploads / row["file"] for row in scene.rows("files")}
    assert stored["toga.bin"].read_bytes() == content
    sent = {row["name"]: row["content"] for row in scene.records("files")}
    assert sent["desk.bin"] == content
    assert scene.held() == []
