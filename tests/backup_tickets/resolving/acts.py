"""What the tests of resolving do, and what they look at."""

from __future__ import annotations

from typing import Any

from integrations.backup_tickets.mapping import RESOLVED_NOTE as RESOLVED
from integrations.backup_tickets.mapping import STAYS_OPEN_NOTE as STAYS_OPEN
from integrations.backup_tickets.models import TicketLink
from integrations.backup_tickets.tickets import create_ticket
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene

__all__ = ["CLOSE", "NOTE", "RESOLVED", "STAYS_OPEN", "book_time_when", "notes", "open_ticket", "sent", "status_of"]

NOTE = {"method": "POST", "path": r"/Tickets/\d+/Notes$"}
CLOSE = {"method": "PATCH", "path": r"/Tickets/?$"}


def open_ticket(scene: Scene, autotask: Autotask) -> TicketLink:
    """The scene's run has an open ticket, and the ledger begins after it."""
    link = create_ticket(scene.run, user=scene.operator)
    assert link.ticket is not None
    autotask.simulator.calls.clear()
    return link


def notes(autotask: Autotask) -> list[dict[str, Any]]:
    return list(autotask.simulator.data.notes.values())


def status_of(autotask: Autotask, link: TicketLink) -> int:
    assert link.ticket is not None
    status: int = autotask.simulator.tickets[link.ticket.ticket_id]["status"]
    return status


def sent(autotask: Autotask) -> list[str]:
    """`POST Tickets/query`, … as the ledger has them."""
    return [f"{call.method} {call.path.partition('/v1.0/')[2]}" for call in autotask.calls()]


def book_time_when(autotask: Autotask, link: TicketLink, *, after: dict[str, str]) -> None:
    """Somebody books time on the ticket as soon as the next such call was carried out, before its answer arrives."""
    assert link.ticket is not None
    order = {"action": "add_time_entry", "ticket": link.ticket.ticket_id}
    autotask.simulator.fault("meanwhile", **after, value=order)
