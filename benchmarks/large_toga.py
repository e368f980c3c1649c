"""A simulated TOGA 2 of a given size in a process of its own: `python -m benchmarks.large_toga TICKETS NOTES_EACH`.

Prints its address, and ends when its standard input does.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from integrations.vendors.toga.simulator import World, serve

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


def still_world(tickets: int, notes_each: int) -> World:
    """Tickets a minute apart, each with its notes; nothing changes any more."""
    world = World()
    for number in range(tickets):
        at = (BEGAN + timedelta(minutes=number)).strftime("%Y-%m-%d %H:%M:%S")
        plain = {"status": "Open", "priority": "Normal", "ticketTeam": None, "contact": None, "ticketCategory": None}
        ticket = world.add("tickets", subject=f"Ticket {number}", _updated=at, **plain)
        for note in range(notes_each):
            text = f"Note {note} of ticket {number}: somebody wrote some sentences about what was seen and done."
            world.add(
                "ticket-notes", ticket=ticket["uuid"], note=text, isExternal=note % 3 > 0, contact=None, _updated=at
            )
    world.is_still = True
    return world


if __name__ == "__main__":
    with serve(world=still_world(int(sys.argv[1]), int(sys.argv[2]))) as server:
        print(server.url, flush=True)
        sys.stdin.read()
