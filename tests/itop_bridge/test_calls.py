"""M1 and M2: the calls that each change costs are those of the guide's table, no more and no fewer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .scene import Scene

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "itop.md"


def _table() -> dict[str, tuple[int, int]]:
    """Calls to the external and to the internal iTop, by what happens."""
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| (\d+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return {what.strip(): (int(outside), int(inside)) for what, outside, inside in rows}


def _hint(scene: Scene, role: str, number: int) -> None:
    scene.hint(role, "update-ticket", f'{{"id": "{number}"}}')


def _create(scene: Scene) -> None:
    scene.a_pair()
    ticket = scene.outside("new_ticket", title="Two")
    scene.forget()
    _hint(scene, "external", ticket)


def _create_with_more(scene: Scene) -> None:
    scene.a_pair()
    files = [{"name": "a", "text": "a"}, {"name": "b", "text": "b"}]
    ticket = scene.outside("new_ticket", title="Two", files=files)
    for number in range(5):
        scene.outside("add_log", ticket=ticket, text=f"entry {number}")
    scene.forget()
    _hint(scene, "external", ticket)


def _unchanged(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    _hint(scene, "external", ticket)


def _title(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    scene.outside("edit_ticket", ticket=ticket, title="Two")
    _hint(scene, "external", ticket)


def _entry(scene: Scene) -> None:
    _, twin = scene.a_pair()
    scene.inside("add_log", ticket=twin, text="Done")
    _hint(scene, "internal", twin)


def _state(scene: Scene) -> None:
    _, twin = scene.a_pair()
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    _hint(scene, "internal", twin)


def _file(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    scene.outside("attach", ticket=ticket, name="a", text="a")
    _hint(scene, "external", ticket)


def _replaced(scene: Scene) -> None:
    ticket, _ = scene.a_pair(files=[{"name": "a", "text": "a"}])
    (record,) = scene.external.data.attachments_of(scene.ticket(scene.external, ticket))
    scene.outside("replace_attachment", attachment=record["id"], text="b")
    body = f'{{"attachment_id": "{record["id"]}", "item_class": "UserRequest", "item_id": "{ticket}"}}'
    scene.hint("external", "update-attachment", body)


def _quiet(scene: Scene) -> None:
    scene.a_pair()
    scene.reconcile()


SCENES: dict[str, Callable[[Scene], None]] = {
    "a reconcile that finds nothing, whatever the number of pairs": _quiet,
    "a look at a pair that agrees": _unchanged,
    "a new ticket": _create,
    "a new ticket with five log entries and two attachments": _create_with_more,
    "a change of the form": _title,
    "a log entry inside": _entry,
    "a state that is one step away": _state,
    "an attachment outside": _file,
    "an attachment that was replaced outside": _replaced,
}


def test_the_table_has_a_row_for_each_of_these() -> None:
    assert set(SCENES) <= set(_table())


@pytest.mark.parametrize("what", SCENES)
def test_a_change_costs_the_calls_of_the_table(scene: Scene, what: str) -> None:
    SCENES[what](scene)
    assert (len(scene.external.calls), len(scene.internal.calls)) == _table()[what]
