from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from integrations.backup_tickets.importing import sheets
from integrations.backup_tickets.importing.files import format_of, read_file
from integrations.backup_tickets.importing.problems import UnreadableFileError
from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import Run, RunObject
from integrations.core.models import Client
from tests.at_the_keyboard import at_the_terminal
from tests.backup_tickets.intake.conftest import elite, report
from tests.faults.database import migrated_database_url

__all__ = ["elite"]

HEAD = "external_id,customer,job,status,started_at,objects\n"
GOOD = HEAD + 'a,Bakery,Nightly,error,2025-01-10T22:00:00Z,"HV01:error:no space; HV02:success"\n'


def rows(content: bytes, form: str = "csv") -> list[Any]:
    return list(read_file(io.BytesIO(content), form))


def workbook(*lines: list[Any]) -> bytes:
    book = Workbook()
    for line in lines:
        book.active.append(line)  # type: ignore[union-attr]
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("change", [lambda t: t, lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n")])
def test_a_csv_file_is_read_with_or_without_a_byte_order_mark(change: Any) -> None:
    (placed,) = rows(change(GOOD).encode())
    assert placed.place == "Line 2"
    assert placed.value["objects"] == [
        {"name": "HV01", "status": "error", "message": "no space"},
        {"name": "HV02", "status": "success", "message": ""},
    ]


def test_semicolons_and_tabs_separate_too() -> None:
    for sign in ";\t":
        assert rows(
            f"external_id{sign}customer{sign}job{sign}status{sign}started_at\na{sign}b{sign}c{sign}d{sign}e\n".encode()
        )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty. The first row must name the columns; known are external_id, customer, job, status,"),
        (b"external_id,customer\n", "These columns are missing: job, status, started_at."),
        (HEAD.replace("objects", "colour").encode(), "These columns are not known: colour. Remove them."),
        (HEAD.replace("objects", "job").encode(), "A column is named twice"),
        (GOOD.encode("utf-16"), "The file is UTF-16. Save it as “CSV UTF-8” and try again."),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        rows(content)
    assert str(caught.value).startswith(words)


def test_formulas_and_dates_of_a_workbook() -> None:
    at = dt.datetime(2025, 1, 10, 22)  # noqa: DTZ001 — a cell has no zone; the client's is added later
    content = workbook(HEAD.strip().split(",")[:5], ["=1+1", 17, 3.0, "error", at], [None] * 5)
    (placed,) = rows(content, "xlsx")
    assert placed.value["external_id"] == "=1+1"
    assert (placed.value["customer"], placed.value["job"]) == ("17", "3")
    assert placed.value["started_at"] == at


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"", b"no zip at all"])
def test_a_broken_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="not a readable XLSX workbook"):
        rows(content, "xlsx")


def test_a_workbook_that_unpacks_without_end_is_refused_unopened() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/workbook.xml", "w") as part:
        for _ in range(sheets.UNPACKED_LIMIT // 1_000_000 + 1):
            part.write(b" " * 1_000_000)
    assert len(bomb.getvalue()) < 1_000_000
    with pytest.raises(UnreadableFileError, match="unpacks to too much data"):
        rows(bomb.getvalue(), "xlsx")


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"17", b"\xff"])
def test_broken_json_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        rows(content, "json")


def test_the_format_is_found_by_name_or_by_content() -> None:
    assert format_of("runs.XLSX", io.BytesIO()) == "xlsx"
    assert format_of("-", io.BytesIO(b' [{"a"')) == "json"
    assert format_of("-", io.BytesIO(b"PK\x03")) == "xlsx"
    assert format_of("-", io.BytesIO(b"external_id,")) == "csv"


def test_the_command_takes_good_rows_and_names_bad_ones(
    elite: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "runs.csv"
    file.write_text(GOOD + "b,Bakery,Nightly,kaputt,2025-01-10T22:00:00Z,\nc,Bakery,Nightly,error,2025-01-11 22:00,\n")
    with pytest.raises(SystemExit) as stopped:
        call_command("import_runs", str(file))
    assert stopped.value.code == 1
    out, err = capsys.readouterr()
    assert out == "2 created, 0 updated, 0 unchanged, 1 refused.\n"
    assert err == "Line 3: status must be one of success, warning, error, missed.\n"
    assert (Run.objects.count(), RunObject.objects.count()) == (2, 2)


def test_the_command_says_who_is_known_when_the_client_is_not(elite: Client, tmp_path: Path) -> None:
    file = tmp_path / "runs.json"
    file.write_text(json.dumps([report()]))
    with pytest.raises(CommandError, match=r"There is no client “nobody”\. Known: elite\."):
        call_command("import_runs", str(file), client="nobody")
    call_command("import_runs", str(file), "--dry-run", verbosity=0)
    assert not Run.objects.exists()
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("import_runs", str(tmp_path / "absent.csv"))


def test_a_broken_line_is_named_and_the_lines_around_it_are_kept(elite: Client) -> None:
    head = "external_id,customer,job,status,started_at,remark\n"
    good = "{},Bakery,Nightly,error,2025-01-10T22:00:00Z,{}\n"
    content = head + good.format("a", "x") + good.format("b", '"open "quote"') + good.format("c", "y" * 200_000)
    content += good.format("d", "Bäcker").replace("ä", "\udce4") + good.format("e", '"two\nlines"') + "f,Bakery\n"
    content += (
        good.format("g", "") + "h,Bakery,Nightly,error,2025-01-10T22:00:00Z,,too much\n" + good.format("i", '"open')
    )
    result = take_runs(elite, rows(content.encode("utf-8", "surrogateescape")))
    assert sorted(Run.objects.values_list("external_id", flat=True)) == ["a", "e", "g"]
    assert [error.message[:60] for error in result.errors] == [
        "Line 3: a quotation mark is opened or closed at the wrong pl",
        "Line 4: a cell holds more than 131,072 characters; shorten it"[:60],
        "Line 5: remark holds characters that are not valid Unicode; ",
        "Line 8: job is missing; give it.",
        "Line 8: status is missing; give it.",
        "Line 8: started_at is missing; give it.",
        "Line 10: column 7 is not a field of a run; remove it or corr",
        "Line 11: a quotation mark is opened or closed at the wrong p",
    ]


def test_a_workbook_that_breaks_off_keeps_the_rows_before(elite: Client) -> None:
    lines = [HEAD.strip().split(",")[:5]]
    lines += [[f"r{n}", "Bakery", "Nightly", "error", "2025-01-10T22:00:00Z"] for n in range(2000)]
    source = zipfile.ZipFile(io.BytesIO(workbook(*lines)))
    damaged = io.BytesIO()
    with zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, part[: len(part) // 2] if name.endswith("sheet1.xml") else part)
    result = take_runs(elite, rows(damaged.getvalue(), "xlsx"))
    assert result.created == Run.objects.count() > 500
    assert [error.message for error in result.errors] == [
        f"After row {result.created + 1}: the workbook is damaged; nothing could be read from there. Save it anew."
    ]


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_ctrl_c_stops_the_command_and_with_the_same_file_it_goes_on(elite: Client, tmp_path: Path) -> None:
    file, count = tmp_path / "runs.json", 20_000
    file.write_text(json.dumps({"runs": [report(f"r{n}") for n in range(count)]}))
    with migrated_database_url(tmp_path) as database:
        status, said = at_the_terminal(database, "import_runs", str(file), ctrl_c_at=" runs read, 0 refused …")
        assert status == 1
        assert "Stopping after the one in hand" in said
        assert "with the same file it goes on, and stores nothing twice." in said
        stored = int(re.findall(r"([\d,]+) created, 0 updated, 0 unchanged", said)[0].replace(",", ""))
        assert 0 < stored < count
        assert f"Stopped by hand: {stored:,} runs read, 0 refused." in said
        status, said = at_the_terminal(database, "import_runs", str(file))
    assert (status, f"{count - stored:,} created, 0 updated, {stored:,} unchanged, 0 refused." in said) == (0, True)
