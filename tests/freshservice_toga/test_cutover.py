"""Cut-over: the ids that an earlier program left become links, wrong ones are reported, nothing is written or made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.urls import reverse

from integrations.core.models import HeldItem, Job, RecordLink, SyncRun
from integrations.core.running import run_due_jobs
from integrations.freshservice_toga import cutover
from integrations.freshservice_toga.models import CutOver, LookAgain, OpenTicket
from integrations.freshservice_toga.sides import Sides, opened
from integrations.transport.errors import TemporaryError
from integrations.vendors.freshservice.simulator.world import GROUP, REQUESTER

from .scene import Scene


@contextmanager
def support(scene: Scene) -> Iterator[Sides]:
    with opened(scene.integration, "support") as sides:
        yield sides


def read(scene: Scene) -> CutOver:
    with support(scene) as sides:
        row = cutover.begin(scene.integration)
        cutover.read(sides, row)
    return row


def said(row: CutOver) -> dict[str, str]:
    return {line.kind: line.said for line in cutover.report(row)}


class Enough(Exception):
    """Somebody has read enough for now."""


def enough(*, after: int) -> cutover.Told:
    pages = iter(range(1, after))

    def told(row: CutOver) -> None:
        if next(pages, None) is None:
            raise Enough

    return told


def toga_ticket(scene: Scene, number: int | str) -> str:
    return str(scene.toga.do("add_ticket", {"subject": "x", "c_eliteTicketId": str(number)}))


def toga_note(scene: Scene, ticket: str, key: str, text: str = "x") -> str:
    note = str(scene.toga.do("add_note", {"ticket": ticket, "text": text}))
    scene.toga.data.change("ticket-notes", note, c_eliteConversationId=key)
    return note


def forget_everything(scene: Scene) -> None:
    """As if another program had brought what is there."""
    for rows in (RecordLink, OpenTicket, LookAgain, HeldItem, SyncRun):
        rows.objects.all().delete()
    scene.integration.streams.update(watermark=None)


def test_ids_are_read_and_sorted_before_a_link_is_made(scene: Scene) -> None:
    known, doubled, linked = (scene.do("new_ticket", subject=name) for name in ("a", "b", "c"))
    scene.hint(linked)
    toga_ticket(scene, known)
    for _ in range(2):
        toga_ticket(scene, doubled)
    toga_ticket(scene, 9999)
    toga_ticket(scene, "INC-12")
    row = read(scene)
    assert said(row)["ticket"] == (
        f"1 to be linked, 1 linked already, 2 stand on several records ({doubled}), "
        "2 not shown by Freshservice (9999, INC-12)"
    )
    assert not RecordLink.objects.filter(left_id=str(known)).exists()


def test_links_are_made_of_what_is_certain_and_nothing_is_written(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="a")
    there = toga_ticket(scene, ticket)
    note = toga_note(scene, there, "4711")
    for key in ("4712", "4712"):
        toga_note(scene, there, key)
    contact = scene.toga.data.add("contacts", name="Rosa", email="", c_eliteUserId=str(REQUESTER))["uuid"]
    scene.toga.data.add("contacts", name="Gone", email="", c_eliteUserId="1")
    team = scene.toga.data.add("ticket-teams", name="Any", c_eliteGroupId=str(GROUP))["uuid"]
    with support(scene) as sides:
        number = sides.categories["Hardware > Laptop"]
    category = next(row for row in scene.records("ticket-categories") if row["name"] == "Laptop")
    category["c_eliteCategoryId"] = str(number)
    before = scene.writes()
    row = read(scene)
    cutover.link(row)
    links = RecordLink.objects.values_list("object_type", "left_id", "right_id", "state")
    assert sorted(links) == sorted(
        [
            ("ticket", str(ticket), there, "active"),
            ("note", "4711", note, "active"),
            ("contact", str(REQUESTER), contact, "active"),
            ("team", str(GROUP), team, "active"),
            ("category", "Hardware > Laptop", category["uuid"], "active"),
        ]
    )
    assert said(row)["note"] == "1 linked, 2 stand on several records (4712)"
    assert said(row)["contact"] == "1 linked, 1 not shown by Freshservice (1)"
    assert scene.writes() == before
    again = read(scene)
    cutover.link(again)
    assert said(again)["ticket"] == "1 linked already"
    assert RecordLink.objects.count() == 5


def test_the_first_run_after_it_makes_and_writes_nothing(scene: Scene) -> None:
    """Another program brought tickets, notes, files and contacts; the portal finds all of it as it is."""
    for subject in ("One", "Two"):
        ticket = scene.do("new_ticket", subject=subject, category="Access")
        said = scene.do("reply", ticket=ticket, text="<p>Coming</p>")
        scene.do("attach", name="log.txt", ticket=ticket, text=subject)
        scene.do("attach", name="log.txt", conversation=said, text=subject)
    scene.catch_up()
    forget_everything(scene)
    cutover.link(read(scene))
    before = scene.writes()
    run = scene.catch_up()
    assert scene.writes() == before
    assert (run.created, run.held) == (0, 0)
    run = scene.catch_up()
    assert (run.created, run.updated, run.held) == (0, 0, 0)


def test_a_pair_that_was_linked_deleted_and_restored_still_knows_its_files(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="One")
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    scene.catch_up()
    forget_everything(scene)
    cutover.link(read(scene))
    scene.do("delete_ticket", ticket=ticket)
    scene.hint(ticket)
    scene.still_there()
    assert scene.pair(ticket)[0] == "missing"
    scene.do("restore_ticket", ticket=ticket)
    scene.hint(ticket)
    assert scene.pair(ticket)[0] == "active"
    assert scene.files() == [("log.txt", b"one")]
    assert len(scene.records("files")) == 1


def test_linked_tickets_are_looked_for_even_if_the_first_run_leaves_them_alone(scene: Scene) -> None:
    old, other = (scene.do("new_ticket", subject=name) for name in "ab")
    for ticket in (old, other):
        toga_ticket(scene, ticket)
    cutover.link(read(scene))
    scene.fresh.data.tickets.pop(old)
    scene.still_there()
    scene.still_there()
    assert (scene.pair(old)[0], scene.pair(other)[0]) == ("missing", "active")


def test_reading_goes_on_where_it_was_after_an_error(scene: Scene) -> None:
    for _ in range(450):
        scene.toga.data.add("tickets", subject="x", c_eliteTicketId=str(scene.fresh.data.add_ticket()["id"]))
    tickets = scene.toga.data.records["tickets"]
    for place, row in enumerate(tickets.values()):
        row["_updated"] = f"2026-01-01 00:{place // 60:02}:{place % 60:02}"
    with support(scene) as sides:
        row = cutover.begin(scene.integration)
        with pytest.raises(Enough):
            cutover.read(sides, row, told=enough(after=2))
        assert cutover.progress(row) == "399 records looked at, 399 ids found; reading tickets of TOGA 2."
    scene.fresh.fault("html_503", path="/tickets$", times=10)
    scene.toga.calls.clear()
    with pytest.raises(TemporaryError), support(scene) as sides:
        cutover.read(sides, CutOver.objects.get())
    assert [call.path for call in scene.toga.calls].count("/v2/tickets") == 1
    scene.fresh.faults.clear()
    with support(scene) as sides:
        cutover.read(sides, CutOver.objects.get())
    assert said(CutOver.objects.get())["ticket"] == "450 to be linked"


# --- in the admin -----------------------------------------------------------------------------------------------------


def press(scene: Scene, browser: Any, button: str) -> str:
    address = reverse(f"admin:freshservice_toga_freshserviceoptions_{button}", args=[scene.integration.pk])
    answer = browser.post(address, follow=True).content.decode()
    run_due_jobs()
    return str(answer)


def test_an_admin_reads_first_looks_at_the_report_and_then_links(scene: Scene, admin_client: Any) -> None:
    ticket = scene.do("new_ticket", subject="a")
    toga_ticket(scene, ticket)
    assert "No link was made. Have the ids read first" in press(scene, admin_client, "make_links")
    press(scene, admin_client, "read_ids")
    page = reverse("admin:freshservice_toga_freshserviceoptions_change", args=[scene.integration.pk])
    assert "1 to be linked" in admin_client.get(page).content.decode()
    assert not RecordLink.objects.exists()
    press(scene, admin_client, "make_links")
    assert "1 linked" in admin_client.get(page).content.decode()
    assert RecordLink.objects.get().left_id == str(ticket)
    assert Job.objects.filter(requested_by__username="admin").count() == 2


# --- what is doubled is not guessed by the sync either ----------------------------------------------------------------


def test_a_ticket_whose_id_stands_twice_is_held_until_somebody_decides(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    first, second = toga_ticket(scene, ticket), toga_ticket(scene, ticket)
    scene.hint(ticket)
    (sentence,) = scene.held()
    assert first in sentence
    assert second in sentence
    assert HeldItem.objects.get().cause == HeldItem.Cause.CONFLICT
    assert scene.writes() == []
    scene.toga.data.change("tickets", second, c_eliteTicketId="")
    scene.clock.shift(120)
    scene.catch_up()
    assert scene.held() == []
    assert scene.notes() == [("<p>No power</p>", True)]
    assert RecordLink.objects.get(object_type="ticket").right_id == first


def test_a_person_may_say_which_of_two_tickets_it_is(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    _, second = toga_ticket(scene, ticket), toga_ticket(scene, ticket)
    with support(scene) as sides:
        sides.remember("ticket", str(ticket), second)
    scene.hint(ticket)
    assert scene.held() == []
    assert [row["ticket"] for row in scene.records("ticket-notes")] == [second]


def test_two_notes_of_one_id_keep_back_nothing_else_and_are_held(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    key = scene.do("reply", ticket=ticket, text="<p>Twice</p>")
    scene.do("reply", ticket=ticket, text="<p>Once</p>")
    there = toga_ticket(scene, ticket)
    first, second = (toga_note(scene, there, str(key), "<p>Twice</p>") for _ in range(2))
    scene.hint(ticket)
    assert sorted(note for note, _ in scene.notes()) == ["<p>Dead</p>", "<p>Once</p>", "<p>Twice</p>", "<p>Twice</p>"]
    (sentence,) = scene.held()
    assert first in sentence
    assert second in sentence
    scene.toga.data.change("ticket-notes", second, c_eliteConversationId="")
    scene.do("edit_ticket", ticket=ticket, subject="Still no power")
    scene.hint(ticket)
    assert scene.held() == []
    assert RecordLink.objects.get(object_type="note", left_id=str(key)).right_id == first


def test_two_contacts_of_one_id_are_a_conflict_and_no_third_is_made(scene: Scene) -> None:
    for name in ("Rosa", "R. Lind"):
        scene.toga.data.add("contacts", name=name, email="", c_eliteUserId=str(REQUESTER))
    before = len(scene.records("contacts"))
    scene.hint(scene.do("new_ticket", subject="No power"))
    assert "2 contacts of TOGA 2 have c_eliteUserId" in scene.held()[0]
    assert len(scene.records("contacts")) == before
