"""What did not change and is looked at once more: for a word that was entered, for a conversation that was absent."""

from __future__ import annotations

import re
from typing import Any

from django.db import connection
from django.urls import reverse

from integrations.core.models import Job, SyncEntry
from integrations.freshservice_toga.models import ValueWord
from integrations.vendors.simulation import Reply, Request

from .scene import Scene


def left_alone(scene: Scene, *codes: int) -> list[int]:
    """Tickets with these codes of the tenant as status, brought so long ago that no catch-up lists them."""
    tickets = [scene.do("new_ticket", subject=f"Ticket {code}", status=code) for code in codes]
    scene.catch_up()
    scene.clock.shift(7200)
    scene.catch_up()
    scene.fresh.calls.clear()
    return tickets


def statuses(scene: Scene) -> dict[str, Any]:
    return {row["c_eliteTicketId"]: row.get("status") for row in scene.records("tickets")}


def enter(scene: Scene, browser: Any, code: int, word: str) -> Any:
    """An admin enters the word on the page of the settings."""
    rows = list(ValueWord.objects.order_by("field", "code"))
    data = {"custom_field_prefix": "elite", "words-TOTAL_FORMS": len(rows), "words-INITIAL_FORMS": len(rows)}
    for place, row in enumerate(rows):
        said = word if (row.field, row.code) == ("status", code) else row.word
        data |= {
            f"words-{place}-id": row.pk,
            f"words-{place}-options": scene.integration.pk,
            f"words-{place}-word": said,
        }
    page = reverse("admin:freshservice_toga_freshserviceoptions_change", args=[scene.integration.pk])
    return browser.post(page, data, follow=True)


def test_a_word_that_was_entered_reaches_the_tickets_that_were_left_alone(scene: Scene, admin_client: Any) -> None:
    first, second, other = left_alone(scene, 11, 11, 12)
    page = enter(scene, admin_client, 11, "With the supplier").content.decode()
    assert "2 tickets that were left alone for want of a word: looked at again now." in page
    scene.work()
    assert statuses(scene) == {str(first): "With the supplier", str(second): "With the supplier", str(other): None}
    looked_at = {read.split("/")[1] for read in scene.reads() if "/" in read}
    assert looked_at == {str(first), str(second)}
    scene.fresh.calls.clear()
    scene.catch_up()
    assert scene.reads() == ["GET tickets"]


def test_saving_other_settings_asks_for_nothing(scene: Scene, admin_client: Any) -> None:
    left_alone(scene, 11)
    enter(scene, admin_client, 99, "of no ticket")
    assert not Job.objects.filter(state="queued").exists()


def test_the_page_says_how_many_tickets_wait_for_a_word(scene: Scene, admin_client: Any) -> None:
    left_alone(scene, 11, 11)
    page = admin_client.get(
        reverse("admin:freshservice_toga_freshserviceoptions_change", args=[scene.integration.pk])
    ).content.decode()
    counts = re.findall(r'data-label="tickets left alone">.*?<div class="readonly[^>]*>(\d+)<', page, re.DOTALL)
    assert sorted(counts)[-1] == "2"
    assert "status 11 has no word yet" in SyncEntry.objects.filter(outcome="created").latest("pk").why


def test_a_word_entered_while_a_run_works_without_it_is_not_missed(scene: Scene) -> None:
    for number in range(3):
        scene.do("new_ticket", subject=f"Ticket {number}", status=11)
    told: list[str] = []

    def meanwhile(request: Request, reply: Reply) -> Reply:
        """The run knows its words once it has brought the first ticket."""
        told.extend([request.path] if request.path.endswith("/conversations") else [])
        if len(told) == 2:
            ValueWord.objects.filter(code=11, field="status").update(word="With the supplier")
            connection.close()  # of the simulator's thread
        return reply

    scene.fresh.change = meanwhile
    scene.catch_up()
    assert set(statuses(scene).values()) == {None}
    scene.clock.shift(7200)
    scene.catch_up()
    assert set(statuses(scene).values()) == {"With the supplier"}


def test_an_outage_loses_no_word(scene: Scene) -> None:
    """Three failures in a row end the run and hold nothing; the next run knows what is left."""
    left_alone(scene, 11, 11, 11, 11)
    ValueWord.objects.filter(code=11).update(word="With the supplier")
    scene.toga.fault("not_received", method=scene.toga.update_method, path="/tickets/", times=20)
    assert "looks like an outage" in scene.catch_up().outcome
    scene.toga.faults.clear()
    scene.clock.shift(7200)
    scene.catch_up()
    assert set(statuses(scene).values()) == {"With the supplier"}


def test_a_deletion_that_the_catch_up_saw_late_is_told_by_the_next(scene: Scene) -> None:
    """The second read of the conversations does not wait for the ticket's next change."""
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    gone = scene.do("note", ticket=ticket, text="<p>Never mind</p>")
    scene.catch_up()
    scene.do("delete_conversation", conversation=gone)
    for _ in range(2):
        scene.clock.shift(3600)
        scene.catch_up()
    assert "Deleted in Freshservice" in scene.notes()[1][0]


def test_a_ticket_that_is_gone_is_not_looked_at_for_ever(scene: Scene) -> None:
    (ticket,) = left_alone(scene, 11)
    scene.fresh.data.tickets.pop(ticket)
    ValueWord.objects.filter(code=11).update(word="With the supplier")
    for _ in range(3):
        scene.clock.shift(7200)
        scene.catch_up()
    before = len(scene.reads())
    scene.clock.shift(7200)
    scene.catch_up()
    assert len(scene.reads()) == before + 1


def test_a_dry_run_leaves_the_second_look_to_the_real_one(scene: Scene) -> None:
    (ticket,) = left_alone(scene, 11)
    ValueWord.objects.filter(code=11).update(word="With the supplier")
    run = scene.catch_up(is_dry=True)
    assert "set status to “With the supplier”" in SyncEntry.objects.get(run=run).writes
    scene.catch_up()
    assert statuses(scene) == {str(ticket): "With the supplier"}
