"""The cut-over of large tables: how far it is, how it is stopped, and that it goes on from there, doubling nothing."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from integrations.core import long_jobs
from integrations.core.models import Job, RecordLink
from integrations.core.running import drain, run_due_jobs
from integrations.toga_togadesk import cutover
from integrations.toga_togadesk.models import CutOver, KnownRecord, SyncOptions
from integrations.toga_togadesk.pair import opened
from integrations.transport.errors import TemporaryError
from tests.at_the_keyboard import at_the_terminal
from tests.faults.database import migrated_database_url

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The process dies."""


@pytest.fixture
def small(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Five tickets on both sides, in pages of two; the rows of TOGaDesk."""
    monkeypatch.setattr(cutover, "BATCH", 2)
    SyncOptions.objects.update(page_size=2)
    rows = [scene.desk.add_ticket(f"t{place}", referenceid=scene.ticket(f"t{place}")) for place in range(5)]
    for place, row in enumerate(scene.records("tickets")):
        row["_updated"] = f"2026-01-01 00:{place:02}:00"
    return rows


def press(scene: Scene, browser: Any, button: str, **values: str) -> str:
    address = reverse(f"admin:toga_togadesk_syncoptions_{button}", args=[scene.integration.pk])
    return str(browser.post(address, values, follow=True).content.decode())


def page(scene: Scene, browser: Any) -> str:
    address = reverse("admin:toga_togadesk_syncoptions_change", args=[scene.integration.pk])
    return str(browser.get(address).content.decode())


def links() -> list[tuple[str, str]]:
    return list(RecordLink.objects.filter(object_type="ticket").order_by("pk").values_list("left_id", "right_id"))


def until(monkeypatch: pytest.MonkeyPatch, linked: int) -> None:
    """Slice after slice, until so many references are linked."""
    monkeypatch.setattr(long_jobs, "SLICE", 0.0)
    for _ in range(20):
        drain(0)
        if len(links()) >= linked:
            return
    raise AssertionError(Job.objects.get().outcome)


def test_how_far_it_is_stands_on_the_page_slice_after_slice(
    scene: Scene, small: list[int], admin_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_jobs, "SLICE", 0.0)
    assert "It begins as soon as a worker is free." in press(scene, admin_client, "adopt")
    drain(0)
    shown = page(scene, admin_client)
    assert "2 records looked at, 0 references linked; reading tickets of TOGA 2." in shown
    assert "data-busy" in shown
    assert ">Stop</button>" in shown
    assert "Adopt the references" not in shown
    assert "It is at work already." in press(scene, admin_client, "adopt")
    until(monkeypatch, 2)
    assert "2 references linked; reading tickets of TOGaDesk." in page(scene, admin_client)
    run_due_jobs()
    assert "tickets: 5 linked" in page(scene, admin_client)
    assert "data-busy" not in page(scene, admin_client)
    assert not KnownRecord.objects.exists()


def test_stopped_half_way_it_goes_on_there_and_doubles_nothing(
    scene: Scene, small: list[int], admin_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(scene, admin_client, "adopt")
    until(monkeypatch, 2)
    shown = press(scene, admin_client, "stop")
    assert "Stopped by hand." in shown
    assert "2 references linked" in shown
    assert "Go on with the references" in shown
    scene.toga.calls.clear()
    run_due_jobs()
    assert scene.toga.calls == []
    assert len(links()) == 2
    press(scene, admin_client, "adopt")
    run_due_jobs()
    assert "tickets: 5 linked; " in page(scene, admin_client)
    assert "GET tickets" not in scene.calls()
    assert sorted(int(right) for _, right in links()) == small


def test_a_process_that_dies_half_way_is_gone_on_with(scene: Scene, small: list[int]) -> None:
    def dies(row: CutOver) -> None:
        if any(one.linked for one in cutover.report(row)):
            raise Killed

    row = cutover.begin(scene.integration)
    with pytest.raises(Killed), opened(scene.integration, "cut-over") as pair:
        cutover.carry_on(pair, row, told=dies)
    assert len(links()) == 2
    call_command("adopt_references", "elite/toga", stdout=(out := StringIO()))
    assert "tickets: 5 linked\n" in out.getvalue()
    assert sorted(int(right) for _, right in links()) == small


def test_a_reference_shared_by_rows_of_different_pages_is_linked_once_and_told_as_shared(
    scene: Scene, small: list[int]
) -> None:
    first = str(scene.records("tickets")[0]["uuid"])
    late = scene.desk.add_ticket("late", referenceid=first)
    with opened(scene.integration, "cut-over") as pair:
        said = str(cutover.adopt(pair)[0])
    assert said == f"tickets: 5 linked, 1 share the reference of another row (look at {late})"
    assert [right for left, right in links() if left == first] == [str(small[0])]


def test_begun_anew_it_knows_what_it_linked(scene: Scene, small: list[int], admin_client: Any) -> None:
    for _ in range(2):
        press(scene, admin_client, "adopt")
        run_due_jobs()
    assert "tickets: 0 linked, 5 known already" in page(scene, admin_client)
    assert len(links()) == 5


def test_asked_for_twice_at_once_it_is_one_job_and_one_adoption(scene: Scene) -> None:
    job = cutover.ask(scene.integration)
    begun = CutOver.objects.get().begun_at
    Job.objects.update(state=Job.State.RUNNING)
    assert cutover.ask(scene.integration, anew=True) == job
    assert CutOver.objects.get().begun_at == begun
    assert Job.objects.count() == 1


def test_a_page_that_another_worker_stored_meanwhile_is_not_counted_twice(scene: Scene, small: list[int]) -> None:
    slow = cutover.begin(scene.integration)
    with opened(scene.integration, "cut-over") as pair:
        cutover.carry_on(pair, CutOver.objects.get())
        with pytest.raises(TemporaryError, match="faster"):
            cutover.carry_on(pair, slow)
    assert str(cutover.report(CutOver.objects.get())[0]) == "tickets: 5 linked"


def test_many_slices_make_the_same_calls_as_one(
    scene: Scene, small: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    for seconds in (60.0, 0.0):
        scene.toga.calls.clear()
        monkeypatch.setattr(long_jobs, "SLICE", seconds)
        call_command("adopt_references", "elite/toga", stdout=StringIO())
        calls.append(scene.calls())
    assert calls[0] == calls[1]


@pytest.mark.processes
def test_ctrl_c_stops_the_command_and_it_goes_on_from_there(scene: Scene, small: list[int], tmp_path: Path) -> None:
    command = ("adopt_references", "elite/toga")
    scene.toga.fault("slow", path="/contacts$", value=3.0)
    with migrated_database_url(tmp_path) as database:
        status, said = at_the_terminal(database, *command, ctrl_c_at="reading people of TOGA 2 (2 of 10) …")
        assert status == 1
        assert "5 references linked; reading people of TOGA 2 (2 of 10) …" in said
        assert "Stopping after the one in hand" in said
        assert "Stopped by hand. " in said
        assert "What was linked by then stays; the same command goes on from there." in said
        scene.toga.calls.clear()
        status, said = at_the_terminal(database, *command)
    assert (status, "GET tickets" in scene.calls()) == (0, False)
    assert "tickets: 5 linked" in said
