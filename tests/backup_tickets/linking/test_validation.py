"""Validation in bulk: what is gone is noticed, what merely cannot be read is not taken for gone (P4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.backup_tickets.models import Ticket, TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.backup_tickets.validation import Validated, validate_links
from integrations.core.models import Connection
from integrations.core.opening import open_connection
from integrations.transport.errors import VendorError
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.resolving.acts import sent
from tests.backup_tickets.scene import Scene

State = TicketLink.State
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def validate(scene: Scene) -> Callable[[], Validated]:
    def run() -> Validated:
        connection = Connection.objects.get(pk=scene.connection.pk)
        with open_connection(connection, source="link validation") as api:
            return validate_links(scene.client, connection, api)

    return run


def tickets(scene: Scene, count: int) -> list[TicketLink]:
    return [create_ticket(scene.another_run(f"many-{n}"), user=scene.operator) for n in range(count)]


def states(links: list[TicketLink]) -> list[str]:
    found = TicketLink.objects.filter(pk__in=[link.pk for link in links])
    return list(found.order_by("pk").values_list("state", flat=True))


def test_one_call_reads_all_and_closed_deleted_and_open_ones_are_told_apart(
    scene: Scene, autotask: Autotask, validate: Callable[[], Validated]
) -> None:
    links = tickets(scene, 4)
    autotask.set_status(links[0].ticket.ticket_id, 5)  # type: ignore[union-attr]
    autotask.delete_ticket(links[1].ticket.ticket_id)  # type: ignore[union-attr]
    autotask.simulator.calls.clear()
    result = validate()
    assert states(links) == [State.RESOLVED, State.DELETED, State.ACTIVE, State.ACTIVE]
    assert (result.read, result.closed, result.deleted, result.alert) == (3, 1, [links[1].ticket.number], "")  # type: ignore[union-attr]
    assert sent(autotask) == ["POST Tickets/query"] * 2, "all at once, and the missing one once more"
    autotask.simulator.calls.clear()
    validate()
    assert sent(autotask) == ["POST Tickets/query"]


def test_too_many_gone_at_once_changes_nothing_and_says_so(
    scene: Scene, autotask: Autotask, validate: Callable[[], Validated]
) -> None:
    links = tickets(scene, 5)
    for link in links[:3]:
        autotask.delete_ticket(link.ticket.ticket_id)  # type: ignore[union-attr]
    assert "3 of 5 open tickets were not found" in validate().alert
    assert set(states(links)) == {State.ACTIVE}


def test_lost_permission_changes_nothing_and_says_so(
    scene: Scene, autotask: Autotask, validate: Callable[[], Validated]
) -> None:
    links = tickets(scene, 2)
    autotask.simulator.restricted = True
    assert "lost the right" in str(validate())
    assert set(states(links)) == {State.ACTIVE}


@pytest.mark.parametrize("fault", ["html_503", "garbage"])
def test_an_outage_changes_nothing(
    scene: Scene, autotask: Autotask, validate: Callable[[], Validated], fault: str
) -> None:
    links = tickets(scene, 2)
    autotask.simulator.fault(fault, method="POST", path=r"/query$", times=100)
    with pytest.raises(VendorError):
        validate()
    assert set(states(links)) == {State.ACTIVE}
    assert Ticket.objects.filter(state=Ticket.State.OPEN).count() == 2
