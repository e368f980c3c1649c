"""What a ticket says about a run."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.backup_tickets.mapping import (
    DESCRIPTION_LIMIT,
    MULTIPLE_OBJECTS,
    STATUS_LABELS,
    TITLE_LIMIT,
    ObjectReport,
    RunReport,
    compose,
    priority_for,
    title,
    when,
)
from integrations.backup_tickets.wording import LEFT_OUT, length

AMSTERDAM = zoneinfo.ZoneInfo("Europe/Amsterdam")
RUN = RunReport(
    customer="Bakkerij Jansen",
    job="Daily HV01",
    backup_type="Veeam",
    status="error",
    started_at=dt.datetime(2026, 11, 22, 2, 0, tzinfo=dt.UTC),
    url="https://portal.example.com/admin/backup_tickets/run/17/change/",
)


def text(report: RunReport, *, object_limit: int = 10) -> str:
    return compose(report, prefix="[Backupchecks]", zone=AMSTERDAM, object_limit=object_limit).description


def failed(*messages: str) -> tuple[ObjectReport, ...]:
    return tuple(ObjectReport(f"VM{number}", "error", message) for number, message in enumerate(messages, 1))


def test_the_title_names_customer_job_and_status() -> None:
    assert title(RUN, prefix="[Backupchecks]") == "[Backupchecks] Bakkerij Jansen - Daily HV01 - Error"
    assert title(RUN, prefix="") == "Bakkerij Jansen - Daily HV01 - Error"


def test_a_long_title_is_cut_in_its_names_and_keeps_its_status() -> None:
    long = replace(RUN, customer="C" * 300, status="missed")
    assert title(long, prefix="[Backupchecks]").endswith("… - Daily HV01 - Missed")
    both = title(replace(long, job="J" * 300), prefix="[Backupchecks]")
    assert len(both) == TITLE_LIMIT
    assert 100 < both.count("C") < 130
    assert 100 < both.count("J") < 130


def test_a_run_with_a_remark_tells_the_remark_and_no_messages() -> None:
    report = replace(RUN, remark="Repository is full.", objects=failed("No space.", "No space."))
    assert text(report) == (
        "Customer: Bakkerij Jansen\n"
        "Job: Daily HV01\n"
        "Backup type: Veeam\n"
        "Run: 2026-11-22 03:00 CET (Europe/Amsterdam)\n"
        "Status: Error\n"
        "Details: https://portal.example.com/admin/backup_tickets/run/17/change/\n"
        "\n"
        "Repository is full.\n"
        "\n"
        "Multiple objects reported errors. See Backupchecks for full details."
    )


def test_one_failed_object_beside_a_remark_is_not_called_multiple() -> None:
    objects = (*failed("No space."), ObjectReport("VM9", "success", "fine"))
    assert MULTIPLE_OBJECTS not in text(replace(RUN, remark="Repository is full.", objects=objects))


def test_without_a_remark_the_messages_are_listed_and_identical_ones_merged_with_a_count() -> None:
    described = text(replace(RUN, remark=" \n ", objects=failed("No space.", "Timeout.", "No space.", "", "No space.")))
    assert described.endswith(
        "\n\n- VM1, VM3, VM5 (3 objects): No space.\n- VM2: Timeout.\n- VM4: Error, without a message"
    )


def test_many_objects_of_one_message_are_counted_and_only_three_are_named() -> None:
    assert "- VM1, VM2, VM3 and 497 more (500 objects): Full." in text(replace(RUN, objects=failed(*["Full."] * 500)))


def test_messages_beyond_the_limit_are_counted_as_objects() -> None:
    objects = failed("a", "b", "c", "c", "d")
    assert text(replace(RUN, objects=objects), object_limit=2).endswith(
        "- VM1: a\n- VM2: b\nAnd 3 additional objects reported similar errors."
    )
    assert text(replace(RUN, objects=objects), object_limit=3).endswith(
        "\nAnd 1 additional object reported similar errors."
    )


def test_objects_that_succeeded_are_not_listed_and_errors_come_before_warnings() -> None:
    objects = (
        ObjectReport("A", "success", "all good"),
        ObjectReport("B", "warning", "slow"),
        ObjectReport("C", "error", "broken"),
    )
    assert text(replace(RUN, objects=objects)).endswith("\n\n- C: broken\n- B: slow")


def test_a_missed_run_has_its_facts_alone() -> None:
    assert text(replace(RUN, status="missed")).endswith("/change/")


def test_the_two_hours_of_an_autumn_night_are_told_apart() -> None:
    first = when(dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC), AMSTERDAM)
    assert first == "2026-10-25 02:30 CEST (Europe/Amsterdam)"
    assert when(dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC), AMSTERDAM) == first.replace("CEST", "CET")
    assert when(dt.datetime(2026, 10, 25, tzinfo=dt.UTC), zoneinfo.ZoneInfo("UTC")) == "2026-10-25 00:00 UTC"


@pytest.mark.parametrize(("status", "expected"), [("warning", 1), ("error", 2), ("missed", 2)])
def test_priority_follows_the_status(status: str, expected: int) -> None:
    assert priority_for(status, warning=1, error=2) == expected


PYTHON = """Job failed
Traceback (most recent call last):
  File "/opt/agent/run.py", line 40, in run
    self.snapshot()
OSError: [Errno 28] No space left on device"""
JAVA = """java.lang.IllegalStateException: snapshot failed
\tat com.vendor.backup.Snapshot.take(Snapshot.java:88)
\tat com.vendor.Agent$Worker.run(Agent.java:12) ~[agent.jar:1.2]
Caused by: java.io.IOException: disk is full
\t... 23 more"""
DOTNET = """System.IO.IOException: The network path was not found.
   at System.IO.FileStream.Init(String path, FileMode mode)
   at Veeam.Backup.Core.Run[T](Job job) in C:\\src\\Core.cs:line 12
   --- End of inner exception stack trace ---"""
POWERSHELL = """Access to the path is denied.
At C:\\scripts\\backup.ps1:14 char:3
+   Copy-Item $a $b
+   ~~~~~~~~~~~~~~~
    + CategoryInfo          : PermissionDenied
    + FullyQualifiedErrorId : CopyError"""
HEX = "Bad block.\n0000: 4d 5a 90 00 03 00 00 00 04 00  MZ......\n0010: ff ff 00 00 b8 00 00 00 00 00  ........"
XML = 'Server refused the call.\n<?xml version="1.0"?>\n<fault><code>9</code></fault>'
JSON = 'Server refused the call.\n{\n  "code": 9,\n  "secret": "x"\n}\nTried again in vain.'


@pytest.mark.parametrize(
    ("message", "kept", "dropped"),
    [
        (PYTHON, ["Job failed", "No space left on device"], ["Traceback", "run.py", "snapshot()"]),
        (JAVA, ["snapshot failed", "disk is full"], ["Snapshot.java", "23 more", "Agent"]),
        (DOTNET, ["The network path was not found."], ["FileStream", "Core.cs", "End of inner"]),
        (POWERSHELL, ["Access to the path is denied."], ["char:3", "CategoryInfo", "FullyQualified"]),
        (HEX, ["Bad block."], ["4d 5a", "ff ff"]),
        (XML, ["Server refused the call."], ["xml", "fault"]),
        (JSON, ["Server refused the call.", "Tried again in vain."], ["secret"]),
        ("Key " + "QUJD" * 50 + " was refused", ["Key … was refused"], ["QUJDQUJD"]),
    ],
)
def test_stack_traces_and_dumps_stay_out_and_the_sentence_stays_in(
    message: str, kept: list[str], dropped: list[str]
) -> None:
    for report in (replace(RUN, objects=failed(message)), replace(RUN, remark=message)):
        described = text(report).partition("\n\n")[2]
        assert [part for part in kept if part not in described] == []
        assert [part for part in dropped if part in described] == []
        assert LEFT_OUT in described or "…" in described


def test_a_plain_sentence_is_left_as_it_is() -> None:
    sentence = (
        "Backup at HV01 (10.0.0.4) failed: at 22.00 (local) \\\\nas\\backup was not reachable. <b>Check</b> + retry"
    )
    assert sentence in text(replace(RUN, objects=failed(sentence)))


def test_characters_that_are_no_text_are_removed() -> None:
    described = compose(
        replace(RUN, customer="A\x00B\u202eC\nD", objects=failed("x\x1b[31m\ud800y")),
        prefix="[Backup\x07checks]",
        zone=AMSTERDAM,
        object_limit=10,
    )
    assert described.title == "[Backupchecks] ABC D - Daily HV01 - Error"
    assert described.description.endswith("- VM1: x[31my")


words = st.text(max_size=400)
reports = st.builds(
    RunReport,
    customer=words,
    job=words,
    backup_type=words,
    status=st.sampled_from(sorted(STATUS_LABELS)),
    started_at=st.integers(0, 2**32).map(lambda seconds: dt.datetime.fromtimestamp(seconds, tz=dt.UTC)),
    url=st.just(RUN.url),
    remark=st.one_of(st.just(""), st.text(max_size=400), st.text(min_size=1, max_size=30).map(lambda t: t * 400)),
    objects=st.lists(
        st.builds(
            ObjectReport,
            words,
            st.sampled_from(sorted(STATUS_LABELS)),
            st.sampled_from(["", "full", "x" * 700, "😀" * 600]) | words,
        ),
        max_size=40,
    ).map(tuple),
)


@given(reports, st.text(max_size=60), st.integers(1, 60))
def test_any_report_fits_and_keeps_what_must_be_there(report: RunReport, prefix: str, limit: int) -> None:
    composed = compose(report, prefix=prefix, zone=AMSTERDAM, object_limit=limit)
    assert composed == compose(report, prefix=prefix, zone=AMSTERDAM, object_limit=limit)
    assert length(composed.title) <= TITLE_LIMIT
    assert composed.title.endswith(f" - {STATUS_LABELS[report.status]}")
    assert "\n" not in composed.title
    assert length(composed.description) <= DESCRIPTION_LIMIT
    lines = composed.description.split("\n")
    assert [line.partition(":")[0] for line in lines[:6]] == [
        "Customer", "Job", "Backup type", "Run", "Status", "Details",
    ]  # fmt: skip
    assert lines[5] == f"Details: {RUN.url}"
    composed.description.encode("utf-8")


@given(
    st.lists(st.sampled_from(["full", "slow", "gone", "x" * 700, "y" * 900]), min_size=1, max_size=60),
    st.integers(1, 12),
)
def test_every_failed_object_is_listed_or_counted(messages: list[str], limit: int) -> None:
    body = text(replace(RUN, objects=failed(*messages)), object_limit=limit).partition("\n\n")[2].split("\n")
    counted = 0
    for line in body:
        head = line.partition(":")[0]
        if line.startswith("And "):
            counted += int(line.split()[1])
        elif head.endswith(" objects)"):
            counted += int(head.rpartition("(")[2].split()[0])
        else:
            counted += 1
    assert counted == len(messages)
    assert len([line for line in body if line.startswith("- ")]) <= limit
