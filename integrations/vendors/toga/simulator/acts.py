"""What other people do in TOGA 2's user interface; also over `POST /_simulator/do`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .toga import TogaSimulator


def add_ticket(simulator: TogaSimulator, subject: str, **values: Any) -> str:
    """Somebody opens a ticket; its uuid."""
    plain = {"status": "Open", "priority": "Normal", "ticketTeam": None, "contact": None, "ticketCategory": None}
    return str(simulator.data.add("tickets", subject=subject, **plain | values)["uuid"])


def edit_ticket(simulator: TogaSimulator, uuid: str, **values: Any) -> None:
    """Somebody changes a ticket."""
    simulator.data.change("tickets", uuid, **values)


def add_note(
    simulator: TogaSimulator, ticket: str, text: str, external: bool = True, contact: str | None = None
) -> str:
    """Somebody writes a note; its uuid."""
    row = simulator.data.add("ticket-notes", ticket=ticket, note=text, isExternal=external, contact=contact)
    if simulator.note_touches_ticket:
        simulator.data.change("tickets", ticket)
    return str(row["uuid"])


def edit_note(simulator: TogaSimulator, uuid: str, text: str) -> None:
    """Somebody corrects a note."""
    simulator.data.change("ticket-notes", uuid, note=text)


def add_file(simulator: TogaSimulator, note: str, name: str, content: str | bytes, type: str = "text/plain") -> str:  # noqa: A002
    """Somebody hangs a file on a note, which counts as a change of the note; its uuid."""
    data = content.encode() if isinstance(content, str) else content
    row = simulator.data.add("files", name=name, size=len(data), type=type, content=data)
    simulator.data.add("ticket-note-files", ticketNote=note, file=row["uuid"])
    simulator.data.change("ticket-notes", note)
    return str(row["uuid"])


def edit(simulator: TogaSimulator, resource: str, uuid: str, **values: Any) -> None:
    """Somebody changes any other record."""
    simulator.data.change(resource, uuid, **values)


def remove(simulator: TogaSimulator, resource: str, uuid: str) -> None:
    """Somebody deletes a record."""
    del simulator.data.records[resource][uuid]


def switch(simulator: TogaSimulator, name: str, value: Any) -> None:
    """Set one of the switches. Raises ValueError for an unknown one or a value of another kind."""
    if name.startswith("_") or type(getattr(simulator, name, None)) is not type(value):
        raise ValueError(f"no such switch or value: {name}")
    setattr(simulator, name, value)


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act for act in (add_ticket, edit_ticket, add_note, edit_note, add_file, edit, remove, switch)
}
