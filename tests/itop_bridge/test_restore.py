"""The database is put back from a backup: twins, entries and attachments made since are known again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integrations.core import write_hold
from integrations.core.models import Readoption, WriteHold
from tests.backup_tickets.scene import person
from tests.core.restoring import backup

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def test_after_a_restore_nothing_is_written_twice(scene: Scene, settings: Any, tmp_path: Path) -> None:
    settings.MARK_FILE = str(tmp_path / "marks.json")
    admin = person("anna", "Admin")
    old, twin = scene.a_pair()
    write_hold.look()
    copy = backup.take(tmp_path)
    new = scene.outside("new_ticket", title="Raised after the backup")
    scene.outside("add_log", ticket=old, text="Is anybody there?", by="otto")
    scene.outside("attach", ticket=old, name="photo.txt", text="a photo")
    scene.inside("attach", ticket=twin, name="manual.txt", text="a manual")
    scene.outside("attach", ticket=new, name="new.txt", text="new")
    for _ in range(3):
        scene.reconcile()

    def shown() -> list[Any]:
        of_old = [scene.log(scene.external, old), scene.log(scene.internal, twin)]
        files = [sorted(scene.files(scene.external, old)), sorted(scene.files(scene.internal, twin))]
        return [len(scene.tickets(scene.internal)), *map(len, of_old), *files]

    before = shown()
    assert before[0] == 2
    assert [len(one) for one in before[3:]] == [2, 2]
    write_hold.look()
    backup.put_back(copy)
    scene.forget()
    write_hold.look()
    scene.work()
    row = Readoption.objects.get()
    assert (row.state, row.unclear) == ("done", [])
    assert sorted(one["said"].split("”")[0] for one in row.adopted) == ["“manual.txt", "“new.txt", "“photo.txt"]
    assert scene.all_writes() == []
    write_hold.lift(WriteHold.objects.get(), user=admin, report="Read.")
    for _ in range(3):
        scene.reconcile()
    assert shown() == before
    assert scene.held() == []


def test_a_ticket_that_is_unclear_is_left_to_a_person_and_ends_no_look(scene: Scene) -> None:
    _, twin = scene.a_pair()
    other = scene.outside("new_ticket", title="Another one")
    marked = scene.ticket(scene.internal, twin)["title"].partition(" ")[0]
    number = f"[R-{int(marked[3:-1]) + 1:06d}]"
    for title in ("one", "two"):
        scene.inside("new_ticket", title=f"{number} {title}")
    hold = write_hold.begin(user=person("anna", "Admin"))
    scene.work()
    row = Readoption.objects.get(hold=hold)
    assert row.state == "done"
    assert [one["about"] for one in row.unclear] == [f"ticket {other}"]
    assert row.looked == 1
    assert row.previews
