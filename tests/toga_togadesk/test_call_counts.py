"""Exactly these calls to TOGA 2 for each act, and no other: the table in docs/toga.md (M1, M2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)
LISTS = ["GET parameters", "GET tickets", "GET ticket-notes"]


def calls_of(scene: Scene, act: Callable[[], object]) -> list[str]:
    """The calls of an act, ids left out, without the publishing of the watermark."""
    scene.toga.calls.clear()
    act()
    return [
        "/".join(part for part in f"{call.method} {call.path.removeprefix('/v2/')}".split("/") if len(part) != 36)
        for call in scene.toga.calls
        if not (call.method != "GET" and "/parameters" in call.path)
    ]


def test_no_change(scene: Scene) -> None:
    scene.note(scene.ticket(), "a")
    scene.desk.add_ticket("b")
    scene.both()
    scene.both()
    assert calls_of(scene, scene.to_desk) == LISTS
    assert calls_of(scene, scene.to_toga) == ["GET parameters"]


def test_a_changed_ticket_with_many_notes(scene: Scene) -> None:
    ticket = scene.ticket()
    for number in range(25):
        scene.note(ticket, f"n{number}")
    calls = calls_of(scene, scene.to_desk)
    assert calls == ["GET parameters", "GET tickets", "GET tickets", "GET ticket-notes", "GET parameters"]


def test_files_from_toga(scene: Scene) -> None:
    note = scene.note(scene.ticket(), "n")
    scene.to_desk()
    scene.file(note, "a.txt")
    scene.file(note, "b.txt")
    calls = calls_of(scene, scene.to_desk)
    assert [call for call in calls if call not in LISTS] == ["GET files", "GET files"]
    assert calls.count("GET tickets") == 2, "the list, and the ticket"


def test_a_new_ticket_of_the_desk(scene: Scene) -> None:
    row = scene.desk.add_ticket("t")
    reply = scene.desk.reply(row, "r")
    scene.desk.comment(row, "c")
    scene.desk.add_file(reply, "f.txt", b"f")
    assert calls_of(scene, scene.to_toga) == [
        "GET parameters",
        "POST tickets",
        "POST ticket-notes",
        "POST ticket-notes",
        "POST files",
        "POST ticket-notes/ticket-note-files",
        "GET parameters",
    ]


def test_a_new_reply_on_a_known_ticket(scene: Scene) -> None:
    scene.desk.add_ticket("t")
    scene.both()
    scene.desk.reply(1, "r")
    assert calls_of(scene, scene.to_toga) == ["GET parameters", "GET tickets", "POST ticket-notes", "GET parameters"]


def test_a_page_holds_two_hundred(scene: Scene) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=10), tick=False) as clock:
        for number in range(450):
            clock.shift(1)
            scene.toga.data.add("contacts", name=f"c{number}", email="", phone="", isActive=True)
    assert calls_of(scene, lambda: scene.run("contacts")) == ["GET contacts"] * 3
    assert calls_of(scene, lambda: scene.run("contacts"))[0:1] == ["GET contacts"]
