"""On a connection that the house shares, each client's streams look after that client's records alone."""

from __future__ import annotations

import pytest

from integrations.backup_tickets.mapping_check import check_mappings
from integrations.backup_tickets.models import CompanyMapping, Customer, Ticket, TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.backup_tickets.validation import validate_links
from integrations.core.models import Client, Connection, Integration, IntegrationRole
from integrations.core.opening import open_connection
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other(scene: Scene) -> Client:
    """A second client on the same connection; its integration is switched off."""
    Connection.objects.update(client=None)
    scene.connection.refresh_from_db()
    client: Client = Client.objects.create(slug="other", name="Other")
    integration = Integration.objects.create(client=client, slug="tickets", kind="backup_tickets", is_enabled=False)
    IntegrationRole.objects.create(integration=integration, role="autotask", connection=scene.connection)
    return client


def test_the_mappings_of_another_client_are_not_read(scene: Scene, autotask: Autotask, other: Client) -> None:
    customer = Customer.objects.create(client=other, name="Acme")
    theirs = CompanyMapping.objects.create(customer=customer, company_id=108, company_name="Acme")
    with open_connection(scene.connection, source="mapping check") as api:
        assert check_mappings(scene.client, api).read == 1
    theirs.refresh_from_db()
    assert (theirs.company_name, theirs.checked_at) == ("Acme", None)


def test_the_tickets_of_another_client_are_not_read(scene: Scene, autotask: Autotask, other: Client) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    with open_connection(scene.connection, source="link validation") as api:
        assert validate_links(other, scene.connection, api).read == 0
        autotask.set_status(Ticket.objects.get().ticket_id, 5)
        assert validate_links(scene.client, scene.connection, api).closed == 1
    assert TicketLink.objects.get(pk=link.pk).state == TicketLink.State.RESOLVED
