"""A small client with everything a ticket needs, connected to a simulated Autotask. Built with plain rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.utils import timezone

from integrations.backup_tickets.models import (
    BackupJob,
    CompanyMapping,
    Customer,
    ReferenceItem,
    Run,
    RunObject,
    TicketOptions,
)
from integrations.core import roles
from integrations.core.crypto import Sealed
from integrations.core.models import Client, Connection, Integration, IntegrationRole, User
from integrations.vendors.autotask.simulator import INTEGRATION_CODE, SECRET, USERNAME

# What the simulator's first world has.
COMPANY = (109, "Bakkerij Jansen")
REFERENCE = (
    ("queue", 29683001, "Helpdesk"),
    ("source", 8, "Monitoring Alert"),
    ("status", 1, "New"),
    ("priority", 1, "High"),
    ("priority", 2, "Medium"),
)
DEFAULTS = {
    "default_queue": 29683001,
    "default_source": 8,
    "default_status": 1,
    "priority_error": 1,
    "priority_warning": 2,
}
STARTED = dt.datetime(2026, 11, 22, 2, 0, tzinfo=dt.UTC)


@dataclass
class Scene:
    """The rows of one client; `run` is a failed run without a ticket."""

    client: Client
    connection: Connection
    integration: Integration
    options: TicketOptions
    customer: Customer
    job: BackupJob
    run: Run
    operator: User

    def another_run(self, external_id: str, **values: object) -> Run:
        return failed_run(self.job, external_id, **values)


def person(name: str, role: str, *, clients: list[Client] | None = None) -> User:
    user = User.objects.create_user(name, password="a-long-test-password", is_staff=True, all_clients=clients is None)
    user.groups.add(Group.objects.get(name=role))
    user.clients.set(clients or [])
    return user


def failed_run(job: BackupJob, external_id: str, **values: object) -> Run:
    run: Run = Run.objects.create(
        client=job.customer.client,
        job=job,
        external_id=external_id,
        fingerprint="",
        **{"status": Run.Status.ERROR, "started_at": STARTED, "needs_attention": True, **values},
    )
    RunObject.objects.create(run=run, position=1, name="HV01", status=Run.Status.ERROR, message="No space left.")
    return run


def set_scene(base_url: str) -> Scene:
    """Build the rows. The reference data and the company are those of the simulator's first world."""
    client = Client.objects.create(slug="elite", name="Elite", time_zone="Europe/Amsterdam")
    connection = Connection.objects.create(
        client=client,
        slug="psa",
        vendor="autotask",
        base_url=base_url,
        environment=Connection.Environment.SANDBOX,
        identity={"username": USERNAME},
        credentials=Sealed.of({"secret": SECRET, "integration_code": INTEGRATION_CODE}),
        allow_private_address=True,
    )
    integration = Integration.objects.create(client=client, slug="tickets", kind="backup_tickets")
    IntegrationRole.objects.create(integration=integration, role="autotask", connection=connection)
    for kind, value, label in REFERENCE:
        ReferenceItem.objects.create(
            connection=connection, kind=kind, value=value, label=label, refreshed_at=timezone.now()
        )
    options = TicketOptions.objects.create(
        integration=integration, portal_base_url="https://portal.example.com", **DEFAULTS
    )
    customer = Customer.objects.create(client=client, name="Bakkerij Jansen")
    CompanyMapping.objects.create(customer=customer, company_id=COMPANY[0], company_name=COMPANY[1])
    job = BackupJob.objects.create(customer=customer, name="Daily HV01", backup_type="Veeam")
    operator = person("otto", roles.OPERATOR)
    return Scene(client, connection, integration, options, customer, job, failed_run(job, "run-1"), operator)
