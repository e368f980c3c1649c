"""Pages: what each page of the sidebar costs with tables as years of use leave them: statements, size, time.

For an admin, who may open all of them. The first request to each page is not counted.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from statistics import median

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks import Figure, runs
from benchmarks.judging import page_cost
from integrations.core import registry, roles
from integrations.core.admin.navigation import entries
from integrations.core.models import (
    ApiCall,
    AuditEntry,
    Client,
    Connection,
    HeldItem,
    Integration,
    IntegrationRole,
    Job,
    RecordLink,
    SyncRun,
    User,
    WebhookDelivery,
)
from integrations.core.streams import streams_of

RUNS = 1_000_000
ROWS = 100_000  # of each table of the core that grows with use
ROUNDS = 5


def measure(scale: float, database: str) -> Iterator[Figure]:
    runs.fill(int(RUNS * scale))
    _fill(int(ROWS * scale))
    browser = _admin()
    pages = {"Overview": reverse("admin:index")} | {one.title: reverse(one.url_name) for one in entries()}
    for title, address in pages.items():
        yield _cost(browser, f"{title}, {database}", address)


def _cost(browser: Browser, what: str, address: str) -> Figure:
    address = browser.get(address, follow=True).request["PATH_INFO"]  # some lead to the one thing they would list
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(address)
    statements = len(captured)
    assert answer.status_code == 200, f"{address} answered {answer.status_code}"
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        browser.get(address)
        times.append((time.perf_counter() - began) * 1000)
    return page_cost(what, statements=statements, size=len(answer.content), milliseconds=median(times))


def _admin() -> Browser:
    admin: User = User.objects.create_user("admin", password="of-a-benchmark", is_staff=True, all_clients=True)
    admin.groups.add(Group.objects.get(name=roles.ADMIN))
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def _fill(count: int) -> None:
    """An integration of each kind for some clients, and that many rows in each table of the core."""
    now = timezone.now()
    owners = list(Client.objects.all()[:5])
    integrations = [_integration(client, kind) for client in owners for kind in registry.kinds() if kind.streams]
    connections = list(Connection.objects.all())
    streams = [stream for one in integrations for stream in streams_of(one)]

    def at(number: int) -> dt.datetime:
        return now - dt.timedelta(days=30) * number / count

    every = range(count)
    ApiCall.objects.bulk_create(
        (
            ApiCall(
                at=at(n),
                transaction_id=f"{n // 5:032}",
                connection=connections[n % len(connections)],
                method="GET",
                host="vendor.example.com",
                route=f"/tickets/{n}",
                status=200 if n % 50 else 500,
                duration_ms=n % 400,
            )
            for n in every
        ),
        batch_size=500,
    )
    WebhookDelivery.objects.bulk_create(
        (
            WebhookDelivery(
                connection=connections[n % len(connections)],
                event="ticket",
                subject=f"ticket:{n}",
                received_at=at(n),
                body=b"{}",
                state="failed" if n % 100 == 0 else "done",
                over_at=at(n),
            )
            for n in every
        ),
        batch_size=500,
    )
    Job.objects.bulk_create(
        (
            Job(
                kind="core.run_stream",
                key=f"of-a-benchmark-{n}",
                state="dead" if n % 1000 == 0 else "done",
                finished_at=at(n),
            )
            for n in every
        ),
        batch_size=500,
    )
    SyncRun.objects.bulk_create(
        (SyncRun(stream=streams[n % len(streams)], state="done", started_at=at(n), finished_at=at(n)) for n in every),
        batch_size=500,
    )
    HeldItem.objects.bulk_create(
        (
            HeldItem(
                stream=streams[n % len(streams)],
                record_id=str(n),
                cause="permanent",
                sentence=f"The vendor refused ticket {n}: the category is gone.",
                state="held" if n % 10 == 0 else "settled",
            )
            for n in every
        ),
        batch_size=500,
    )
    RecordLink.objects.bulk_create(
        (
            RecordLink(
                integration=integrations[n % len(integrations)],
                object_type="ticket",
                left_id=str(n),
                right_id=f"r{n}",
                state="active",
            )
            for n in every
        ),
        batch_size=500,
    )
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                actor="anna", action="ticket.create", client=owners[n % len(owners)], record=f"run:{n}", outcome="done"
            )
            for n in every
        ),
        batch_size=500,
    )


def _integration(client: Client, kind: registry.IntegrationKind) -> Integration:
    made = Integration.objects.create(client=client, slug=kind.slug.replace("_", "-"), kind=kind.slug)
    if kind.options is not None:
        kind.options._default_manager.create(integration=made)
    for role in kind.roles:
        side, _ = Connection.objects.get_or_create(
            client=client, slug=f"{kind.slug}-{role.name}".replace("_", "-"), vendor=role.vendor.slug
        )
        IntegrationRole.objects.create(integration=made, role=role.name, connection=side)
    return made
