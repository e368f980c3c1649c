"""A firm that wants no markers has them taken out of its remarks: what is written, what stays, where it goes on."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from integrations.advoware_espocrm.markers import remove_markers
from integrations.advoware_espocrm.models import Slot
from integrations.core.models import RecordLink, SyncRun
from integrations.core.streams import StreamProblem, ask_to_stop
from tests.at_the_keyboard import at_the_terminal
from tests.faults.database import migrated_database_url

from .scene import PARTY, Scene

pytestmark = pytest.mark.django_db(transaction=True)
MAX = "max@example.com"


def a_marked_pair(scene: Scene) -> str:
    """A value, a value with a remark, and an empty slot; the firm wants no markers any more."""
    _, contact = scene.a_pair((4, MAX), (1, "030/1234567"), (3, "0172 1234567"))
    entry = scene.entry_ids()[1]
    marker = scene.entries()[1][2]
    scene.in_advoware("edit_entry", entry=entry, bemerkung=f"{marker} only mornings")
    scene.in_espocrm("remove_value", party=contact, value="+491721234567")
    scene.reconcile()
    scene.options(write_markers=False)
    scene.reconcile()
    scene.forget()
    return contact


def remarks(scene: Scene, betnr: int = PARTY) -> list[str]:
    return [note for _, _, note in scene.entries(betnr)]


def test_every_marker_goes_and_the_text_behind_it_stays(scene: Scene) -> None:
    a_marked_pair(scene)
    run = remove_markers(scene.integration)
    assert run.outcome == "1 parties looked at; 3 entries lost their marker."
    assert remarks(scene) == ["", "only mornings", ""]
    assert [value for _, value, _ in scene.entries()] == [MAX, "030/1234567", ""]


def test_each_entry_is_read_right_before_it_is_written_once(scene: Scene) -> None:
    a_marked_pair(scene)
    remove_markers(scene.integration)
    calls = [call.method for call in scene.advoware.calls if f"Beteiligte/{PARTY}" in call.path]
    assert calls == ["GET", "PUT"] * 3 + ["GET"]


def test_afterwards_nothing_is_written_and_the_pair_is_still_at_rest(scene: Scene) -> None:
    contact = a_marked_pair(scene)
    remove_markers(scene.integration)
    scene.forget()
    scene.reconcile()
    assert scene.writes() == []
    assert f"CBeteiligte/{contact}" not in scene.reads()


def test_a_slot_without_its_marker_is_used_again(scene: Scene) -> None:
    contact = a_marked_pair(scene)
    remove_markers(scene.integration)
    assert Slot.objects.count() == 1
    scene.in_espocrm("add_value", party=contact, value={"phoneNumber": "+491729999999", "type": "Mobile"})
    scene.reconcile()
    assert [value for _, value, _ in scene.entries()] == [MAX, "030/1234567", "+491729999999"]


def test_the_base_in_the_portal_still_tells_a_change_from_a_deletion(scene: Scene) -> None:
    contact = a_marked_pair(scene)
    remove_markers(scene.integration)
    scene.in_espocrm("replace_value", party=contact, value=MAX, by="new@example.com")
    scene.reconcile()
    assert [value for _, value, _ in scene.entries()] == ["new@example.com", "030/1234567", ""]
    assert remarks(scene) == ["", "only mornings", ""]


def test_while_markers_are_written_it_is_refused(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    with pytest.raises(StreamProblem, match="Switch off"):
        remove_markers(scene.integration)
    assert not SyncRun.objects.filter(subject="markers").exists()


def test_a_dry_run_names_the_entries_and_writes_nothing(scene: Scene) -> None:
    a_marked_pair(scene)
    run = remove_markers(scene.integration, is_dry=True)
    assert run.outcome == "1 parties looked at; 3 entries would lose their marker."
    assert [name.rpartition(" ")[2] for name in run.entries.get().writes] == ["(MailGesch)", "(TelGesch)", "(Mobil)"]
    assert scene.writes() == []
    assert not SyncRun.objects.filter(subject="markers", is_dry=False).exists()


def test_a_marker_that_the_portal_does_not_know_is_left_and_named(scene: Scene) -> None:
    a_marked_pair(scene)
    scene.in_advoware("new_entry", betnr=PARTY, tlf="x@example.com", komm_kz=4, bemerkung="[ESPOCRM:0a1b2c3d:4] old")
    run = remove_markers(scene.integration)
    assert run.held == 1
    assert "does not know" in run.entries.get().why
    assert remarks(scene)[-1] == "[ESPOCRM:0a1b2c3d:4] old"


def test_an_edit_that_comes_in_between_is_not_lost(scene: Scene) -> None:
    a_marked_pair(scene)
    theirs = {"action": "edit_entry", "entry": scene.entry_ids()[1], "tlf": "030/7654321"}
    scene.advoware.fault("meanwhile", method="PUT", value=theirs)
    remove_markers(scene.integration)
    assert scene.entries()[1][1:] == ("030/7654321", "only mornings")


def test_stopped_it_goes_on_where_it_was(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    scene.a_pair((4, "two@example.com"), betnr=PARTY + 1)
    scene.options(write_markers=False)
    run = remove_markers(scene.integration, told=ask_to_stop)
    assert (run.state, run.read) == ("stopped", 1)
    scene.forget()
    again = remove_markers(scene.integration)
    assert (again.pk, again.state, again.read, again.updated) == (run.pk, "done", 2, 2)
    assert f"Beteiligte/{PARTY}" not in scene.reads()
    assert remarks(scene, PARTY) == remarks(scene, PARTY + 1) == [""]


def test_a_removal_whose_process_died_goes_on_where_it_was(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    scene.a_pair((4, "two@example.com"), betnr=PARTY + 1)
    scene.options(write_markers=False)
    run = remove_markers(scene.integration, told=ask_to_stop)
    SyncRun.objects.filter(pk=run.pk).update(state="running", finished_at=None)
    again = remove_markers(scene.integration)
    assert (again.pk, again.state, again.read, again.updated) == (run.pk, "done", 2, 2)


def test_of_two_at_once_one_ends_and_each_party_is_counted_once(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    scene.a_pair((4, "two@example.com"), betnr=PARTY + 1)
    scene.options(write_markers=False)
    run = remove_markers(scene.integration, told=lambda _: remove_markers(scene.integration))
    assert "Another process takes out the markers; this one ends." in run.outcome
    run.refresh_from_db()
    assert (run.state, run.read, run.updated) == ("done", 2, 2)
    assert run.outcome == "2 parties looked at; 2 entries lost their marker."
    assert remarks(scene, PARTY) == remarks(scene, PARTY + 1) == [""]


@pytest.mark.parametrize("fault", ["answer_lost", "not_received", "html_503", "committed_500"])
def test_a_write_without_a_usable_answer_is_looked_at_again(scene: Scene, fault: str) -> None:
    a_marked_pair(scene)
    scene.advoware.fault(fault, method="PUT")
    waited: list[float] = []
    run = remove_markers(scene.integration, wait=waited.append)
    assert run.state == "done"
    assert remarks(scene) == ["", "only mornings", ""]


def test_when_advoware_stays_away_it_ends_and_goes_on_later(scene: Scene) -> None:
    a_marked_pair(scene)
    scene.in_advoware("switch", name="is_online", value=False)
    run = remove_markers(scene.integration, wait=lambda seconds: None)
    assert run.state == "failed"
    assert "goes on from there" in run.outcome
    scene.in_advoware("switch", name="is_online", value=True)
    assert remove_markers(scene.integration).state == "done"
    assert remarks(scene) == ["", "only mornings", ""]


def test_what_advoware_refuses_is_named_and_the_run_goes_on(scene: Scene) -> None:
    a_marked_pair(scene)
    scene.in_advoware("switch", name="refusal", value="Gesperrt.")
    run = remove_markers(scene.integration)
    assert (run.state, run.held) == ("done", 1)
    assert "Gesperrt" in run.entries.get().why


def test_a_party_that_is_gone_is_passed_over(scene: Scene) -> None:
    a_marked_pair(scene)
    scene.in_advoware("delete_party", betnr=PARTY)
    run = remove_markers(scene.integration)
    assert (run.state, run.skipped) == ("done", 1)
    assert RecordLink.objects.get(object_type="party").state == "active"


@pytest.mark.processes
def test_ctrl_c_stops_the_command_after_the_party_it_is_at(scene: Scene, tmp_path: Path) -> None:
    parties = [PARTY, PARTY + 1, PARTY + 2]
    for betnr in parties:
        scene.a_pair((4, f"{betnr}@example.com"), betnr=betnr)
    scene.options(write_markers=False)
    scene.advoware.fault("slow", method="PUT", path=f"Beteiligte/{PARTY + 1}", value=3.0)
    with migrated_database_url(tmp_path) as database:
        command = ("remove_markers", "firm/contacts")
        status, said = at_the_terminal(database, *command, ctrl_c_at="1 parties looked at; 1 entries lost")
        assert status == 1
        assert "Stopping after the one in hand" in said
        assert "2 parties looked at; 2 entries lost their marker. [stopped] Begun again, it goes on from there." in said
        assert [remarks(scene, betnr) == [""] for betnr in parties] == [True, True, False]
        status, said = at_the_terminal(database, *command)
    assert (status, "3 parties looked at; 3 entries lost their marker." in said) == (0, True)
    assert [remarks(scene, betnr) for betnr in parties] == [[""]] * 3


def test_the_command_says_what_came_of_it(scene: Scene) -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="Switch off"):
        call_command("remove_markers", "firm/contacts", stdout=out)
    a_marked_pair(scene)
    call_command("remove_markers", "firm/contacts", "--dry-run", stdout=out)
    call_command("remove_markers", "firm/contacts", stdout=out)
    assert out.getvalue().splitlines() == [
        "1 parties looked at; 3 entries would lose their marker.",
        "1 parties looked at; 3 entries lost their marker.",
    ]
