"""The cut-over of a large account: how far it is, how it is stopped, and that it goes on from there."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from integrations.core import long_jobs
from integrations.core.models import Job, RecordLink
from integrations.core.running import drain, run_due_jobs
from integrations.freshservice_toga import cutover
from integrations.freshservice_toga.models import CutOver, FoundId, OpenTicket
from integrations.freshservice_toga.sides import opened
from integrations.transport.errors import ConflictError, TemporaryError
from tests.at_the_keyboard import at_the_terminal
from tests.faults.database import migrated_database_url

from .scene import Scene

HELPDESK = "elite/freshservice"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few records are many: pages of two, and others have their turn after each."""
    monkeypatch.setattr(cutover, "PAGE", 2)
    monkeypatch.setattr(cutover, "BATCH", 2)
    monkeypatch.setattr(long_jobs, "SLICE", 0.0)


def tickets(scene: Scene, count: int) -> None:
    """Tickets of Freshservice that an earlier program brought to TOGA 2, a minute apart."""
    for place in range(count):
        number = scene.do("new_ticket", subject=f"t{place}")
        scene.toga.do("add_ticket", {"subject": f"t{place}", "c_eliteTicketId": str(number)})
    for place, row in enumerate(scene.toga.data.records["tickets"].values()):
        row["_updated"] = f"2026-01-01 00:{place:02}:00"


def press(scene: Scene, browser: Any, button: str, **values: str) -> str:
    address = reverse(f"admin:freshservice_toga_freshserviceoptions_{button}", args=[scene.integration.pk])
    return str(browser.post(address, values, follow=True).content.decode())


def page(scene: Scene, browser: Any) -> str:
    address = reverse("admin:freshservice_toga_freshserviceoptions_change", args=[scene.integration.pk])
    return str(browser.get(address).content.decode())


def lists_of_tickets(scene: Scene) -> int:
    return [call.path for call in scene.toga.calls].count("/v2/tickets")


@pytest.mark.usefixtures("small")
def test_how_far_the_reading_is_stands_on_the_page(scene: Scene, admin_client: Any) -> None:
    tickets(scene, 5)
    assert "It begins as soon as a worker is free." in press(scene, admin_client, "read_ids")
    drain(0)
    shown = page(scene, admin_client)
    assert "2 records looked at, 2 ids found; reading tickets of TOGA 2." in shown
    assert "data-busy" in shown
    assert ">Stop</button>" in shown
    assert "Read the ids" not in shown
    run_due_jobs()
    shown = page(scene, admin_client)
    assert "5 to be linked" in shown
    assert "data-busy" not in shown


@pytest.mark.usefixtures("small")
def test_a_reading_that_was_stopped_goes_on_where_it_was(scene: Scene, admin_client: Any) -> None:
    tickets(scene, 5)
    press(scene, admin_client, "read_ids")
    drain(0)
    shown = press(scene, admin_client, "stop")
    assert "Stopped by hand. 2 records looked at, 2 ids found" in shown
    assert "Go on reading" in shown
    scene.toga.calls.clear()
    run_due_jobs()
    assert scene.toga.calls == []
    press(scene, admin_client, "read_ids")
    drain(0)
    assert FoundId.objects.filter(kind="ticket").count() > 2
    assert lists_of_tickets(scene) == 1
    run_due_jobs()
    assert "5 to be linked" in page(scene, admin_client)
    assert FoundId.objects.filter(kind="ticket").count() == 5


@pytest.mark.usefixtures("small")
def test_a_reading_can_be_begun_anew_instead(scene: Scene, admin_client: Any) -> None:
    tickets(scene, 3)
    press(scene, admin_client, "read_ids")
    drain(0)
    press(scene, admin_client, "stop")
    first = CutOver.objects.get().begun_at
    press(scene, admin_client, "read_ids", anew="1")
    assert CutOver.objects.get().begun_at > first
    run_due_jobs()
    assert "3 to be linked" in page(scene, admin_client)


@pytest.mark.usefixtures("small")
def test_a_stop_while_a_worker_reads_ends_it_after_the_page(scene: Scene, admin_client: Any) -> None:
    tickets(scene, 5)
    press(scene, admin_client, "read_ids")
    job = Job.objects.get()
    drain(0)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING)
    assert "It ends after the one it is at." in press(scene, admin_client, "stop")
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)  # its worker died, and its claim was freed
    scene.toga.calls.clear()
    run_due_jobs()
    assert scene.toga.calls == []
    assert Job.objects.get(pk=job.pk).was_stopped


@pytest.mark.usefixtures("small")
def test_links_are_made_in_slices_and_a_stop_leaves_each_made_once(scene: Scene, admin_client: Any) -> None:
    tickets(scene, 5)
    press(scene, admin_client, "read_ids")
    run_due_jobs()
    press(scene, admin_client, "make_links")
    drain(0)
    assert "2 of 5 ids linked." in page(scene, admin_client)
    shown = press(scene, admin_client, "stop")
    assert "Stopped by hand. 2 of 5 ids linked." in shown
    assert "Make the links" in shown
    assert RecordLink.objects.count() == OpenTicket.objects.count() == 2
    press(scene, admin_client, "make_links")
    run_due_jobs()
    assert "5 linked" in page(scene, admin_client)
    assert RecordLink.objects.count() == OpenTicket.objects.count() == 5


def read(scene: Scene) -> CutOver:
    with opened(scene.integration, "support") as sides:
        row = cutover.begin(scene.integration)
        cutover.read(sides, row)
    return row


@pytest.mark.usefixtures("small")
def test_links_are_not_made_of_another_reading_that_took_the_place_of_the_one_looked_at(scene: Scene) -> None:
    tickets(scene, 5)
    row = read(scene)

    def begun_anew(done: int, total: int) -> None:
        if done > 2:
            return
        FoundId(cut_over=cutover.begin(scene.integration), kind="ticket", number="9", left_id="9", right_id="z").save()

    with pytest.raises(ConflictError, match="being read anew"):
        cutover.link(row, told=begun_anew)
    assert RecordLink.objects.count() == 2


@pytest.mark.usefixtures("small")
def test_a_page_that_another_worker_stored_meanwhile_is_not_counted_twice(scene: Scene) -> None:
    tickets(scene, 3)
    slow = cutover.begin(scene.integration)
    with opened(scene.integration, "support") as sides:
        cutover.read(sides, CutOver.objects.get())
        with pytest.raises(TemporaryError, match="faster"):
            cutover.read(sides, slow)
    now = CutOver.objects.get()
    assert now.read_at is not None
    assert (now.step, now.cursor) == (len(cutover.STEPS), "")


def test_who_dies_while_judging_leaves_the_verdicts_whole(scene: Scene) -> None:
    tickets(scene, 2)
    scene.toga.do("add_ticket", {"subject": "of another account", "c_eliteTicketId": "999999"})
    row = read(scene)
    before = [str(line) for line in cutover.report(row)]

    def dies(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and "is_known" in sql:
            raise KeyboardInterrupt
        return execute(sql, *rest)

    with pytest.raises(KeyboardInterrupt), connection.execute_wrapper(dies):
        cutover.judge(row)
    assert [str(line) for line in cutover.report(row)] == before
    assert "ticket: 2 to be linked, 1 not shown by Freshservice (999999)" in before


def test_asked_for_twice_at_once_it_is_one_job_and_one_reading(scene: Scene) -> None:
    job = cutover.ask_to_read(scene.integration)
    begun = CutOver.objects.get().begun_at
    Job.objects.update(state=Job.State.RUNNING)
    assert cutover.ask_to_read(scene.integration, anew=True) == job
    assert cutover.ask_for_links(scene.integration) == job
    assert CutOver.objects.get().begun_at == begun
    assert Job.objects.count() == 1


def test_the_command_reads_says_what_would_be_linked_and_links(scene: Scene) -> None:
    tickets(scene, 3)
    out = StringIO()
    with pytest.raises(CommandError, match="Have the ids read first"):
        call_command("adopt_ids", HELPDESK, "--link", stdout=out)
    call_command("adopt_ids", HELPDESK, stdout=out)
    assert "ticket: 3 to be linked\n" in out.getvalue()
    assert not RecordLink.objects.exists()
    call_command("adopt_ids", HELPDESK, "--link", stdout=out)
    assert "ticket: 3 linked\n" in out.getvalue()
    assert RecordLink.objects.count() == 3


@pytest.mark.processes
def test_ctrl_c_stops_the_command_and_it_goes_on_from_there(scene: Scene, tmp_path: Path) -> None:
    tickets(scene, 5)
    scene.toga.fault("slow", path="/contacts$", value=3.0)
    with migrated_database_url(tmp_path) as database:
        words = "5 ids found; reading contacts of TOGA 2 (1 of 10) …"
        status, said = at_the_terminal(database, "adopt_ids", HELPDESK, ctrl_c_at=words)
        assert status == 1
        assert "Stopping after the one in hand" in said
        assert "Stopped by hand. " in said
        assert "Nothing is lost: the same command goes on from there." in said
        scene.toga.calls.clear()
        status, said = at_the_terminal(database, "adopt_ids", HELPDESK)
    assert (status, lists_of_tickets(scene)) == (0, 0)
    assert "ticket: 5 to be linked" in said
