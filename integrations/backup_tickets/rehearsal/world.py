"""The rehearsal's world: made-up customers and a month of their backup runs, the same for all on the same day."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from django.utils import timezone

from integrations.backup_tickets.companies import confirm_mapping
from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import Customer, TicketLink
from integrations.backup_tickets.reference import refresh_reference
from integrations.core.config import apply_config
from integrations.core.models import Client, Connection, Integration, User
from integrations.core.streams import streams_of
from integrations.vendors.autotask import simulator as simulated

from . import history

DAYS = 30
SENT = {"queue": "queueID", "source": "source", "priority": "priority"}  # as kept with a link → as Autotask says it


@dataclass(frozen=True)
class Site:
    """A customer: its jobs (name, software), the machines they cover, and the Autotask company it is, if known yet."""

    customer: str
    jobs: tuple[tuple[str, str], ...]
    machines: tuple[str, ...]
    company_id: int | None = None


NIGHTLY, M365, OFFSITE = ("Nightly servers", "Veeam"), ("Microsoft 365", "Veeam"), ("Off-site copy", "Synology")
SITES = (
    Site("Harbour Lane Dental", (NIGHTLY, M365), ("HLD-DC01", "HLD-SQL01", "HLD-FS01"), 101),
    Site("Northgate Logistics", (NIGHTLY, M365, OFFSITE), ("NGL-DC01", "NGL-ERP01", "NGL-WMS01", "NGL-FS01"), 102),
    Site("Willow & Partners", (NIGHTLY, M365), ("WIL-DC01", "WIL-DMS01"), 103),
    Site("Brightwater School", (NIGHTLY, OFFSITE), ("BWS-DC01", "BWS-DC02", "BWS-FS01"), 104),
    Site("Kestrel Engineering", (NIGHTLY, OFFSITE), ("KES-CAD01", "KES-FS01", "KES-LIC01"), 105),
    Site("Copper Beech Hotel", (NIGHTLY,), ("CBH-PMS01", "CBH-DC01")),
    Site("Sunhill Bakery", (NIGHTLY, M365), ("SUN-POS01", "SUN-DC01")),
)

# What went wrong last night; the rest of the month is drawn by lot.
LAST_NIGHT = {
    ("Harbour Lane Dental", "Nightly servers"): "error",
    ("Northgate Logistics", "Nightly servers"): "warning",
    ("Northgate Logistics", "Off-site copy"): "missed",
    ("Willow & Partners", "Microsoft 365"): "warning",
    ("Brightwater School", "Nightly servers"): "error",
    ("Kestrel Engineering", "Off-site copy"): "error",
    ("Copper Beech Hotel", "Nightly servers"): "error",
    ("Sunhill Bakery", "Microsoft 365"): "warning",
}
MESSAGES = {
    "error": (
        "There is not enough space on the disk.",
        "The snapshot could not be created: the VSS writer timed out.",
        "The network path was not found.",
        "Cannot connect to the host; the credentials were refused.",
    ),
    "warning": (
        "Free space on the repository is below 10 %.",
        "Two files were in use and were skipped.",
        "Backup copy is older than the recovery point objective.",
    ),
}


def build(autotask: Any, portal_url: str) -> str:
    """A client with its Autotask connection, seven customers (five mapped), and a month of their runs.

    `autotask` is the running simulator. On a world that stands, only what is missing is added.
    """
    text = Template(Path(__file__).with_name("rehearsal.toml").read_text(encoding="utf-8"))
    apply_config(
        text.substitute(
            autotask=autotask.url,
            portal=portal_url,
            username=simulated.USERNAME,
            secret=simulated.SECRET,
            integration_code=simulated.INTEGRATION_CODE,
        )
    )
    client = Client.objects.get(slug="harbour-it")
    connection = Connection.objects.get(client=client, slug="autotask")
    refresh_reference(connection)
    taken = take_runs(client, reports(timezone.localdate()))
    admin = User.objects.get(username="admin")
    for site in SITES:
        customer = Customer.objects.get(client=client, name=site.customer)
        if site.company_id is not None and not hasattr(customer, "mapping"):
            confirm_mapping(customer, site.company_id, user=admin)
    streams_of(Integration.objects.get(client=client, kind="backup_tickets"))
    history.remember(client, connection)
    remember_tickets(autotask.simulator, connection)
    return f"{taken.created} runs of {len(SITES)} customers have arrived, {taken.unchanged} were there"


def remember_tickets(autotask: simulated.AutotaskSimulator, connection: Connection) -> None:
    """A simulator forgets when it ends; what the portal knows from an earlier rehearsal is put back into its books."""
    links = TicketLink.objects.filter(connection=connection, ticket__isnull=False).select_related("ticket")
    with autotask.lock:
        for link in links:
            ticket = link.ticket
            assert ticket is not None
            autotask.data.last_id = max(autotask.data.last_id, ticket.ticket_id)
            autotask.data.tickets.setdefault(
                ticket.ticket_id,
                {
                    "id": ticket.ticket_id,
                    "ticketNumber": ticket.number,
                    "title": ticket.title,
                    "companyID": ticket.company_id,
                    "status": ticket.status_id,
                    "externalID": link.key,
                    "createDate": link.created_at.isoformat(),
                    **{field: link.content[name]["id"] for name, field in SENT.items() if name in link.content},
                },
            )


def reports(today: dt.date) -> Iterator[dict[str, Any]]:
    """The runs of the nights before `today`, oldest first, as the runs API takes them."""
    for back in range(DAYS, 0, -1):
        night = today - dt.timedelta(days=back)
        for site in SITES:
            for position, (job, software) in enumerate(site.jobs):
                yield _report(site, job, software, night, position, is_last=back == 1)


def _report(site: Site, job: str, software: str, night: dt.date, position: int, *, is_last: bool) -> dict[str, Any]:
    luck = random.Random(f"{site.customer}/{job}/{night}")  # noqa: S311 — made-up data, the same every time
    if is_last:
        status = LAST_NIGHT.get((site.customer, job), "success")
    else:
        status = luck.choices(("success", "warning", "error", "missed"), (86, 8, 5, 1))[0]
    started = dt.datetime.combine(night, dt.time(20 + position, luck.randrange(60)), dt.UTC)
    objects = [] if status == "missed" else list(_objects(site, status, luck))
    return {
        "external_id": f"{site.customer}/{job}/{night}",
        "customer": site.customer,
        "job": job,
        "backup_type": software,
        "status": status,
        "started_at": started.isoformat(),
        "finished_at": None
        if status == "missed"
        else (started + dt.timedelta(minutes=luck.randrange(15, 180))).isoformat(),
        "remark": "The job did not start at its time." if status == "missed" else "",
        "objects": objects,
    }


def _objects(site: Site, status: str, luck: random.Random) -> Iterator[dict[str, str]]:
    hurt = luck.randrange(len(site.machines)) if status != "success" else -1
    for position, machine in enumerate(site.machines):
        bad = position == hurt
        yield {
            "name": machine,
            "status": status if bad else "success",
            "message": luck.choice(MESSAGES[status]) if bad else "",
        }
