"""How a portal notices that its database was put back, and when it must not think so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from integrations.core import marks, write_hold
from integrations.core.checks import restored_databases_are_noticed
from integrations.core.models import AuditEntry, DatabaseMark, Integration, WriteHold
from integrations.core.readopting import readopt
from integrations.transport.errors import WritesHeld
from tests.core.world import make_world

from . import backup

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(dt.datetime(2026, 11, 26, 8, 0, tzinfo=dt.UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def file(settings: Any, tmp_path: Path) -> Path:
    settings.MARK_FILE = str(tmp_path / "here" / "marks.json")
    return tmp_path


def minutes(clock: time_machine.Traveller, count: int) -> None:
    """The portal at work, minute by minute."""
    for _ in range(count):
        clock.shift(60)
        write_hold.look()


def test_a_database_put_back_is_noticed_before_the_first_write(clock: time_machine.Traveller, tmp_path: Path) -> None:
    minutes(clock, 3)
    copy = backup.take(tmp_path)
    minutes(clock, 5)
    backup.put_back(copy)
    with pytest.raises(WritesHeld, match="restored from a backup"):
        write_hold.check()
    hold = WriteHold.objects.get()
    assert (hold.cause, hold.is_on) == ("noticed", True)
    assert hold.as_of == dt.datetime(2026, 11, 26, 8, 3, tzinfo=dt.UTC)
    assert AuditEntry.objects.get().action == "restore.hold"


def test_writes_go_on_as_long_as_nothing_was_lost(clock: time_machine.Traveller) -> None:
    for _ in range(3):
        minutes(clock, 2)
        write_hold.check()
    assert not WriteHold.objects.exists()


def test_one_write_in_ten_seconds_costs_one_statement_more(
    clock: time_machine.Traveller, django_assert_num_queries: Any
) -> None:
    write_hold.check()
    with django_assert_num_queries(1):
        write_hold.check()


def test_writes_count_on_when_nobody_ticks(clock: time_machine.Traveller, tmp_path: Path) -> None:
    write_hold.check()
    copy = backup.take(tmp_path)
    clock.shift(11)
    write_hold.check()
    backup.put_back(copy)
    with pytest.raises(WritesHeld):
        write_hold.check()


def test_a_second_machine_that_lags_and_a_new_one_raise_no_alarm(
    clock: time_machine.Traveller, settings: Any, tmp_path: Path
) -> None:
    first, second, third = (str(tmp_path / name / "marks.json") for name in ("one", "two", "three"))
    for machine, count in ((first, 2), (second, 1), (first, 30), (second, 1), (third, 1), (first, 1)):
        settings.MARK_FILE = machine
        minutes(clock, count)
        write_hold.check()
    assert not WriteHold.objects.exists()


def test_a_new_database_raises_no_alarm(clock: time_machine.Traveller) -> None:
    minutes(clock, 5)
    DatabaseMark.objects.all().delete()  # another database: another installation
    write_hold.check()
    assert not WriteHold.objects.exists()


def test_a_file_that_cannot_be_read_or_written_stops_nothing(
    clock: time_machine.Traveller, settings: Any, tmp_path: Path
) -> None:
    broken = tmp_path / "marks.json"
    broken.write_text("{ half")
    settings.MARK_FILE = str(broken)
    write_hold.check()
    assert marks.remembered()  # written anew
    settings.MARK_FILE = str(broken / "no folder" / "marks.json")
    minutes(clock, 1)
    write_hold.check()


def test_machines_that_notice_one_after_the_other_make_one_hold(
    clock: time_machine.Traveller, settings: Any, tmp_path: Path, claim: Any
) -> None:
    """The one that was not there when it was noticed, and comes when writes go on again, does not notice once more."""
    world = make_world()
    settings.MARK_FILE, other = str(tmp_path / "one.json"), str(tmp_path / "two.json")
    minutes(clock, 1)
    copy = backup.take(tmp_path)
    minutes(clock, 5)
    settings.MARK_FILE = other
    minutes(clock, 5)
    backup.put_back(copy)
    settings.MARK_FILE = str(tmp_path / "one.json")
    write_hold.look()
    hold = WriteHold.objects.get()
    readopt(claim, hold.pk)
    write_hold.lift(hold, user=world.admin, report="All well.")
    settings.MARK_FILE = other
    write_hold.check()
    assert WriteHold.objects.count() == 1


def test_an_operator_says_so_where_nothing_could_be_noticed(clock: time_machine.Traveller, capsys: Any) -> None:
    call_command("restored", "--no-look", "--why", "Moved to a new machine")
    hold = WriteHold.objects.get()
    assert (hold.cause, hold.detail) == ("said", "Moved to a new machine")
    assert "Writes are paused" in capsys.readouterr().out
    call_command("restored", "--no-look")
    assert WriteHold.objects.count() == 1
    with pytest.raises(WritesHeld):
        write_hold.check()


def test_writes_are_resumed_only_when_everything_was_looked_at(clock: time_machine.Traveller, claim: Any) -> None:
    world = make_world()
    Integration.objects.create(client=world.elite, slug="toys", kind="not-installed")
    hold = write_hold.begin(user=world.admin)
    with pytest.raises(write_hold.NotYet):
        write_hold.lift(hold, user=world.admin, report="")
    readopt(claim, hold.pk)
    write_hold.lift(hold, user=world.admin, report="Read.")
    write_hold.check()
    assert AuditEntry.objects.get(action="restore.resume").detail == "Read."


def test_a_place_that_cannot_be_written_is_said_before_it_is_needed(settings: Any, tmp_path: Path) -> None:
    assert restored_databases_are_noticed() == []
    (tmp_path / "a file").write_text("")
    settings.MARK_FILE = str(tmp_path / "a file" / "marks.json")
    assert [message.id for message in restored_databases_are_noticed()] == ["portal.W002"]


def test_the_command_looks_here_and_now_and_prints_the_report(clock: time_machine.Traveller, capsys: Any) -> None:
    world = make_world()
    Integration.objects.create(client=world.elite, slug="toys", kind="not-installed")
    call_command("restored", "--why", "Disk failure")
    said = capsys.readouterr().out
    assert "Elite · toys: not looked at. Its kind is not installed." in said
    assert "1 of 1 integrations were not looked at to the end." in said
    assert WriteHold.objects.get().is_on
