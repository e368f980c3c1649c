"""The call of the source document from the shell, and the command beside it: what they write, and what they say."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.advoware_espocrm import pairs
from integrations.advoware_espocrm.models import HeldValue, Pair
from integrations.advoware_espocrm.shell import sync_pair
from integrations.core.models import Connection, HeldItem, Integration, RecordLink, Stream, SyncEntry, SyncRun
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import in_hand
from tests.at_the_keyboard import at_the_terminal
from tests.faults.database import migrated_database_url

from .scene import PARTY, Scene

pytestmark = pytest.mark.django_db(transaction=True)
MAX, NEW = "max@example.com", "new@example.com"
NOTHING = {
    "advoware_to_espocrm": {"emails_synced": 0, "phones_synced": 0, "errors": []},
    "espocrm_to_advoware": {"created": 0, "updated": 0, "deleted": 0, "errors": []},
}


def errors(result: Any) -> tuple[list[str], list[str]]:
    return result["advoware_to_espocrm"]["errors"], result["espocrm_to_advoware"]["errors"]


def test_the_result_has_the_shape_of_the_source_document_and_counts_both_ways(scene: Scene) -> None:
    scene.a_party((4, MAX), (1, "030/1234567"))
    contact = scene.a_contact("erika@example.com", "+491721234567")
    assert sync_pair("firm/contacts", PARTY) == {
        "advoware_to_espocrm": {"emails_synced": 1, "phones_synced": 1, "errors": []},
        "espocrm_to_advoware": {"created": 2, "updated": 0, "deleted": 0, "errors": []},
    }
    assert scene.emails(contact) == ["erika@example.com", MAX]
    assert sorted(value for _, value, _ in scene.entries()) == [
        *("+491721234567", "030/1234567", "erika@example.com", MAX)
    ]


def test_a_second_call_writes_nothing(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    assert sync_pair(scene.integration, PARTY) == NOTHING
    assert scene.writes() == []


def test_changes_and_deletions_are_counted_apart(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX), (1, "030/1234567"))
    scene.in_espocrm("replace_value", party=contact, value=MAX, by=NEW)
    scene.in_espocrm("remove_value", party=contact, value="+49301234567")
    assert sync_pair(scene.integration, PARTY)["espocrm_to_advoware"] == {
        **{"created": 0, "updated": 1, "deleted": 1},
        "errors": [],
    }


def test_a_dry_run_counts_what_would_be_written_and_stores_nothing(scene: Scene) -> None:
    scene.a_party((4, MAX), (12, "DE.BRAK.12345"))
    scene.a_contact("erika@example.com")
    result = sync_pair(scene.integration, PARTY, is_dry=True)
    assert result["advoware_to_espocrm"]["emails_synced"] == 1
    assert result["espocrm_to_advoware"]["created"] == 1
    assert len(errors(result)[0]) == 1
    assert scene.writes() == []
    assert not RecordLink.objects.exists()
    assert not SyncRun.objects.exists()


def test_one_direction_writes_one_side_and_the_next_run_does_the_rest(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("new_entry", betnr=PARTY, tlf="left@example.com", komm_kz=4)
    scene.in_espocrm("add_value", party=contact, value="right@example.com")
    result = sync_pair(scene.integration, PARTY, direction="to_advoware")
    assert result["espocrm_to_advoware"]["created"] == 1
    assert "left@example.com" not in scene.emails(contact)
    scene.reconcile()
    assert scene.emails(contact) == [MAX, "right@example.com", "left@example.com"]


def test_a_direction_that_the_settings_forbid_is_refused_in_a_sentence(scene: Scene) -> None:
    scene.options(direction="to_espocrm")
    result = sync_pair(scene.integration, PARTY, direction="to_advoware")
    assert errors(result) == ([], ["By the settings of this integration EspoCRM alone is written."])


def test_both_directions_never_go_beyond_the_settings(scene: Scene) -> None:
    scene.options(direction="to_espocrm")
    scene.a_party((4, MAX))
    scene.a_contact("erika@example.com")
    assert sync_pair(scene.integration, PARTY)["espocrm_to_advoware"]["created"] == 0
    assert [value for _, value, _ in scene.entries()] == [MAX]


def test_a_held_value_is_told_on_its_way_and_the_others_go_on(scene: Scene) -> None:
    scene.a_party((12, "DE.BRAK.12345"), (4, MAX))
    contact = scene.a_contact()
    there, back = errors(sync_pair(scene.integration, PARTY))
    assert there == [f"Bea, entry {scene.entry_ids()[0]}: It is no e-mail address that EspoCRM takes."]
    assert back == []
    assert scene.emails(contact) == [MAX]
    assert HeldValue.objects.count() == 1


def test_a_conflict_that_waits_is_told_on_both_ways(scene: Scene) -> None:
    scene.options(conflict_policy="ask")
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="left@example.com")
    scene.in_espocrm("replace_value", party=contact, value=MAX, by="right@example.com")
    there, back = errors(sync_pair(scene.integration, PARTY))
    assert (
        there
        == back
        == [f"MailGesch, entry {scene.entry_ids()[0]}: It was changed on both sides and waits for a decision."]
    )


def test_what_a_vendor_refuses_is_a_sentence_on_the_way_to_it(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("switch", name="refusal", value="Dieser Datensatz ist gesperrt.")
    scene.in_espocrm("replace_value", party=contact, value=MAX, by=NEW)
    there, back = errors(sync_pair(scene.integration, PARTY))
    assert there == []
    assert len(back) == 1
    assert "gesperrt" in back[0]


def test_a_program_that_is_away_is_a_sentence_on_both_ways(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    scene.in_espocrm("switch", name="is_out_of_order", value=True)
    there, back = errors(sync_pair(scene.integration, PARTY))
    assert there == back
    assert len(there) == 1


def test_an_answer_that_was_lost_is_told_and_the_next_run_doubles_nothing(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_espocrm("add_value", party=contact, value=NEW)
    scene.advoware.fault("answer_lost", method="POST", path="/Kommunikationen$")
    _, back = errors(sync_pair(scene.integration, PARTY))
    assert len(back) == 1
    scene.reconcile()
    assert [value for _, value, _ in scene.entries()] == [MAX, NEW]


def test_an_unknown_party_makes_no_pair(scene: Scene) -> None:
    there, back = errors(sync_pair(scene.integration, 99_999))
    assert there == back
    assert "99999" in there[0]
    assert not RecordLink.objects.exists()


def test_a_record_that_is_gone_is_told_each_time(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_espocrm("delete_party", party=contact)
    first, again = (errors(sync_pair(scene.integration, PARTY)) for _ in range(2))
    assert first == again
    assert "deleted, or hidden" in first[0][0]


def test_a_pair_that_another_process_works_on_is_left_alone(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    with in_hand(scene.integration, "party", Side.LEFT, str(PARTY)):
        there, _ = errors(sync_pair(scene.integration, PARTY))
    assert "Another process works on" in there[0]


def test_before_the_first_run_is_approved_nothing_is_written(scene: Scene) -> None:
    Stream.objects.update(approved_at=None)
    scene.a_party((4, MAX))
    scene.a_contact()
    there, _ = errors(sync_pair(scene.integration, PARTY))
    assert "approve" in there[0]
    assert scene.writes() == []


def test_a_paused_connection_is_a_sentence_and_no_call(scene: Scene) -> None:
    Connection.objects.filter(slug="espocrm").update(is_paused=True)
    there, _ = errors(sync_pair(scene.integration, PARTY))
    assert "is paused" in there[0]


def test_what_was_written_is_kept_as_a_run_with_its_reason_and_without_values(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf=NEW)
    sync_pair(scene.integration, PARTY)
    entry = SyncEntry.objects.latest("pk")
    assert (entry.record_id, entry.outcome, entry.why) == (str(PARTY), "updated", "Asked for at the command line.")
    assert entry.writes
    assert NEW not in json.dumps(entry.writes)


def test_an_unknown_integration_or_direction_is_the_callers_mistake() -> None:
    with pytest.raises(LookupError, match="no advoware_espocrm"):
        sync_pair("firm/nothing", PARTY)


def command(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("sync_contacts", "firm/contacts", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


def test_the_command_brings_several_parties_and_says_what_was_done(scene: Scene) -> None:
    scene.a_party((4, MAX))
    scene.a_contact()
    scene.a_party((4, "two@example.com"), betnr=PARTY + 1)
    scene.a_contact(betnr=PARTY + 1)
    said, status = command(str(PARTY), str(PARTY + 1))
    assert status == 0
    assert said.splitlines() == [
        f"{number}: to EspoCRM 1 e-mail addresses, 0 phone numbers; to Advoware 0 created, 0 updated, 0 emptied"
        for number in (PARTY, PARTY + 1)
    ]
    assert Pair.objects.count() == 2


def test_the_command_says_each_planned_write_of_a_dry_run(scene: Scene) -> None:
    scene.a_party((4, MAX))
    scene.a_contact()
    said, status = command(str(PARTY), "--dry-run")
    assert status == 0
    assert f"  EspoCRM: e-mail addresses become {MAX}" in said
    assert scene.writes() == []


def test_the_command_ends_with_1_where_something_is_held(scene: Scene) -> None:
    scene.a_party((12, "DE.BRAK.12345"), (4, MAX))
    scene.a_contact()
    said, status = command(str(PARTY))
    assert status == 1
    assert "  to EspoCRM: Bea, entry" in said


def test_the_command_gives_the_results_as_json(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    said, status = command(str(PARTY), "--json")
    assert status == 0
    assert json.loads(said) == {str(PARTY): NOTHING}


@pytest.mark.processes
def test_ctrl_c_stops_the_command_after_the_party_it_is_at_and_names_the_rest(scene: Scene, tmp_path: Path) -> None:
    parties = [PARTY, PARTY + 1, PARTY + 2]
    for betnr in parties:
        scene.a_party((4, f"{betnr}@example.com"), betnr=betnr)
        scene.a_contact(betnr=betnr)
    scene.advoware.fault("slow", method="GET", path=f"Beteiligte/{PARTY + 1}", value=3.0)
    with migrated_database_url(tmp_path) as database:
        numbers = [str(betnr) for betnr in parties]
        status, said = at_the_terminal(
            database, "sync_contacts", "firm/contacts", *numbers, ctrl_c_at=f"{PARTY}: to EspoCRM"
        )
    assert status == 1
    assert f"{PARTY + 1}: to EspoCRM 1 e-mail addresses" in said
    assert f"Stopped by hand. Not looked at: {PARTY + 2}" in said
    assert f"{PARTY + 2}: " not in said


def test_the_command_is_for_integrations_of_its_kind(scene: Scene) -> None:
    Integration.objects.create(client=scene.integration.client, slug="other", kind="backup_tickets")
    with pytest.raises(CommandError, match="Known: firm/contacts"):
        call_command("sync_contacts", "firm/other", "1")


def test_the_command_names_the_integrations_there_are(scene: Scene) -> None:
    with pytest.raises(CommandError, match="Known: firm/contacts"):
        call_command("sync_contacts", "firm/contact", "1")


@pytest.mark.parametrize("document", ["docs/advoware-espocrm.md", "integrations/advoware_espocrm/README.md"])
def test_what_the_documents_say_to_type_can_be_typed(scene: Scene, document: str) -> None:
    scene.a_pair((4, MAX), betnr=12_345)
    text = (Path(__file__).resolve().parents[2] / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, document, "exec"), {})  # noqa: S102 — our own document
    assert HeldItem.objects.count() == 0


def test_where_all_values_are_gone_at_once_nothing_is_deleted_and_a_dry_run_says_so(scene: Scene) -> None:
    _, contact = scene.a_pair((4, MAX), (1, "030/1234567"))
    for value in (MAX, "+49301234567"):
        scene.in_espocrm("remove_value", party=contact, value=value)
    for is_dry in (True, False):
        there, _ = errors(sync_pair(scene.integration, PARTY, is_dry=is_dry))
        assert "All values are gone from EspoCRM at once" in there[0]
    assert [value for _, value, _ in scene.entries()] == [MAX, "030/1234567"]


def test_two_that_a_person_unlinked_are_not_taken_for_a_pair(scene: Scene) -> None:
    scene.a_pair((4, MAX))
    assert pairs.unlink(scene.pair(), "Not the same person.")
    for is_dry in (True, False):
        there, _ = errors(sync_pair(scene.integration, PARTY, is_dry=is_dry))
        assert "unlinked" in there[0]
