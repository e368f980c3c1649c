"""The database is put back from a backup: what was made in TOGA 2 since is known again, and none doubled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integrations.core import write_hold
from integrations.core.models import Readoption, WebhookDelivery, WriteHold
from tests.backup_tickets.scene import person
from tests.core.restoring import backup

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def test_after_a_restore_nothing_is_doubled_and_webhooks_wait(scene: Scene, settings: Any, tmp_path: Path) -> None:
    settings.MARK_FILE = str(tmp_path / "marks.json")
    admin = person("anna", "Admin")
    old = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    scene.catch_up()
    write_hold.look()
    copy = backup.take(tmp_path)
    scene.do("reply", ticket=old, text="<p>A photo</p>")
    scene.do("attach", ticket=old, name="photo.txt", text="a photo")
    scene.do("new_ticket", subject="Raised later", description="<p>Later</p>")
    scene.catch_up()
    scene.catch_up(after=70)
    before = [len(scene.records("tickets")), scene.notes(), scene.files()]
    assert before[0] == 2
    assert len(before[2]) == 1

    write_hold.look()
    backup.put_back(copy)
    write_hold.look()
    sent = len(scene.writes())
    scene.do("reply", ticket=old, text="<p>Said while writes were paused</p>")
    assert scene.hint(old) == 202  # taken, and it waits
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, "Writes are paused" in delivery.outcome) == ("waiting", True)
    assert Readoption.objects.get().state == "done"
    assert len(scene.writes()) == sent

    write_hold.lift(WriteHold.objects.get(), user=admin, report="Read.")
    scene.work()
    scene.catch_up()
    scene.catch_up(after=70)
    delivery.refresh_from_db()
    assert delivery.state == "done"
    after = [len(scene.records("tickets")), scene.notes(), scene.files()]
    assert (after[0], after[2]) == (before[0], before[2])
    assert len(after[1]) == len(before[1]) + 1
    assert scene.held() == []
