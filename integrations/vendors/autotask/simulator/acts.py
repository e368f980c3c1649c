"""What other people do in Autotask's user interface, or time does; also over `POST /_simulator/do`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .switches import SWITCHES
from .world import SOMEBODY, stamp
from .writes import change

if TYPE_CHECKING:
    from .autotask import AutotaskSimulator


def delete_ticket(simulator: AutotaskSimulator, id: int) -> None:  # noqa: A002 — the name in the order
    """Somebody deletes a ticket; the log of deleted tickets keeps a row."""
    gone = simulator.data.tickets.pop(id)
    simulator.sender.changed("Delete", gone, by=SOMEBODY)
    number = simulator.data.next_id()
    simulator.data.deleted[number] = {
        "id": number,
        "ticketID": id,
        "ticketNumber": gone["ticketNumber"],
        "ticketTitle": gone["title"],
        "deletedByResourceID": SOMEBODY,
        "deletedDateTime": stamp(),
    }


def set_ticket(simulator: AutotaskSimulator, id: int, **values: Any) -> None:  # noqa: A002 — the name in the order
    """Somebody changes a ticket: its status, its title …"""
    ticket = simulator.data.tickets[id]
    change(ticket, values, by=SOMEBODY)
    simulator.sender.changed("Update", ticket, by=SOMEBODY, fields=frozenset(values))


def add_time_entry(simulator: AutotaskSimulator, ticket: int, hours: float = 1.0) -> None:
    """Somebody books time on a ticket."""
    number = simulator.data.next_id()
    simulator.data.time_entries[number] = {
        "id": number,
        "ticketID": ticket,
        "resourceID": SOMEBODY,
        "dateWorked": stamp(),
        "hoursWorked": hours,
    }


def set_company(simulator: AutotaskSimulator, id: int, **values: Any) -> None:  # noqa: A002 — the name in the order
    """Somebody renames a company or makes it inactive."""
    simulator.data.companies[id].update(values)


def delete_company(simulator: AutotaskSimulator, id: int) -> None:  # noqa: A002 — the name in the order
    """Somebody deletes a company or merges it into another."""
    del simulator.data.companies[id]


def release_index(simulator: AutotaskSimulator) -> None:
    """Searches now see what the index lag kept from them."""
    simulator.release_index()


def pass_minutes(simulator: AutotaskSimulator, minutes: float) -> None:
    """Time passes for the hourly threshold and for the retries of webhooks."""
    simulator.pass_minutes(minutes)


def webhook(simulator: AutotaskSimulator, **values: Any) -> None:
    """Somebody sets the webhook of tickets up: `url`, `secret` and the rest of `sender.Settings`."""
    simulator.sender.set(values)


def switch_webhook_off(simulator: AutotaskSimulator) -> None:
    """Somebody switches the webhook off, or its owner leaves: the other address is told."""
    simulator.sender.switch_off()


def switch(simulator: AutotaskSimulator, name: str, value: Any) -> None:
    """Set one of the switches. Raises ValueError for an unknown one or a value of another kind."""
    if name not in SWITCHES or type(value) is not type(getattr(simulator, name)):
        raise ValueError(f"no such switch or value; known switches: {', '.join(SWITCHES)}")
    setattr(simulator, name, value)


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        *(delete_ticket, set_ticket, add_time_entry, set_company, delete_company, release_index, pass_minutes),
        *(webhook, switch_webhook_off, switch),
    )
}
