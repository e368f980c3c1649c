"""The made-up tenant: API user, companies, picklists, tickets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]

USERNAME = "portal@example-msp.com"
SECRET = "made-up-secret-of-the-simulator"  # noqa: S105 — opens nothing but the simulator
INTEGRATION_CODE = "SIMULATEDTRACKINGIDENTIFIER"
ME, SOMEBODY = 29682999, 29682885  # resources: the API user, and a person

COMPANIES = (
    (0, "Example MSP", True),
    (101, "Harbour Lane Dental", True),
    (102, "Northgate Logistics", True),
    (103, "Willow & Partners", True),
    (104, "Brightwater School", True),
    (105, "Kestrel Engineering", True),
    (106, "Copper Beech Hotel", True),
    (107, "Sunhill Bakery", True),
    (108, "Acme BV", True),
    (109, "Bakkerij Jansen", True),
    (110, "Old Mill Interiors", False),
    (111, "Sunhill Bakery (second site)", True),
)


@dataclass(slots=True)
class World:
    companies: dict[int, Record] = field(default_factory=dict)
    tickets: dict[int, Record] = field(default_factory=dict)
    notes: dict[int, Record] = field(default_factory=dict)
    time_entries: dict[int, Record] = field(default_factory=dict)
    deleted: dict[int, Record] = field(default_factory=dict)
    last_id: int = 128925

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def entity(self, name: str) -> dict[int, Record] | None:
        """The records of an entity by its lower-case name; None for an entity that does not exist."""
        return {
            "companies": self.companies,
            "tickets": self.tickets,
            "ticketnotes": self.notes,
            "timeentries": self.time_entries,
            "deletedticketlogs": self.deleted,
        }.get(name)


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def demo_world() -> World:
    world = World()
    for number, name, active in COMPANIES:
        world.companies[number] = {
            "id": number,
            "companyName": name,
            "companyNumber": f"C{number:03}" if number else "",
            "isActive": active,
            "createDate": "2021-03-01T09:00:00Z",
        }
    return world
