"""Many calls at the same moment: stored together, each answered once it is on disk, none paying for another.

The first call waits for a job of its record that somebody else has not committed yet; the others come meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection as database
from django.db import transaction

from integrations.core import jobs
from integrations.core.models import Connection, Job, WebhookDelivery
from integrations.core.webhooks import receiving
from integrations.vendors.webhooks import Received

from . import pigeons
from .conftest import Send

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="needs a database server"),
]
CALLS = 12


def in_a_burst(connection: Connection, calls: list[Callable[[], Any]]) -> list[Any]:
    """What the calls gave, or what they raised, when all of them came while the first one was being stored."""
    said: list[Any] = [None] * len(calls)

    def say(number: int) -> None:
        try:
            said[number] = calls[number]()
        except Exception as error:
            said[number] = error
        database.close()

    threads = [threading.Thread(target=say, args=[number]) for number in range(len(calls))]
    with transaction.atomic():
        first = WebhookDelivery(connection=connection, subject="bird:0")
        jobs.enqueue(receiving.WORK, 1, key=receiving.key_of(first))
        threads[0].start()
        until(lambda: waiting_for_locks() == 1)
        for thread in threads[1:]:
            thread.start()
        until(lambda: len(receiving._together._waiting) == len(calls) - 1)
        assert said == [None] * len(calls), "nobody is answered before his call is on disk"
    for thread in threads:
        thread.join(30)
    return said


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < ends
        threading.Event().wait(0.01)


def waiting_for_locks() -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def transactions() -> int:
    """How many transactions wrote the deliveries that are there."""
    with database.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM core_webhookdelivery")
        return int(cursor.fetchone()[0])


def test_calls_that_come_while_one_is_stored_are_stored_by_one_transaction(send: Send, connection: Connection) -> None:
    said = in_a_burst(connection, [lambda bird=bird: send({"bird": bird % 8}) for bird in range(CALLS)])
    assert [(answer.status_code, answer.json()) for answer in said] == [(202, {"accepted": 1})] * CALLS
    assert transactions() == 2
    assert WebhookDelivery.objects.count() == CALLS
    keys = set(Job.objects.filter(state="queued").values_list("key", flat=True))
    assert len(keys) == Job.objects.count() == 8


def test_calls_of_one_name_are_taken_once_also_in_a_burst(send: Send, connection: Connection) -> None:
    bodies = [{"bird": 0}, *({"bird": 1, "call": "only-one"} for _ in range(3)), {"bird": 2}]
    said = in_a_burst(connection, [lambda body=body: send(body) for body in bodies])
    assert sorted(answer.json()["accepted"] for answer in said[1:4]) == [0, 0, 1]
    assert sorted(WebhookDelivery.objects.values_list("subject", flat=True)) == ["bird:0", "bird:1", "bird:2"]


def test_one_call_that_cannot_be_stored_costs_the_others_nothing(send: Send, connection: Connection) -> None:
    def of_a_connection_that_was_deleted() -> int:
        return receiving.take(
            connection.pk + 1_000, Received("bird", {}, b'{"bird": 5}'), pigeons.PIGEON.webhooks, ip=None
        )

    calls = [lambda bird=bird: send({"bird": bird}) for bird in range(4)]
    said = in_a_burst(connection, [*calls, of_a_connection_that_was_deleted])
    assert [answer.status_code for answer in said[:4]] == [202] * 4
    assert "foreign key" in str(said[4])
    assert sorted(WebhookDelivery.objects.values_list("subject", flat=True)) == [f"bird:{bird}" for bird in range(4)]


def test_a_bug_that_one_call_meets_leaves_nobody_with_a_202_and_no_row(send: Send, connection: Connection) -> None:
    def with_a_header_that_is_no_text() -> int:
        strange: Any = {"x-leg": object()}
        return receiving.take(
            connection.pk, Received("bird", strange, b'{"bird": 5}'), pigeons.PIGEON.webhooks, ip=None
        )

    calls = [lambda bird=bird: send({"bird": bird}) for bird in range(6)]
    said = in_a_burst(connection, [*calls[:3], with_a_header_that_is_no_text, *calls[3:]])
    del said[3]
    answered = [f"bird:{bird}" for bird, answer in enumerate(said) if getattr(answer, "status_code", 500) < 300]
    assert sorted(WebhookDelivery.objects.values_list("subject", flat=True)) == answered, said
    assert len(answered) >= 5, "at most whoever met it has to come again"
