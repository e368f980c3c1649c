"""Importing in the admin: upload, look at what would come of it, confirm; both steps are jobs."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from integrations.backup_tickets.admin.importing import FILE_LIMIT
from integrations.backup_tickets.importing.files import read_file
from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import Run, RunImport
from integrations.core import roles
from integrations.core.models import Client, Job
from integrations.core.running import run_due_jobs
from tests.backup_tickets.intake.conftest import elite, report
from tests.backup_tickets.people import browser, person

from .test_files import GOOD

__all__ = ["elite"]

DOOR = "/admin/backup_tickets/run/import/"
BAD = "b,Bakery,Nightly,kaputt,2025-01-10T22:00:00Z,\n"


@pytest.fixture
def visitor(elite: Client) -> Browser:
    return browser(person("otto", roles.OPERATOR))


def upload(visitor: Browser, client: Client, content: str | bytes, name: str = "runs.csv") -> str:
    """Choose a file; the address of its page."""
    data = content if isinstance(content, bytes) else content.encode()
    answer = visitor.post(DOOR, {"client": client.pk, "file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def checked(visitor: Browser, client: Client, content: str | bytes, name: str = "runs.csv") -> str:
    there = upload(visitor, client, content, name)
    run_due_jobs()
    return there


def text(visitor: Browser, there: str) -> str:
    return " ".join(visitor.get(there).content.decode().split())


def as_csv(reports: list[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["external_id", "customer", "job", "status", "started_at"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(reports)
    return out.getvalue().encode()


def test_an_upload_is_checked_shown_and_imported_once_confirmed(elite: Client, visitor: Browser) -> None:
    there = upload(visitor, elite, GOOD + BAD)
    assert "The file is being checked" in text(visitor, there)
    run_due_jobs()
    shown = text(visitor, there)
    assert "Line 3: status must be one of" in shown
    assert "Import 1 run<" in shown
    assert not Run.objects.exists()
    visitor.post(there, {"confirm": "1"})
    assert "<b>0</b> of 2 runs imported so far" in text(visitor, there)
    run_due_jobs()
    assert "Imported. 1 run was left out" in text(visitor, there)
    assert Run.objects.count() == 1
    assert bytes(RunImport.objects.get().content) == b""


def test_a_second_confirmation_and_the_same_file_again_import_nothing_twice(elite: Client, visitor: Browser) -> None:
    there = checked(visitor, elite, GOOD)
    for _ in range(2):
        visitor.post(there, {"confirm": "1"})
    run_due_jobs()
    visitor.post(there, {"confirm": "1"})
    again = checked(visitor, elite, GOOD)
    assert "<b>1</b>unchanged" in text(visitor, again)
    visitor.post(again, {"confirm": "1"})
    run_due_jobs()
    known = RunImport.objects.order_by("id").values_list("state", "created", "unchanged")
    assert list(known) == [("done", 1, 0), ("done", 0, 1)]
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"PK\x03\x04broken", "runs.xlsx", "not a readable XLSX workbook"),
        (b'{"runs": [', "runs.json", "The file is not JSON: Expecting value, line 1, column 11."),
        (GOOD.encode("utf-16"), "runs.csv", "The file is UTF-16."),
        (b"id;name\n1;2\n", "runs.csv", "These columns are missing: external_id"),
        (b"external_id,customer,job,status,started_at\n", "runs.csv", "There is no run in this file."),
    ],
)
def test_a_file_of_no_use_says_why(elite: Client, visitor: Browser, content: bytes, name: str, words: str) -> None:
    there = checked(visitor, elite, content, name)
    shown = text(visitor, there)
    assert words in shown
    assert 'name="confirm"' not in shown
    assert "Import another file" in shown or "Discard" in shown
    visitor.post(there, {"confirm": "1"})
    run_due_jobs()
    assert not Run.objects.exists()


def test_an_empty_file_is_refused_at_the_door(elite: Client, visitor: Browser) -> None:
    answer = visitor.post(DOOR, {"client": elite.pk, "file": SimpleUploadedFile("runs.csv", b"")})
    assert "The submitted file is empty." in answer.content.decode()
    assert not RunImport.objects.exists()


def test_a_file_too_large_for_the_page_is_sent_to_the_command(elite: Client, visitor: Browser) -> None:
    huge = SimpleUploadedFile("runs.csv", GOOD.encode() + b"\n" * FILE_LIMIT)
    text = visitor.post(DOOR, {"client": elite.pk, "file": huge}).content.decode()
    assert "The file is larger than 20 MB." in text
    assert "manage.py import_runs" in text
    assert not RunImport.objects.exists()


def test_a_discarded_file_is_gone_and_a_stopped_import_says_so(elite: Client, visitor: Browser) -> None:
    discarded = checked(visitor, elite, GOOD)
    visitor.post(discarded, {"stop": "1"})
    assert visitor.get(discarded).status_code == 302
    stopped = checked(visitor, elite, GOOD)
    visitor.post(stopped, {"confirm": "1"})
    visitor.post(stopped, {"stop": "1"})
    run_due_jobs()
    assert "Stopped. What was imported by then is kept." in text(visitor, stopped)
    assert not Run.objects.exists()


def test_an_import_that_was_cut_off_goes_on_where_it_was(elite: Client, visitor: Browser) -> None:
    reports = [report(f"r{n}") for n in range(1200)]
    there = checked(visitor, elite, as_csv(reports))
    visitor.post(there, {"confirm": "1"})
    # As a killed job leaves it: a batch and its counters were stored together, nothing after that.
    take_runs(elite, islice(read_file(io.BytesIO(as_csv(reports)), "csv"), 500))
    RunImport.objects.update(done=500, created=500)
    run_due_jobs()
    known = RunImport.objects.get()
    assert (known.state, known.done, known.created, known.unchanged) == ("done", 1200, 1200, 0)
    assert Run.objects.count() == 1200


def test_a_preview_counts_a_run_that_stands_twice_in_the_file_as_the_import_does(
    elite: Client, visitor: Browser
) -> None:
    there = checked(visitor, elite, as_csv([report(f"r{n % 600}") for n in range(1200)]))
    previewed = RunImport.objects.values_list("created", "updated", "unchanged").get()
    visitor.post(there, {"confirm": "1"})
    run_due_jobs()
    assert RunImport.objects.values_list("created", "updated", "unchanged").get() == previewed == (600, 0, 600)


def test_ten_thousand_runs_with_poison_among_them_lose_none_of_the_good(elite: Client, visitor: Browser) -> None:
    reports = [report(f"r{n}", customer=f"C{n % 90}", job=f"J{n % 7}") for n in range(10_000)]
    poisoned = [n for n in range(10_000) if n % 100 == 50]
    for n in poisoned:
        reports[n]["status" if n % 200 == 50 else "started_at"] = "kaputt"
    there = checked(visitor, elite, as_csv(reports))
    visitor.post(there, {"confirm": "1"})
    run_due_jobs()
    known = RunImport.objects.get()
    assert (known.state, known.created, known.failed) == ("done", 9_900, 100)
    assert [error.partition(":")[0] for error in known.errors] == [f"Line {n + 2}" for n in poisoned]
    assert Run.objects.count() == 9_900


def test_a_failed_job_is_shown_and_not_waited_for(elite: Client, visitor: Browser) -> None:
    there = upload(visitor, elite, GOOD)
    Job.objects.update(state=Job.State.DEAD, outcome="A bug in the portal (KeyError); it was reported.")
    shown = text(visitor, there)
    assert "A bug in the portal" in shown
    assert "data-busy" not in shown


def test_nobody_confirms_anothers_file_or_imports_for_a_foreign_client(elite: Client, visitor: Browser) -> None:
    other = Client.objects.create(slug="other", name="Other")
    lisa = browser(person("lisa", roles.OPERATOR, clients=[elite]))
    for client in (elite, other):
        there = checked(visitor, client, GOOD)
        assert lisa.get(there).status_code == lisa.post(there, {"confirm": "1"}).status_code == 302
    run_due_jobs()
    assert not Run.objects.exists()
    answer = lisa.post(DOOR, {"client": other.pk, "file": SimpleUploadedFile("r.csv", GOOD.encode())})
    assert (answer.status_code, RunImport.objects.filter(by__username="lisa").count()) == (200, 0)
    assert "Select a valid choice" in answer.content.decode()
