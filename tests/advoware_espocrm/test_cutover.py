"""Pairs from a file: which rows become links, which are named instead, and that nothing is written to either side."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from integrations.advoware_espocrm.cutover import Row, UnreadablePairs, Verdict, judge, link, read, report
from integrations.advoware_espocrm.models import Pair
from integrations.advoware_espocrm.sides import both_open
from integrations.core.jobs import Stopped
from integrations.core.models import RecordLink
from tests.at_the_keyboard import at_the_terminal
from tests.faults.database import migrated_database_url

from .scene import ENTITY, PARTY, Scene

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = "betnr;espocrm_id\n"


def judged(scene: Scene, text: str, *, links: bool = False) -> list[Row]:
    rows = read(text)
    with both_open(scene.integration, "cut-over") as sides:
        judge(sides, rows)
        if links:
            link(sides, rows)
    return rows


def a_record(scene: Scene, number: int | None = None) -> str:
    return str(scene.in_espocrm("new_party", last_name="Muster", number=number))


@pytest.mark.parametrize("text", ["betnr,espocrm_id\n1,abc\n", "espocrm_id;name;betnr\nabc;x;1\n\n;;\n"])
def test_columns_are_found_by_their_names_in_either_way_of_writing(text: str) -> None:
    (row,) = read(text)
    assert (row.line, row.betnr, row.contact) == (2, "1", "abc")


@pytest.mark.parametrize("text", ["", "number,id\n1,abc\n", "1;abc\n2;abd\n"])
def test_a_file_that_is_no_table_of_pairs_says_why(text: str) -> None:
    with pytest.raises(UnreadablePairs, match="must name the columns"):
        read(text)


@pytest.mark.parametrize("cells", ["0;abc", "x;abc", "1;", "1;a b", "-1;abc", "٣;abc", "1;../abc", "1e3;abc"])
def test_a_row_that_is_not_a_number_and_an_id_is_named(cells: str) -> None:
    assert [row.verdict for row in read(HEADER + cells)] == [Verdict.UNREADABLE]


def test_certain_rows_become_pairs_and_the_others_are_named(scene: Scene) -> None:
    plain, same, other = a_record(scene), a_record(scene, 2), a_record(scene, 99)
    twice, taken = a_record(scene), a_record(scene)
    scene.forget()
    RecordLink.objects.create(
        integration=scene.integration, object_type="party", left_id="7", right_id=taken, state="active"
    )
    lines = [f"1;{plain}", f"2;{same}", f"3;{other}", f"4;{twice}", f"5;{twice}", f"6;{taken}", f"7;{taken}", "8;gone"]
    rows = judged(scene, HEADER + "\n".join(lines), links=True)
    assert list(report(rows)) == [
        "2 linked",
        "1 linked already",
        "2 in several rows (look at line 5, 6)",
        "1 linked to something else (look at line 7)",
        "1 not shown by EspoCRM (look at line 9)",
        "1 of another party by EspoCRM's own number (look at line 4)",
    ]
    assert sorted(Pair.objects.values_list("betnr", "link__right_id")) == sorted([(1, plain), (2, same)])
    assert scene.writes() == []
    assert [call for call in scene.reads() if call.startswith("Beteiligte")] == []


def test_it_can_be_repeated_and_tried_first(scene: Scene) -> None:
    text = f"{HEADER}1;{a_record(scene)}\n"
    assert [row.verdict for row in judged(scene, text)] == [Verdict.NEW]
    assert not Pair.objects.exists()
    judged(scene, text, links=True)
    assert [row.verdict for row in judged(scene, text, links=True)] == [Verdict.KNOWN]
    assert Pair.objects.count() == 1


def test_the_next_run_looks_at_an_imported_pair_whole(scene: Scene) -> None:
    scene.a_party((4, "max@example.com"))
    contact = a_record(scene)
    judged(scene, f"{HEADER}{PARTY};{contact}\n", links=True)
    scene.reconcile()
    assert scene.emails(contact) == ["max@example.com"]


def test_the_command_reports_and_ends_with_1_where_a_row_makes_no_pair(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(f"\ufeff{HEADER}1;{a_record(scene)}\n2;gone\n", encoding="utf-8")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("import_pairs", "firm/contacts", str(file), "--dry-run", stdout=out)
    assert out.getvalue() == "1 to be linked\n1 not shown by EspoCRM (look at line 3)\n"
    assert not Pair.objects.exists()
    file.write_text(f"{HEADER}1;{a_record(scene)}\n", encoding="utf-8")
    call_command("import_pairs", "firm/contacts", str(file), stdout=out)
    assert Pair.objects.count() == 1


def test_an_espocrm_that_is_away_links_nothing(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(f"{HEADER}1;{a_record(scene)}\n", encoding="utf-8")
    scene.in_espocrm("switch", name="is_out_of_order", value=True)
    with pytest.raises(CommandError, match="Nothing more was linked"):
        call_command("import_pairs", "firm/contacts", str(file))
    assert not Pair.objects.exists()


def test_stopped_half_way_each_row_is_linked_once(scene: Scene) -> None:
    rows = read(HEADER + "".join(f"{betnr};{a_record(scene)}\n" for betnr in range(1, 6)))

    def stop(said: str) -> None:
        if said == "2 of 5 rows":
            raise Stopped(said)

    with both_open(scene.integration, "cut-over") as sides:
        judge(sides, rows)
        with pytest.raises(Stopped):
            link(sides, rows, told=stop)
        assert list(report(rows)) == ["3 to be linked", "2 linked"]
        assert sorted(Pair.objects.values_list("betnr", flat=True)) == [1, 2]
        judge(sides, rows)
        link(sides, rows)
    assert sorted(Pair.objects.values_list("betnr", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.processes
def test_ctrl_c_stops_the_command_and_with_the_same_file_it_goes_on(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(HEADER + "".join(f"{betnr};{a_record(scene)}\n" for betnr in range(1, 4)), encoding="utf-8")
    scene.espocrm.fault("slow", method="GET", path=f"/{ENTITY}$", value=3.0)
    with migrated_database_url(tmp_path) as database:
        command = ("import_pairs", "firm/contacts", str(file))
        status, said = at_the_terminal(database, *command, ctrl_c_at="0 records of EspoCRM read …")
        assert status == 1
        assert "Stopping after the one in hand" in said
        assert "3 to be linked" in said
        assert "Stopped by hand: 3 records of EspoCRM read." in said
        assert "with the same file it goes on, and links nothing twice." in said
        status, said = at_the_terminal(database, *command)
    assert (status, "3 linked" in said) == (0, True)
