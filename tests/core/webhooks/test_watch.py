"""The sender watch over real rows: counting, noticing, who is not blamed, and what polls found meanwhile."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection as connection_to_database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core import roles, schedule
from integrations.core.models import (
    Connection,
    Job,
    SenderSilence,
    SenderWatch,
    Stream,
    SyncRun,
    User,
    WebhookDelivery,
    WebhookHour,
)
from integrations.core.webhooks import trouble, watch
from tests.core.world import browser, person

from . import pigeons
from .conftest import Send

pytestmark = pytest.mark.django_db(transaction=True)
FRIDAY = dt.datetime(2026, 11, 27, 17, 50, tzinfo=dt.UTC)
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


def receive(connection: Connection, *times: dt.datetime) -> None:
    rows = [WebhookDelivery(connection=connection, event="bird", subject="b", received_at=at, body=b"") for at in times]
    WebhookDelivery.objects.bulk_create(rows)


@pytest.fixture
def sender(connection: Connection) -> Connection:
    """Four weeks of a call every twelve minutes in office hours, and a portal that has listened all the time."""
    hours = [FRIDAY.replace(minute=0) - dt.timedelta(hours=number) for number in range(28 * 24)]
    office = [at for at in hours if at.weekday() < 5 and 8 <= at.hour < 18]
    receive(connection, *(at + 12 * MINUTE * number for at in office for number in range(5)))
    stamp = {"webhook_secret": {"at": (FRIDAY - 60 * DAY).isoformat(), "by": "anna"}}
    Connection.objects.filter(pk=connection.pk).update(credentials_set=stamp)
    SenderWatch.objects.create(connection=connection, looked_at=FRIDAY, listening_since=FRIDAY - 28 * DAY)
    return connection


def look(at: dt.datetime) -> Connection:
    """One look of the watch; the sender as it is then."""
    with time_machine.travel(at, tick=False):
        watch.watch_senders(None)  # type: ignore[arg-type]  # it makes no call that a claim could stop
    return Connection.objects.get(slug="pigeon")


def look_every_so_often(since: dt.datetime, until: dt.datetime) -> Connection:
    """As the clock does it, only more rarely; the last look is at `until`."""
    SenderWatch.objects.update(looked_at=until - 5 * MINUTE)
    return look(until)


MONDAY = FRIDAY + 3 * DAY


def at_monday(hour: int, minute: int = 0) -> dt.datetime:
    return MONDAY.replace(hour=hour, minute=minute)


def test_a_weekend_is_no_silence_and_a_monday_without_calls_is(sender: Connection) -> None:
    for when in (FRIDAY + 2 * DAY, at_monday(8, 50)):
        assert look_every_so_often(FRIDAY, when).webhook_trouble == ""
    silent = look_every_so_often(FRIDAY, at_monday(9, 30))
    assert silent.webhook_trouble.startswith(
        "No webhook since 2026-11-27 17:48 UTC; usually a call every 12 minutes on weekdays from 8 to 18. The portal"
    )
    assert silent.webhook_trouble_by == Connection.TroubleBy.SILENCE
    assert SenderSilence.objects.get().noticed_at == at_monday(9, 30)


def test_it_is_noted_once_and_the_next_call_ends_it_at_once(sender: Connection, send: Send) -> None:
    for minute in (30, 35, 40):
        look_every_so_often(FRIDAY, at_monday(9, minute))
    assert SenderSilence.objects.count() == 1
    with time_machine.travel(at_monday(9, 41)):
        assert send({"bird": 1}).status_code == 202
    assert Connection.objects.get(pk=sender.pk).webhook_trouble == ""
    assert look(at_monday(9, 45)).webhook_trouble == ""
    assert SenderSilence.objects.get().ended_at == at_monday(9, 45)


def test_what_the_vendor_said_stays_above_what_was_noticed(sender: Connection, send: Send) -> None:
    with time_machine.travel(FRIDAY):
        trouble.note(sender.pk, pigeons.SOLD)
    assert look_every_so_often(FRIDAY, at_monday(12)).webhook_trouble == pigeons.SOLD
    assert not SenderSilence.objects.exists()


def test_nobody_is_blamed_for_calls_that_the_portal_could_not_take(sender: Connection) -> None:
    """It was away from Friday to Monday noon; from then on silence counts anew."""
    assert look(at_monday(12)).webhook_trouble == ""
    assert look_every_so_often(FRIDAY, at_monday(13)).webhook_trouble == ""
    assert look_every_so_often(FRIDAY, at_monday(13, 15)).webhook_trouble != ""


def test_a_new_secret_is_given_time(sender: Connection) -> None:
    stamp = {"webhook_secret": {"at": at_monday(12).isoformat(), "by": "anna"}}
    Connection.objects.filter(pk=sender.pk).update(credentials_set=stamp)
    assert look_every_so_often(FRIDAY, at_monday(13)).webhook_trouble == ""


def test_who_may_not_send_is_not_watched(sender: Connection) -> None:
    sender.client.is_active = False
    sender.client.save()
    assert look_every_so_often(FRIDAY, at_monday(12)).webhook_trouble == ""


def test_deliveries_are_counted_by_the_database_and_only_those_of_the_last_hours(
    sender: Connection,
) -> None:
    look(FRIDAY)
    assert WebhookHour.objects.count() == 200
    with time_machine.travel(FRIDAY + 5 * MINUTE), CaptureQueriesContext(connection_to_database) as asked:
        watch.watch_senders(None)  # type: ignore[arg-type]
    statements = [query["sql"] for query in asked.captured_queries if not query["sql"].startswith(("BEGIN", "COMMIT"))]
    assert len(statements) == 8, statements
    counting = [sql for sql in statements if "webhookdelivery" in sql]
    assert len(counting) == 1
    assert "2026-11-27 16:00:00" in counting[0]
    assert "GROUP BY" in counting[0]


def test_counting_again_changes_nothing(sender: Connection) -> None:
    look(FRIDAY)
    before = list(WebhookHour.objects.order_by("hour").values_list("hour", "calls", "last_at"))
    look(FRIDAY + 5 * MINUTE)
    assert list(WebhookHour.objects.order_by("hour").values_list("hour", "calls", "last_at")) == before


def test_the_clock_asks_for_a_look_every_five_minutes_and_keeps_one_row_of_it(connection: Connection) -> None:
    start = timezone.now().replace(second=0, microsecond=0)
    looks = []
    for minute in range(12):
        with time_machine.travel(start + minute * MINUTE, tick=False):
            schedule.tick()
        looks.append(SenderWatch.objects.get(connection=connection).looked_at)
        assert Job.objects.filter(kind=watch.WATCH).count() == 1
    assert len(set(looks)) == 3


# --- what polls found, and where it is shown --------------------------------------------------------------------------


@pytest.fixture
def anna(connection: Connection) -> User:
    return person("anna", roles.ADMIN)


def poll(at: dt.datetime, **counts: Any) -> SyncRun:
    integration = pigeons.Integration.objects.get(kind="loft")
    stream, _ = Stream.objects.get_or_create(integration=integration, slug="birds", defaults={"interval_minutes": 60})
    made: SyncRun = SyncRun.objects.create(stream=stream, started_at=at, state="done", finished_at=at, **counts)
    return made


def page(anna: User, path: str) -> str:
    """What she sees there; she signs in each time, since clocks are moved."""
    return " ".join(browser(anna).get(path).content.decode().replace("&nbsp;", " ").split())


def test_what_polls_found_in_a_silence_is_said_on_the_pages(sender: Connection, anna: User, send: Send) -> None:
    before = poll(FRIDAY - DAY, created=50)
    look_every_so_often(FRIDAY, at_monday(9, 30))
    found = poll(at_monday(9, 20), created=3, updated=4, skipped=9)
    dry, hinted = poll(at_monday(9, 21), created=9, is_dry=True), poll(at_monday(9, 22), created=9, subject="bird:1")
    with time_machine.travel(at_monday(9, 40)):
        shown = page(anna, f"/admin/core/connection/{sender.pk}/change/")
        assert "usually a call every 12 minutes on weekdays from 8 to 18; the last one 2 days, 15 hours ago" in shown
        assert "Since then polls found 7 changes that no webhook of it had told." in shown
        assert "webhooks silent" in page(anna, "/admin/core/connection/")
        assert "this poll found 7 changes that no webhook of it had told" in page(
            anna, f"/admin/core/syncrun/{found.pk}/change/"
        )
        for other in (before, dry, hinted):
            assert "no webhook of it had told" not in page(anna, f"/admin/core/syncrun/{other.pk}/change/")
        send({"bird": 1})
    look(at_monday(9, 45))
    assert SenderSilence.objects.get().found == 7
    after = page(anna, f"/admin/core/connection/{sender.pk}/change/")
    assert "polls found 7 changes that no webhook had told" in after
    assert "Since then" not in after


def test_a_sender_without_a_rhythm_says_so(connection: Connection, anna: User) -> None:
    assert "no webhook has come yet" in page(anna, f"/admin/core/connection/{connection.pk}/change/")
    receive(connection, timezone.now())
    watch.watch_senders(None)  # type: ignore[arg-type]
    assert "Too few calls yet to know a rhythm" in page(anna, f"/admin/core/connection/{connection.pk}/change/")
