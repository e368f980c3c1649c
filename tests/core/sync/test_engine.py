"""The engine on the toy pair, case by case: what is held, what ends a run, what is counted, what a dry run shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django.utils import timezone

from integrations.core.models import Client, HeldItem, Integration, RecordLink, Stream, SyncEntry, SyncRun
from integrations.core.streams import StreamProblem
from integrations.core.sync import engine
from integrations.core.sync.flow import Plan, Record, Side
from integrations.transport.errors import ConfigurationError, TemporaryError, UnknownOutcomeError
from tests.core.sync.toy import Died, System, flow, one_run, raising

pytestmark = pytest.mark.django_db
OVERLAP = dt.timedelta(minutes=5)
LATER = dt.timedelta(hours=7)


class Pair:
    """Two systems and the two streams between them."""

    def __init__(self, *, ordered: bool = True) -> None:
        client = Client.objects.create(slug="elite", name="Elite")
        self.integration = Integration.objects.create(client=client, slug="pair", kind="toy")
        self.left, self.right = System("L", ordered=ordered), System("R", ordered=ordered)

    def to_right(self, *, is_dry: bool = False) -> SyncRun:
        what = flow(self.left, self.right, Side.LEFT, overlap=OVERLAP)
        return one_run(engine, self.integration, "to_right", what, is_dry=is_dry)

    def to_left(self) -> SyncRun:
        return one_run(engine, self.integration, "to_left", flow(self.left, self.right, Side.RIGHT, overlap=OVERLAP))

    @property
    def watermark(self) -> dt.datetime | None:
        return Stream.objects.get(slug="to_right").watermark

    def titles(self) -> list[str]:
        return sorted(thing.fields["title"] for thing in self.right.things.values())


@pytest.fixture(params=["ordered", "window"])
def pair(request: pytest.FixtureRequest, db: None) -> Pair:
    return Pair(ordered=request.param == "ordered")


def test_everything_arrives_once_and_a_second_run_writes_nothing(pair: Pair) -> None:
    for number in range(10):
        pair.left.insert(f"T{number}")
    run = pair.to_right()
    assert (run.read, run.created, run.unchanged) == (10, 10, 0)
    assert pair.titles() == [f"T{n}" for n in range(10)]
    pair.right.ledger.clear()
    again = pair.to_right()
    assert (again.created, again.updated, again.held) == (0, 0, 0)
    assert pair.right.ledger == []
    assert pair.to_left().unchanged == 10
    assert pair.left.ledger == pair.right.ledger == []


def test_an_edit_on_each_side_reaches_the_other_and_echoes_end(pair: Pair) -> None:
    thing = pair.left.insert("A")
    pair.to_right()
    (twin,) = pair.right.things.values()
    pair.left.edit(thing.id, title="B")
    pair.right.edit(twin.id, state="closed")
    for _ in range(2):
        pair.to_right()
        pair.to_left()
    assert thing.fields == twin.fields == {"title": "B", "state": "closed"}
    writes = len(pair.left.ledger) + len(pair.right.ledger)
    for _ in range(2):
        pair.to_right()
        pair.to_left()
    assert len(pair.left.ledger) + len(pair.right.ledger) == writes


def test_a_refused_record_is_held_the_others_go_on_and_it_arrives_once_it_can(pair: Pair) -> None:
    pair.right.poisoned = {"bad"}
    for title in ("a", "bad", "c", "d", "e"):
        pair.left.insert(title)
    run = pair.to_right()
    assert pair.titles() == ["a", "c", "d", "e"]
    assert (run.created, run.held) == (4, 1)
    item = HeldItem.objects.get()
    assert (item.cause, item.sentence, item.tries) == ("permanent", "R refuses bad.", 1)
    pair.to_right()
    assert HeldItem.objects.get().tries == 1, "not before its time"
    pair.right.poisoned = set()
    with time_machine.travel(timezone.now() + LATER, tick=True):
        pair.to_right()
    assert "bad" in pair.titles()
    assert HeldItem.objects.get().state == "settled"


def test_a_held_record_is_tried_ever_more_rarely_and_then_waits_for_a_person(pair: Pair) -> None:
    pair.right.poisoned = {"bad"}
    pair.left.insert("bad")
    pair.to_right()
    for hours in range(1, 15):
        with time_machine.travel(timezone.now() + hours * LATER, tick=True):
            pair.to_right()
    item = HeldItem.objects.get()
    assert (item.tries, item.next_try, item.state) == (10, None, "held")


def test_a_held_record_that_is_edited_is_tried_at_once(pair: Pair) -> None:
    pair.right.poisoned = {"bad"}
    thing = pair.left.insert("bad")
    pair.to_right()
    pair.left.edit(thing.id, title="good")
    pair.to_right()
    assert pair.titles() == ["good"]
    assert HeldItem.objects.get().state == "settled"


def test_three_temporary_failures_in_a_row_are_an_outage_that_holds_nothing(pair: Pair) -> None:
    for number in range(5):
        pair.left.insert(f"T{number}")
    pair.right.faults.extend(raising(TemporaryError("busy")) for _ in range(3))
    with pytest.raises(StreamProblem, match="outage"):
        pair.to_right()
    assert not HeldItem.objects.exists()
    pair.to_right()
    assert len(pair.titles()) == 5


def test_one_temporary_failure_holds_its_record_alone(pair: Pair) -> None:
    for number in range(5):
        pair.left.insert(f"T{number}")
    pair.right.faults.append(raising(TemporaryError("busy")))
    assert pair.to_right().held == 1
    assert HeldItem.objects.get().cause == "temporary"
    with time_machine.travel(timezone.now() + LATER, tick=True):
        pair.to_right()
    assert len(pair.titles()) == 5


def test_a_setting_that_is_wrong_ends_the_run_and_holds_nothing(pair: Pair) -> None:
    pair.left.insert("a")
    pair.right.faults.append(raising(ConfigurationError("The password is wrong.")))
    with pytest.raises(ConfigurationError):
        pair.to_right()
    assert not HeldItem.objects.exists()
    pair.to_right()
    assert pair.titles() == ["a"]


def test_ten_bugs_in_a_row_end_the_run_and_one_does_not(pair: Pair) -> None:
    for number in range(12):
        pair.left.insert(f"T{number:02}")
    pair.right.faults.append(raising(ZeroDivisionError("secret text")))
    assert pair.to_right().held == 1
    item = HeldItem.objects.get()
    assert (item.cause, item.sentence) == ("bug", "A bug in the portal (ZeroDivisionError).")
    for number in range(12):
        pair.left.edit(f"L{number + 1:04}", title=f"U{number}")
    pair.right.faults.extend(raising(ZeroDivisionError("x")) for _ in range(12))
    with pytest.raises(StreamProblem, match="10 records in a row"):
        pair.to_right()


@pytest.mark.parametrize("lost", [UnknownOutcomeError("no answer"), TemporaryError("reset")])
def test_a_create_whose_answer_is_lost_is_found_and_not_repeated(pair: Pair, lost: Exception) -> None:
    pair.left.insert("a")
    if isinstance(lost, TemporaryError):
        pair.right.faults.append(raising(lost))
    else:
        pair.right.faults.append(raising(lost, after_commit=True))
    pair.to_right()
    with time_machine.travel(timezone.now() + LATER, tick=True):
        pair.to_right()
    assert pair.titles() == ["a"]
    assert RecordLink.objects.get().state == "active"


def test_a_process_that_dies_after_its_create_leaves_no_double(pair: Pair) -> None:
    pair.left.insert("a")
    pair.right.faults.append(raising(Died(), after_commit=True))
    with pytest.raises(Died):
        pair.to_right()
    pair.to_right()  # buries what was in hand
    assert HeldItem.objects.get().sentence == "The process died while it worked on this record."
    with time_machine.travel(timezone.now() + LATER, tick=True):
        pair.to_right()
    assert pair.titles() == ["a"]
    assert HeldItem.objects.get().state == "settled"


def test_a_record_that_kills_its_process_every_time_does_not_stop_the_others(pair: Pair) -> None:
    for title in ("a", "killer", "c"):
        pair.left.insert(title)

    class Kills(set[str]):
        def __contains__(self, title: object) -> bool:
            if title == "killer":
                raise Died
            return False

    pair.right.poisoned = Kills()
    deaths = 0
    for hours in range(20):
        with time_machine.travel(timezone.now() + hours * LATER, tick=True):
            try:
                pair.to_right()
            except Died:
                deaths += 1
    assert pair.titles() == ["a", "c"]
    assert deaths <= 10
    assert HeldItem.objects.get().next_try is None


def test_a_held_record_whose_reading_is_a_bug_does_not_stop_the_others(pair: Pair) -> None:
    pair.right.poisoned = {"bad"}
    pair.left.insert("bad")
    pair.to_right()
    pair.left.insert("good")
    pair.left.faults.append(raising(ZeroDivisionError("planted")))
    with time_machine.travel(timezone.now() + LATER, tick=True):
        pair.to_right()
    assert pair.titles() == ["good"]
    assert HeldItem.objects.get().cause == "bug"


def test_a_record_that_was_linked_by_hand_meanwhile_does_not_stop_the_stream(pair: Pair) -> None:
    pair.left.insert("a")
    pair.right.faults.append(raising(Died(), after_commit=True))
    with pytest.raises(Died):
        pair.to_right()
    (made,) = pair.right.things
    RecordLink.objects.create(integration=pair.integration, object_type="thing", left_id="x", right_id=made)
    pair.right.insert("b")
    pair.to_left()
    assert [thing.fields["title"] for thing in pair.left.things.values()] == ["a", "b"]
    assert "linked to another one" in RecordLink.objects.get(state="missing").cause


def test_a_pair_that_another_process_made_between_look_and_write_is_planned_anew(pair: Pair) -> None:
    pair.left.insert("a")
    what = flow(pair.left, pair.right, Side.LEFT, overlap=OVERLAP)

    def overtaken(record: Record, link: RecordLink | None) -> Plan:
        plan = what.plan(record, link)
        if link is None:
            made = pair.right.create("by another process", record.data)
            values = {"left_id": record.id, "right_id": made, "left_fingerprint": "v1", "right_fingerprint": "v1"}
            RecordLink.objects.create(
                integration=pair.integration, object_type="thing", base=record.data, state="active", **values
            )
        return plan

    one_run(engine, pair.integration, "to_right", replace(what, plan=overtaken))
    assert pair.right.ledger == [("create", "R0001")]


def test_a_dry_run_shows_each_write_and_changes_nothing(pair: Pair) -> None:
    pair.right.poisoned = set()
    for title in ("a", "b"):
        pair.left.insert(title)
    run = pair.to_right(is_dry=True)
    assert pair.right.ledger == []
    assert [(entry.outcome, entry.writes) for entry in run.entries.order_by("record_id")] == [
        ("created", ["create “a”"]),
        ("created", ["create “b”"]),
    ]
    assert pair.watermark is None
    assert not RecordLink.objects.exists()
    assert pair.to_right().created == 2


def test_a_run_that_is_asked_to_stop_ends_and_the_next_one_goes_on(pair: Pair) -> None:
    for number in range(5):
        pair.left.insert(f"T{number}")
    stream = Stream.objects.create(integration=pair.integration, slug="to_right", interval_minutes=5)

    def stop() -> None:
        SyncRun.objects.filter(stream=stream).update(stop_asked=True)

    pair.right.faults.extend([lambda: None, stop])
    with pytest.raises(engine.Stopped):
        pair.to_right()
    assert 0 < len(pair.titles()) < 5
    pair.to_right()
    assert len(pair.titles()) == 5


def test_a_vendors_clock_that_is_ahead_hides_nothing(pair: Pair) -> None:
    pair.left.skew = dt.timedelta(hours=1)
    pair.left.insert("from the future")
    pair.to_right()
    pair.left.skew = dt.timedelta()
    pair.left.insert("after the clock was set right")
    pair.to_right()
    assert len(pair.titles()) == 2


def test_each_entry_says_what_was_written_and_why(pair: Pair) -> None:
    thing = pair.left.insert("a")
    pair.to_right()
    pair.left.edit(thing.id, title="b")
    pair.to_right()
    told = [(entry.outcome, entry.why, entry.writes) for entry in SyncEntry.objects.order_by("pk")]
    assert told == [
        ("created", "It is new.", ["create “a”"]),
        ("updated", "title changed.", ["set {'title': 'b'}"]),
    ]


@pytest.mark.parametrize("count", [100, 1_000])
def test_a_second_run_reads_what_changed_and_no_more(count: int) -> None:
    """P12: the calls of a run without a change do not grow with the number of records."""
    pair = Pair()
    pair.left.page_size = 100
    for number in range(count):
        pair.left.insert(f"T{number}")
    with time_machine.travel(timezone.now() - dt.timedelta(days=1), tick=True):
        for thing in pair.left.things.values():
            thing.changed_at = pair.left.now() - dt.timedelta(seconds=len(pair.left.things))
    for position, thing in enumerate(pair.left.things.values()):
        thing.changed_at += dt.timedelta(minutes=position)
    pair.to_right()
    pair.left.reads = 0
    pair.to_right()
    assert pair.left.reads == 1
    assert len(pair.right.ledger) == count


def test_an_update_that_arrived_without_an_answer_does_not_fight_the_next_edit(pair: Pair) -> None:
    """Right to left only, so nothing else could mend it; the left side wins conflicts."""
    thing = pair.right.insert("first")
    pair.to_left()
    pair.right.edit(thing.id, title="second")
    fine, lost = (lambda: None), raising(UnknownOutcomeError("no answer"), after_commit=True)
    pair.left.faults.extend([fine, lost])  # the look goes well, the answer to the write is lost
    pair.to_left()
    pair.right.edit(thing.id, title="third")
    with time_machine.travel(timezone.now() + LATER):
        pair.to_left()
    (twin,) = pair.left.things.values()
    assert twin.fields["title"] == thing.fields["title"] == "third"
