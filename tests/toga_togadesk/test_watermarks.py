"""The watermarks as parameters of TOGA 2: published after the commit, adopted when set back, and never fought over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.core.models import SyncRun, User
from integrations.core.streams import resync_from
from integrations.toga_togadesk.models import Published

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)
TO_DESK, TO_TOGA = "TOGADESK_LAST_TICKET_INTEGRATION_DATETIME", "TOGA_LAST_TICKET_INTEGRATION_DATETIME"


def values(scene: Scene) -> dict[str, str]:
    return {row["name"]: row["value"] for row in scene.records("parameters")}


def set_value(scene: Scene, name: str, value: str) -> None:
    row = next(row for row in scene.records("parameters") if row["name"] == name)
    scene.toga.do("edit", {"resource": "parameters", "uuid": row["uuid"], "value": value})


def test_a_run_that_moved_something_publishes_and_another_does_not(scene: Scene) -> None:
    scene.ticket()
    scene.to_desk()
    first = values(scene)[TO_DESK]
    assert first == f"{scene.stream('tickets_to_togadesk').watermark:%Y-%m-%d %H:%M:%S}"
    scene.to_desk()
    assert values(scene)[TO_DESK] == first
    scene.ticket()
    scene.to_desk()
    assert values(scene)[TO_DESK] > first


def test_what_the_old_program_left_is_where_the_first_run_begins(scene: Scene) -> None:
    scene.toga.data.add("parameters", name=TO_DESK, value="2026-01-01 00:00:00")
    scene.toga.data.add("tickets", subject="old", _updated="2025-12-31 23:59:00", status="", priority="")
    scene.ticket("new")
    scene.options.overlap_seconds = 0
    scene.options.save()
    assert scene.to_desk().created == 1
    assert [row["subject"] for row in scene.rows("tickets")] == ["new"]


def test_a_value_that_was_set_back_has_everything_since_read_again(scene: Scene) -> None:
    scene.ticket()
    scene.to_desk()
    set_value(scene, TO_DESK, "2020-01-01 00:00:00")
    run = scene.to_desk()
    assert f"{run.watermark_before:%Y}" == "2020"
    assert (run.read, run.created, run.held) == (1, 0, 0)


def test_a_value_that_another_program_moved_on_stops_the_stream_until_a_person_decides(scene: Scene) -> None:
    scene.ticket()
    scene.to_desk()
    set_value(scene, TO_DESK, "2099-01-01 00:00:00")
    scene.ticket("must wait")
    run = scene.to_desk()
    assert run.state == SyncRun.State.FAILED
    assert "Another program moved TOGADESK_LAST_TICKET_INTEGRATION_DATETIME" in run.outcome
    assert len(scene.rows("tickets")) == 1
    Published.objects.filter(stream__slug="tickets_to_togadesk").update(value="2099-01-01 00:00:00")
    assert scene.to_desk().created == 1


def test_an_answer_that_is_lost_is_not_taken_for_another_program(scene: Scene) -> None:
    scene.ticket()
    scene.toga.fault("answer_lost", method="POST", path="/parameters$")
    assert scene.to_desk().state == SyncRun.State.FAILED
    scene.ticket()
    run = scene.to_desk()
    assert (run.state, run.created) == (SyncRun.State.DONE, 1)
    assert len(scene.records("parameters")) == 1


def test_a_value_that_is_no_time_is_named(scene: Scene) -> None:
    scene.toga.data.add("parameters", name=TO_TOGA, value="yesterday")
    run = scene.to_toga()
    assert (
        run.outcome
        == "The parameter TOGA_LAST_TICKET_INTEGRATION_DATETIME in TOGA 2 is no time: yesterday. Correct it there."
    )


def test_reading_again_from_the_beginning_writes_nothing_twice(scene: Scene) -> None:
    scene.note(scene.ticket(), "a")
    scene.desk.reply(scene.desk.add_ticket("b"), "b")
    scene.both()
    scene.both()
    admin = User.objects.create_user("anna")
    for slug in ("tickets_to_togadesk", "tickets_to_toga"):
        resync_from(scene.stream(slug), None, user=admin)
    scene.toga.calls.clear()
    first, second = scene.both()
    assert (first.read, second.read) == (2, 2)
    assert (scene.calls("POST"), scene.replies(), scene.notes()) == ([], ["a", "b"], ["a", "b"])


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_vendor_whose_clock_differs_by_hours_hides_nothing(scene: Scene, hours: int) -> None:
    scene.toga.data.skew = timedelta(hours=hours)
    for subject in ("first", "second", "third"):
        ticket = scene.ticket(subject)
        scene.to_desk()
        scene.note(ticket, f"of {subject}")
        scene.to_desk()
    assert [row["subject"] for row in scene.rows("tickets")] == ["first", "second", "third"]
    assert scene.replies() == ["of first", "of second", "of third"]
