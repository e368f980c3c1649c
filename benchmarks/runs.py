"""A table of backup runs as years of use leave it: many jobs, most runs good, some failed, few open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection, models, transaction

from integrations.backup_tickets.models import BackupJob, Customer, Run, Ticket, TicketLink
from integrations.core.models import Client, Connection

NIGHT = dt.timedelta(days=1)
NEWEST = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
RUNS_OF_A_JOB, JOBS_OF_A_CUSTOMER, CUSTOMERS_OF_A_CLIENT = 250, 5, 40
REMARK = "Processing of one object failed: the snapshot could not be created, the writer timed out. " * 4
_STATUS = ["success"] * 85 + ["warning"] * 8 + ["error"] * 5 + ["missed"] * 2
_COLUMNS = ("client_id", "job_id", "external_id", "status", "started_at", "remark", "received_at", "fingerprint")
_REST = ("needs_attention", "review_reason", "manual_ticket_number")
_ATTENTION_NIGHTS = 10  # failed runs of the last nights still need attention, and one in a hundred of the older ones


def fill(count: int, newest: dt.datetime = NEWEST) -> None:
    """Write that many runs up to that moment, oldest first, with clients, customers, jobs, and some tickets."""
    jobs = _jobs(max(2, count // RUNS_OF_A_JOB))
    indexes = Run._meta.indexes
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Run, index)
    with transaction.atomic():
        write(Run, (*_COLUMNS, *_REST), _rows(count, jobs, newest))
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(Run, index)
    _tickets(count)
    as_the_database_keeps_it()


def _jobs(count: int) -> list[BackupJob]:
    customers = max(1, count // JOBS_OF_A_CUSTOMER)
    clients = Client.objects.bulk_create(
        Client(slug=f"client-{n}", name=f"Client {n:03}") for n in range(max(1, customers // CUSTOMERS_OF_A_CLIENT))
    )
    owners = Customer.objects.bulk_create(
        Customer(client=clients[n % len(clients)], name=f"Customer {n:05}") for n in range(customers)
    )
    return BackupJob.objects.bulk_create(
        BackupJob(customer=owners[n % customers], name=f"Nightly {n:06}", backup_type="Veeam") for n in range(count)
    )


def _rows(count: int, jobs: list[BackupJob], newest: dt.datetime) -> Iterator[tuple[Any, ...]]:
    owners = [(job.customer.client_id, job.pk) for job in jobs]
    oldest = newest - NIGHT * (count // len(jobs))
    fresh = count - _ATTENTION_NIGHTS * len(jobs)
    for n in range(count):
        night, position = divmod(n, len(jobs))
        started = oldest + NIGHT * night + dt.timedelta(seconds=position * 86_000 // len(jobs))
        status = _STATUS[(n * 37 + night * 11) % 100]
        failed = status != "success"
        client, job = owners[(position * 7919 + night) % len(jobs)]
        yield (
            *(client, job, external_id(n), status, started, REMARK if failed else "", started, "f" * 64),
            *(failed and (n >= fresh or n % 10 == 0), "", ""),
        )


def external_id(number: int) -> str:
    return f"veeam-{number:08}"


def write(model: type[models.Model], columns: Iterable[str], rows: Iterator[tuple[Any, ...]]) -> None:
    """Write rows as the database takes them fastest."""
    table, names = model._meta.db_table, ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            slots = ", ".join(["%s"] * len(names.split(",")))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({slots})", rows)  # type: ignore[arg-type]  # noqa: S608 — any iterable; our own names


def _tickets(count: int) -> None:
    failed = Run.objects.filter(needs_attention=False).exclude(status="success").order_by("-pk")
    runs = list(failed[: count // 100])
    if not runs:
        return
    psa = Connection.objects.create(client_id=runs[0].client_id, slug="psa", vendor="autotask")
    tickets = Ticket.objects.bulk_create(
        Ticket(connection=psa, ticket_id=n, number=ticket_number(n), url=f"https://psa.example.com/{n}")
        for n in range(1, len(runs) + 1)
    )
    links = (
        TicketLink(run=run, ticket=ticket, connection=psa, key=f"key-{run.pk}", state="active", send_before=NEWEST)
        for run, ticket in zip(runs, tickets, strict=True)
    )
    TicketLink.objects.bulk_create(links, batch_size=1000)


def ticket_number(number: int) -> str:
    return f"T20261101.{number:06}"


def as_the_database_keeps_it() -> None:
    """PostgreSQL does this by itself after a while; SQLite has no such habit, and the portal asks for none."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
