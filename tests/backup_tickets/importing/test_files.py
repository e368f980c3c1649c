from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from integrations.backup_tickets.importing.files import format_of, read_file
from integrations.backup_tickets.importing.problems import UnreadableFileError
from integrations.backup_tickets.models import ImportDraft, Run, RunObject
from integrations.core import roles
from integrations.core.models import Client
from tests.backup_tickets.intake.conftest import elite, report
from tests.backup_tickets.people import browser, person

__all__ = ["elite"]

HEAD = "external_id,customer,job,status,started_at,objects\n"
GOOD = HEAD + 'a,Bakery,Nightly,error,2025-01-10T22:00:00Z,"HV01:error:no space; HV02:success"\n'
DOOR = "/admin/backup_tickets/run/import/"


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
    assert placed.place == "Row 2"
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
        (b"", "These columns are missing: external_id, customer, job, status, started_at."),
        (b"external_id,customer\n", "These columns are missing: job, status, started_at."),
        (HEAD.replace("objects", "colour").encode(), "These columns are not known: colour. Remove them."),
        (HEAD.replace("objects", "job").encode(), "A column is named twice"),
        (
            GOOD.replace("Bakery", "Bäckerei").encode("cp1252"),
            "The file is not UTF-8 (after row 0); it looks like Windows",
        ),
        (GOOD.encode("utf-16"), "The file is UTF-16. Save it as “CSV UTF-8” and try again."),
        ((HEAD + "x" * 200_000).encode(), "The file cannot be read after row 1: field larger than field limit"),
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
    assert err == "Row 3: status must be one of success, warning, error, missed.\n"
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


def test_an_upload_is_previewed_then_confirmed_once(elite: Client) -> None:
    visitor = browser(person("otto", roles.OPERATOR))
    content = (GOOD + "b,Bakery,Nightly,kaputt,2025-01-10T22:00:00Z,\n").encode()
    there = visitor.post(DOOR, {"client": elite.pk, "file": SimpleUploadedFile("runs.csv", content)})
    assert there.status_code == 302
    text = visitor.get(there.url).content.decode()
    assert "Row 3: status must be one of" in text
    assert "Import 1 run" in text
    assert not Run.objects.exists()
    assert "Imported." in visitor.post(there.url, {"confirm": "1"}).content.decode()
    assert Run.objects.count() == 1
    assert visitor.post(there.url, {"confirm": "1"}).status_code == 302
    assert (Run.objects.count(), ImportDraft.objects.count()) == (1, 0)


def test_nobody_confirms_anothers_file_or_imports_for_a_foreign_client(elite: Client) -> None:
    other = Client.objects.create(slug="other", name="Other")
    otto, lisa = person("otto", roles.OPERATOR), person("lisa", roles.OPERATOR, clients=[elite])
    there = browser(otto).post(DOOR, {"client": other.pk, "file": SimpleUploadedFile("r.csv", GOOD.encode())})
    assert browser(lisa).post(there.url, {"confirm": "1"}).status_code == 302
    assert not Run.objects.exists()
    answer = browser(lisa).post(DOOR, {"client": other.pk, "file": SimpleUploadedFile("r.csv", GOOD.encode())})
    assert (answer.status_code, ImportDraft.objects.filter(by=lisa).count()) == (200, 0)
