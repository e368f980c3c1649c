"""What core's rules find, from which figure on, and when it is over; each opens, tells and ends one alert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.core import mail as post
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.backup_tickets.alerts import CHECKING
from integrations.core.alerts import evaluating
from integrations.core.alerts.rules import CORE, declared
from integrations.core.models import (
    Alert,
    AlertChannel,
    AlertRule,
    CallCount,
    Client,
    Connection,
    HeldItem,
    Integration,
    Job,
    Stream,
    SyncRun,
)
from tests.core import vendor

from .conftest import START, Minutes

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


@dataclass
class World:
    """A client with a connection and a stream."""

    client: Client
    connection: Connection
    stream: Stream

    def run(self, *states: str, **values: object) -> None:
        for state in states:
            SyncRun.objects.create(stream=self.stream, state=state, started_at=START, finished_at=START, **values)

    def hold(self, count: int, since: dt.datetime = START) -> None:
        rows = [HeldItem(stream=self.stream, record_id=str(n), cause="permanent", sentence="No.") for n in range(count)]
        HeldItem.objects.bulk_create(rows)
        HeldItem.objects.update(held_at=since)

    def become(self, **values: object) -> None:
        Connection.objects.filter(pk=self.connection.pk).update(**values)


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    with vendor.installed():
        client = Client.objects.create(slug="elite", name="Elite")
        connection = Connection.objects.create(client=client, slug="bird", vendor="parrot", webhook_digest="k.x")
        integration = Integration.objects.create(client=client, slug="aviary", kind="aviary")
        yield World(client, connection, Stream.objects.create(integration=integration, slug="eggs", interval_minutes=5))


@pytest.fixture
def minute(world: World) -> Minutes:
    return Minutes()


def job(state: str, **values: object) -> None:
    Job.objects.create(kind="zoo.feed", key=f"{Job.objects.count()}", state=state, **values)


def count_calls(calls: int) -> None:
    CallCount.objects.all().delete()
    CallCount.objects.create(connection=Connection.objects.get(), minute=START, calls=calls)


Act = Callable[[World], object]
# rule; what is not yet enough; what is; what ends it; the title
TABLE: list[tuple[str, Act, Act, Act, str]] = [
    (
        "stream_failing",
        lambda w: w.run("done", "failed", "failed"),
        lambda w: w.run("interrupted", "failed"),
        lambda w: w.run("done"),
        "Elite · aviary · eggs failed 3 times in a row",
    ),
    (
        "connection_attention",
        lambda w: w.become(health="trouble"),
        lambda w: w.become(health="attention"),
        lambda w: w.become(health="ok"),
        "Elite · bird needs attention",
    ),
    (
        "webhooks_silent",
        lambda w: None,
        lambda w: w.become(webhook_trouble="Sold.", webhook_trouble_by="told"),
        lambda w: w.become(webhook_trouble="", webhook_trouble_by=""),
        "Elite · bird: its webhooks have stopped",
    ),
    (
        "dead_jobs",
        lambda w: job("dead", finished_at=START - dt.timedelta(days=2)),
        lambda w: job("dead", finished_at=START),
        lambda w: Job.objects.filter(kind="zoo.feed").delete(),
        "1 job was given up: zoo.feed",
    ),
    (
        "queue_late",
        lambda w: job("queued", not_before=START - 5 * MINUTE + dt.timedelta(seconds=1)),
        lambda w: Job.objects.filter(kind="zoo.feed").update(not_before=START - 9 * MINUTE),
        lambda w: Job.objects.filter(kind="zoo.feed").delete(),
        "The job queue is late",
    ),
    (
        "budget",
        lambda w: count_calls(80),
        lambda w: count_calls(81),
        lambda w: count_calls(10),
        "Elite · bird has used 81 % of its calls",
    ),
    (
        "held_many",
        lambda w: w.hold(100),
        lambda w: _one_more(w),
        lambda w: HeldItem.objects.update(state="settled"),
        "Elite · aviary · eggs holds 101 records",
    ),
    (
        "held_long",
        lambda w: w.hold(1, START - 24 * HOUR + MINUTE),
        lambda w: HeldItem.objects.update(held_at=START - 25 * HOUR),
        lambda w: HeldItem.objects.update(state="dismissed"),
        "Elite · aviary · eggs has held a record for more than 24 hours",
    ),
]


def _one_more(world: World) -> None:
    HeldItem.objects.create(stream=world.stream, record_id="last", cause="permanent", sentence="No.")
    HeldItem.objects.update(held_at=START)


@pytest.mark.parametrize(("rule", "nearly", "enough", "over", "title"), TABLE, ids=[row[0] for row in TABLE])
def test_a_rule_opens_once_tells_once_and_ends_once(
    minute: Minutes, world: World, rule: str, nearly: Act, enough: Act, over: Act, title: str
) -> None:
    AlertChannel.objects.create(name="watch", emails="night@example.com", minimum_severity=10)
    only(rule)
    nearly(world)
    minute.passes(1)
    assert not Alert.objects.exists()
    enough(world)
    minute.passes(2)
    alert = Alert.objects.get()
    assert (alert.rule, alert.title, alert.state) == (rule, title, "open")
    assert alert.since <= minute.now
    over(world)
    minute.passes(7)
    assert Alert.objects.get().state == "recovered"
    assert [message.subject.partition(":")[0] for message in post.outbox] == [
        f"[portal] Alert ({alert.get_severity_display()})",
        "[portal] Over",
    ]
    assert "To do:" in post.outbox[0].body


def only(rule: str) -> None:
    """The other rules are off."""
    AlertRule.objects.bulk_create(AlertRule(slug=name, is_enabled=name == rule) for name in declared())


def test_streams_that_nobody_wants_to_run_fail_silently(minute: Minutes, world: World) -> None:
    world.run("failed", "failed", "failed")
    world.stream.is_enabled = False
    world.stream.save()
    minute.passes()
    assert not Alert.objects.exists()


def test_dry_runs_and_runs_of_webhooks_count_for_nothing(minute: Minutes, world: World) -> None:
    world.run("failed", "failed", "failed", is_dry=True)
    world.run("failed", "failed", "failed", subject="egg:1")
    minute.passes()
    assert not Alert.objects.exists()


def test_a_connection_at_rest_or_of_an_inactive_client_alerts_nobody(minute: Minutes, world: World) -> None:
    world.become(health="attention", is_paused=True)
    minute.passes()
    world.become(is_paused=False)
    world.client.is_active = False
    world.client.save()
    minute.passes()
    assert not Alert.objects.exists()


def test_an_admin_changes_the_figure_or_switches_a_rule_off(minute: Minutes, world: World) -> None:
    AlertRule.objects.create(slug="stream_failing", threshold=1)
    AlertRule.objects.create(slug="connection_attention", is_enabled=False)
    world.run("failed")
    world.become(health="attention")
    minute.passes()
    assert [alert.rule for alert in Alert.objects.all()] == ["stream_failing"]


def test_integrations_bring_rules_of_their_own() -> None:
    assert declared()["backup_tickets.checking"] is CHECKING
    assert [rule.slug for rule in CORE] == list(declared())[: len(CORE)]


def test_an_evaluation_asks_a_fixed_number_of_questions_whatever_there_is(minute: Minutes, world: World) -> None:
    """Nothing wrong; and then a hundred of each wrong, which is written by the hundred."""
    evaluating.evaluate(timezone.now())
    calm = statements()
    for number in range(100):
        Connection.objects.create(client=world.client, slug=f"bird-{number}", vendor="parrot", health="attention")
        job("dead", finished_at=timezone.now())
        stream = Stream.objects.create(integration=world.stream.integration, slug=f"s{number}", interval_minutes=5)
        World(world.client, world.connection, stream).run("failed", "failed", "failed")
    evaluating.evaluate(timezone.now())
    assert Alert.objects.count() == 201
    assert (calm, statements()) == (CALM, CALM + 1), "what is seen again is one more statement"


CALM = 14


def statements() -> int:
    with CaptureQueriesContext(database) as asked:
        evaluating.evaluate(timezone.now())
    return sum(not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for query in asked)


def test_a_rule_that_is_gone_ends_its_alerts(minute: Minutes, world: World) -> None:
    Alert.objects.create(
        rule="old.rule", subject="x", title="x", sentence="x", since=START, opened_at=START, seen_at=START
    )
    minute.passes()
    assert Alert.objects.get().state == "recovered"
