"""M18: the first page with a million runs, and a month of a million webhooks, runs of streams and calls to vendors.

It is drawn in this process for an admin and an operator, beside a page of the same admin that reads nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import Figure, runs
from benchmarks.judging import bounded
from benchmarks.run_list import shows
from integrations.core import roles, streams
from integrations.core.figures import counting
from integrations.core.models import ApiCall, Client, Connection, Integration, IntegrationRole, Stream, SyncRun, User
from integrations.core.models import WebhookDelivery as Delivery

COUNT = 1_000_000
MONTH = dt.timedelta(days=30)
ROUNDS = 15
PAGE, EMPTY = "/admin/", "/admin/two-factor/"

_CALL = {
    **{"transaction_id": "t" * 32, "direction": "out", "source": "core.run_stream", "instance": "host:1", "record": ""},
    **{"method": "GET", "host": "vendor.example", "route": "/tickets", "error": "", "query": "", "status": 200},
    **{"request_headers": "{}", "request_body": "", "response_headers": "{}", "response_body": '{"id": 1}'},
}
_DELIVERY = {
    **{"event": "ticket", "delivery_id": "", "headers": "{}", "body": b"{}", "trigger": "webhook", "outcome": ""},
    "earlier": "[]",
}
_RUN = {
    **{"trigger": "schedule", "outcome": "Done.", "subject": "", "is_dry": False, "stop_asked": False, "cursor": ""},
    **dict.fromkeys(("read", "created", "updated", "unchanged", "skipped", "held"), 0),
}


def measure(scale: float, database: str) -> Iterator[Figure]:
    count, now = int(COUNT * scale), timezone.now()
    runs.fill(count, newest=now)
    _month(count, now)
    began = time.perf_counter()
    counting.count_all()
    first = time.perf_counter() - began
    began = time.perf_counter()
    counting.count_all()
    again = time.perf_counter() - began
    for role in (roles.ADMIN, roles.OPERATOR):
        browser = _signed_in(role)
        page, empty = shows(browser, PAGE), shows(browser, EMPTY)
        seen = sorted(page() for _ in range(ROUNDS))
        least = sorted(empty() for _ in range(ROUNDS))[ROUNDS // 2]
        what = f"first page of an {role.lower()}, {database} (one that reads nothing: {least:.0f} ms)"
        yield bounded("M18", what, seen[ROUNDS // 2], most=300, unit="ms")
        with CaptureQueriesContext(connection) as captured:
            browser.get(PAGE)
        yield bounded("M18", f"its statements, {database}", len(captured), most=40, unit="")
    yield bounded("M18", f"counting the figures for the first time, {database}", first, most=60, unit="s")
    yield bounded("M18", f"counting them again, every five minutes, {database}", again, most=2, unit="s")


def _month(count: int, now: dt.datetime) -> None:
    """So many webhooks, runs of streams and calls, evenly over a month and over all clients."""
    connections, of_streams = _connected()
    step = MONTH / count

    def times() -> Iterator[tuple[int, dt.datetime]]:
        return ((n, now - MONTH + step * n) for n in range(count))

    with transaction.atomic():
        _write(ApiCall, _CALL, ("at", "connection_id", "duration_ms"), (
            (at, connections[n % len(connections)], n % 400) for n, at in times()
        ))  # fmt: skip
        _write(Delivery, _DELIVERY, ("received_at", "connection_id", "subject", "state", "over_at"), (
            (at, connections[n % len(connections)], f"ticket:{n}", ("done", "ignored")[n % 2], at) for n, at in times()
        ))  # fmt: skip
        _write(SyncRun, _RUN, ("started_at", "stream_id", "state"), (
            (at, of_streams[n % len(of_streams)], "failed" if n % 50 == 0 else "done") for n, at in times()
        ))  # fmt: skip
    runs.as_the_database_keeps_it()


def _write(model: Any, same: dict[str, Any], columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    rest = tuple(same.values())
    runs.write(model, (*columns, *same), ((*row, *rest) for row in rows))


def _connected() -> tuple[list[int], list[int]]:
    """A connection and an integration for every client; the ids of the connections and of the streams."""
    found = []
    for client in Client.objects.all():
        one = Connection.objects.create(client=client, slug="autotask", vendor="autotask")
        integration = Integration.objects.create(client=client, slug="tickets", kind="backup_tickets")
        IntegrationRole.objects.create(integration=integration, role="autotask", connection=one)
        streams.streams_of(integration)
        found.append(one.pk)
    return found, list(Stream.objects.values_list("pk", flat=True))


def _signed_in(role: str) -> Browser:
    user: User = User.objects.create_user(role, password="of-a-benchmark", is_staff=True, all_clients=True)
    user.groups.add(Group.objects.get(name=role))
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser
